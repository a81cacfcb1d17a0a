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
    (tmp_path / "kept").touch()
    with lock.held(tmp_path):
        pass
    assert (tmp_path / ".lock").read_bytes() == b""


def test_a_folder_in_which_nothing_was_left_is_gone(tmp_path):
    new = tmp_path / "a" / "b"
    with pytest.raises(ZeroDivisionError), lock.held(new):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []
    tmp_path.joinpath("mine").mkdir()
    with lock.held(tmp_path / "mine"):
        pass
    assert list((tmp_path / "mine").iterdir()) == []


def test_a_file_that_was_removed_before_it_was_locked_locks_nothing(tmp_path, monkeypatch):
    """Another process, which ends, may remove it between opening and locking."""
    (tmp_path / "kept").touch()
    flock, left = lock.fcntl.flock, [1]

    def late(file, how):
        if left:
            left.pop()
            (tmp_path / ".lock").unlink()
        return flock(file, how)

    monkeypatch.setattr(lock.fcntl, "flock", late)
    with lock.held(tmp_path):
        assert (tmp_path / ".lock").exists()
        with pytest.raises(UserError, match="is being trained by process"), lock.held(tmp_path):
            raise AssertionError


def test_it_is_let_go_of_by_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), lock.held(tmp_path):
        raise ZeroDivisionError
    with lock.held(tmp_path):
        pass
