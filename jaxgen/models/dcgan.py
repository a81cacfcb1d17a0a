"""DCGAN's networks: the torch form, the paper's form, its feature learner, and a conditional pair.

A. Radford, L. Metz, S. Chintala, "Unsupervised Representation Learning with Deep Convolutional
Generative Adversarial Networks", ICLR 2016, arXiv:1511.06434, and its two released codes:

- `Generator`, `Discriminator` with kernel_size 4 and features 64: soumith/dcgan.torch, whose first
  and last layers, 4x4 kernels on 1x1 maps, are the linear ones here. With kernel_size 5 and
  features 128: Newmu/dcgan_code, which normalises each unit of the first map by itself; with 32 px
  and batch_norm False in the critic, the CIFAR-10 DCGAN of WGAN-GP (arXiv:1704.00028).
- `FeatureGenerator`, `FeatureDiscriminator`: 3x3 kernels, six layers, whose discriminator's
  features classify CIFAR-10 in the paper (Newmu).
- `ConditionalGenerator`, `ConditionalDiscriminator`: Newmu's MNIST pair, labels at every layer.

Sides are 4 or 7 times a power of two: 16, 28, 32, 56, 64, 112, 128. Weights start N(0, 0.02),
scales of normalisations N(1, 0.02). Layers have no bias; with batch_norm False, all have one, which
starts at 0. Discriminators sow their convolutions' rectified outputs as "features".

Padding: kernels of odd side k have k // 2 zeros on each side ("half"), also where the stride is
2, as in the authors' Theano code; a side of 2n becomes n and, transposed, n becomes 2n (torch's
output_padding 1). TensorFlow's SAME puts one zero less before and one more after, which is the
same network of mirrored images.

Deviations: images are in [-1,1]; the conditional pair's sigmoid in [0,1] is tanh(x/2), the same
function of the changed data.
"""

import functools
from typing import Any

import flax.linen as nn
import jax.numpy as jnp

from jaxgen.core.types import Array, UserError
from jaxgen.models import layers


class Generator(nn.Module):
    """f[b,m] -> f32[b,image_size,image_size,channels] in [-1,1], by transposed convolutions.

    The latent becomes a map of side 4 (or 7); each further layer doubles it and halves the
    channels, which are `features` before the image. With `classes` the call takes labels i[b],
    which are appended to the latent, one-hot.
    """

    image_size: int = 64
    channels: int = 3
    features: int = 64
    kernel_size: int = 4
    batch_norm: bool = True
    classes: int = 0
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, latent: Array, label: Array | None = None, *, train: bool) -> Array:
        """Images of latents; `train` chooses batch or running statistics."""
        base, doublings = _grid_of(self.image_size)
        widths = [self.features * 2**n for n in reversed(range(doublings))]
        latent = layers.with_label(latent, label, self.classes)
        x = _first_map(self, latent, base, widths[0], train, by_unit=self.kernel_size == 5)
        x = _upsample(self, x, widths[1:], self.kernel_size, train)
        return _image(self, x, self.kernel_size)


class Discriminator(nn.Module):
    """f[b,h,w,c] -> scores f32[b], unbounded, by convolutions: the mirrored `Generator`.

    `features` channels after the first layer, twice as many after each further one. With `classes`
    the call takes labels i[b], which are appended to every pixel, one-hot.
    """

    features: int = 64
    kernel_size: int = 4
    batch_norm: bool = True
    classes: int = 0
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, image: Array, label: Array | None = None, *, train: bool) -> Array:
        """Scores of images; `train` chooses batch or running statistics."""
        _, doublings = _grid_of(image.shape[1])
        widths = [self.features * 2**n for n in range(doublings)]
        image = layers.with_label(image, label, self.classes)
        x = _downsample(self, image, widths, self.kernel_size, train)
        return _score(self, x)


class FeatureGenerator(nn.Module):
    """f[b,m] -> f32[b,32,32,c] in [-1,1]: the mirrored discriminator; 256 latents published."""

    channels: int = 3
    features: int = 128
    batch_norm: bool = True
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, latent: Array, *, train: bool) -> Array:
        """Images of latents; `train` chooses batch or running statistics."""
        x = _first_map(self, latent, 4, 4 * self.features, train)
        widths = [self.features * m for m in (4, 2, 2, 1, 1)]
        x = _upsample(self, x, widths, 3, train, strides=(2, 1, 2, 1, 2))
        return _image(self, x, 3, strides=1)


class FeatureDiscriminator(nn.Module):
    """f[b,32,32,c] -> scores f32[b]: layers of 1,1,2,2,4,4 `features`, strides 1,2,1,2,1,2."""

    features: int = 128
    batch_norm: bool = True
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, image: Array, *, train: bool) -> Array:
        """Scores of images; `train` chooses batch or running statistics."""
        widths = [self.features * m for m in (1, 1, 2, 2, 4, 4)]
        x = _downsample(self, image, widths, 3, train, strides=(1, 2, 1, 2, 1, 2))
        return _score(self, x)


