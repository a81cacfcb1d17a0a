"""Images of either kind, 8 bits or floats in [-1,1], as the other kind."""

import jax
import numpy as np
from jax.core import Tracer

from jaxgen.core.errors import UserError
from jaxgen.core.types import Array


def to_uint8(images: np.ndarray) -> np.ndarray:
    """u8 images as they are, floats of [-1,1] rounded to u8; outside of it clipped, NaN black."""
    images = np.asarray(images)
    if images.dtype == np.uint8:
        return images
    images = np.nan_to_num(images.astype(np.float32), nan=-1.0, posinf=1.0, neginf=-1.0)
    return np.round((np.clip(images, -1.0, 1.0) + 1.0) * 127.5).astype(np.uint8)


def even_rows(images: np.ndarray, count: int) -> np.ndarray:
    """At most `count` rows (images, labels, features), spread over all: sets are often sorted."""
    return images[np.linspace(0, len(images) - 1, min(count, len(images))).astype(int)]


def windows(images: Array, corner: Array, height: int, width: int) -> Array:
    """The windows [b,height,width,c] of images [b,h,w,c] that begin at the pixels i[b,2]."""

    def cut(image, corner):
        size = (height, width, image.shape[-1])
        return jax.lax.dynamic_slice(image, (corner[0], corner[1], 0), size)

    return jax.vmap(cut)(images, corner)


def to_float(images: np.ndarray) -> np.ndarray:
    """Images [n,h,w,c] as f32 in [-1,1], for networks that judge them.

    Floats pass through 8 bits, as if read back from a PNG, so that generated images carry the same
    rounding as real ones and score the same from arrays and from files. NaN is an error.
    """
    images = np.asarray(images)
    if images.ndim != 4:
        raise ValueError(f"images must be [n,h,w,c]; got shape {images.shape}.")
    if images.dtype != np.uint8:
        bad = int((~np.isfinite(images)).any(axis=(1, 2, 3)).sum())
        if bad:
            raise UserError(
                f"{bad} of {len(images)} images to evaluate hold NaN or infinite pixels, so the "
                "model has diverged; evaluate an earlier checkpoint."
            )
    return to_uint8(images).astype(np.float32) / 127.5 - 1.0


def check_range(x: Array, given: str) -> None:
    """Raises ValueError for images [b,h,w,c] that can only be in [0,255], where there are values.

    While a step is traced there are none. given: what `x` is.
    """
    if x.ndim != 4 or isinstance(x, Tracer) or not getattr(x, "is_fully_addressable", True):
        return
    # By NumPy: while something else is traced, JAX would trace this too.
    largest = float(np.max(np.abs(np.asarray(x, np.float32)), initial=0.0))
    if largest > 10:
        raise ValueError(
            f"{given} reaches {largest:g}; networks see floats in [-1,1]: give image / 127.5 - 1."
        )
