import contextlib
import errno
import io
import os
import shutil
import subprocess
import sys
import threading

import numpy as np
import pytest
from PIL import Image

from jaxgen.core import files, progress
from jaxgen.core.errors import UserError
from jaxgen.data import cache, sources
from jaxgen.data.dataset import Examples

pytestmark = pytest.mark.core


def examples(num=300, barrier=None):
    def read(start, stop):
        if barrier is not None:
            barrier.wait(30)
        for i in range(start, stop):
            yield Image.new("L", (4, 4), i % 256), i % 3, f"image {i}"

    return Examples(num, read, ("a", "b", "c"))


def open_set(directory, opener=examples, **options):
    options = {"directory": directory, "title": None, **options}
    return cache.on_disk("some", "f00d", opener, (4, 4, 1), "none", **options)


def never():
    raise AssertionError("decoded a second time")


def check(data, num=300):
    np.testing.assert_array_equal(data.image[:, 0, 0, 0], np.arange(num) % 256)
    np.testing.assert_array_equal(data.label, np.arange(num) % 3)
    assert data.image.shape == (num, 4, 4, 1)
    assert data.classes == ("a", "b", "c")
    assert data.fingerprint == "f00d"


def test_decoded_once_and_mapped_afterwards(tmp_path):
    check(open_set(tmp_path))
    again = open_set(tmp_path, never)
    check(again)
    assert isinstance(again.image, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        again.image[0] = 0
    assert [path.name for path in tmp_path.iterdir()] == ["f00d"]


def test_two_at_once_are_safe(tmp_path):
    # Both are past the look into the cache before either writes.
    barrier, results = threading.Barrier(2), []

    def run():
        results.append(open_set(tmp_path, lambda: examples(100, barrier)))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for data in results:
        check(data, 100)
    assert [path.name for path in tmp_path.iterdir()] == ["f00d"]


def test_a_broken_off_decoding_leaves_nothing(tmp_path):
    def read(start, stop):
        yield from examples().read(start, stop)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        open_set(tmp_path, lambda: Examples(300, read, ("a", "b", "c")))
    assert list(tmp_path.iterdir()) == []
    check(open_set(tmp_path))


@pytest.mark.parametrize("damage", ["truncate", "no meta"])
def test_a_damaged_cache_is_made_again(tmp_path, damage, caplog):
    open_set(tmp_path)
    if damage == "truncate":
        whole = (tmp_path / "f00d" / "image.npy").read_bytes()
        (tmp_path / "f00d" / "image.npy").write_bytes(whole[:1000])
    else:
        (tmp_path / "f00d" / "meta.json").unlink()
    check(open_set(tmp_path))
    assert "damaged" in caplog.text


def replaced(**arrays):
    def damage(folder):
        for name, array in arrays.items():
            np.save(folder / f"{name}.npy", array)

    return damage


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "image.npy").write_bytes(b""),  # what a power cut leaves
        lambda folder: (folder / "label.npy").write_bytes(b""),
        lambda folder: (folder / "meta.json").write_text("[]"),
        lambda folder: (folder / "meta.json").write_text('{"labelled": true}'),
        lambda folder: (folder / "meta.json").write_bytes(b"\xff"),
        replaced(image=np.zeros((300, 4, 5, 1), np.uint8)),
        replaced(image=np.zeros((300, 4, 4, 1), np.float32)),
        replaced(image=np.zeros((17, 4, 4, 1), np.uint8)),
        replaced(label=np.arange(299, dtype=np.int32) % 3),
        replaced(label=np.full(300, 3, np.int32)),
        replaced(label=np.roll(np.arange(300, dtype=np.int32) % 3, 1)),  # of the right classes
        replaced(label=np.full(300, -1, np.int32)),
    ],
)
def test_what_does_not_fit_is_damaged(tmp_path, damage, caplog):
    open_set(tmp_path)
    damage(tmp_path / "f00d")
    check(open_set(tmp_path))
    assert "decoding again" in caplog.text


