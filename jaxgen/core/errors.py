"""Mistakes of users, each said in one sentence. Imports no JAX."""

import contextlib
import difflib
import sysconfig
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

# What lies there is no code of the user's; "<" begins the names of no files.
_INSTALLED = (
    *(f"{sysconfig.get_path(name)}/" for name in ("stdlib", "platstdlib", "purelib", "platlib")),
    f"{Path(__file__).parents[1]}/",
    "<",
)


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


def reason(error: BaseException) -> str:
    """Why a file could not be used: the system's words, or without any the error's first line."""
    return getattr(error, "strerror", None) or first_line(error)


@contextlib.contextmanager
def own_code(what: str) -> Iterator[None]:
    """Makes of an error in a user's own code a UserError: `what`, file, line, and the error.

    One of installed code alone stays as it is.
    """
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        place = _place(error)
        if place is None:
            raise
        raise UserError(
            f"{what} ({place}: {type(error).__name__}: {first_line(error)}); mend it there, or see "
            "--debug."
        ) from error


def _place(error: Exception) -> str | None:
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}, line {error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(_INSTALLED)]
    return f"{own[-1].filename}, line {own[-1].lineno}" if own else None
