"""What every objective with a network "generator" of latents shares: draw, decode, sample."""

import math

import jax
import jax.numpy as jnp

from jaxgen.core.nets import Nets
from jaxgen.core.state import Spec, TrainState, eval_params
from jaxgen.core.types import Array, Key

# Half the width of a uniform prior; "uniform_unit" has variance 1.
_WIDTHS = {"uniform": 1.0, "uniform_unit": math.sqrt(3.0)}
PRIORS = ("normal", *_WIDTHS)


def draw_latent(spec: Spec, key: Key, num: int) -> Array:
    """`num` draws f32[num,m] from the prior that `spec.hparams.latent_prior` names.

    "normal": N(0, 1). "uniform": in [-1, 1]. "uniform_unit": in [-sqrt 3, sqrt 3]. m is
    `spec.hparams.latent_size`.
    """
    prior, shape = spec.hparams.latent_prior, (num, spec.hparams.latent_size)
    if prior == "normal":
        return spec.layout.normal(key, shape)
    return _WIDTHS[prior] * (2.0 * spec.layout.uniform(key, shape) - 1.0)


def latent_example(spec: Spec) -> Array:
    """A latent f32[1,m], for its shape."""
    return jnp.zeros((1, spec.hparams.latent_size))


def generate(nets: Nets, spec: Spec, key: Key, num: int, *condition: Array) -> Array:
    """Images f32[num,h,w,c] of fresh latents, in training mode; for use inside a loss."""
    key_latent, key_noise = jax.random.split(key)
    return nets("generator", draw_latent(spec, key_latent, num), *condition, key=key_noise)


def decode(spec: Spec, state: TrainState, latent: Array, *condition: Array) -> Array:
    """Images f32[b,h,w,c] of latents f32[b,m], with running statistics and averaged parameters."""
    nets = Nets(spec, eval_params(state), state.model_state)
    return nets("generator", latent, *condition, train=False)


def sample(spec: Spec, state: TrainState, key: Key, num: int, condition: None = None) -> Array:
    """`num` generated images f32[num,h,w,c]. There is no condition."""
    del condition
    return decode(spec, state, draw_latent(spec, key, num))


def balanced_labels(num: int, num_classes: int) -> Array:
    """The classes in turn, i32[num]."""
    return jnp.arange(num, dtype=jnp.int32) % num_classes


def split_keys(key: Key) -> tuple[Key, Key, Key]:
    """Keys for the generated images, and for the noise layers of the adversary's two passes."""
    generated, real, fake = jax.random.split(key, 3)
    return generated, real, fake
