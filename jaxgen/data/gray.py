"""Which images of a color set are gray: those of little chroma on average."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxgen.core.color import rgb_to_lab
from jaxgen.core.errors import UserError

_PARTS, _IMAGES, _PIXELS = 8, 16, 2**20


def in_color(images: np.ndarray, least: float) -> np.ndarray:
    """Which of u8[n,h,w,3] have a mean chroma, sqrt(a^2 + b^2) in CIELAB, of `least` or more.

    bool[n]; the mean is over all pixels. That of grays is up to 0.006, see `core.color`. Several
    threads may call it at once.
    """
    pixels = images.reshape(len(images), -1, 3)
    enough, total = least * pixels.shape[1], np.zeros(len(images))
    # A call costs as much as a few small images, and more of them at once take memory.
    size = int(np.clip(_PIXELS // pixels.shape[1], 1, _IMAGES))
    # None is negative, so a part of a colorful image is enough, and most are.
    for part in range(_PARTS):
        undecided = np.flatnonzero(total < enough)
        for start in range(0, len(undecided), size):
            rows = undecided[start : start + size]
            some = pixels[np.resize(rows, size), part::_PARTS]  # repeated: one shape is compiled
            total[rows] += np.asarray(_chroma(jax.device_put(some, _cpu())))[: len(rows)]
    return total >= enough


def require_some(name: str, split: str, num: int, kept: int, least: float) -> None:
    """Raises UserError where all `num` images of a split have been left out."""
    if not kept:
        raise UserError(
            f"{name} has no color images in its {split} split: the mean chroma of all {num:,} is "
            f"below {least:g}; lower data.least_chroma or name a folder of color photographs."
        )


@jax.jit
def _chroma(pixels: jax.Array) -> jax.Array:
    """The sums f32[k] over u8[k,n,3]."""
    lab = rgb_to_lab(pixels / 255.0)
    return jnp.sum(jnp.sqrt(lab[..., 1] ** 2 + lab[..., 2] ** 2), axis=-1)


@functools.cache
def _cpu() -> Any:
    """Where images are when they have been decoded; the default device where JAX may not use it."""
    try:
        return jax.local_devices(backend="cpu")[0]
    except RuntimeError:
        return None
