"""Image files of every mode to gray or color pixels, and the ways to bring them to one size."""

import contextlib
import os
import threading
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps

from jaxgen.core.errors import UserError

FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
MAX_PIXELS = 64 * 2**20  # some 300 MB while it is read
RESIZE = ("bilinear", "celeba", "center_crop", "none")
_CELEBA = (178, 218)
_DEEP, _COLORS = "jaxgen: 16 bits", "jaxgen: was in color"
_BITS, _PHOTOMETRIC, _SAMPLES, _PLANES = 258, 262, 277, 284  # tags of TIFF
_LIMIT = threading.Lock()  # images are decoded by several threads


def decode(
    file: str | os.PathLike | BinaryIO, name: str, channels: int, max_pixels: int = MAX_PIXELS
) -> Image.Image:
    """The image in `file` as mode "L" (1 channel) or "RGB" (3), upright by its EXIF orientation.

    Only the formats of `FORMATS` are tried, whatever the file is called: Pillow hands others to
    programs such as Ghostscript. Raises UserError for: a truncated or animated file, one of more
    than `max_pixels`, or none of an image; it names `name`.
    """
    with reading(file, name) as image:
        if image.width * image.height > max_pixels:
            raise UserError(
                f"{name} has {image.width} x {image.height} pixels, and at most {max_pixels:,} are "
                "read: scale it down, or raise data.max_pixels if it is meant."
            )
        # Pillow itself reads colors of 16 bits as 8.
        deep = image.mode.startswith("I") or ";16" in str(getattr(image, "tile", ""))
        colors = image.mode.startswith(("RGB", "CMYK", "YCbCr", "LAB", "HSV", "P"))
        decoded = to_channels(upright(image, name), channels, name)
        decoded.info |= {_DEEP: deep, _COLORS: colors}
        return decoded


def had_16_bits(image: Image.Image) -> bool:
    """Whether what `decode` gave was rounded to 8 bits."""
    return bool(image.info.get(_DEEP))


def had_colors(image: Image.Image) -> bool:
    """Whether the file of what `decode` gave has channels of colors, be they all gray or not."""
    return bool(image.info.get(_COLORS))


@contextlib.contextmanager
def reading(file: str | os.PathLike | BinaryIO, name: str) -> Iterator[Image.Image]:
    """The image in `file`, of which only the header was read, closed at the end.

    Whatever is raised in the block becomes a UserError that names `name`.
    """
    try:
        with _opened(file) as image:
            yield image
    except UserError:
        raise
    except Exception as error:  # decoders of hostile files raise whatever there is
        raise UserError(
            f"{name} cannot be read as an image ({error}): remove or replace it."
        ) from error


def upright(image: Image.Image, name: str) -> Image.Image:
    """`image` itself, decoded, and turned by its EXIF orientation. Raises UserError for several."""
    frames = getattr(image, "n_frames", 1)
    # MPO is what phones write: one picture with its previews.
    if frames > 1 and image.format != "MPO":
        raise UserError(
            f"{name} holds {frames} frames, and only single images can be read: remove it or save "
            "one frame of it."
        )
    _require_not_misread(image, name)
    image.load()
    with contextlib.suppress(Exception):  # damaged EXIF; the pixels are good
        ImageOps.exif_transpose(image, in_place=True)
    return image


def _opened(file: str | os.PathLike | BinaryIO) -> Image.Image:
    """Without Pillow's own limit, for `decode` has one."""
    with _LIMIT:
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            return Image.open(file, formats=FORMATS)
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def to_channels(image: Image.Image, channels: int, name: str) -> Image.Image:
    """`image` as "L" (ITU-R 601 luma) or "RGB"; transparency is laid on white.

    16-bit gray, 0..65535, is divided by 257. Modes without an agreed range of values are refused.
    """
    if image.mode.startswith("I"):
        # To the nearest: there are no ties, for 257 is odd.
        eight = (sixteen_bits(image, name).astype(np.uint32) + 128) // 257
        image = Image.fromarray(eight.astype(np.uint8))
    require_range(image, name)
    if image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image).convert("RGB")
    return image.convert("L" if channels == 1 else "RGB")


