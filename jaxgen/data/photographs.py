"""One photograph as it is meant to be seen: upright, in sRGB, with its transparency."""

import contextlib
import dataclasses
import io
import os
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageCms

from jaxgen.core.files import require_memory
from jaxgen.data import images

BYTES = 12  # of memory for a pixel: 9.7 to 10 were measured until it is colored and written
_STRIP = 2**20  # pixels
_SAME = 2  # levels of 255 between which colors are taken for the same


@dataclasses.dataclass(frozen=True)
class Photograph:
    """A picture in memory.

    Attributes:
      image: of sRGB, upright; mode "L", "I;16" (gray of 16 bits), "LA", "RGB" or "RGBA".
      in_color: whether some pixel is not gray.
    """

    image: Image.Image
    in_color: bool


def read(path: str | os.PathLike, name: str) -> Photograph:
    """The photograph in a file of `images.FORMATS`.

    Gray of 16 bits stays so, but with transparency it is rounded to 8; Pillow reads colors of 16
    bits as 8. A color profile (ICC) is applied, unless it is damaged. Raises UserError, which
    names `name`, for what `images.decode` does, and, before it is decoded, for a photograph that
    the memory has no room for.
    """
    with images.reading(path, name) as image:
        _require_memory(image.size, name)
        image = _plain(images.upright(image, name), name)
        return Photograph(image, _in_color(image))


def strips(size: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """(first, end) rows of the parts in which a picture (width, height) of any size is gone over.

    >>> list(strips((2**19, 5)))
    [(0, 2), (2, 4), (4, 5)]
    """
    width, height = size
    rows = max(1, _STRIP // width)
    for first in range(0, height, rows):
        yield first, min(first + rows, height)


def strip(image: Image.Image, first: int, end: int) -> np.ndarray:
    """Rows of it: u8 or u16 [end-first,w] of gray, else u8[end-first,w,c]."""
    return np.asarray(image.crop((0, first, image.width, end)))


def on_white(image: Image.Image) -> Image.Image:
    """It where it has no transparency, else laid on white."""
    if image.mode not in ("LA", "RGBA"):
        return image
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image.convert("RGBA")).convert(image.mode[:-1])


def _require_memory(size: tuple[int, int], name: str) -> None:
    what = f"{name} has {size[0]} x {size[1]} pixels, which take"
    require_memory(BYTES * size[0] * size[1], what, "scale it down, or free some")


def _plain(image: Image.Image, name: str) -> Image.Image:
    """`image` in a mode of `Photograph`; a mode that it has already is not copied."""
    images.require_range(image, name)
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I"):
        return _gray16(images.sixteen_bits(image, name), image.info.get("transparency"), profile)
    if image.mode == "CMYK":
        return (_through(image, profile) if profile else None) or image.convert("RGB")
    transparent = "transparency" in image.info or image.mode in ("LA", "La", "PA", "RGBA", "RGBa")
    gray = image.mode in ("1", "L", "LA", "La")
    mode = ("L" if gray else "RGB") + "A" * transparent
    image = image if image.mode == mode else image.convert(mode)
    if not profile:
        return image
    if gray:
        curve = _curve(profile)
        alpha = [*range(256)] * transparent
        return image if curve is None else image.point([*curve.tolist(), *alpha])
    return image if _is_srgb(profile) else _through(image, profile) or image


def _gray16(pixels: np.ndarray, transparent: int | None, profile: bytes | None) -> Image.Image:
    """Gray u16[h,w]. transparent: the value that is."""
    alpha = None if transparent is None else pixels != transparent
    curve = _curve(profile) if profile else None
    if curve is not None:
        fine = 257.0 * np.interp(np.arange(65536) / 257.0, np.arange(256), curve)
        pixels = np.round(fine).astype(np.uint16)[pixels]
    if alpha is None:
        return Image.fromarray(pixels)
    eight = ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    return Image.fromarray(np.stack([eight, np.uint8(255) * alpha], axis=-1), "LA")


def _through(image: Image.Image, profile: bytes) -> Image.Image | None:
    """Of CMYK, RGB or RGBA by a profile to sRGB; None of a damaged profile, or one of others."""
    mode = "RGB" if image.mode in ("CMYK", "L") else image.mode
    with contextlib.suppress(Exception):
        given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(image, given, _srgb(), outputMode=mode)
    return None


def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _curve(profile: bytes) -> np.ndarray | None:
    """The sRGB values u8[256] of a profile's grays; None where they are the same, or damaged."""
    ramp = np.arange(256, dtype=np.uint8)
    seen = _through(Image.fromarray(ramp[None]), profile)
    if seen is None:
        return None
    curve = np.asarray(seen)[0, :, 1]
    return None if np.abs(curve - ramp.astype(int)).max() <= _SAME else curve


def _is_srgb(profile: bytes) -> bool:
    """Whether it changes nothing but roundings, which then stay away."""
    levels = np.linspace(0, 255, 9).astype(np.uint8)
    colors = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(1, -1, 3)
    seen = _through(Image.fromarray(colors), profile)
    return seen is not None and np.abs(np.asarray(seen) - colors.astype(int)).max() <= _SAME


def _in_color(image: Image.Image) -> bool:
    if image.mode in ("L", "LA", "I;16"):
        return False
    for first, end in strips(image.size):
        pixels = strip(image, first, end)
        red, green, blue = (pixels[..., channel] for channel in range(3))
        most = np.maximum(np.maximum(red, green), blue)
        if (most - np.minimum(np.minimum(red, green), blue)).max() > _SAME:
            return True
    return False
