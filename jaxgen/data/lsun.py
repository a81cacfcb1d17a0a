"""LSUN's scenes (arXiv:1506.03365) in the lmdb files that their authors distribute.

TFDS can no longer prepare LSUN. Unpacked, church_outdoor_train_lmdb.zip is a folder with data.mdb,
whose keys are names and whose values are encoded images (WebP, or JPEG).
"""

import importlib.util
import io
import itertools
import os
import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from jaxgen.core.errors import UserError
from jaxgen.core.files import local_path
from jaxgen.data import images
from jaxgen.data.dataset import Examples, split_rows
from jaxgen.data.names import LSUN

_TRAIN, _VAL = "_train_lmdb", "_val_lmdb"
_MOST_HELD_OUT = 10_000
# Every so many keys one is kept, so that millions of them need no memory.
_STRIDE = 128


def source(
    name: str, split: str, channels: int, max_pixels: int
) -> tuple[list, Callable[[], Examples]]:
    """(identity, examples) of "lsun:PATH", where PATH is an lmdb of encoded images; no labels.

    Images are in the order of their keys. Beside PATH = .../X_train_lmdb the folder X_val_lmdb (of
    300 images in LSUN) is the test split; where there is none, or PATH has another name, every
    tenth image of PATH, 10,000 at most, is for test. Raises UserError for: no `lmdb` package, a
    path that is no lmdb, a truncated file, too few images, a value that cannot be decoded (it names
    the key).
    """
    if importlib.util.find_spec("lmdb") is None:
        raise UserError(
            f'data.name is "{name}", and reading it needs the package lmdb: '
            "pip install 'jaxgen[lsun]'."
        )
    path = local_path(name.removeprefix(LSUN), "data.name")
    sibling = path.with_name(path.name.removesuffix(_TRAIN) + _VAL)
    has_sibling = path.name.endswith(_TRAIN) and sibling.exists()
    if has_sibling and split == "test":
        path = sibling
    environment = _open(path, name)
    num = environment.stat()["entries"]
    alone = split_rows(num, split, at_most=_MOST_HELD_OUT)
    rows = np.arange(num) if has_sibling else alone
    if not len(rows):
        raise UserError(
            f"{path} has {num} images, too few for a {split} split (one in ten is for test): add "
            f"a folder that ends in {_VAL}, or more images."
        )
    status = _file(path).stat()
    identity = ["lsun", num, status.st_size, status.st_mtime_ns]
    # Two numbers where nothing is cut, as caches of earlier versions have.
    identity += [0, num] if has_sibling else ["every tenth", split]
    return identity, lambda: _examples(environment, path, rows, channels, max_pixels)


def _file(path: Path) -> Path:
    return path / "data.mdb" if path.is_dir() else path


_opened: weakref.WeakValueDictionary[str, Any] = weakref.WeakValueDictionary()
_opening = threading.Lock()


def _open(path: Path, name: str) -> Any:
    """The lmdb environment of `path`; a process may open each only once at a time."""
    import lmdb

    real = os.path.realpath(path)
    with _opening:
        environment = _opened.get(real)
        if environment is not None:
            return environment
        try:
            environment = lmdb.open(
                real, readonly=True, lock=False, readahead=False, subdir=path.is_dir()
            )
        except (lmdb.Error, OSError) as error:
            raise UserError(
                f'data.name is "{name}", and {path} is no lmdb ({error}): name the folder with '
                f"data.mdb, such as {LSUN}church_outdoor{_TRAIN}."
            ) from error
        # Reading beyond the end of a mapped file would end the process by a signal.
        needed = (environment.info()["last_pgno"] + 1) * environment.stat()["psize"]
        size = _file(path).stat().st_size
        if size < needed:
            environment.close()
            raise UserError(
                f"{_file(path)} has {size:,} of {needed:,} bytes: it is truncated, so copy or "
                "unpack it again."
            )
        _opened[real] = environment
        return environment


def _examples(
    environment: Any, path: Path, rows: np.ndarray, channels: int, max_pixels: int
) -> Examples:
    with environment.begin() as transaction, transaction.cursor() as cursor:
        keys = cursor.iternext(keys=True, values=False)
        marks = [bytes(key) for key in itertools.islice(keys, 0, None, _STRIDE)]

    def read(first: int, last: int) -> Iterator[tuple[Image.Image, int | None, str]]:
        with environment.begin() as transaction, transaction.cursor() as cursor:
            here = -1
            for row in rows[first:last].tolist():
                if here < 0 or row // _STRIDE > here // _STRIDE:
                    here = row // _STRIDE * _STRIDE
                    cursor.set_key(marks[row // _STRIDE])
                while here < row:
                    cursor.next()
                    here += 1
                where = f"{path} key {cursor.key().decode('ascii', 'backslashreplace')}"
                yield (
                    images.decode(io.BytesIO(cursor.value()), where, channels, max_pixels),
                    None,
                    where,
                )

    return Examples(len(rows), read)
