"""What every objective with a network "generator" of latents shares: draw, decode, sample."""

import math

import jax.numpy as jnp

from jaxgen.core.keys import key_for
from jaxgen.core.nets import Nets
from jaxgen.core.spec import Spec
from jaxgen.core.state import TrainState, evaluating
from jaxgen.core.types import Array, Key

# Half the width of a uniform prior around 0; "uniform_unit" has variance 1.
_WIDTHS = {"uniform": 1.0, "uniform_unit": math.sqrt(3.0)}
PRIORS = ("normal", *_WIDTHS, "unit_hypercube")


def draw_code(spec: Spec, key: Key, num: int) -> Array:
    """`num` latents f32[num,m] from the prior that `spec.hparams.latent_prior` names.

    "normal": N(0, 1). Uniform are "uniform" in [-1, 1], "uniform_unit" in [-sqrt 3, sqrt 3] and
    "unit_hypercube" in [0, 1]. m is `spec.hparams.latent_size`.
    """
    prior, shape = spec.hparams.latent_prior, (num, spec.hparams.latent_size)
    if prior == "normal":
        return draw_normal(spec, key, num)
    draws = spec.layout.uniform(key, shape)
    return draws if prior == "unit_hypercube" else _WIDTHS[prior] * (2.0 * draws - 1.0)


def draw_normal(spec: Spec, key: Key, num: int) -> Array:
    """`num` latents f32[num,m] from N(0, I), m `spec.hparams.latent_size`."""
    return spec.layout.normal(key, (num, spec.hparams.latent_size))


def arcs(hparams) -> bool:
    """Walks between normal latents are arcs: the middle of a line is too short to be likely."""
    return hparams.latent_prior == "normal"


def example(spec: Spec) -> Array:
    """A latent f32[1,m], for its shape."""
    return jnp.zeros((1, spec.hparams.latent_size))


def generate(nets: Nets, spec: Spec, key: Key, num: int, *condition: Array) -> Array:
    """Images f32[num,h,w,c] of fresh latents, in training mode; for use inside a loss."""
    latent = draw_code(spec, key_for(key, "latent"), num)
    return nets("generator", latent, *condition, key=key_for(key, "generator"))


def decode(
    spec: Spec, state: TrainState, code: Array, condition: None = None, key: Key | None = None
) -> Array:
    """Images f32[b,h,w,c] of latents f32[b,m], with running statistics and averaged parameters.

    There is no condition and, as nothing is random, no use for a key.
    """
    del condition, key
    return evaluating(spec, state)("generator", code, train=False)


def sample(spec: Spec, state: TrainState, key: Key, num: int, condition: None = None) -> Array:
    """`num` generated images f32[num,h,w,c] in [-1,1]. There is no condition."""
    return decode(spec, state, draw_code(spec, key, num), condition)


def balanced_labels(num: int, num_classes: int) -> Array:
    """The classes in turn, i32[num].

    >>> balanced_labels(5, 3).tolist()
    [0, 1, 2, 0, 1]
    """
    return jnp.arange(num, dtype=jnp.int32) % num_classes
