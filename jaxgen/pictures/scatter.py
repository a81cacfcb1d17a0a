"""Points of the plane as a picture: the data's in one colour, a model's over them in another."""

import math

import numpy as np
from PIL import Image, ImageDraw

_REAL, _MADE = np.array([120, 150, 190.0]), np.array([215, 60, 30.0])
_GRAY, _LIGHT = (150, 150, 150), (228, 228, 228)
_OPACITY = 0.55  # of one dot: where many lie, the colour is full


def half_width(real: np.ndarray) -> float:
    """Half the side of a square around the origin that holds `real` [...,2] and a fifth more.

    A multiple of 1/2, so that other draws from the same distribution have the same axes.
    """
    largest = float(np.abs(real).max())
    return max(1, math.ceil(2.4 * largest)) / 2


def picture(
    real: np.ndarray,
    made: np.ndarray,
    *,
    size: int = 480,
    extent: float | None = None,
    names: tuple[str, str] = ("real", "samples"),
) -> np.ndarray:
    """Points [n,2] (or [...,2]) as u8[size,size,3]; x to the right, y upwards.

    The axes reach from -extent to extent, by default `half_width(real)`. Points beyond lie on the
    border, points that are not finite are left out. names: what the two kinds are called.
    """
    real, made = (np.asarray(points, np.float64).reshape(-1, 2) for points in (real, made))
    extent = extent or half_width(real)
    canvas = _axes(size, extent)
    for points, colour in ((real, _REAL), (made, _MADE)):
        opacity = 1 - (1 - _OPACITY) ** _dots(points, size, extent)[..., None]
        canvas += opacity * (colour - canvas)
    image = Image.fromarray(np.round(canvas).astype(np.uint8))
    text = ImageDraw.Draw(image)
    for line, (name, colour) in enumerate(zip(names, (_REAL, _MADE))):
        text.text((6, 4 + 13 * line), name, fill=tuple(int(part) for part in colour))
    return np.asarray(image)


def _place(value: np.ndarray | float, size: int, extent: float) -> np.ndarray:
    """Coordinates to pixels, from the left or the bottom."""
    return np.clip(np.round((np.asarray(value) / extent + 1) / 2 * (size - 1)), 0, size - 1)


def _axes(size: int, extent: float) -> np.ndarray:
    """A white square, f64[size,size,3], with labelled lines."""
    image = Image.new("RGB", (size, size), "white")
    drawing = ImageDraw.Draw(image)
    spacing = 2.0 ** math.ceil(math.log2(extent / 2.5))
    count = math.ceil(extent / spacing) - 1
    for tick in range(-count, count + 1):
        place = int(_place(tick * spacing, size, extent))
        colour = _LIGHT if tick else _GRAY
        drawing.line([(place, 0), (place, size)], colour)
        drawing.line([(0, size - 1 - place), (size, size - 1 - place)], colour)
        drawing.text((place + 2, size - 12), f"{tick * spacing:g}", fill=_GRAY)
        if tick:
            drawing.text((2, size - 13 - place), f"{tick * spacing:g}", fill=_GRAY)
    return np.array(image, np.float64)


def _dots(points: np.ndarray, size: int, extent: float) -> np.ndarray:
    """Number of dots of 3 x 3 pixels, without their corners, on each pixel; i64[size,size]."""
    points = points[np.isfinite(points).all(axis=-1)]
    column = _place(points[:, 0], size, extent).astype(int)
    row = size - 1 - _place(points[:, 1], size, extent).astype(int)
    covered = np.zeros((size + 2, size + 2), np.int64)
    for down, right in ((0, 0), (0, 1), (1, 0), (0, -1), (-1, 0)):
        np.add.at(covered, (row + 1 + down, column + 1 + right), 1)
    return covered[1:-1, 1:-1]
