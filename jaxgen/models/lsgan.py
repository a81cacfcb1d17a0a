"""LSGAN's networks: 112x112 pixels, and every other side that 16 divides.

X. Mao et al., "Least Squares Generative Adversarial Networks", ICCV 2017, arXiv:1611.04076, with
the layers and initial values of its authors' code (github.com/xudonmao/LSGAN, commit 97e0b8d):
every layer has a bias, which starts at 0, as normalisations start at scale 1. Other sides, as the
paper's 64 and 128, change the first map only: side / 16.

Deviations: strides of 2 are padded alike on both sides (see models.dcgan), where the authors'
TensorFlow pads less before than after: the same network of mirrored images.
"""

from typing import Any

import flax.linen as nn
import jax.numpy as jnp

from jaxgen.core.types import Array
from jaxgen.models import initializers, layers


class Generator(nn.Module):
    """f[b,m] -> f32[b,image_size,image_size,channels] in [-1,1]; 1024 latents published.

    A map of side image_size / 16, then 3x3 transposed convolutions: four of 4 `features`, strides
    2,1,2,1, one of 2 `features` and one of `features`, stride 2, and the image, stride 1.

    Attributes:
      image_size: pixels a side of the images, a multiple of 16.
      channels: number of channels of the images.
      features: channels of the last map before the image, of which the others have multiples.
      batch_norm: whether layers are normalised.
    """

    image_size: int = 112
    channels: int = 3
    features: int = 64
    batch_norm: bool = True
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, latent: Array, *, train: bool) -> Array:
        """Images of latents; `train` chooses batch or running statistics."""
        _require_sides(self, self.image_size)
        base = self.image_size // 16
        x = layers.Dense(base * base * 4 * self.features, dtype=self.dtype)(latent)
        x = x.reshape(-1, base, base, 4 * self.features)
        x = nn.relu(_normalise(self, x, train))
        for multiple, stride in zip((4, 4, 4, 4, 2, 1), (2, 1, 2, 1, 2, 2)):
            x = _conv_transpose(self, multiple * self.features, stride)(x)
            x = nn.relu(_normalise(self, x, train))
        return jnp.tanh(_conv_transpose(self, self.channels, 1)(x))


class Discriminator(nn.Module):
    """f[b,h,w,c] -> scores f32[b], linear: four 5x5 convolutions of stride 2 to 8 `features`.

    Attributes:
      features: channels after the first layer, doubled by each further one.
      batch_norm: whether all layers but the first are normalised.
    """

    features: int = 64
    batch_norm: bool = True
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, image: Array, *, train: bool) -> Array:
        """Scores of images; `train` chooses batch or running statistics."""
        _require_sides(self, *image.shape[1:3])
        x = image
        for multiple in (1, 2, 4, 8):
            conv = layers.Conv(
                multiple * self.features,
                5,
                strides=2,
                padding=2,
                dtype=self.dtype,
                kernel_init=initializers.truncated_normal(0.02),
                bias_init=nn.initializers.zeros,
            )
            x = conv(x)
            x = _normalise(self, x, train) if multiple > 1 else x
            x = nn.leaky_relu(x, 0.2)
            self.sow("intermediates", "features", x)
        return layers.Dense(1, dtype=self.dtype)(x.reshape(x.shape[0], -1))[:, 0]


def _require_sides(network, *sides):
    allowed = "multiples of 16"
    layers.require_sides(network, *sides, fits=lambda n: n % 16 == 0, allowed=allowed)


def _normalise(module, x, train):
    if not module.batch_norm:
        return x
    one = nn.initializers.ones
    return layers.batch_norm(train=train, axis_name=module.axis_name, scale_init=one)(x)


def _conv_transpose(module, width, stride):
    return layers.ConvTranspose(
        width,
        3,
        strides=stride,
        padding=1,
        output_padding=stride - 1,
        dtype=module.dtype,
        bias_init=nn.initializers.zeros,
    )
