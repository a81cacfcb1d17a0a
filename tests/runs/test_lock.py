"""One training process a folder."""

import os

import pytest

from jaxgen.core import UserError
from jaxgen.runs import lock

pytestmark = pytest.mark.core


def test_a_folder_is_held_by_one_at_a_time_and_the_other_is_named(tmp_path):
    with lock.held(tmp_path):
        refused = pytest.raises(UserError, match=rf"is being trained by process {os.getpid()} on ")
        with refused, lock.held(tmp_path):
            raise AssertionError
        with lock.held(tmp_path / ".."):  # another folder
            pass
    with lock.held(tmp_path):
        pass
    assert (tmp_path / ".lock").read_bytes() == b""


def test_it_is_let_go_of_by_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), lock.held(tmp_path):
        raise ZeroDivisionError
    with lock.held(tmp_path):
        pass
