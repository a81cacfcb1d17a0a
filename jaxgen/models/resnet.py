"""WGAN-GP's residual networks for CIFAR-10.

I. Gulrajani et al., "Improved Training of Wasserstein GANs", NeurIPS 2017, arXiv:1704.00028,
appendix F, unconditional, as in its authors' code (github.com/igul222/improved_wgan_training,
commit 9a4b20b): convolutions are 3x3 with a bias, those on shortcuts 1x1. The weights of blocks
start with He's variance, the others with Glorot's, both uniform and of the mean of fan-in and
fan-out; biases start at 0 and scales of normalisations at 1. The critic is not normalised, as its
gradient penalty is one of single samples.

Deviations: none known. On shortcuts the 1x1 convolution works on the smaller map, before an
enlargement and after a mean, which gives the same values. "features" are rectified convolutions
and rectified outputs of blocks.
"""

from typing import Any

import flax.linen as nn
import jax.numpy as jnp

from jaxgen.core.types import Array
from jaxgen.models import initializers, layers


class Generator(nn.Module):
    """f[b,m] -> f32[b,image_size,image_size,channels] in [-1,1]; 128 latents published.

    A map of side image_size / 8, three blocks that double it, a rectified normalisation, and the
    image.

    Attributes:
      image_size: pixels a side of the images, a multiple of 8.
      channels: number of channels of the images.
      features: channels of every map before the image.
    """

    image_size: int = 32
    channels: int = 3
    features: int = 128
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, latent: Array, *, train: bool) -> Array:
        """Images of latents; `train` chooses batch or running statistics."""
        side, allowed = self.image_size, "multiples of 8"
        layers.require_sides(self, side, fits=lambda n: n % 8 == 0, allowed=allowed)
        base, glorot = self.image_size // 8, initializers.glorot_uniform()
        linear = layers.Dense(base * base * self.features, dtype=self.dtype, kernel_init=glorot)
        x = linear(latent).reshape(-1, base, base, self.features)
        for _ in range(3):
            shortcut = _enlarge(_conv(self, 1, plain=True)(x))
            x = _enlarge(nn.relu(_normalise(self, x, train)))
            x = nn.relu(_normalise(self, _conv(self, 3)(x), train))
            x = shortcut + _conv(self, 3)(x)
        x = nn.relu(_normalise(self, x, train))
        return jnp.tanh(_conv(self, 3, plain=True, width=self.channels)(x))


class Discriminator(nn.Module):
    """f[b,h,w,c] -> scores f32[b], unbounded; sides that 4 divides, 32 published.

    Two blocks that halve the sides, two that keep them, the mean over pixels, one linear unit.
    Nothing in it depends on `train`.

    Attributes:
      features: channels of every map after the image.
    """

    features: int = 128
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, image: Array, *, train: bool) -> Array:
        """Scores of images."""
        del train
        sides, allowed = image.shape[1:3], "multiples of 4"
        layers.require_sides(self, *sides, fits=lambda n: n % 4 == 0, allowed=allowed)
        x = _conv(self, 1, plain=True)(_shrink(image)) + _shrink(_branch(self, image))
        for halves in (True, False, False):
            branch = _branch(self, _rectified(self, x))
            if halves:
                x, branch = _conv(self, 1, plain=True)(_shrink(x)), _shrink(branch)
            x = x + branch
        x = jnp.mean(_rectified(self, x), axis=(1, 2))
        glorot = initializers.glorot_uniform()
        return layers.Dense(1, dtype=self.dtype, kernel_init=glorot)(x)[:, 0]


def _branch(module, x):
    """The two convolutions of a critic's block."""
    x = _rectified(module, _conv(module, 3)(x))
    return _conv(module, 3)(x)


def _rectified(module, x):
    x = nn.relu(x)
    module.sow("intermediates", "features", x)
    return x


def _normalise(module, x, train):
    one = nn.initializers.ones
    return layers.batch_norm(train=train, axis_name=module.axis_name, scale_init=one)(x)


def _shrink(x):
    """2x2 means."""
    b, h, w, c = x.shape
    return jnp.mean(x.reshape(b, h // 2, 2, w // 2, 2, c), axis=(2, 4))


def _enlarge(x):
    """Every pixel four times."""
    return jnp.repeat(jnp.repeat(x, 2, axis=1), 2, axis=2)


def _conv(module, kernel_size, plain=False, width=None):
    """plain: a shortcut or an image, which starts with Glorot's variance."""
    return layers.Conv(
        module.features if width is None else width,
        kernel_size,
        padding=kernel_size // 2,
        dtype=module.dtype,
        kernel_init=initializers.variance_scaling(1.0 if plain else 2.0, "fan_avg", "uniform"),
        bias_init=nn.initializers.zeros,
    )
