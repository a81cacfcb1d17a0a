"""Distances between a batch and its reconstruction; each a mean over all elements.

Means, not norms: AGE's and AEGAN's published codes average over batch and elements, and their
published weights belong to means.
"""

import jax.numpy as jnp

from jaxgen.core.types import Array
from jaxgen.losses.moments import project_to_sphere
from jaxgen.losses.precision import at_least_float32


def l1(x: Array, y: Array) -> Array:
    """Mean absolute difference over all elements of x and y, f[...] of one shape -> f[]."""
    x, y = _pair(x, y)
    return jnp.mean(jnp.abs(x - y))


def l2(x: Array, y: Array) -> Array:
    """Mean squared difference over all elements of x and y, f[...] of one shape -> f[]."""
    x, y = _pair(x, y)
    return jnp.mean(jnp.square(x - y))


def cosine(x: Array, y: Array) -> Array:
    """2 minus the mean over ALL elements of the product of x and y, normalised on the last axis.

    f[...,m] of one shape -> f[] in [2 - 1/m, 2 + 1/m]; a perfect match gives 2 - 1/m. AGE's latent
    match as published: a weight w on it is w/m on (1 - mean cosine similarity).
    """
    x, y = _pair(x, y)
    return 2.0 - jnp.mean(project_to_sphere(x) * project_to_sphere(y))


def _pair(x: Array, y: Array) -> tuple[Array, Array]:
    # Broadcasting (b,1) against (b,) would silently compare every pair.
    if x.shape != y.shape:
        raise ValueError(f"A reconstruction loss takes equal shapes; got {x.shape} and {y.shape}.")
    return at_least_float32(x), at_least_float32(y)
