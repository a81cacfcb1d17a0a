"""The order of examples: a pure function of (seed, step), so that runs resume exactly."""

import functools
from collections.abc import Callable

import numpy as np

from jaxgen.core.errors import UserError


def indices(seed: int, step: int, *, batch_size: int, num_examples: int) -> np.ndarray:
    """Rows of the data set that make up the global batch of `step`, i64[batch_size].

    Every epoch is a fresh permutation without replacement; its last incomplete batch is dropped.

    Raises UserError for: a batch larger than the data set.
    """
    if not 1 <= batch_size <= num_examples:
        raise UserError(
            f"A batch of {batch_size} cannot be drawn from {num_examples} examples without "
            f"repetition: set the batch size between 1 and {num_examples}."
        )
    epoch, batch = divmod(step, num_examples // batch_size)
    start = batch * batch_size
    return _permutations(seed, num_examples)(epoch)[start : start + batch_size]


@functools.lru_cache(maxsize=32)  # seeds that are trained in parallel take turns
def _permutations(seed: int, num_examples: int) -> Callable[[int], np.ndarray]:
    # One entry for the epoch that is read, one for the next, which a prefetching thread may be in.
    @functools.lru_cache(maxsize=2)
    def permutation(epoch: int) -> np.ndarray:
        # Raw bits, not Generator.permutation: NumPy promises never to change this stream.
        bits = np.random.Philox(key=np.array([seed % 2**64, epoch], np.uint64))
        order = np.argsort(bits.random_raw(num_examples), kind="stable")
        order.setflags(write=False)
        return order

    return permutation
