"""Functions of a batch, on any number of images."""

from collections.abc import Callable, Sequence

import numpy as np


def in_batches(
    function: Callable[[np.ndarray], Sequence[np.ndarray]], images: np.ndarray, size: int
) -> list[np.ndarray]:
    """The arrays [n,...] that `function` of [size,...] -> arrays [size,...] has for images [n,...].

    n must be 1 or more. The last batch is filled up with zeros: one shape, one compilation.
    """
    parts = []
    for start in range(0, len(images), size):
        batch = images[start : start + size]
        padding = [(0, size - len(batch))] + [(0, 0)] * (images.ndim - 1)
        parts.append([np.asarray(x)[: len(batch)] for x in function(np.pad(batch, padding))])
    return [np.concatenate(arrays) for arrays in zip(*parts)]
