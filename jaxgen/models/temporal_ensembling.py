"""The classifier of S. Laine, T. Aila, "Temporal Ensembling for Semi-Supervised Learning".

ICLR 2017, arXiv:1610.02242, table 5, and its authors' code (github.com/smlaine2/tempens):

    noise; 3x3 f, f, f; halved, dropout; 3x3 2f, 2f, 2f; halved, dropout
    3x3 4f without padding, 1x1 2f, 1x1 f; the mean over pixels; classes

with f = 128, leaky rectifiers of slope 0.1, and in every layer w = g v / |v| (weight normalisation)
and the batch's mean of w x taken away before a bias is added (mean-only batch normalisation), both
of T. Salimans, D. P. Kingma, "Weight Normalization", NeurIPS 2016, arXiv:1602.07868.

Deviations: g does not start at what a first batch is divided by, as a network does not see the data
when it is made, but at sqrt(2), He's deviation (1 in the last layer). The authors bring an image to
mean 0 and variance 1 before it is moved about, here that is the network's first layer.
"""

import math
from typing import Any

import flax.linen as nn
import jax.numpy as jnp

from jaxgen.core.layout import Layout
from jaxgen.core.types import Array
from jaxgen.models import initializers, layers
from jaxgen.models.convolution import conv

_SLOPE = 0.1
_INIT_STD = 0.05
_LEAST_DEVIATION = 1e-4  # an image of one shade has none


class Classifier(nn.Module):
    """f[b,h,w,c] -> logits f32[b,num_classes].

    Attributes:
      num_classes: number of classes.
      features: f, channels of the first layers.
      depth: how often three layers are followed by a halving; the layers after have 2^depth f,
        a half and a quarter of that.
      noise: standard deviation of what is added to images in training.
      dropout: share of features that training drops after a halving.
      momentum: decay of the running means of the normalisation.
      standardise: whether each image is brought to mean 0 and variance 1.
    """

    num_classes: int = 10
    features: int = 128
    depth: int = 2
    noise: float = 0.15
    dropout: float = 0.5
    momentum: float = 0.999
    standardise: bool = True
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, image: Array, *, train: bool) -> Array:
        """Logits of images; `train` chooses noise, and batch or running means."""
        unit, least = 2**self.depth, 3 * 2**self.depth
        layers.require_sides(
            self,
            *image.shape[1:3],
            fits=lambda side: side >= least and side % unit == 0,
            allowed=f"multiples of {unit}, and {least} or more, with depth={self.depth}",
        )
        x = _standardised(image) if self.standardise else image
        if train and self.noise:
            noise = Layout(self.axis_name).normal(self.make_rng("dropout"), x.shape)
            x = x + self.noise * noise
        for stage in range(self.depth):
            for _ in range(3):
                x = self._rectified(x, self.features * 2**stage, 3, train, padding=1)
            x = nn.max_pool(x, (2, 2), strides=(2, 2))
            x = layers.Dropout(self.dropout, self.axis_name)(x, train=train)
        for halvings, size in enumerate((3, 1, 1)):
            x = self._rectified(x, self.features * unit // 2**halvings, size, train)
        x = jnp.mean(x, axis=(1, 2), keepdims=True)
        return self._normed(x, self.num_classes, 1, train, gain=1.0)[:, 0, 0]

    def _rectified(self, x, features, size, train, padding=0):
        y = self._normed(x, features, size, train, gain=math.sqrt(2.0), padding=padding)
        return nn.leaky_relu(y, _SLOPE)

    def _normed(self, x, features, size, train, *, gain, padding=0):
        fields = {"momentum": self.momentum, "dtype": self.dtype, "axis_name": self.axis_name}
        return _Normed(features, size, padding, gain, **fields)(x, train=train)


class _Normed(nn.Module):
    """A convolution of normalised weights, less the mean of its outputs, plus a bias."""

    features: int
    kernel_size: int
    padding: int
    gain: float
    momentum: float
    dtype: Any
    axis_name: str | None

    @nn.compact
    def __call__(self, x: Array, *, train: bool) -> Array:
        shape = (self.kernel_size, self.kernel_size, x.shape[-1], self.features)
        kernel = self.param("kernel", initializers.normal(_INIT_STD), shape)
        scale = self.param("scale", nn.initializers.constant(self.gain), (self.features,))
        bias = self.param("bias", nn.initializers.zeros, (self.features,))
        running = self.variable("batch_stats", "mean", jnp.zeros, (self.features,))
        norm = jnp.sqrt(jnp.sum(jnp.square(kernel), axis=(0, 1, 2)))
        weights = kernel * (scale / norm).reshape(1, 1, 1, -1)
        y = conv(x, weights, padding=self.padding, dtype=self.dtype)
        mean = running.value
        if train:
            mean = Layout(self.axis_name).mean(jnp.mean(y, axis=(0, 1, 2)))
            running.value = self.momentum * running.value + (1.0 - self.momentum) * mean
        return y + (bias - mean).reshape(1, 1, 1, -1)


def _standardised(image: Array) -> Array:
    centred = image - jnp.mean(image, axis=(1, 2, 3), keepdims=True)
    variance = jnp.mean(jnp.square(centred), axis=(1, 2, 3), keepdims=True)
    return centred / jnp.sqrt(variance + _LEAST_DEVIATION**2)
