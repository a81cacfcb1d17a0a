"""Examples decoded once, to arrays in memory or to memory-mapped files that runs share."""

import contextlib
import itertools
import json
import logging
import os
import re
import shutil
import socket
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import numpy as np

from jaxgen.core.errors import UserError
from jaxgen.data import gray, images
from jaxgen.data.dataset import Dataset, Examples

_BLOCK = 128
_SECONDS_BETWEEN_LINES = 10.0
_OWNER = re.sub(r"\W", "_", socket.gethostname())  # a shared disk has the processes of others


def in_memory(
    name: str,
    identity: str,
    examples: Examples,
    shape: tuple[int, int, int],
    resize: str,
    *,
    split: str = "",
    least_chroma: float = 0.0,
) -> Dataset:
    """All of `examples` decoded to an array; for sets so small that files are not worth it.

    split, least_chroma: as for `on_disk`. Raises UserError where all are gray.
    """
    blocks = list(_decode(examples, shape, resize, least_chroma))
    image = np.concatenate([pixels for pixels, *_ in blocks])
    label = np.array([label for _, labels, _ in blocks for label in labels], np.int32)
    gray.require_some(name, split, examples.num, len(image), least_chroma)
    image.setflags(write=False)
    label.setflags(write=False)
    left_out = examples.num - len(image)
    return Dataset(name, image, label, examples.classes, identity, left_out=left_out)


def on_disk(
    name: str,
    identity: str,
    examples: Callable[[], Examples],
    shape: tuple[int, int, int],
    resize: str,
    *,
    directory: Path,
    title: str | None,
    split: str = "",
    least_chroma: float = 0.0,
) -> Dataset:
    """The data set cached in `directory`/`identity`, decoded to it first where it is not there.

    Files are written under a temporary name and renamed as one, so that a broken-off run leaves
    nothing that looks complete and two processes may decode the same set at once; what a killed one
    left is deleted. `title` is what the progress on stderr is called; None is silence.
    Where `least_chroma` is not 0, images of less mean chroma are left out (see `gray`); `split` is
    named where none is left.

    Raises UserError for: a directory that cannot be read or written, too small a disk, gray images
    alone.
    """
    folder = directory / identity
    cached = _open(name, folder, shape)
    if cached is None:
        source = examples()
        needed = source.num * (int(np.prod(shape)) + 4)
        with _disk_errors(directory, needed):
            temporary = _temporary_folder(directory, identity, needed)
            try:
                options = {"title": title, "split": split, "least_chroma": least_chroma}
                _write(name, temporary, source, shape, resize, **options)
                _share(temporary)
                # Not empty: another process was faster, and its files are as good.
                with contextlib.suppress(FileExistsError):
                    _rename(temporary, folder)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
        cached = _open(name, folder, shape)
        if cached is None:
            raise UserError(f"{folder} was written and is not there now; start again.")
    return cached


def _open(name: str, folder: Path, shape: tuple[int, int, int]) -> Dataset | None:
    """What is cached; None where nothing is, or where it was damaged and has been deleted."""
    try:
        if not folder.is_dir():
            return None
        meta = json.loads((folder / "meta.json").read_text())
        image = np.load(folder / "image.npy", mmap_mode="r", allow_pickle=False)
        label = None
        if meta["labelled"]:
            label = np.load(folder / "label.npy", allow_pickle=False)
            label.setflags(write=False)
        classes, left_out = tuple(meta["classes"]), int(meta.get("left_out", 0))
        dataset = Dataset(name, image, label, classes, folder.name, left_out=left_out)
        _check(dataset, shape)
        return dataset
    except (FileNotFoundError, EOFError, ValueError, KeyError, TypeError) as error:
        logging.getLogger(__name__).warning("decoding again: %s is damaged (%s)", folder, error)
        shutil.rmtree(folder, ignore_errors=True)
        if folder.exists():
            raise UserError(
                f"The decoded data set {folder} is damaged and cannot be replaced: delete it, or "
                "set data.cache_dir to a folder of your own."
            ) from error
        return None
    except OSError as error:  # it may be as good as ever
        raise UserError(
            f"The decoded data set {folder} cannot be read ({error.strerror or error}): make it "
            "readable, or set data.cache_dir to a folder of your own."
        ) from error


def _check(dataset: Dataset, shape: tuple[int, int, int]) -> None:
    """Raises ValueError unless images and labels are what was to be decoded."""
    image, label = dataset.image, dataset.label
    if image.dtype != np.uint8 or image.shape[1:] != shape or not len(image):
        raise ValueError(f"its images are {image.dtype}{list(image.shape)}")
    if label is not None:
        if label.shape != image.shape[:1] or label.dtype != np.int32:
            raise ValueError(f"its labels are {label.dtype}{list(label.shape)}")
        if label.min() < 0 or label.max() >= len(dataset.classes):
            raise ValueError("a label is that of no class")


def _share(folder: Path) -> None:
    """Lets others read it as far as the user's other files are; temporary folders are private."""
    mask = os.umask(0)
    os.umask(mask)
    folder.chmod(0o777 & ~mask)


