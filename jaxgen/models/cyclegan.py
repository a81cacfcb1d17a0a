"""CycleGAN's networks: a residual generator from image to image, and a discriminator of patches.

J.-Y. Zhu, T. Park, P. Isola, A. A. Efros, "Unpaired Image-to-Image Translation using
Cycle-Consistent Adversarial Networks", ICCV 2017, arXiv:1703.10593, and its authors' PyTorch code
(github.com/junyanz/pytorch-CycleGAN-and-pix2pix):

    Generator      7x7 f, 3x3/2 2f, 3x3/2 4f, residual blocks of two 3x3 of 4f, transposed 3x3/2 2f,
                   3x3/2 f, 7x7 to pixels; nine blocks from 256 px, six below; borders reflected
    Discriminator  4x4/2 f, 2f, 4f, 4x4 8f, 4x4 to logits of overlapping patches of 70 px

f = 64: 11,378,179 parameters with nine blocks, 7,837,699 with six, and 2,764,737 of the
discriminator, with three channels. All layers but the last and the discriminator's first have an
instance norm: each channel of each image has mean 0 and variance 1, without scale or shift. All
have biases, as in that code, also where the norm takes them away again. Weights start N(0, 0.02),
biases at 0. Nothing depends on `train`.
"""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from jaxgen.core.types import Array
from jaxgen.models import layers

_EPSILON = 1e-5


class Generator(nn.Module):
    """f[b,h,w,c] -> f32[b,h,w,channels] in [-1,1], of any sides that are multiples of 4.

    Attributes:
      channels: number of channels of the images that are made.
      features: channels of the first layer, of which the others have up to four times.
      depth: number of residual blocks.
    """

    channels: int = 3
    features: int = 64
    depth: int = 9
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, image: Array, *, train: bool) -> Array:
        """Images of images."""
        del train
        layers.require_halvings(self, 2, *image.shape[1:3])
        x = _rectified(self._conv(self.features, 7)(_reflected(image, 3)))
        for times in (2, 4):
            x = _rectified(self._conv(times * self.features, 3, strides=2, padding=1)(x))
        for _ in range(self.depth):
            y = _rectified(self._conv(4 * self.features, 3)(_reflected(x, 1)))
            x = x + instance_norm(self._conv(4 * self.features, 3)(_reflected(y, 1)))
        for times in (2, 1):
            larger = layers.ConvTranspose(
                times * self.features,
                3,
                2,
                1,
                output_padding=1,
                dtype=self.dtype,
                bias_init=nn.initializers.zeros,
            )
            x = _rectified(larger(x))
        return jnp.tanh(self._conv(self.channels, 7)(_reflected(x, 3)))

    def _conv(self, width, size, **fields):
        zeros = nn.initializers.zeros
        return layers.Conv(width, size, dtype=self.dtype, bias_init=zeros, **fields)


class Discriminator(nn.Module):
    """f[b,h,w,c] -> scores f32[b,n,m] of patches, unbounded.

    Attributes:
      features: channels of the first layer, of which the others have up to eight times.
      depth: layers of stride 2; three see patches of 70 px, two of 34, one of 16.
    """

    features: int = 64
    depth: int = 3
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, image: Array, *, train: bool) -> Array:
        """Scores of patches."""
        del train
        least = 3 * 2**self.depth  # two rows are lost by the layers of stride 1
        layers.require_sides(
            self,
            *image.shape[1:3],
            fits=lambda side: side >= least,
            allowed=f"{least} or more with depth={self.depth}, or less with a smaller depth",
        )
        x = image
        for index in range(self.depth + 1):
            strides = 2 if index < self.depth else 1
            x = self._conv(min(2**index, 8) * self.features, strides)(x)
            x = nn.leaky_relu(instance_norm(x) if index else x, 0.2)
            self.sow("intermediates", "features", x)
        return self._conv(1, 1)(x)[..., 0]

    def _conv(self, width, strides):
        zeros = nn.initializers.zeros
        return layers.Conv(width, 4, strides, 1, dtype=self.dtype, bias_init=zeros)


def instance_norm(x: Array) -> Array:
    """f[b,h,w,c] with mean 0 and variance 1 over the pixels of each channel of each image."""
    centered = x - jnp.mean(x, axis=(1, 2), keepdims=True)
    variance = jnp.mean(jnp.square(centered), axis=(1, 2), keepdims=True)
    return centered * jax.lax.rsqrt(variance + _EPSILON)


def _rectified(x):
    return nn.relu(instance_norm(x))


def _reflected(x, pixels):
    """Borders of so many pixels; what has too few to reflect is repeated."""
    pads = ((0, 0), (pixels, pixels), (pixels, pixels), (0, 0))
    enough = min(x.shape[1:3]) > pixels
    return jnp.pad(x, pads, mode="reflect" if enough else "symmetric")
