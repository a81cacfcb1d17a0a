"""The two sets of real images that scikit-learn carries: they need no file and no network."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from jaxgen.core.errors import UserError
from jaxgen.data import images
from jaxgen.data.dataset import Examples

_LEAST_STRIDE = 16  # more tiles of so few photographs show nothing new


def digits(split: str, channels: int) -> Examples:
    """1797 handwritten digits, 8 x 8 gray, values 0..16 scaled to 0..255; every sixth is for test.

    The digits are stored in runs by writer and nearly even in class, and so are both splits.
    """
    flat, labels = _digits()
    held_out = np.arange(len(flat)) % 6 == 5
    chosen = held_out if split == "test" else ~held_out
    pixels = np.round(flat[chosen].reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
    labels = labels[chosen]

    def read(start: int, stop: int) -> Iterator[tuple[Image.Image, int | None, str]]:
        for i in range(start, stop):
            name = f"digits image {i}"
            image = images.to_channels(Image.fromarray(pixels[i]), channels, name)
            yield image, int(labels[i]), name

    return Examples(len(pixels), read, tuple(str(i) for i in range(10)))


def photos(split: str, channels: int, image_size: int) -> Examples:
    """Square tiles of two color photographs, 640 x 427 (a temple, a flower), at native resolution.

    Tiles are a quarter of their side apart, but at least 16 pixels. Those of "train" are cut from
    the left three quarters of a photograph, those of "test" from the right quarter. The label is
    the photograph.
    """
    pictures = _photos()
    border = pictures[0].width * 3 // 4
    left, right = (0, border) if split == "train" else (border, pictures[0].width)
    limit = pictures[0].width - border
    if image_size > limit:
        raise UserError(
            f'The data set "photos" has tiles of up to {limit} pixels, not {image_size}: lower '
            "data.image_size (data.load_size, where it is given) or use a folder of images."
        )
    stride = max(_LEAST_STRIDE, image_size // 4)
    corners = [
        (label, x, y)
        for label, picture in enumerate(pictures)
        for y in range(0, picture.height - image_size + 1, stride)
        for x in range(left, right - image_size + 1, stride)
    ]

    def read(start: int, stop: int) -> Iterator[tuple[Image.Image, int | None, str]]:
        for label, x, y in corners[start:stop]:
            tile = pictures[label].crop((x, y, x + image_size, y + image_size))
            name = f"photos tile at ({x}, {y})"
            yield images.to_channels(tile, channels, name), label, name

    return Examples(len(corners), read, ("china", "flower"))


def _digits() -> tuple[np.ndarray, np.ndarray]:
    """(values f[1797,64] from 0 to 16, labels)."""
    table = _shipped("data/digits.csv.gz")
    if table.exists():
        rows = np.loadtxt(table, delimiter=",")
        return rows[:, :-1], rows[:, -1]
    from sklearn.datasets import load_digits

    found: Any = load_digits()
    return found.data, found.target


def _photos() -> list[Image.Image]:
    paths = [_shipped(f"images/{name}.jpg") for name in ("china", "flower")]
    if all(path.exists() for path in paths):
        return [images.decode(path, str(path), 3) for path in paths]
    from sklearn.datasets import load_sample_images

    return [Image.fromarray(picture) for picture in load_sample_images().images]


def _shipped(name: str) -> Path:
    """A file that scikit-learn's loaders read; to import these takes a second."""
    spec = importlib.util.find_spec("sklearn")
    folders = spec.submodule_search_locations if spec else None
    return Path((folders or [""])[0], "datasets", name)
