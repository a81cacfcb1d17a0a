"""The least precision that losses are computed in."""

import jax.numpy as jnp

from jaxgen.core.types import Array


def at_least_float32(x: Array) -> Array:
    """x, in float32 if its own type is narrower."""
    return x.astype(jnp.promote_types(x.dtype, jnp.float32))
