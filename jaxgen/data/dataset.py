"""What every source gives: undecoded `Examples`, and the `Dataset` that they are decoded to."""

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from PIL import Image

from jaxgen.data import names


@dataclasses.dataclass(frozen=True)
class Dataset:
    """One split of a data set, decoded.

    Attributes:
      name: as in `config.data.name`.
      image: u8[n,h,w,c]; a read-only memory map where it was decoded from files. Points of the
        plane are f32[n,1,1,2] in a scale of their own.
      label: i32[n], or None.
      classes: their names, () without labels.
      fingerprint: stable hex id of content and preprocessing.
      whole: u8[n,H,W,c], whose middle `image` is, where they were decoded larger; else None.
      left_out: gray images that are not here, see `gray`.
      deep: images that had 16 bits, and were rounded to 8.
    """

    name: str
    image: np.ndarray
    label: np.ndarray | None
    classes: tuple[str, ...]
    fingerprint: str
    whole: np.ndarray | None = None
    left_out: int = 0
    deep: int = 0

    @property
    def kind(self) -> str:
        """The kind of its examples: "image", or "points" of the plane."""
        return names.kind_of(self.image.shape[1:])


@dataclasses.dataclass(frozen=True)
class Examples:
    """`num` images that can be read in any order, in mode "L" or "RGB".

    read(start, stop) yields (image, label or None, what to call it in an error message).
    """

    num: int
    read: Callable[[int, int], Iterator[tuple[Image.Image, int | None, str]]]
    classes: tuple[str, ...] = ()


def centered(dataset: Dataset, size: int) -> Dataset:
    """The middle size x size of all images, beside the whole ones; nothing is copied.

    The same object where they have that size.
    """
    whole = dataset.image
    if whole.shape[1:3] == (size, size):
        return dataset
    top, left = ((side - size) // 2 for side in whole.shape[1:3])
    return dataclasses.replace(
        dataset,
        image=whole[:, top : top + size, left : left + size],
        whole=whole,
        fingerprint=fingerprint(dataset.fingerprint, "middle", size),
    )


def split_rows(
    num: int, split: str, label: np.ndarray | None = None, *, at_most: int | None = None
) -> np.ndarray:
    """Rows i64 of "train" or "test", of a set that has no test split: one image in ten, all over.

    Of a labelled set it is every tenth of one class after the other, so that in whatever order it
    is stored test has about its share of each class; a class's only image is for training.
    at_most: for test.
    """
    order = np.arange(num) if label is None else np.argsort(label, kind="stable")
    test = order[9::10]
    if label is not None:
        _, which, counts = np.unique(label, return_inverse=True, return_counts=True)
        test = test[counts[which[test]] > 1]
    if at_most is not None and len(test) > at_most:
        test = test[np.arange(at_most) * len(test) // at_most]
    held_out = np.zeros(num, bool)
    held_out[test] = True
    return np.flatnonzero(held_out == (split == "test"))


def fingerprint(*identity: Any) -> str:
    """Stable hex id of anything that JSON can hold."""
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:24]
