"""Random keys by purpose, so that a new network or draw re-deals no other."""

import zlib

import jax

from jaxgen.core.types import Key


def key_for(key: Key, purpose: str) -> Key:
    """The key of one purpose, a function of `key` and of the purpose's name alone.

    `key` may be asked for any number of purposes, but not be used itself.

    >>> key = jax.random.key(0)
    >>> bool(key_for(key, "latent") == key_for(key, "latent"))
    True
    >>> bool(key_for(key, "latent") == key_for(key, "noise"))
    False
    """
    # CRC-32: the same in every process and version, as Python's own hash is not.
    return jax.random.fold_in(key, zlib.crc32(purpose.encode()))
