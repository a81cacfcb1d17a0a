"""AEGAN's four networks: generator with a latent skip, encoder, discriminators of images and codes.

C. Lazarou, "Autoencoding Generative Adversarial Networks", 2020, arXiv:2004.05472, and its code
(github.com/ConorLazarou/AEGAN-keras, params_64.json). The defaults are its 64 px networks: with
codes of 32 numbers of 1,946,691 (generator), 1,381,664 (encoder), 708,545 and 76,801 parameters,
with 16 of 1,929,283, 1,316,112, 708,545 and 70,657. Other sizes are other fields; for 28 px the
history of the code has

    encoder, image discriminator: multiples (1, 1, 2, 2), strides (2, 2, 2, 1), 4x4 kernels
    generator: side 7, multiples (2, 1, 1), upsampling (2, 2, 1), one channel
    both discriminators: full rectifiers (slope 0)

No batch or spectral normalisation: a layer norm over the channels of each pixel, or over a vector,
of epsilon 1e-3. Convolutions are padded as TensorFlow's "same": what an even kernel lacks stands
one pixel more at the far side. Leaky rectifiers have a slope of 0.02. Encoder and discriminators
have noise in training, which needs a key: N(0, 0.01) on the input, and every layer's outputs times
N(1, 0.0709) before their norm (Keras's GaussianDropout of rate 0.005). Encoder and image
discriminator sow the outputs of their convolutions as "features".
"""

import itertools
import math
from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from jaxgen.core.layout import Layout
from jaxgen.core.types import Array
from jaxgen.models import initializers, layers

_INPUT_NOISE = 0.01
_FACTOR_NOISE = math.sqrt(0.005 / 0.995)


class Generator(nn.Module):
    """f32[b,m] -> f32[b,h,w,c] in [-1,1]: nearest pixels, convolved; no noise.

    A dense layer makes the first map, another the skip: numbers that every convolution is given at
    every pixel beside its input.

    Attributes:
      channels: number of channels of the images, c.
      side: pixels a side of the first map.
      features: channels of the first map, numbers of the skip, of which the others have multiples.
      multiples: of `features`, channels of each convolution but the last.
      upsampling: how many times each of these enlarges the sides, before it.
      kernel_size: pixels a side of the kernels.
    """

    channels: int = 3
    side: int = 4
    features: int = 64
    multiples: tuple[int, ...] = (4, 2, 2, 1, 1)
    upsampling: tuple[int, ...] = (2, 2, 2, 2, 1)
    kernel_size: int = 4
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, latent: Array, *, train: bool) -> Array:
        """Images of latents; the same in training and evaluation."""
        del train
        size = self.side * self.side * self.features
        x = nn.relu(_norm()(layers.Dense(size, dtype=self.dtype)(latent)))
        x = x.reshape(-1, self.side, self.side, self.features)
        glorot = initializers.glorot_uniform()
        skip = layers.Dense(self.features, dtype=self.dtype, kernel_init=glorot)(latent)
        skip = nn.relu(_norm()(skip))[:, None, None, :]
        for multiple, times in zip(self.multiples, self.upsampling, strict=True):
            x = jnp.repeat(jnp.repeat(_beside(x, skip), times, axis=1), times, axis=2)
            x = _conv(self, x, multiple * self.features, self.kernel_size, 1)
            x = nn.relu(_norm()(x))
        return jnp.tanh(_conv(self, _beside(x, skip), self.channels, self.kernel_size, 1))


class Encoder(nn.Module):
    """f32[b,h,w,c] -> codes f32[b,m]: convolutions with full rectifiers, then a dense layer.

    Attributes:
      latent_size: numbers in a code, m.
      features: channels of the first map, of which the others have multiples.
      multiples: of `features`, channels of each convolution.
      strides: of each convolution.
      kernel_size: pixels a side of the kernels.
      noise: whether training has noise.
    """

    latent_size: int = 32
    features: int = 64
    multiples: tuple[int, ...] = (1, 1, 2, 2, 2, 4)
    strides: tuple[int, ...] = (2, 2, 2, 2, 1, 1)
    kernel_size: int = 4
    noise: bool = True
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, image: Array, *, train: bool) -> Array:
        """Codes of images; noise in training only."""
        return _trunk(self, image, train, nn.relu, self.latent_size)


