"""A smallest autoencoder: the code of an image of 8x8 pixels is its 4x4 means of 2x2 pixels.

`config.objective` names it by a dotted path, so tests put it into a package.
"""

import dataclasses

import flax.linen as nn
import jax
import jax.numpy as jnp

from jaxgen.core.state import create
from jaxgen.core.step import Turn, take_turns

NETWORKS = ("scale",)
SIDE = 4


@dataclasses.dataclass(frozen=True)
class Hparams:
    scale: float = 1.0


class Scale(nn.Module):
    """Has one number, which is nothing to the codes."""

    @nn.compact
    def __call__(self, image, *, train):
        return image * self.param("scale", nn.initializers.ones, ())


def loss(nets, spec, image, key):
    mean = jnp.mean(nets("scale", image) ** 2)
    return mean, {"scale/loss": mean}


def turns(hparams):
    return (Turn("scale", loss, fresh=True),)


def create_state(spec, key, batch):
    return create(spec, key, {"scale": (batch["image"][:1],)})


def train_step(spec, state, batch, key):
    return take_turns(spec, state, batch, key, turns(spec.hparams))


def draw_code(spec, key, num):
    return jax.random.uniform(key, (num, SIDE * SIDE), minval=-1.0)


def encode(spec, state, image):
    cells = image.reshape(-1, SIDE, 2, SIDE, 2)
    return spec.hparams.scale * cells.mean(axis=(2, 4)).reshape(-1, SIDE * SIDE)


def decode(spec, state, code, condition=None, key=None):
    cells = code.reshape(-1, SIDE, SIDE, 1) / spec.hparams.scale
    return cells.repeat(2, axis=1).repeat(2, axis=2)


def sample(spec, state, key, num, condition=None):
    return decode(spec, state, draw_code(spec, key, num))


def reconstruct(spec, state, batch, key):
    return decode(spec, state, encode(spec, state, batch["image"]))
