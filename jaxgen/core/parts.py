"""Parts of a batch that a CPU takes one after the other, so that what it makes stays in cache."""

import jax


def fewest_parts(batch: int, size: int, cache: int) -> int:
    """In how many equal parts to take a batch of which `size` bytes are made, `cache` of a part.

    1 on several devices: of those that share a batch, one would have to gather a part. 1, too,
    where no divisor of the batch is near: parts that are far too small waste more.
    """
    if jax.device_count() > 1:
        return 1
    fitting = (n for n in range(1, batch) if batch % n == 0 and size <= n * cache)
    count = next(fitting, batch)
    return count if 4 * size >= count * cache else 1
