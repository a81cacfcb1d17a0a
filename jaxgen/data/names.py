"""What a data set's name alone tells: whether it is one, and the sizes of its images.

Imports neither NumPy nor anything that reads images, so that a config is complete in an instant.
"""

import contextlib
import difflib
import os
import re
import zipfile
from pathlib import Path

from jaxgen.core.errors import UserError

EMBEDDED = ("digits", "photos")
POINTS = {"ring": 8, "grid": 25}  # name -> modes
POINT_SHAPE = (1, 1, 2)
STACKED, LSUN, TFDS = "stacked:", "lsun:", "tfds:"
IMAGE_SUFFIXES = (
    *(".bmp", ".gif", ".jfif", ".jpe", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".pnm", ".ppm"),
    *(".tif", ".tiff", ".webp"),
)
# (side in pixels, channels, classes) of sets that configs name without saying so.
_KNOWN = {
    "digits": (8, 1, 10),
    "photos": (0, 3, 2),
    "tfds:mnist": (28, 1, 10),
    "tfds:fashion_mnist": (28, 1, 10),
    "tfds:cifar10": (32, 3, 10),
    "tfds:svhn_cropped": (32, 3, 10),
    "tfds:smallnorb": (96, 1, 5),
    "tfds:celeb_a": (0, 3, 0),
}
# Training images of those sets.
_TRAINING = {
    "digits": 1498,
    "tfds:mnist": 60_000,
    "tfds:fashion_mnist": 60_000,
    "tfds:cifar10": 50_000,
    "tfds:svhn_cropped": 73_257,
    "tfds:smallnorb": 24_300,
}
_LABELS = 2**30  # bytes of labels that are looked at only to count classes
_TFDS_NAME = re.compile(r"tfds:[a-z]\w*(/[\w.\-]+)?(:\d+\.\d+\.\d+)?")
_ALLOWED = (
    'use "digits", "photos", "tfds:NAME", "ring", "grid", "stacked:NAME", "lsun:PATH", a folder of '
    "images or a path ending in .npz"
)


def base_name(name: str) -> str:
    """The data set that "stacked:NAME" is made of: NAME."""
    return name.removeprefix(STACKED)


def kind_of(shape: tuple[int, ...]) -> str:
    """The kind of what has the shape (h, w, c): "points" of the plane, or "image"."""
    return "points" if tuple(shape) == POINT_SHAPE else "image"


def default_sizes(name: str) -> tuple[int, int]:
    """(side in pixels, channels) that images of the set have; 0 where the name does not tell.

    >>> default_sizes("tfds:cifar10"), default_sizes("ring"), default_sizes("./my/images")
    ((32, 3), (1, 2), (0, 0))
    """
    if name in POINTS:
        return POINT_SHAPE[1], POINT_SHAPE[2]
    if name.startswith(STACKED):
        return default_sizes(base_name(name))[0], 3
    side, channels, _ = _KNOWN.get(name, (0, 0, 0))
    return side, channels


def number_of_classes(name: str, keep_classes: str = "") -> int | None:
    """How many classes a set has, as far as its name, folders or labels tell; else None.

    keep_classes: the names of those that are kept, such as "0,1,2"; all if empty.
    """
    if keep_classes:
        return len(keep_classes.split(","))
    if name in POINTS:
        return POINTS[name]
    if name.startswith(STACKED):
        return 1000
    if name in _KNOWN:
        return _KNOWN[name][2]
    if name.startswith((LSUN, TFDS)):
        return None
    with contextlib.suppress(OSError, ValueError, RuntimeError, zipfile.BadZipFile):
        return _classes_of_archive(name) if is_archive(name) else _classes_of_folder(name)
    return None


def number_of_images(name: str, validation: int = 0) -> int:
    """At most how many images a set has to train on; 0 where its name does not tell.

    validation: how many of them are held out.

    >>> number_of_images("digits", 299), number_of_images("./my/images")
    (1199, 0)
    """
    return max(0, _TRAINING.get(name, 0) - validation)


def _classes_of_folder(name: str) -> int | None:
    root = Path(name).expanduser()
    root = root / "train" if (root / "train").is_dir() else root
    with os.scandir(root) as entries:
        there = [entry for entry in entries if not entry.name.startswith(".")]
    if any(_is_image(entry.name) for entry in there if not entry.is_dir()):
        return None  # folders beside images are no classes
    count = sum(_holds_an_image(entry.path) for entry in there if entry.is_dir())
    return count if count > 1 else None


def is_archive(name: str) -> bool:
    """Whether the name of a set is that of an .npz file."""
    return name.lower().endswith(".npz")