def _rename(temporary: Path, folder: Path) -> None:
    try:
        temporary.rename(folder)
    except OSError as error:
        if folder.is_dir():
            raise FileExistsError(folder) from error
        raise


def _temporary_folder(directory: Path, identity: str, needed: int) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(directory).free
    if free < needed:
        raise UserError(
            f"The decoded data set takes {needed / 1e6:,.0f} MB, and {directory} has "
            f"{free / 1e6:,.0f} MB left: free some, or set data.cache_dir to another disk."
        )
    _discard_leftovers(directory, identity)
    return Path(tempfile.mkdtemp(prefix=f".{identity}-{_OWNER}-{os.getpid()}-", dir=directory))


def _discard_leftovers(directory: Path, identity: str) -> None:
    """Deletes what processes of this machine that are no longer there left of their decoding."""
    start = f".{identity}-{_OWNER}-"
    for folder in directory.glob(f"{start}*"):
        process = folder.name.removeprefix(start).partition("-")[0]
        try:
            os.kill(int(process), 0)
        except (ProcessLookupError, ValueError):
            shutil.rmtree(folder, ignore_errors=True)
        except OSError:  # it is there, and another user's
            pass


@contextlib.contextmanager
def _disk_errors(directory: Path, needed: int) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(
            f"The decoded data set ({needed / 1e6:,.0f} MB) cannot be written to {directory} "
            f"({error.strerror or error}): set data.cache_dir to a folder that can be written."
        ) from error


def _write(
    name: str,
    folder: Path,
    examples: Examples,
    shape: tuple[int, int, int],
    resize: str,
    *,
    title: str | None,
    split: str,
    least_chroma: float,
) -> None:
    labels: list[int | None] = []
    # Plain writes: a memory map on a full disk dies by a signal, a write raises.
    with open(folder / "image.npy", "wb") as file, _progress(title, examples.num) as tell:
        _write_header(file, examples.num, shape)
        for pixels, block_labels, done in _decode(examples, shape, resize, least_chroma):
            file.write(pixels.data)
            labels += block_labels
            tell(done)
        gray.require_some(name, split, examples.num, len(labels), least_chroma)
        _write_header(file, len(labels), shape)
    left_out = examples.num - len(labels)
    labelled = bool(examples.classes)
    if labelled:
        np.save(folder / "label.npy", np.array(labels, np.int32))
    meta = {"name": name, "labelled": labelled, "classes": examples.classes, "left_out": left_out}
    (folder / "meta.json").write_text(json.dumps(meta))


def _write_header(file: BinaryIO, num: int, shape: tuple[int, int, int]) -> None:
    """The first bytes of an array of `num` images; as many for whatever number."""
    file.seek(0)
    header = {"descr": "|u1", "fortran_order": False, "shape": (num, *shape)}
    np.lib.format.write_array_header_1_0(file, header)


def _decode(
    examples: Examples, shape: tuple[int, int, int], resize: str, least_chroma: float
) -> Iterator[tuple[np.ndarray, list[int | None], int]]:
    """Blocks in order, decoded by threads: Pillow releases the lock.

    Each is (u8[k,h,w,c], labels, how many examples it and those before it were decoded from).
    """

    def block(start: int) -> tuple[np.ndarray, list[int | None], int]:
        stop = min(start + _BLOCK, examples.num)
        pixels = np.empty((stop - start, *shape), np.uint8)
        labels = []
        for i, (image, label, name) in enumerate(examples.read(start, stop)):
            pixels[i] = images.fit(image, shape[0], resize, name)
            labels.append(label)
        if least_chroma:
            kept = gray.in_color(pixels, least_chroma)
            pixels, labels = pixels[kept], list(itertools.compress(labels, kept))
        return pixels, labels, stop

    workers = min(32, os.cpu_count() or 1)
    pool = ThreadPoolExecutor(workers, thread_name_prefix="jaxgen-decode")
    try:
        pending = deque()
        for start in range(0, examples.num, _BLOCK):
            pending.append(pool.submit(block, start))
            if len(pending) > 2 * workers:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextlib.contextmanager
def _progress(title: str | None, num: int) -> Iterator[Callable[[int], None]]:
    """Tells how far decoding is: a bar on a terminal, else a line now and then."""
    if title is None:
        yield lambda done: None
        return
    began = time.monotonic()
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

        columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        bar = Progress(*columns, console=Console(stderr=True))
        task = bar.add_task(title, total=num)
        with contextlib.suppress(OSError):
            bar.start()
        try:
            yield lambda done: bar.update(task, completed=done)
        finally:
            with contextlib.suppress(OSError):
                bar.stop()
        return
    last_said = began

    def tell(done: int) -> None:
        nonlocal last_said
        if time.monotonic() - last_said > _SECONDS_BETWEEN_LINES:
            last_said = time.monotonic()
            _print(f"{title}: {done} of {num}")

    yield tell
    _print(f"{title}: {num} images in {time.monotonic() - began:.1f} s")


def _print(text: str) -> None:
    with contextlib.suppress(OSError):  # a closed terminal
        print(text, file=sys.stderr, flush=True)
