"""Random bits for data that is drawn and not stored."""

import hashlib

import numpy as np


def random_bits(num: int, *purpose: str | int) -> np.ndarray:
    """`num` uniform 64-bit words u64[num], a function of `purpose` alone.

    Of a counter (Philox), whose stream NumPy promises never to change; hashed purposes keep the
    streams apart from each other and from the order of the examples.
    """
    digest = hashlib.sha256(repr(purpose).encode()).digest()
    return np.random.Philox(key=np.frombuffer(digest[:16], "<u8")).random_raw(num)
