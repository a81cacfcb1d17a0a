"""Mistakes of users, each said in one sentence. Imports no JAX."""

import difflib
from collections.abc import Iterable
from typing import Any


class UserError(ValueError):
    """A mistake that the user can fix. Its text is one sentence, and all that a command prints.

    It says what was given, where, what is allowed, and what to do.
    """


class NotFiniteError(UserError):
    """A metric or a parameter became NaN or infinite."""


def require_choice(values: Any, **allowed: tuple[str, ...]) -> None:
    """Raises ValueError unless each named field of `values` has one of its allowed values."""
    for name, choices in allowed.items():
        if getattr(values, name) not in choices:
            raise ValueError(
                f'{name}="{getattr(values, name)}" is not one of {", ".join(choices)}.'
            )


def require_at_least(least: float, values: Any, *names: str) -> None:
    """Raises ValueError unless each named field of `values` is at least `least`."""
    for name in names:
        if not getattr(values, name) >= least:
            raise ValueError(f"{name}={getattr(values, name)} must be at least {least}.")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint with the nearest known name, beginning with a space, or nothing.

    >>> did_you_mean("lsgna", ["gan", "lsgan", "wgan"])
    ' Did you mean "lsgan"?'
    """
    close = difflib.get_close_matches(name, list(known), n=1)
    return f' Did you mean "{close[0]}"?' if close else ""


def first_line(error: BaseException) -> str:
    """What an error says in its first line, or its kind where it says nothing."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
