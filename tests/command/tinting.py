"""A smallest objective that colorizes: chroma is a function of lightness, and perhaps of noise.

`config.objective` names it by a dotted path, so tests put it into a package.
"""

import dataclasses

import flax.linen as nn
import jax
import jax.numpy as jnp

from jaxgen.core.state import create
from jaxgen.core.step import Turn, take_turns

NETWORKS = ("tint",)


@dataclasses.dataclass(frozen=True)
class Hparams:
    noise: float = 0.0
    image_size: int = 8


class Tint(nn.Module):
    """Chroma a = scale x lightness, b = -a."""

    @nn.compact
    def __call__(self, lightness, *, train):
        a = lightness * self.param("scale", nn.initializers.constant(0.3), ())
        return jnp.concatenate([a, -a], axis=-1)


def loss(nets, spec, image, key):
    mean = jnp.mean(nets("tint", image[..., :1]) ** 2)
    return mean, {"tint/loss": mean}


def turns(hparams):
    return (Turn("tint", loss, fresh=True),)


def create_state(spec, key, batch):
    return create(spec, key, {"tint": (batch["image"][:1, ..., :1],)})


def train_step(spec, state, batch, key):
    return take_turns(spec, state, batch, key, turns(spec.hparams))


def sample(spec, state, key, num, condition=None):
    size = spec.hparams.image_size
    return jnp.zeros((num, size, size, 3))


def colorize(spec, state, lightness, key):
    scale = state.params["tint"]["scale"]
    a = scale * lightness + spec.hparams.noise * jax.random.normal(key, ())
    return jnp.concatenate([a, -a], axis=-1)
