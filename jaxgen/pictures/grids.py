"""Pictures of batches: tiles in a grid, as PNG, or as a film."""

import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from jaxgen.core.files import write_atomically
from jaxgen.core.images import to_uint8

_GAP = 128  # grey, so that tiles part on black and on white alike
_SMALLEST_TILE = 48


def grid(
    images: np.ndarray, *, columns: int | None = None, pad: int = 2, scale: int | None = None
) -> np.ndarray:
    """Images [n,h,w,c] (f32 in [-1,1], or u8; c 1 or 3) as one picture u8[H,W,c], row by row.

    columns: by default the smallest square that holds them. pad: pixels between tiles. scale: each
    pixel becomes scale x scale of them; by default enough for tiles of 48 pixels.
    """
    tiles = to_uint8(images)
    if tiles.ndim != 4 or tiles.shape[-1] not in (1, 3) or not len(tiles):
        raise ValueError(f"images must be [n,h,w,c] with n > 0 and c 1 or 3; got {tiles.shape}.")
    if scale is None:
        scale = max(1, math.ceil(_SMALLEST_TILE / max(tiles.shape[1:3])))
    if columns is None:
        columns = math.ceil(math.sqrt(len(tiles)))
    tiles = tiles.repeat(scale, axis=1).repeat(scale, axis=2)
    count, height, width, channels = tiles.shape
    rows = math.ceil(count / columns)
    shape = (rows * (height + pad) - pad, columns * (width + pad) - pad, channels)
    picture = np.full(shape, _GAP, np.uint8)
    for index, tile in enumerate(tiles):
        top, left = (index // columns) * (height + pad), (index % columns) * (width + pad)
        picture[top : top + height, left : left + width] = tile
    return picture


def interleave(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """[n,...] and [n,...] -> [2n,...]: first[0], second[0], first[1], ... (original, its twin)."""
    if np.shape(first) != np.shape(second):
        raise ValueError(f"Cannot interleave {np.shape(first)} with {np.shape(second)}.")
    return np.stack([first, second], axis=1).reshape(-1, *np.shape(first)[1:])


def save_png(path: str | Path, picture: np.ndarray) -> Path:
    """Writes u8[H,W,1 or 3] as PNG, whole or not at all; creates missing folders."""
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[-1] not in (1, 3):
        raise ValueError(f"Need u8[H,W,1 or 3]; got {picture.dtype}{list(picture.shape)}.")
    content = io.BytesIO()
    _image(picture).save(content, "PNG")
    return write_atomically(path, content.getvalue())


def save_film(path: str | Path, frames: Sequence[np.ndarray], *, milliseconds: int = 80) -> Path:
    """Writes pictures u8[H,W,1 or 3] of one size as a .gif or .webp that repeats for ever.

    As `save_png`, whole or not at all. milliseconds: that each is shown.
    """
    first, *others = (_image(frame) for frame in frames)
    how: dict[str, Any] = {"lossless": True} if Path(path).suffix == ".webp" else {}
    content = io.BytesIO()
    how |= {"save_all": True, "append_images": others, "duration": milliseconds, "loop": 0}
    first.save(content, Path(path).suffix[1:].upper(), **how)
    return write_atomically(path, content.getvalue())


def _image(picture: np.ndarray) -> Image.Image:
    return Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture)
