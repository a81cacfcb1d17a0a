"""What colorizers share: errors of their chroma, with titles."""

import jax.numpy as jnp

from jaxgen.core.spec import Spec
from jaxgen.core.types import Array, Metrics
from jaxgen.losses import reconstruction

TITLES = {
    "l1": ("Error of the chroma", "mean absolute, of ab / 110; lower is better"),
    "l2": ("Squared error of the chroma", "mean, of ab / 110; lower is better"),
    "chroma": (
        "Chroma, a share of the truth's",
        "mean over mean; 1 is right, below 0.6 colors are too gray",
    ),
}


def errors(spec: Spec, true: Array, made: Array) -> Metrics:
    """The metrics of `TITLES` of made and true chroma f32[b,h,w,2], ab / 110."""
    return {
        "l1": reconstruction.l1(made, true),
        "l2": reconstruction.l2(made, true),
        "chroma": chroma_ratio(spec, true, made),
    }


def chroma_ratio(spec: Spec, true: Array, made: Array) -> Array:
    """Mean length of (a, b) that was made, over that of the truth, of the global batch: f[]."""
    # Under the roots: a gray pixel has no gradient, and none is needed.
    lengths = (jnp.mean(jnp.sqrt(jnp.sum(jnp.square(x), axis=-1) + 1e-12)) for x in (made, true))
    found, expected = (spec.layout.mean(length) for length in lengths)
    return found / jnp.maximum(expected, 1e-6)