class ImageDiscriminator(nn.Module):
    """f32[b,h,w,c] -> logits f32[b]: convolutions with leaky rectifiers, then a dense layer.

    Attributes:
      features: channels of the first map, of which the others have multiples.
      multiples: of `features`, channels of each convolution.
      strides: of each convolution.
      kernel_size: pixels a side of the kernels.
      slope: of the leaky rectifiers; with 0 they are full ones.
      noise: whether training has noise.
    """

    features: int = 64
    multiples: tuple[int, ...] = (1, 1, 2, 2, 2, 4)
    strides: tuple[int, ...] = (2, 2, 2, 2, 1, 1)
    kernel_size: int = 3
    slope: float = 0.02
    noise: bool = True
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, image: Array, *, train: bool) -> Array:
        """Logits of being real; noise in training only."""
        return _trunk(self, image, train, lambda x: nn.leaky_relu(x, self.slope), 1)[:, 0]


class LatentDiscriminator(nn.Module):
    """f32[b,m] -> logits f32[b]: dense layers, each of which is given all before it.

    Attributes:
      depth: number of these layers.
      features: units of each.
      last_features: units of the layer before the logit.
      slope: of the leaky rectifiers; with 0 they are full ones.
      noise: whether training has noise.
    """

    depth: int = 16
    features: int = 16
    last_features: int = 128
    slope: float = 0.02
    noise: bool = True
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, code: Array, *, train: bool) -> Array:
        """Logits of being a draw of the prior; noise in training only."""
        dense = {"dtype": self.dtype, "kernel_init": initializers.glorot_uniform()}
        hidden = (len(code), self.features)
        noise, *factors = _noise(self, train, code.shape, *[hidden] * self.depth)
        x = code + _INPUT_NOISE * noise
        for factor in factors:
            y = layers.Dense(self.features, **dense)(x) * (1.0 + _FACTOR_NOISE * factor)
            x = jnp.concatenate([x, nn.leaky_relu(_norm()(y), self.slope)], axis=1)
        x = nn.leaky_relu(layers.Dense(self.last_features, **dense)(x), self.slope)
        return layers.Dense(1, **dense)(x)[:, 0]


def _trunk(
    module: Any, image: Array, train: bool, activation: Callable[[Array], Array], outputs: int
) -> Array:
    widths = [multiple * module.features for multiple in module.multiples]
    shapes, sides = [image.shape], image.shape[1:3]
    for width, stride in zip(widths, module.strides, strict=True):
        sides = tuple(-(-side // stride) for side in sides)
        shapes.append((len(image), *sides, width))
    noise, *factors = _noise(module, train, *shapes)
    x = image + _INPUT_NOISE * noise
    for width, stride, factor in zip(widths, module.strides, factors):
        y = _conv(module, x, width, module.kernel_size, stride)
        x = activation(_norm()(y * (1.0 + _FACTOR_NOISE * factor)))
        module.sow("intermediates", "features", x)
    return layers.Dense(outputs, dtype=module.dtype)(x.reshape(x.shape[0], -1))


def _noise(module: Any, train: bool, *shapes: tuple[int, ...]) -> list[Array | float]:
    """Normal noise of each shape [b,...], or zeros outside of training.

    Drawn together, and in a loop, whose results XLA does not work out again in whatever reads them:
    the step of a draw a layer takes half as long again to compile.
    """
    if not (train and module.noise):
        return [0.0] * len(shapes)
    sizes = [math.prod(shape[1:]) for shape in shapes]
    draw, half = Layout(module.axis_name).normal, -(-sum(sizes) // 2)
    keys = jax.random.split(module.make_rng("dropout"), 2)
    halves = jax.lax.map(lambda key: draw(key, (shapes[0][0], half)), keys)
    drawn = jnp.concatenate([halves[0], halves[1]], axis=1)[:, : sum(sizes)]
    parts = jnp.split(drawn, list(itertools.accumulate(sizes))[:-1], axis=1)
    return [part.reshape(shape) for part, shape in zip(parts, shapes)]


def _conv(module: Any, x: Array, features: int, size: int, stride: int) -> Array:
    """A convolution padded as TensorFlow's "same"."""
    total = (max((-(-side // stride) - 1) * stride + size - side, 0) for side in x.shape[1:3])
    (top, bottom), (left, right) = ((n // 2, n - n // 2) for n in total)
    symmetric = (top, left) == (bottom, right)
    if not symmetric:
        x = jnp.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)))
    padding = (top, left) if symmetric else 0
    return layers.Conv(
        features, size, stride, padding, dtype=module.dtype, bias_init=nn.initializers.zeros
    )(x)


def _norm() -> nn.LayerNorm:
    return nn.LayerNorm(epsilon=1e-3, use_fast_variance=False)


def _beside(x: Array, skip: Array) -> Array:
    """Maps f[b,h,w,c] with the numbers f[b,1,1,n] as further channels."""
    return jnp.concatenate([x, jnp.broadcast_to(skip, (*x.shape[:3], skip.shape[3]))], axis=3)
