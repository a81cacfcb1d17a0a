"""Files that are whole or not there, folders that can be written to, names of nested values."""

import contextlib
import errno
import os
from pathlib import Path

import pytest

from jaxgen.core import UserError
from jaxgen.core.files import (
    atomically,
    available_memory,
    cache_dir,
    flatten,
    no_empty_folder,
    require_writable,
    unflatten,
    write_atomically,
)

pytestmark = pytest.mark.core


def test_files_are_replaced_and_folders_made(tmp_path):
    path = tmp_path / "deep" / "er" / "a.txt"
    assert write_atomically(path, "größer") == path
    assert path.read_bytes() == "größer".encode()
    assert write_atomically(str(path), b"\x00\xff") == path
    assert path.read_bytes() == b"\x00\xff"
    assert list(path.parent.iterdir()) == [path]


def test_a_file_in_parts_is_there_once_it_is_whole(tmp_path):
    path = tmp_path / "deep" / "a.bin"
    with atomically(path) as file:
        file.write_bytes(b"some")
        assert not path.exists()
    assert path.read_bytes() == b"some"
    with contextlib.suppress(KeyError), atomically(path) as file:
        file.write_bytes(b"other")
        raise KeyError
    assert path.read_bytes() == b"some"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("name", ["n" * 255, "é" * 127, "\udce9" * 255])
def test_the_longest_names_that_there_are(tmp_path, name):
    assert write_atomically(tmp_path / name, "x").read_text() == "x"
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("broken", ["write_bytes", "replace"])
def test_an_interrupted_write_leaves_the_old_file_alone(tmp_path, monkeypatch, broken):
    """Stopped after half of the bytes, or just before the new file takes the old one's place."""
    path = write_atomically(tmp_path / "a.txt", "old")
    real = Path.write_bytes

    def half(self, content):
        real(self, content[:1])
        raise OSError("disk full")

    def refuse(source, target):
        raise OSError("disk full")

    if broken == "write_bytes":
        monkeypatch.setattr(Path, "write_bytes", half)
    else:
        monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match="disk full"):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_writable_folder_is_made_and_left_empty(tmp_path):
    folder = tmp_path / "new" / "run"
    require_writable(folder, "--workdir")
    require_writable(folder, "--workdir")  # that it is there already is no error
    assert list(folder.iterdir()) == []


def test_a_file_in_the_place_of_a_folder_is_told(tmp_path):
    (tmp_path / "taken").write_text("")
    for folder in (tmp_path / "taken", tmp_path / "taken" / "run"):
        with pytest.raises(UserError, match=rf"^Cannot write to --out={folder} \(.+\); choose a "):
            require_writable(folder, "--out")


def test_a_folder_of_others_is_told(tmp_path, monkeypatch):
    def refuse(self):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "touch", refuse)
    with pytest.raises(UserError, match=r"--out=.*\(Permission denied\); choose a folder"):
        require_writable(tmp_path, "--out")


def test_the_cache_is_the_users_own(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_dir("data") == tmp_path / "jaxgen" / "data"
    assert not (tmp_path / "jaxgen").exists()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for unset in (lambda: monkeypatch.setenv("XDG_CACHE_HOME", ""), lambda: None):
        unset()
        assert cache_dir("data") == tmp_path / "home" / ".cache" / "jaxgen" / "data"
        monkeypatch.delenv("XDG_CACHE_HOME", raising=False)


NESTED = {
    "name": "age",
    "optim": {"encoder": {"rate": 0.1, "drop_at": (1, 2)}, "generator": {}},
    "ema": {},
    "none": None,
}


@pytest.mark.parametrize("separator", [".", "/"])
def test_nested_values_survive_being_flat(separator):
    flat = flatten(NESTED, separator)
    keys = ["name", "optim.encoder.rate", "optim.encoder.drop_at", "optim.generator", "ema", "none"]
    assert list(flat) == [key.replace(".", separator) for key in keys]
    assert list(flat.values()) == ["age", 0.1, (1, 2), {}, {}, None]
    assert unflatten(flat, separator) == NESTED


def test_only_the_separator_splits_a_name():
    flat = {"layers/conv.0": 1, "layers/conv.1": 2, "bias": 3}
    assert unflatten(flat, "/") == {"layers": {"conv.0": 1, "conv.1": 2}, "bias": 3}
    assert flatten(unflatten(flat, "/"), "/") == flat


def test_memory_of_machine_and_container(monkeypatch):
    texts = {"/proc/meminfo": "MemTotal: 9 kB\nMemAvailable:  3000 kB\n"}

    def read_text(path):
        if str(path) not in texts:
            raise FileNotFoundError
        return texts[str(path)]

    monkeypatch.setattr(Path, "read_text", read_text)
    assert available_memory() == 3000 * 1024
    group = "/sys/fs/cgroup/memory"
    texts |= {f"{group}.max": "max\n", f"{group}.current": "1000\n"}
    assert available_memory() == 3000 * 1024
    texts[f"{group}.max"] = "501000\n"
    assert available_memory() == 500_000
    texts.clear()
    assert available_memory() is None


def test_folders_that_were_made_for_nothing_go_again(tmp_path):
    (tmp_path / "mine").mkdir()
    for folder in (tmp_path / "mine", tmp_path / "a" / "b", tmp_path / "mine" / "c"):
        with no_empty_folder(folder):
            folder.mkdir(parents=True, exist_ok=True)
    assert [path.name for path in tmp_path.rglob("*")] == ["mine"]
    with no_empty_folder(tmp_path / "a" / "b"):
        (tmp_path / "a" / "b").mkdir(parents=True)
        (tmp_path / "a" / "file").touch()
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "file", "mine"]
