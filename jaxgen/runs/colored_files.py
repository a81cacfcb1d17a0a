"""Files of photographs and of their colored versions: names, and one after the other."""

import collections
import dataclasses
import errno
import functools
import itertools
import os
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath

import jax
import numpy as np
from PIL import Image

from jaxgen.core.errors import UserError
from jaxgen.core.files import atomically
from jaxgen.data import folder, photographs
from jaxgen.data.names import IMAGE_SUFFIXES
from jaxgen.report import colorized_page
from jaxgen.report.colorized_page import Photo
from jaxgen.runs import colorizing

_JPEG = (".jpg", ".jpeg")  # that stay JPEG; all others become PNG
_JPEG_SIDE = 65500  # pixels, at most, of libjpeg


@dataclasses.dataclass(frozen=True)
class Colors:
    """How photographs are colored.

    Attributes:
      predict: as of `colorizing.predictor`.
      size: of the squares that it takes.
      seed: of its noise.
      side: that the shorter side is scaled to, or None.
    """

    predict: colorizing.Predict
    size: int
    seed: int = 0
    side: int | None = None


def names(source: Path, out: Path) -> list[str]:
    """The photographs below a folder `source`, sorted, or the name of a file. Raises UserError."""
    if out.exists() and not out.is_dir():
        raise UserError(f"--out={out} is a file; name a folder.")
    if out.suffix.lower() in IMAGE_SUFFIXES and not out.exists():
        raise UserError(
            f"--out={out} is the name of an image, and photographs go to a folder under their own "
            "names; name a folder."
        )
    if not source.exists():
        raise UserError(f"--input={source} is not there; name an image file or a folder of them.")
    if not source.is_dir():
        return [source.name]
    if source.resolve() in (out.resolve(), *out.resolve().parents):
        raise UserError(
            f"--out={out} is in --input={source}, so its files would be photographs to color; "
            "choose a folder elsewhere."
        )
    return [name for name, *_ in folder.image_files(source)]


def targets(names: Sequence[str], num: int = 1) -> dict[str, list[str]]:
    """Name of each photograph -> those of its `num` versions; no two are the same anywhere.

    >>> targets(["a.JPG", "b.tif", "c/d.gif", "c/d.png"])
    {'a.JPG': ['a.JPG'], 'b.tif': ['b.png'], 'c/d.gif': ['c/d.gif.png'], 'c/d.png': ['c/d.png']}
    >>> targets(["b.tif"], 2)
    {'b.tif': ['b-1.png', 'b-2.png']}
    """
    plain = {name: _target(name) for name in names}
    folders = {str(parent).casefold() for name in names for parent in PurePath(name).parents}
    # Where small and capital letters are the same, too.
    wanted = collections.Counter(target.casefold() for target in plain.values())
    found: dict[str, str] = {}
    taken: set[str] = set()

    def free(option: str) -> bool:
        made = {version.casefold() for version in _versions(PurePath(option), num)}
        return option.casefold() not in taken and not made & folders

    for name in sorted(names, key=lambda name: plain[name] != name):
        alone = plain[name] == name or wanted[plain[name].casefold()] == 1
        others = (
            f"{name}{mark}.png" for mark in ("", *(f"-{n}" for n in range(2, len(names) + 2)))
        )
        options = itertools.chain([plain[name]] * alone, others)
        found[name] = next(option for option in options if free(option))
        taken.add(found[name].casefold())
    return {name: _versions(PurePath(found[name]), num) for name in names}


def _target(name: str) -> str:
    path = PurePath(name)
    if path.suffix.lower() in (*_JPEG, ".png"):
        return name
    known = path.suffix.lower() in IMAGE_SUFFIXES
    return str(path.with_suffix(".png")) if known else f"{name}.png"


def _versions(path: PurePath, num: int) -> list[str]:
    if num == 1:
        return [str(path)]
    return [str(path.with_stem(f"{path.stem}-{number}")) for number in range(1, num + 1)]


def require_new(out: Path, versions: Mapping[str, Sequence[str]]) -> None:
    """Raises UserError if one of the files, the page of them, or a file for a folder is there."""
    every = [colorized_page.NAME, *itertools.chain.from_iterable(versions.values())]
    folders = {str(parent) for name in every for parent in PurePath(name).parents}
    # Not pathlib, which raises where a name is too long: that is said of the one photograph.
    there = next((name for name in every if os.path.exists(out / name)), None)
    there = there or next((name for name in sorted(folders) if os.path.isfile(out / name)), None)
    if there is not None:
        raise UserError(
            f"--out={out} has {there} already, and nothing is overwritten; choose another folder, "
            "or remove it."
        )


def color(colors: Colors, path: Path, versions: Sequence[Path], name: str, longer: int) -> Photo:
    """Colors the photograph in a file, writes its versions, and gives what a page shows of it.

    name: on the page. longer: pixels of the longer side there. Raises UserError where it cannot be
    read or colored, and OSError where a version cannot be written.
    """
    photo = photographs.read(path, str(path))
    picture = photo.image
    if versions[0].suffix.lower() in _JPEG:
        _require_jpeg(picture, path)
    small = photographs.on_white(colorized_page.shrunk(picture, longer))
    show = functools.partial(colorized_page.preview, longer=longer)
    previews = {"gray": show(colorizing.joined(small, np.zeros((1, 1, 2), np.float32)))}
    for number, target in enumerate(versions):
        # Of seed and version alone: other photographs change nothing.
        key = jax.random.fold_in(jax.random.key(colors.seed), number)
        chroma = colorizing.chroma(
            colors.predict, colors.size, picture, key, side=colors.side, name=str(path)
        )
        _save(target, colorizing.joined(picture, chroma))
        what = "colored" if len(versions) == 1 else f"version {number + 1}"
        previews[what] = show(colorizing.joined(small, chroma))
    if photo.in_color:
        previews["original"] = show(small)
    return Photo(name, picture.size, previews)


def _require_jpeg(picture: Image.Image, path: Path) -> None:
    """Raises UserError for what no JPEG can hold."""
    has = ""
    if picture.mode in ("LA", "RGBA"):
        has = "has transparency, which no JPEG has"
    elif max(picture.size) > _JPEG_SIDE:
        has = f"has {picture.width} x {picture.height} pixels, more than a JPEG can have"
    if has:
        raise UserError(f"{path} {has}, as its name says it is; give it the ending of what it is.")


def _save(path: Path, picture: Image.Image) -> None:
    try:
        with atomically(path) as temporary:
            if path.suffix.lower() in _JPEG:
                picture.save(temporary, "JPEG", quality=95, subsampling=0)
            else:
                # Of photographs as small as level 6, in a third of its time.
                picture.save(temporary, "PNG", compress_level=3)
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        raise UserError(f"{path} is too long a name for a file; shorten the original's.") from error
