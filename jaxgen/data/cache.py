"""Examples decoded once, to arrays in memory or to memory-mapped files that runs share."""

import contextlib
import dataclasses
import itertools
import json
import logging
import os
import re
import shutil
import socket
import tempfile
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import numpy as np

from jaxgen.core import progress
from jaxgen.core.errors import UserError, reason
from jaxgen.data import gray, images
from jaxgen.data.dataset import Dataset, Examples

_BLOCK = 128
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
    image = np.concatenate([block.pixels for block in blocks])
    label = np.array([label for block in blocks for label in block.labels], np.int32)
    gray.require_some(name, split, examples.num, len(image), least_chroma)
    image.setflags(write=False)
    label.setflags(write=False)
    left_out, deep = examples.num - len(image), sum(block.deep for block in blocks)
    return Dataset(name, image, label, examples.classes, identity, left_out=left_out, deep=deep)


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
            if (found := zlib.crc32(label.tobytes())) != meta.get("label_sum", found):
                raise ValueError("its labels are not those that were written")
        classes = tuple(meta["classes"])
        left_out, deep = (int(meta.get(key, 0)) for key in ("left_out", "deep"))
        dataset = Dataset(name, image, label, classes, folder.name, left_out=left_out, deep=deep)
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
            f"The decoded data set {folder} cannot be read ({reason(error)}): make it "
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
            f"({reason(error)}): set data.cache_dir to a folder that can be written."
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
    deep, began = 0, time.monotonic()
    with contextlib.ExitStack() as stack:
        tell = stack.enter_context(progress.counted(title, examples.num)) if title else None
        # Plain writes: a memory map on a full disk dies by a signal, a write raises.
        file = stack.enter_context(open(folder / "image.npy", "wb"))
        _write_header(file, examples.num, shape)
        for block in _decode(examples, shape, resize, least_chroma):
            file.write(block.pixels.data)
            labels += block.labels
            deep += block.deep
            if tell:
                tell(block.stop)
        gray.require_some(name, split, examples.num, len(labels), least_chroma)
        _write_header(file, len(labels), shape)
    if title:
        progress.say(f"{title}: {examples.num} images in {time.monotonic() - began:.1f} s")
    labelled = bool(examples.classes)
    meta = {"name": name, "labelled": labelled, "classes": examples.classes}
    if labelled:
        label = np.array(labels, np.int32)
        np.save(folder / "label.npy", label)
        meta["label_sum"] = zlib.crc32(label.tobytes())
    meta |= {"left_out": examples.num - len(labels), "deep": deep}
    (folder / "meta.json").write_text(json.dumps(meta))


def _write_header(file: BinaryIO, num: int, shape: tuple[int, int, int]) -> None:
    """The first bytes of an array of `num` images; as many for whatever number."""
    file.seek(0)
    header = {"descr": "|u1", "fortran_order": False, "shape": (num, *shape)}
    np.lib.format.write_array_header_1_0(file, header)


@dataclasses.dataclass(frozen=True)
class _Block:
    """Some examples, decoded.

    Attributes:
      pixels: u8[k,h,w,c].
      labels: of each.
      stop: how many examples these and those before them were decoded from.
      deep: how many of `pixels` had 16 bits.
    """

    pixels: np.ndarray
    labels: list[int | None]
    stop: int
    deep: int


def _decode(
    examples: Examples, shape: tuple[int, int, int], resize: str, least_chroma: float
) -> Iterator[_Block]:
    """Blocks in order, decoded by threads: Pillow releases the lock."""

    def block(start: int) -> _Block:
        stop = min(start + _BLOCK, examples.num)
        pixels = np.empty((stop - start, *shape), np.uint8)
        deep, labels = np.zeros(len(pixels), bool), []
        for i, (image, label, name) in enumerate(examples.read(start, stop)):
            deep[i] = images.had_16_bits(image)
            pixels[i] = images.fit(image, shape[0], resize, name)
            labels.append(label)
        if least_chroma:
            kept = gray.in_color(pixels, least_chroma)
            pixels, deep, labels = pixels[kept], deep[kept], list(itertools.compress(labels, kept))
        return _Block(pixels, labels, stop, int(deep.sum()))

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
