"""A folder of image files."""

import contextlib
import functools
import hashlib
import logging
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from jaxgen.core.errors import UserError, reason
from jaxgen.core.files import local_path
from jaxgen.core.images import even_rows
from jaxgen.data import images
from jaxgen.data.dataset import Examples, split_rows
from jaxgen.data.names import IMAGE_SUFFIXES

_LOG = logging.getLogger(__name__)
# Of so many files so many bytes make up the identity of a folder, beside all names.
_LOOKED_AT, _BYTES = 64, 2**16
_HELD_OUT = ("test", "val", "validation", "valid")


def source(
    name: str, split: str, channels: int, max_pixels: int
) -> tuple[list, Callable[[], Examples]]:
    """(identity, examples) of the folder `name`, which is searched to any depth.

    Subfolders "train" and "test" (or "val", "validation", "valid") are the splits; else every tenth
    file is for test, class after class. Folders in it are classes, by sorted names, whole numbers
    as numbers; where images lie directly in it there are no labels, and of a single folder neither.
    Hidden files are skipped, files of other kinds too; what that, or the names of folders, may hide
    is a warning. Raises UserError for: a missing folder, one without images, or one that cannot be
    read.
    """
    root = local_path(name, "data.name")
    if not root.is_dir():
        what = "it is a file" if root.exists() else "there is no such folder"
        raise UserError(f'data.name is "{name}", and {what}: name a folder of images, or an .npz.')
    train = root / "train" if (root / "train").is_dir() else root
    held_out = [root / part for part in _HELD_OUT if (root / part).is_dir()]
    files = image_files(train)
    classes = _classes(files)
    if split == "train":
        _warn(root, train, bool(held_out), files, classes)
    if split == "test" and train != root and held_out:
        train = held_out[0]
        files = image_files(train)
        unknown = sorted(_folders(files) - set(classes))
        if classes and (unknown or any("/" not in file for file, *_ in files)):
            what = f'the class "{unknown[0]}"' if unknown else "images outside of class folders"
            raise UserError(f"{train} has {what}, unlike {root / 'train'}: make them agree.")
    elif not (train != root and held_out):
        label = np.array([file.partition("/")[0] for file, *_ in files]) if classes else None
        files = [files[row] for row in split_rows(len(files), split, label)]
    if not files:
        raise UserError(
            f"{train} has too few images for a {split} split (one file in ten is for test): add "
            'some, or make subfolders "train" and "test".'
        )
    numbers = {label: i for i, label in enumerate(classes)}

    def read(start: int, stop: int) -> Iterator[tuple[Image.Image, int | None, str]]:
        for file, _, _ in files[start:stop]:
            path = os.path.join(train, file)
            yield (
                images.decode(path, path, channels, max_pixels),
                numbers.get(file.partition("/")[0]),
                path,
            )

    identity = ["folder", files, classes, _content(train, files)]
    return identity, lambda: Examples(len(files), read, classes)


def _classes(files: list[tuple[str, int, int]]) -> tuple[str, ...]:
    if any("/" not in file for file, _, _ in files):
        return ()
    names = _folders(files)
    # CelebA and others unpack to one folder, which says nothing of its images.
    if len(names) == 1:
        return ()
    return tuple(sorted(names, key=lambda n: (0, int(n), n) if n.isdecimal() else (1, 0, n)))


def _folders(files: list[tuple[str, int, int]]) -> set[str]:
    """Those in which the files lie, of the highest level."""
    return {file.partition("/")[0] for file, _, _ in files if "/" in file}


def _content(root: Path, files: list[tuple[str, int, int]]) -> str:
    """A sum over some of the files: sizes and times can be the same in two folders."""
    total = hashlib.sha256()
    for row in even_rows(np.arange(len(files)), _LOOKED_AT):
        with contextlib.suppress(OSError), open(root / files[row][0], "rb") as file:
            total.update(file.read(_BYTES))
    return total.hexdigest()


def _warn(root: Path, train: Path, held_out: bool, files: list, classes: tuple[str, ...]) -> None:
    """Says what in the names of folders may be a mistake."""
    names = _folders(files)
    splits = {"train", "training", *_HELD_OUT, "testing"}
    odd = sorted(name for name in names if name.lower() in splits)
    if odd:
        _LOG.warning(
            '%s: the folder "%s" is taken for a class; splits are called train and test (or val, '
            "validation, valid), in small letters",
            *(train, odd[0]),
        )
    beside = sorted(
        path.name
        for path in root.iterdir()
        if path.is_dir() and path.name not in ("train", *_HELD_OUT) and path.name[0] not in "._"
    )
    if train != root and beside:
        _LOG.warning(
            '%s has a folder "train", so that is all that is trained on; left out: %s%s',
            *(root, ", ".join(beside[:5]), ", ..." if len(beside) > 5 else ""),
        )
    if names and not classes and len(names) > 1:
        loose = sum("/" not in file for file, _, _ in files)
        _LOG.warning(
            "%s has %d image%s outside of its %d folders, so the folders are no classes and there "
            "are no labels",
            *(train, loose, "s" * (loose > 1), len(names)),
        )


def image_files(root: Path) -> list[tuple[str, int, int]]:
    """Sorted (path under root, bytes, time of change) of the image files, links followed."""
    found, ignored, seen = [], 0, set()
    folders = [""]
    while folders:
        folder = folders.pop()
        real = os.path.realpath(root / folder)
        # A link to a folder above would go round for ever.
        if real in seen:
            continue
        seen.add(real)
        # Not pathlib: a listing of 200,000 files would take ten times as long.
        try:
            entries = [entry for entry in os.scandir(real) if not entry.name.startswith(".")]
        except OSError as error:
            raise UserError(
                f"{os.path.join(root, folder)} cannot be read ({reason(error)}): make it "
                "readable, or move it away."
            ) from error
        for entry in entries:
            status = _status(entry)
            if stat.S_ISDIR(status.st_mode):
                folders.append(f"{folder}{entry.name}/")
            elif not entry.name.lower().endswith(IMAGE_SUFFIXES):
                ignored += 1
            elif stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode):
                found.append((folder + entry.name, status.st_size, status.st_mtime_ns))
            else:
                raise UserError(f"{entry.path} is called an image but is no file: remove it.")
    if ignored:
        what = "file in %s is no image" if ignored == 1 else "files in %s are no images"
        _warn_once(f"%d {what}: ignored", ignored, root)
    if not found:
        raise UserError(f"{root} has no image files ({', '.join(IMAGE_SUFFIXES)}): fix the path.")
    return sorted(found)


@functools.cache
def _warn_once(text: str, *values: Any) -> None:
    """A warning of a folder that is looked through again for every split."""
    _LOG.warning(text, *values)


def _status(entry: os.DirEntry) -> os.stat_result:
    """Of what a link leads to; of the link itself where that is nothing, or the link again."""
    try:
        return entry.stat()
    except OSError:
        return entry.stat(follow_symlinks=False)  # named when it is decoded
