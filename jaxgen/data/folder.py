"""A folder of image files."""

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from PIL import Image

from jaxgen.core.errors import UserError
from jaxgen.data import images
from jaxgen.data.dataset import Examples

_SUFFIXES = (".bmp", ".gif", ".jfif", ".jpe", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".pnm")
_SUFFIXES += (".ppm", ".tif", ".tiff", ".webp")
_HELD_OUT = ("test", "val", "validation", "valid")


def source(name: str, split: str, channels: int) -> tuple[list, Callable[[], Examples]]:
    """(identity, examples) of the folder `name`, which is searched to any depth.

    Subfolders "train" and "test" (or "val", "validation", "valid") are the splits; else every
    tenth file of the sorted list is for test. Folders in it are classes, by sorted names; where
    images lie directly in it there are no labels. Hidden files are skipped, files of other kinds
    too, with a warning. Raises UserError for: a missing folder, or one without images.
    """
    root = Path(name).expanduser()
    if not root.is_dir():
        raise UserError(f'data.name is "{name}", and there is no such folder: fix the path.')
    train = root / "train" if (root / "train").is_dir() else root
    held_out = [root / part for part in _HELD_OUT if (root / part).is_dir()]
    files = _image_files(train)
    classes = _classes(files)
    if split == "test" and train != root and held_out:
        train = held_out[0]
        files = _image_files(train)
        unknown = sorted(set(_classes(files)) - set(classes))
        if classes and (unknown or not _classes(files)):
            what = f'the class "{unknown[0]}"' if unknown else "images outside of class folders"
            raise UserError(f"{train} has {what}, unlike {root / 'train'}: make them agree.")
    elif not (train != root and held_out):
        files = [file for i, file in enumerate(files) if (i % 10 == 9) == (split == "test")]
    if not files:
        raise UserError(
            f"{train} has too few images for a {split} split (one file in ten is for test): add "
            'some, or make subfolders "train" and "test".'
        )
    numbers = {label: i for i, label in enumerate(classes)}

    def read(start: int, stop: int) -> Iterator[tuple[Image.Image, int | None, str]]:
        for file, _, _ in files[start:stop]:
            path = os.path.join(train, file)
            yield images.decode(path, path, channels), numbers.get(file.partition("/")[0]), path

    return ["folder", files, classes], lambda: Examples(len(files), read, classes)


def _classes(files: list[tuple[str, int, int]]) -> tuple[str, ...]:
    if any("/" not in file for file, _, _ in files):
        return ()
    return tuple(sorted({file.partition("/")[0] for file, _, _ in files}))


def _image_files(root: Path) -> list[tuple[str, int, int]]:
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
        with os.scandir(real) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir():
                    folders.append(f"{folder}{entry.name}/")
                elif entry.name.lower().endswith(_SUFFIXES):
                    # A link to nowhere is named when it is decoded.
                    there = os.path.exists(entry.path)
                    status = entry.stat(follow_symlinks=there)
                    found.append((folder + entry.name, status.st_size, status.st_mtime_ns))
                else:
                    ignored += 1
    if ignored:
        logging.getLogger(__name__).warning("%d files in %s are no images: ignored", ignored, root)
    if not found:
        raise UserError(f"{root} has no image files ({', '.join(_SUFFIXES)}): fix the path.")
    return sorted(found)