class ConditionalGenerator(nn.Module):
    """(f[b,m], label i32[b]) -> f32[b,image_size,image_size,channels] in [-1,1].

    16 `features` units, a map of a quarter of the side and 2 `features` channels, two 5x5
    transposed convolutions; one-hot labels are appended before each. The normalisations learn no
    scale and no shift. 4 must divide the side.
    """

    classes: int = 10
    image_size: int = 28
    channels: int = 1
    features: int = 64
    output: str = "sigmoid"
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, latent: Array, label: Array, *, train: bool) -> Array:
        """Images of latents and labels; `train` chooses batch or running statistics."""
        if self.image_size % 4:
            raise UserError(
                f"image_size={self.image_size} of a conditional DCGAN is no multiple of 4."
            )
        base, x = self.image_size // 4, latent
        with_label = functools.partial(layers.with_label, label=label, classes=self.classes)
        for width in (16 * self.features, 2 * self.features * base * base):
            x = nn.relu(_standardise(self, _dense(self, width)(with_label(x)), train))
        x = with_label(x.reshape(-1, base, base, 2 * self.features))
        x = _standardise(self, _conv_transpose(self, self.features, 5)(x), train)
        x = _conv_transpose(self, self.channels, 5)(with_label(nn.relu(x)))
        return layers.to_image(x, self.output)


class ConditionalDiscriminator(nn.Module):
    """(f[b,h,w,c], label i32[b]) -> logits f32[b]: the mirrored `ConditionalGenerator`."""

    classes: int = 10
    features: int = 64
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, image: Array, label: Array, *, train: bool) -> Array:
        """Logits of images and labels; `train` chooses batch or running statistics."""
        with_label = functools.partial(layers.with_label, label=label, classes=self.classes)
        x = nn.leaky_relu(_conv(self, self.features, 5)(with_label(image)), 0.2)
        self.sow("intermediates", "features", x)
        x = _standardise(self, _conv(self, 2 * self.features, 5)(with_label(x)), train)
        x = nn.leaky_relu(x, 0.2)
        self.sow("intermediates", "features", x)
        x = _dense(self, 16 * self.features)(with_label(x.reshape(x.shape[0], -1)))
        x = nn.leaky_relu(_standardise(self, x, train), 0.2)
        return _dense(self, 1)(with_label(x))[:, 0]


def _grid_of(side: int) -> tuple[int, int]:
    """(first side, doublings) of an image: 4 or 7, and how often it is doubled, once or more."""
    for base in (4, 7):
        ratio = side // base
        if side == base * ratio and ratio > 1 and ratio & (ratio - 1) == 0:
            return base, ratio.bit_length() - 1
    raise UserError(
        f"A DCGAN of {side} pixels a side does not exist; "
        "choose 4 or 7 times a power of two, such as 16, 28, 32, 64 or 112."
    )


def _first_map(module, latent, base, width, train, by_unit=True):
    """f[b,base,base,width], normalised by unit or by channel."""
    x = _dense(module, base * base * width, bias=not module.batch_norm)(latent)
    x = x if by_unit else x.reshape(-1, base, base, width)
    return nn.relu(_normalise(module, x, train)).reshape(-1, base, base, width)


def _upsample(module, x, widths, kernel_size, train, strides=None):
    for width, stride in zip(widths, strides or [2] * len(widths)):
        x = _conv_transpose(module, width, kernel_size, stride, bias=not module.batch_norm)(x)
        x = nn.relu(_normalise(module, x, train))
    return x


def _image(module, x, kernel_size, strides=2):
    bias = not module.batch_norm
    return jnp.tanh(_conv_transpose(module, module.channels, kernel_size, strides, bias)(x))


def _downsample(module, x, widths, kernel_size, train, strides=None):
    for index, (width, stride) in enumerate(zip(widths, strides or [2] * len(widths))):
        x = _conv(module, width, kernel_size, stride, bias=not module.batch_norm)(x)
        x = nn.leaky_relu(_normalise(module, x, train) if index > 0 else x, 0.2)
        module.sow("intermediates", "features", x)
    return x


def _normalise(module, x, train):
    if not module.batch_norm:
        return x
    return layers.batch_norm(train=train, axis_name=module.axis_name)(x)


def _standardise(module, x, train):
    fields = {"axis_name": module.axis_name, "use_scale": False, "use_bias": False}
    return layers.batch_norm(train=train, **fields)(x)


def _score(module, x):
    return _dense(module, 1, bias=not module.batch_norm)(x.reshape(x.shape[0], -1))[:, 0]


def _dense(module, width, bias=False):
    return layers.Dense(width, use_bias=bias, dtype=module.dtype)


def _conv(module, width, kernel_size, strides=2, bias=False, kind=layers.Conv, **fields):
    return kind(
        width,
        kernel_size,
        strides=strides,
        padding=(kernel_size - 1) // 2,
        use_bias=bias,
        bias_init=nn.initializers.zeros,
        dtype=module.dtype,
        **fields,
    )


def _conv_transpose(module, width, kernel_size, strides=2, bias=False):
    more = strides - 1 if kernel_size % 2 else 0
    fields = {"kind": layers.ConvTranspose, "output_padding": more}
    return _conv(module, width, kernel_size, strides, bias, **fields)
