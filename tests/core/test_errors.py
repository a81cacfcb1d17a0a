"""What users are told: choices, bounds, the nearest name; and that it costs no JAX."""

import dataclasses
import subprocess
import sys
import zipfile

import pytest

from jaxgen.core import NotFiniteError, UserError, require_at_least, require_choice
from jaxgen.core.errors import did_you_mean, reason

pytestmark = pytest.mark.core


@dataclasses.dataclass
class Numbers:
    form: str = "minimax"
    order: str = "alternating"
    updates: int = 1
    weight: float = 0.0


def test_choices_are_listed():
    allowed = {"form": ("minimax", "non_saturating"), "order": ("alternating",)}
    require_choice(Numbers(), **allowed)
    with pytest.raises(ValueError, match=r'^form="max" is not one of minimax, non_saturating\.$'):
        require_choice(Numbers(form="max"), **allowed)
    # Also one that is not the first.
    with pytest.raises(ValueError, match=r'^order="" is not one of alternating\.$'):
        require_choice(Numbers(order=""), **allowed)


def test_the_least_is_allowed_and_nothing_below():
    require_at_least(1, Numbers(updates=1), "updates")
    require_at_least(0, Numbers(), "updates", "weight")
    with pytest.raises(ValueError, match=r"^updates=0 must be at least 1\.$"):
        require_at_least(1, Numbers(updates=0), "updates")
    with pytest.raises(ValueError, match=r"^weight=-0\.1 must be at least 0\.$"):
        require_at_least(0, Numbers(weight=-0.1), "updates", "weight")
    with pytest.raises(ValueError, match="weight=nan"):
        require_at_least(0, Numbers(weight=float("nan")), "weight")


def test_the_nearest_name_or_nothing():
    known = ("encoder", "decoder", "discriminator")
    assert did_you_mean("discrimnator", known) == ' Did you mean "discriminator"?'
    assert did_you_mean("encodr", iter(known)) == ' Did you mean "encoder"?'
    assert did_you_mean("optimiser", known) == ""
    assert did_you_mean("encoder", ()) == ""


def test_mistakes_of_users_are_value_errors():
    assert issubclass(UserError, ValueError)
    assert issubclass(NotFiniteError, UserError)


def test_errors_and_files_import_no_jax(repository):
    """So that `--help` is instant."""
    code = "import sys; from jaxgen.core import errors, files; assert 'jax' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=repository)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PermissionError(13, "Permission denied", "faces.npz"), "Permission denied"),
        (OSError("cannot identify image file\nbecause of this"), "cannot identify image file"),
        (zipfile.BadZipFile("File is not a zip file"), "File is not a zip file"),
        (OSError(), "OSError"),
    ],
)
def test_what_a_file_says_is_never_none(error, words):
    assert reason(error) == words
