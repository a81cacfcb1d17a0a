"""Encoders, discriminators of codes, and a plain decoder of adversarial and PixelGAN autoencoders.

A. Makhzani, J. Shlens, N. Jaitly, I. Goodfellow, B. Frey, "Adversarial Autoencoders", 2015,
arXiv:1511.05644; A. Makhzani, B. Frey, "PixelGAN Autoencoders", NeurIPS 2017, arXiv:1706.00531. An
encoder's outputs are linear: the objective takes them for codes, for logits of a softmax, or for
means and log deviations.

From memory, not recovered from the papers: `MLPEncoder` with features 2000, depth 2 and
`CodeDiscriminator` with features 2000 are PixelGAN's of the Gaussian code, both with 1000 and
init_std 0.01 the AAE's; `ConvEncoder`'s defaults are PixelGAN's of 30 clusters (batch normalisation
on all layers, that of the softmax included), with depth 3, hidden_features 0 the one with labels.
Whether a normalisation stands before or after its rectifier, and which two of three convolutions
are pooled, is not recovered: before, and the first two.

Deviations: the weights of PixelGAN's networks start uniform in He's range where a rectifier follows
and in Glorot's elsewhere (`init_std` 0), the scales of normalisations at 1.
"""

from typing import Any

import flax.linen as nn
import jax.numpy as jnp

from jaxgen.core.types import Array
from jaxgen.models import initializers, layers


class MLPEncoder(nn.Module):
    """f[b,h,w,c] -> f32[b,output_size]: `depth` hidden layers of `features` rectified units.

    Attributes:
      output_size: numbers that an image is encoded to.
      features: units of each hidden layer.
      depth: number of hidden layers.
      batch_norm: whether the hidden layers are normalised, in which case they have no biases.
      output_norm: whether the last layer is normalised, in which case it has no biases.
      init_std: standard deviation of normal initial weights, or 0 for He's and Glorot's uniform.
    """

    output_size: int = 2
    features: int = 2000
    depth: int = 2
    batch_norm: bool = False
    output_norm: bool = False
    init_std: float = 0.0
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, image: Array, *, train: bool) -> Array:
        """Outputs of images; `train` chooses batch or running statistics."""
        x = image.reshape(image.shape[0], -1)
        for _ in range(self.depth):
            x = _hidden(self, x, self.features, train=train, norm=self.batch_norm)
        return _last(self, x, train=train, norm=self.output_norm)


class ConvEncoder(nn.Module):
    """f[b,h,w,c] -> f32[b,output_size]: convolutions, the first two pooled, and a hidden layer.

    Pooling halves the sides, rounded down, and ends at 1.

    Attributes:
      output_size: numbers that an image is encoded to.
      features: channels of each convolution.
      depth: number of convolutions.
      kernel_size: pixels a side of the kernels, an odd number.
      hidden_features: units of the hidden layer after the convolutions, or 0 for no such layer.
      batch_norm: whether all layers but the last are normalised, in which case they have no biases.
      output_norm: whether the last layer is normalised, in which case it has no biases.
      init_std: standard deviation of normal initial weights, or 0 for He's and Glorot's uniform.
    """

    output_size: int = 30
    features: int = 32
    depth: int = 2
    kernel_size: int = 5
    hidden_features: int = 3000
    batch_norm: bool = True
    output_norm: bool = True
    init_std: float = 0.0
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, image: Array, *, train: bool) -> Array:
        """Outputs of images; `train` chooses batch or running statistics."""
        x = image
        for index in range(self.depth):
            x = layers.Conv(
                self.features,
                self.kernel_size,
                padding=self.kernel_size // 2,
                use_bias=not self.batch_norm,
                dtype=self.dtype,
                kernel_init=_kernel_init(self.init_std, rectified=True),
                bias_init=nn.initializers.zeros,
            )(x)
            x = nn.relu(_norm(self, x, train=train) if self.batch_norm else x)
            if index < 2:
                window = (min(2, x.shape[1]), min(2, x.shape[2]))
                x = nn.max_pool(x, window, strides=window)
        x = x.reshape(x.shape[0], -1)
        if self.hidden_features:
            x = _hidden(self, x, self.hidden_features, train=train, norm=self.batch_norm)
        return _last(self, x, train=train, norm=self.output_norm)


class CodeDiscriminator(nn.Module):
    """Codes f[b,m] -> logits f32[b]: `depth` layers of `features` rectified units, no norm.

    Nothing in it depends on `train`.

    Attributes:
      features: units of each hidden layer.
      depth: number of hidden layers.
      init_std: standard deviation of normal initial weights, or 0 for He's and Glorot's uniform.
    """

    features: int = 3000
    depth: int = 2
    init_std: float = 0.0
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, code: Array, *, train: bool) -> Array:
        """Logits of codes."""
        x = code
        for _ in range(self.depth):
            x = _hidden(self, x, self.features, train=train, norm=False)
        return _dense(self, 1, rectified=False)(x)[:, 0]


class MLPDecoder(nn.Module):
    """Codes f[b,m] -> f32[b,image_size,image_size,channels], linear: logits or means of pixels.

    Nothing in it depends on `train`.

    Attributes:
      image_size: pixels a side of the images.
      channels: number of channels of the images.
      features: rectified units of each hidden layer.
      depth: number of hidden layers.
      init_std: standard deviation of normal initial weights, or 0 for He's and Glorot's uniform.
    """

    image_size: int = 28
    channels: int = 1
    features: int = 1000
    depth: int = 2
    init_std: float = 0.0
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, code: Array, *, train: bool) -> Array:
        """Outputs for the pixels of codes."""
        x = code
        for _ in range(self.depth):
            x = _hidden(self, x, self.features, train=train, norm=False)
        size = self.image_size
        x = _dense(self, size * size * self.channels, rectified=False)(x)
        return x.reshape(-1, size, size, self.channels)


def _kernel_init(init_std, *, rectified):
    if init_std > 0.0:
        return initializers.normal(init_std)
    return initializers.he_uniform() if rectified else initializers.glorot_uniform()


def _dense(module, width, *, rectified, use_bias=True):
    init = _kernel_init(module.init_std, rectified=rectified)
    return layers.Dense(width, use_bias=use_bias, dtype=module.dtype, kernel_init=init)


def _norm(module, x, *, train):
    return layers.batch_norm(
        train=train, axis_name=module.axis_name, scale_init=nn.initializers.ones
    )(x)


def _hidden(module, x, width, *, train, norm):
    x = _dense(module, width, rectified=True, use_bias=not norm)(x)
    return nn.relu(_norm(module, x, train=train) if norm else x)


def _last(module, x, *, train, norm):
    x = _dense(module, module.output_size, rectified=False, use_bias=not norm)(x)
    return _norm(module, x, train=train) if norm else x
