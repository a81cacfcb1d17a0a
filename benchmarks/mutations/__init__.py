"""Faults that tests must notice, by subject: a module each, with a list MUTANTS of rows.

A row is (file, text that it has once, what replaces it, test file, meaning).
"""

import importlib
import pkgutil
from typing import NamedTuple


class Mutant(NamedTuple):
    """One fault.

    Attributes:
      file: of the repository.
      old: a text that it has once.
      new: what replaces it.
      test: the test file that must fail then.
      meaning: what is wrong, in a few words.
    """

    file: str
    old: str
    new: str
    test: str
    meaning: str


def every() -> list[Mutant]:
    """The rows of all modules here."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    return [Mutant(*row) for module in modules for row in module.MUTANTS]