def test_others_may_read_what_one_has_decoded(tmp_path):
    previous = os.umask(0o027)
    try:
        open_set(tmp_path)
    finally:
        os.umask(previous)
    assert (tmp_path / "f00d").stat().st_mode & 0o777 == 0o750
    assert {p.stat().st_mode & 0o777 for p in (tmp_path / "f00d").iterdir()} == {0o640}


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.ENOMEM, errno.EMFILE])
def test_what_may_not_be_read_is_not_damaged(tmp_path, monkeypatch, number):
    open_set(tmp_path)

    def refuse(*args, **kwargs):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(np, "load", refuse)
    with pytest.raises(UserError, match=rf"f00d cannot be read \({os.strerror(number)}\)"):
        open_set(tmp_path, never)
    monkeypatch.undo()
    check(open_set(tmp_path, never))


def test_a_damaged_copy_that_cannot_be_replaced_is_told_before_decoding(tmp_path, monkeypatch):
    open_set(tmp_path)
    (tmp_path / "f00d" / "meta.json").write_text("[]")
    monkeypatch.setattr(cache.shutil, "rmtree", lambda *args, **kwargs: None)
    with pytest.raises(UserError, match=r"f00d is damaged and cannot be replaced"):
        open_set(tmp_path, never)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_closed_terminal_does_not_end_decoding(tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "SECONDS", 0.0)
    with open("/dev/full", "w", buffering=1) as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        check(open_set(tmp_path, title="Decoding some"))
        monkeypatch.undo()
        with contextlib.suppress(OSError):
            terminal.close()


def test_what_a_killed_decoding_left_is_deleted_and_nothing_else(tmp_path):
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    left = tmp_path / f".f00d-{cache._OWNER}-{gone.pid}-abc"
    kept = [
        tmp_path / f".f00d-{cache._OWNER}-{os.getppid()}-abc",  # still at it
        tmp_path / f".f00d-elsewhere-{gone.pid}-abc",
        tmp_path / f".beef-{cache._OWNER}-{gone.pid}-abc",
    ]
    for folder in (left, *kept):
        folder.mkdir()
        (folder / "image.npy").write_bytes(b"half")
    open_set(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([*kept, tmp_path / "f00d"])


def test_little_space_is_seen_before_decoding(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(9, 9, 1000))
    with pytest.raises(UserError, match=r"takes 0 MB.*0 MB left.*data\.cache_dir"):
        open_set(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_is_told(tmp_path, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np.lib.format, "write_array_header_1_0", full)
    with pytest.raises(UserError, match=r"No space left on device.*set data\.cache_dir"):
        open_set(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(UserError, match=r"cannot be written to .*file/below.*set data\.cache_dir"):
        open_set(tmp_path / "file" / "below")


def test_the_default_place_is_the_users_cache(monkeypatch, tmp_path):
    np.savez(tmp_path / "a.npz", image=np.zeros((10, 4, 4), np.uint8))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    options = {"image_size": 4, "channels": 1, "progress": False}
    data = sources.load(str(tmp_path / "a.npz"), "train", **options)
    assert (tmp_path / "xdg" / "jaxgen" / "data" / data.fingerprint / "image.npy").is_file()
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert files.cache_dir("data") == tmp_path / ".cache" / "jaxgen" / "data"


def test_progress_is_lines_without_a_terminal_and_silence_on_request(tmp_path, capsys):
    open_set(tmp_path / "a", title="Decoding some")
    told = capsys.readouterr()
    assert "Decoding some: 300 images in" in told.err
    open_set(tmp_path / "b")
    assert capsys.readouterr() == ("", "")
    open_set(tmp_path / "a", title="Decoding some")
    assert capsys.readouterr() == ("", "")


def test_progress_is_a_bar_on_a_terminal(tmp_path, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    open_set(tmp_path, title="Decoding some")
    assert "300/300" in terminal.getvalue()
