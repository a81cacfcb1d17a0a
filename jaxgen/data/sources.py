"""A data set by its name: embedded, drawn, TFDS, LSUN, a folder of images or an .npz file."""

import difflib
import os
import re
from pathlib import Path

from jaxgen.core.types import UserError
from jaxgen.data import cache, images, lsun, points, stacked
from jaxgen.data.dataset import Dataset, fingerprint

__all__ = ["Dataset", "load", "shape_of", "validate_name"]

_EMBEDDED = ("digits", "photos")
_TFDS = re.compile(r"tfds:[a-z]\w*(/[\w.\-]+)?(:\d+\.\d+\.\d+)?")
_ALLOWED = (
    'use "digits", "photos", "tfds:NAME", "ring", "grid", "stacked:NAME", "lsun:PATH", a folder of '
    "images or a path ending in .npz"
)
# Part of every fingerprint; raised when the same parameters begin to give other pixels.
_VERSION = 1


def load(
    name: str,
    split: str,
    *,
    image_size: int,
    channels: int,
    resize: str = "bilinear",
    data_dir: str | None = None,
    cache_dir: str | None = None,
    progress: bool = True,
) -> Dataset:
    """The `split` ("train" or "test") of data set `name`, as image u8[n,size,size,channels].

    name: "digits" | "photos" | "tfds:<name>[/config]" | a folder path | a path ending in .npz |
    "lsun:<path of an lmdb>" | "stacked:<name of 10 classes>", three gray images as channels (see
    `stacked`) | "ring" | "grid", points of the plane as f32[n,1,1,2] (see `points`).
    resize: "bilinear" | "celeba" | "center_crop" | "none", see `images.fit`. data_dir: where TFDS
    data sets live (default: TFDS's own). cache_dir: where decoded ones are kept (default:
    `cache.default_dir()`). progress: tells on stderr how far decoding is.

    Raises UserError for: an unknown name, an option out of range, or images that cannot be read.
    """
    validate_name(name)
    for option, value, allowed in (
        ("split", split, ("train", "test")),
        ("resize", resize, images.RESIZE),
    ):
        if value not in allowed:
            choices = " or ".join(f'"{choice}"' for choice in allowed)
            raise UserError(f'The {option} of data is "{value}": it must be {choices}.')
    shape = shape_of(name, image_size=image_size, channels=channels)
    directory = Path(cache_dir).expanduser() if cache_dir else cache.default_dir()
    if name.startswith(stacked.PREFIX):
        options = {"data_dir": data_dir, "cache_dir": cache_dir, "progress": progress}
        options |= {"image_size": image_size, "channels": 1, "resize": resize}
        base = load(stacked.base_name(name), split, **options)
        title = f"Stacking {base.name}, {split} (once)" if progress else None
        return stacked.dataset(name, split, base, directory=directory, title=title)
    if name in (*_EMBEDDED, *points.NAMES):
        return _without_files(name, split, shape, resize)
    source, examples = _open_source(name, split, channels, data_dir, progress)
    identity = fingerprint(_VERSION, source, split, shape, resize)
    title = f"Decoding {name}, {split} (once)" if progress else None
    return cache.on_disk(name, identity, examples, shape, resize, directory=directory, title=title)


def _without_files(name: str, split: str, shape: tuple[int, int, int], resize: str) -> Dataset:
    """The sets that are small enough to be made anew by every process."""
    if name in points.NAMES:
        return points.dataset(name, split, fingerprint(_VERSION, name, split))
    from jaxgen.data import embedded

    identity = fingerprint(_VERSION, name, split, shape, resize)
    if name == "digits":
        return cache.in_memory(name, identity, embedded.digits(split, shape[2]), shape, resize)
    tiles = embedded.photos(split, shape[2], shape[0])
    return cache.in_memory(name, identity, tiles, shape, resize)


def _open_source(name: str, split: str, channels: int, data_dir: str | None, progress: bool):
    """(identity of the content, function that opens its examples) of what lives in files."""
    if name.startswith("tfds:"):
        from jaxgen.data import tfds_source

        return tfds_source.source(name, split, channels, data_dir, progress)
    if name.startswith(lsun.PREFIX):
        return lsun.source(name, split, channels)
    if name.endswith(".npz"):
        from jaxgen.data import arrays

        return arrays.source(name, split, channels)
    from jaxgen.data import folder

    return folder.source(name, split, channels)


def shape_of(name: str, *, image_size: int, channels: int) -> tuple[int, int, int]:
    """(h, w, c) of every image that `load` would give; reads nothing."""
    validate_name(name)
    if name in points.NAMES:
        if (image_size, channels) != (1, 2):
            raise UserError(
                f'The data set "{name}" has points of the plane, as images of one pixel with two '
                f"channels, but data.image_size is {image_size} and data.channels is {channels}: "
                "set them to 1 and 2."
            )
        return points.SHAPE
    if image_size < 1:
        raise UserError(
            f"data.image_size is {image_size}: it must be a number of pixels, 1 or more."
        )
    if channels not in (1, 3):
        raise UserError(f"data.channels is {channels}: it must be 1 (gray) or 3 (color).")
    if name.startswith(stacked.PREFIX) and channels != 3:
        raise UserError(
            f'The data set "{name}" has an image in each of three channels, but data.channels is '
            f"{channels}: set it to 3."
        )
    return (image_size, image_size, channels)


def validate_name(name: str) -> None:
    """Checks the form of a data set's name; whether it exists is seen when it is loaded.

    Raises UserError for: any other form; it says what is allowed and what was probably meant.
    """
    if name.startswith(stacked.PREFIX):
        base = stacked.base_name(name)
        if base in points.NAMES or base.startswith(stacked.PREFIX):
            raise UserError(
                f'data.name is "{name}", and stacks are of gray images: use "stacked:digits", '
                '"stacked:tfds:mnist" or another labelled set of 10 classes.'
            )
        return validate_name(base)
    if name.startswith(lsun.PREFIX) and name != lsun.PREFIX:
        return
    if name in (*_EMBEDDED, *points.NAMES) or _TFDS.fullmatch(name) or name.endswith(".npz"):
        return
    if name.startswith("tfds:"):
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
    close = difflib.get_close_matches(name.lower(), (*_EMBEDDED, *points.NAMES), n=1)
    meant = close[0] if close else f"tfds:{name.lower()}"
    raise UserError(f'data.name is "{name}": {_ALLOWED}; did you mean "{meant}"?')