def _is_image(name: str) -> bool:
    return name.lower().endswith(IMAGE_SUFFIXES) and not name.startswith(".")


def _holds_an_image(folder: str) -> bool:
    """Whether there is one at any depth, links followed."""
    seen: set[str] = set()
    for here, below, files in os.walk(folder, followlinks=True):
        # A link to a folder above would go round for ever.
        if os.path.realpath(here) in seen:
            below.clear()
            continue
        seen.add(os.path.realpath(here))
        below[:] = [name for name in below if not name.startswith(".")]
        if any(map(_is_image, files)):
            return True
    return False


def _classes_of_archive(name: str) -> int | None:
    import numpy as np

    with zipfile.ZipFile(Path(name).expanduser()) as archive:
        if any(i.file_size > _LABELS for i in archive.infolist() if "label" in i.filename):
            return None  # as will be said when they are loaded
    with np.load(Path(name).expanduser(), allow_pickle=False) as archive:
        keys = {"train_label", "test_label", "label"} & set(archive.files)
        return max((int(archive[key].max(initial=-1)) + 1 for key in keys), default=None)


def shape_of(name: str, *, image_size: int, channels: int) -> tuple[int, int, int]:
    """(h, w, c) of every image that `sources.load` would give; reads nothing. Raises UserError."""
    validate_name(name)
    if name in POINTS:
        if (image_size, channels) != POINT_SHAPE[1:]:
            raise UserError(
                f'The data set "{name}" has points of the plane, as images of one pixel with two '
                f"channels, but data.image_size is {image_size} and data.channels is {channels}: "
                "set them to 1 and 2."
            )
        return POINT_SHAPE
    if image_size < 1:
        raise UserError(
            f"data.image_size is {image_size}: it must be a number of pixels, 1 or more."
        )
    if channels not in (1, 3):
        raise UserError(f"data.channels is {channels}: it must be 1 (gray) or 3 (color).")
    if name.startswith(STACKED) and channels != 3:
        raise UserError(
            f'The data set "{name}" has an image in each of three channels, but data.channels is '
            f"{channels}: set it to 3."
        )
    return (image_size, image_size, channels)


def check_least_chroma(name: str, channels: int, least_chroma: float) -> None:
    """Raises UserError where gray images are to be left out of a set that cannot have others."""
    if not least_chroma:
        return
    given = f"data.least_chroma is {least_chroma:g}, which leaves out gray images"
    if name in POINTS or name.startswith(STACKED):
        has = "points of the plane" if name in POINTS else "digits in the channels of its images"
        raise UserError(f'{given}, and the data set "{name}" has {has}: set it to 0.')
    if channels != 3:
        raise UserError(
            f"{given}, and with data.channels={channels} all of them are: set data.channels to 3, "
            "or data.least_chroma to 0."
        )


def validate_name(name: str) -> None:
    """Checks the form of a data set's name; whether it exists is seen when it is loaded.

    Raises UserError for: any other form; it says what is allowed and what was probably meant.
    """
    if name.startswith(STACKED):
        base = base_name(name)
        if base in POINTS or base.startswith(STACKED):
            raise UserError(
                f'data.name is "{name}", and stacks are of gray images: use "stacked:digits", '
                '"stacked:tfds:mnist" or another labelled set of 10 classes.'
            )
        return validate_name(base)
    if name.startswith(LSUN) and name != LSUN:
        return
    if name in (*EMBEDDED, *POINTS) or _TFDS_NAME.fullmatch(name) or is_archive(name):
        return
    if name.startswith(TFDS):
        raise UserError(
            f'data.name is "{name}", and TFDS names have the form "tfds:NAME" or '
            f'"tfds:NAME/CONFIG" in small letters: try "{name.lower()}".'
        )
    if name.endswith((".tar", ".zip", ".tgz", ".gz", ".xz")):
        raise UserError(
            f'data.name is "{name}", an archive: unpack it, and name the folder that it gives.'
        )
    is_path = os.sep in name or name.startswith((".", "~"))
    if is_path or (name and os.path.isdir(name)):
        return
    tfds = f"{TFDS}{name.lower()}"
    close = difflib.get_close_matches(name.lower(), (*EMBEDDED, *POINTS), n=1, cutoff=0.7)
    close += [tfds] if tfds in _KNOWN else []
    hint = "there is no folder of that name here"
    hint += f', and a TFDS set would be "{tfds}".' if _TFDS_NAME.fullmatch(tfds) else "."
    if close:
        hint = f'did you mean "{close[0]}"?'
    raise UserError(f'data.name is "{name}": {_ALLOWED}; {hint}')
