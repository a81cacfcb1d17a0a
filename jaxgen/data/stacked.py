"""Stacked digits: three gray images as the channels of one, which makes 10^3 known modes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from jaxgen.core.errors import UserError
from jaxgen.data import cache
from jaxgen.data.bits import random_bits
from jaxgen.data.dataset import Dataset, Examples, fingerprint

_VERSION = 1
# split -> (images from which a base set is large, stacks of a large set, stacks of a small one).
_COUNTS = {"train": (20_000, 128_000, 32_000), "test": (5_000, 26_000, 10_000)}
_CLASSES = tuple(f"{mode:03d}" for mode in range(1000))


def rows(num_base: int, split: str, *, seed: int = 0) -> np.ndarray:
    """The base images in each stack, i64[n,3], uniform and independent: a function of its inputs.

    PacGAN (arXiv:1712.04086) makes 128,000 fixed stacks for training and draws 26,000 samples; so
    many there are of base sets of MNIST's size ("train" of 20,000 images or more, "test" of 5,000).
    Of smaller ones there are 32,000 and 10,000, so that even of a few hundred images nearly every
    mode has some. Deviation: PacGAN stacks all 70,000 digits; here a split has only its own.
    """
    least, large, small = _COUNTS[split]
    num = large if num_base >= least else small
    bits = random_bits(3 * num, "stacked", split, seed)
    return (bits % num_base).astype(np.int64).reshape(num, 3)


def mode_of(digits: Any) -> Any:
    """Classes i[3,...] of the channels -> mode 100 a + 10 b + c, i[...]; NumPy or JAX."""
    first, second, third = digits
    return 100 * first + 10 * second + third


def unstack(images: Any) -> tuple[Any, Any, Any]:
    """Stacked images [n,h,w,3] as the three gray ones that they hold, [n,h,w,1] each."""
    if images.ndim != 4 or images.shape[-1] != 3:
        raise ValueError(f"Stacked images must be [n,h,w,3]; got {images.shape}.")
    return images[..., :1], images[..., 1:2], images[..., 2:]


def dataset(name: str, split: str, base: Dataset, *, directory: Path, title: str | None) -> Dataset:
    """The stacks of `base` (one channel), in memory if it is, else cached on disk like it.

    Raises UserError for: a base set without labels or with another number of classes than ten.
    """
    if base.label is None or len(base.classes) != 10:
        has = "no labels" if base.label is None else f"{len(base.classes)} classes"
        raise UserError(
            f'data.name is "{name}", and {base.name} has {has}: stacks need a labelled set of 10 '
            'classes, such as "stacked:digits" or "stacked:tfds:mnist".'
        )
    chosen = rows(len(base.image), split)
    label = mode_of(base.label[chosen].T).astype(np.int32)
    identity = fingerprint("stacked", _VERSION, base.fingerprint, len(chosen))
    if not isinstance(base.image, np.memmap):
        image = np.stack([base.image[column, ..., 0] for column in chosen.T], axis=-1)
        image.setflags(write=False)
        label.setflags(write=False)
        return Dataset(name, image, label, _CLASSES, identity)

    def read(start: int, stop: int) -> Iterator[tuple[Image.Image, int | None, str]]:
        for i in range(start, stop):
            pixels = np.moveaxis(base.image[chosen[i], ..., 0], 0, -1)
            yield Image.fromarray(np.ascontiguousarray(pixels)), int(label[i]), f"stack {i}"

    stacks = Examples(len(chosen), read, _CLASSES)
    shape = (*base.image.shape[1:3], 3)
    options = {"directory": directory, "title": title}
    return cache.on_disk(name, identity, lambda: stacks, shape, "none", **options)