def sixteen_bits(image: Image.Image, name: str) -> np.ndarray:
    """The gray values u16[h,w] of modes "I;16", "I;16B" and "I", 0 black and 65535 white.

    Raises UserError for others.
    """
    pixels = np.asarray(image)
    if pixels.min() < 0 or pixels.max() > 65535:
        raise UserError(
            f"{name} has gray values from {pixels.min()} to {pixels.max()}, and only 8 and 16 bits "
            "are read: convert it."
        )
    tags = getattr(image, "tag_v2", {})
    # Pillow gives 12 bits of a TIFF as they are, and 16 of which 0 is white.
    if tags.get(_BITS) == (12,):
        pixels = (pixels.astype(np.uint32) * 65535 + 2047) // 4095
    if tags.get(_PHOTOMETRIC) == 0:
        pixels = 65535 - pixels
    return pixels.astype(np.uint16)


def _require_not_misread(image: Image.Image, name: str) -> None:
    """Raises UserError for a TIFF of 16 bits with a plane a color, which Pillow takes for 8."""
    tags = getattr(image, "tag_v2", {})
    planes = tags.get(_PLANES) == 2 and tags.get(_SAMPLES, 1) > 1
    # Only what is not compressed goes through Pillow's own decoder.
    raw = any(part[0] == "raw" for part in getattr(image, "tile", ()))
    if planes and raw and max(tags.get(_BITS, (1,))) > 8:
        raise UserError(
            f"{name} has colors of more than 8 bits in planes of their own, which cannot be read: "
            "save it with the colors of a pixel beside each other, or compressed."
        )


def require_range(image: Image.Image, name: str) -> None:
    """Raises UserError for modes without an agreed range of values."""
    if image.mode in ("F", "LAB"):
        raise UserError(
            f'{name} has the image mode "{image.mode}", whose values have no fixed range: '
            "convert it to 8-bit gray or RGB."
        )


def fit(image: Image.Image, size: int, method: str, name: str) -> np.ndarray:
    """`image` brought to u8[size,size,c].

    bilinear: straight to the size, whatever the aspect ratio. center_crop: the middle square,
    scaled. none: it must have the size. celeba: the aligned CelebA of 178 x 218
    is scaled to width 64 and height 78 (Lanczos), and rows 7 to 70 are kept; another size s takes
    width s, height round(218 s / 178) and the middle s rows.

    Raises UserError for: a size that does not go with the method.
    """
    if method == "none":
        if image.size != (size, size):
            raise UserError(
                f"{name} is {image.width} x {image.height} pixels and data.resize is "
                f'"none", so it must be {size} x {size}: set data.image_size (data.load_size, '
                'where it is given), or data.resize to "bilinear" or "center_crop".'
            )
    elif method == "celeba":
        image = _fit_celeba(image, size, name)
    elif method == "center_crop":
        image = ImageOps.fit(image, (size, size), Image.Resampling.BILINEAR)
    else:
        image = image.resize((size, size), Image.Resampling.BILINEAR)
    return np.asarray(image).reshape(size, size, -1)


def _fit_celeba(image: Image.Image, size: int, name: str) -> Image.Image:
    if image.size != _CELEBA:
        raise UserError(
            f'{name} is {image.width} x {image.height} pixels, and data.resize "celeba" is for '
            'the aligned CelebA faces of 178 x 218: set data.resize to "center_crop".'
        )
    height = round(size * _CELEBA[1] / _CELEBA[0])
    top = (height - size) // 2
    scaled = image.resize((size, height), Image.Resampling.LANCZOS)
    return scaled.crop((0, top, size, top + size))
