"""DCGAN's networks: the torch form, the paper's form, its feature learner, and a conditional pair.

A. Radford, L. Metz, S. Chintala, "Unsupervised Representation Learning with Deep Convolutional
Generative Adversarial Networks", ICLR 2016, arXiv:1511.06434, and its two released codes:

- `Generator`, `Discriminator` with kernel_size 4 and features 64: soumith/dcgan.torch, whose first
  and last layers, 4x4 kernels on 1x1 maps, are the linear ones here. With kernel_size 5 and
  features 128: Newmu/dcgan_code, which normalises each unit of the first map by itself; with 32 px,
  init_scheme "he", output_bias, and batch_norm False in the critic, the CIFAR-10 DCGAN of WGAN-GP
  (arXiv:1704.00028; gan_cifar.py of github.com/igul222/improved_wgan_training).
- `FeatureGenerator`, `FeatureDiscriminator`: 3x3 kernels, six layers, whose discriminator's
  features classify CIFAR-10 in the paper (Newmu).
- `ConditionalGenerator`, `ConditionalDiscriminator`: Newmu's MNIST pair, labels at every layer.

Sides are 4 or 7 times a power of two: 16, 28, 32, 56, 64, 112, 128. Weights start N(0, 0.02) and
scales of normalisations N(1, 0.02), or with init_scheme "he" at 1 and as in WGAN-GP's code: uniform
with He's variance in convolutions, Glorot's in linear layers, of the mean of fan-in and fan-out,
where a stride of 2 divides the fan at the smaller map by 4. Layers have no bias; with batch_norm
False, all have one, which starts at 0. Discriminators sow their convolutions' rectified outputs as
"features".

Padding: kernels of odd side k have k // 2 zeros on each side ("half"), also where the stride is
2, as in the authors' Theano code; a side of 2n becomes n and, transposed, n becomes 2n (torch's
output_padding 1). TensorFlow's SAME puts one zero less before and one more after, which is the
same network of mirrored images.

Deviations: images are in [-1,1]; the conditional pair's sigmoid in [0,1] is tanh(x/2), the same
function of the changed data, and its discriminator changes them back. Newmu's normalisations have
an epsilon of 1e-8, here 1e-5, and its samples, as those of gan_cifar.py, are drawn with the
statistics of their batch, here with running ones, of whose variances see `layers.batch_norm`.
Biases before a normalisation, which gan_cifar.py has, do nothing and are left out.
"""

import functools
import math
from typing import Any

import flax.linen as nn
import jax.numpy as jnp

from jaxgen.core.errors import UserError
from jaxgen.core.types import Array
from jaxgen.models import initializers, layers


class Generator(nn.Module):
    """f[b,m] -> f32[b,image_size,image_size,channels] in [-1,1], by transposed convolutions.

    The latent becomes a map of side 4 (or 7); each further layer doubles it and halves the
    channels, which are `features` before the image. With `num_classes` the call takes labels i[b].

    Attributes:
      image_size: pixels a side of the images, 4 or 7 times a power of two, such as 28 or 64.
      channels: number of channels of the images.
      features: channels of the last map before the image, doubled by each layer before it.
      kernel_size: pixels a side of the kernels, 4 (the torch code) or 5 (the paper's code).
      batch_norm: whether layers are normalised, in which case they have no biases.
      output_bias: whether the image's layer has biases although the others are normalised.
      init_scheme: initial values, "normal" (DCGAN's) or "he" (WGAN-GP's).
      num_classes: number of classes of the labels that are appended to the latent, one-hot, or
        0 for none.
    """

    image_size: int = 64
    channels: int = 3
    features: int = 64
    kernel_size: int = 4
    batch_norm: bool = True
    output_bias: bool = False
    init_scheme: str = "normal"
    num_classes: int = 0
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, latent: Array, label: Array | None = None, *, train: bool) -> Array:
        """Images of latents; `train` chooses batch or running statistics."""
        base, doublings = _grid_of(self, self.image_size)
        widths = [self.features * 2**n for n in reversed(range(doublings))]
        latent = layers.with_label(latent, label, self.num_classes)
        x = _first_map(self, latent, base, widths[0], train, by_unit=self.kernel_size == 5)
        x = _upsample(self, x, widths[1:], self.kernel_size, train)
        return _image(self, x, self.kernel_size, bias=self.output_bias)


class Discriminator(nn.Module):
    """f[b,h,w,c] -> scores f32[b], unbounded, by convolutions: the mirrored `Generator`.

    Sides are 4 or 7 times a power of two. With `num_classes` the call takes labels i[b].

    Attributes:
      features: channels after the first layer, doubled by each further one.
      kernel_size: pixels a side of the kernels, 4 (the torch code) or 5 (the paper's code).
      batch_norm: whether all layers but the first are normalised, in which case none has biases.
      init_scheme: initial values, "normal" (DCGAN's) or "he" (WGAN-GP's).
      num_classes: number of classes of the labels that are appended to every pixel, one-hot, or
        0 for none.
    """

    features: int = 64
    kernel_size: int = 4
    batch_norm: bool = True
    init_scheme: str = "normal"
    num_classes: int = 0
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, image: Array, label: Array | None = None, *, train: bool) -> Array:
        """Scores of images; `train` chooses batch or running statistics."""
        _, doublings = _grid_of(self, *image.shape[1:3])
        widths = [self.features * 2**n for n in range(doublings)]
        image = layers.with_label(image, label, self.num_classes)
        x = _downsample(self, image, widths, self.kernel_size, train)
        return _score(self, x)


class FeatureGenerator(nn.Module):
    """f[b,m] -> f32[b,32,32,c] in [-1,1]: the mirrored discriminator; 256 latents published.

    Attributes:
      channels: number of channels of the images, c.
      features: channels of the last two maps before the image, of which the others have multiples.
      batch_norm: whether layers are normalised, in which case they have no biases.
    """

    init_scheme = "normal"  # of one paper alone, so no field

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
    """f[b,32,32,c] -> scores f32[b]: layers of 1,1,2,2,4,4 `features`, strides 1,2,1,2,1,2.

    Attributes:
      features: channels of the first two layers, of which the others have multiples.
      batch_norm: whether all layers but the first are normalised, in which case none has biases.
    """

    init_scheme = "normal"  # of one paper alone, so no field

    features: int = 128
    batch_norm: bool = True
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, image: Array, *, train: bool) -> Array:
        """Scores of images; `train` chooses batch or running statistics."""
        fix = "use images of 32 px, or dcgan.Discriminator"
        sides = image.shape[1:3]
        layers.require_sides(self, *sides, fits=lambda n: n == 32, allowed="32", fix=fix)
        widths = [self.features * m for m in (1, 1, 2, 2, 4, 4)]
        x = _downsample(self, image, widths, 3, train, strides=(1, 2, 1, 2, 1, 2))
        return _score(self, x)


class ConditionalGenerator(nn.Module):
    """(f[b,m], label i32[b]) -> f32[b,image_size,image_size,channels] in [-1,1].

    16 `features` units, a map of a quarter of the side and 2 `features` channels, two 5x5
    transposed convolutions; one-hot labels are appended before each. The normalisations learn no
    scale and no shift.

    Attributes:
      num_classes: number of classes of the labels.
      image_size: pixels a side of the images, a multiple of 4.
      channels: number of channels of the images.
      features: channels of the last map before the image.
      output_activation: function that makes pixels, "sigmoid" or "tanh" (both in [-1,1]) or
        "linear".
    """

    init_scheme = "normal"  # of one paper alone, so no field

    num_classes: int = 10
    image_size: int = 28
    channels: int = 1
    features: int = 64
    output_activation: str = "sigmoid"
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, latent: Array, label: Array, *, train: bool) -> Array:
        """Images of latents and labels; `train` chooses batch or running statistics."""
        side, allowed = self.image_size, "multiples of 4"
        layers.require_sides(self, side, fits=lambda n: n % 4 == 0, allowed=allowed)
        base, x = side // 4, latent
        with_label = functools.partial(layers.with_label, label=label, num_classes=self.num_classes)
        for width in (16 * self.features, 2 * self.features * base * base):
            x = nn.relu(_standardise(self, _dense(self, width)(with_label(x)), train))
        x = with_label(x.reshape(-1, base, base, 2 * self.features))
        x = _standardise(self, _conv_transpose(self, self.features, 5)(x), train)
        x = _conv_transpose(self, self.channels, 5)(with_label(nn.relu(x)))
        return layers.to_image(x, self.output_activation)


class ConditionalDiscriminator(nn.Module):
    """(f[b,h,w,c], label i32[b]) -> logits f32[b]: the mirrored `ConditionalGenerator`.

    Attributes:
      num_classes: number of classes of the labels.
      features: channels after the first layer, of which the second one has twice as many.
      unit_pixels: whether the first layer sees images in [0,1], as in Newmu's code, or in [-1,1].
    """

    init_scheme = "normal"  # of one paper alone, so no field

    num_classes: int = 10
    features: int = 64
    unit_pixels: bool = True
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, image: Array, label: Array, *, train: bool) -> Array:
        """Logits of images and labels; `train` chooses batch or running statistics."""
        with_label = functools.partial(layers.with_label, label=label, num_classes=self.num_classes)
        image = layers.unit_pixels(image) if self.unit_pixels else image
        x = nn.leaky_relu(_conv(self, self.features, 5)(with_label(image)), 0.2)
        self.sow("intermediates", "features", x)
        x = _standardise(self, _conv(self, 2 * self.features, 5)(with_label(x)), train)
        x = nn.leaky_relu(x, 0.2)
        self.sow("intermediates", "features", x)
        x = _dense(self, 16 * self.features)(with_label(x.reshape(x.shape[0], -1)))
        x = nn.leaky_relu(_standardise(self, x, train), 0.2)
        return _dense(self, 1)(with_label(x))[:, 0]


def _grid_of(network: nn.Module, *sides: int) -> tuple[int, int]:
    """(first side, doublings) of images: 4 or 7, and how often it is doubled to their height."""
    grids = {base * 2**n: (base, n) for base in (4, 7) for n in range(1, 16)}
    allowed = "4 or 7 times 2, 4, 8, ..."
    layers.require_sides(network, *sides, fits=lambda n: n in grids, allowed=allowed)
    return grids[sides[0]]


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


def _image(module, x, kernel_size, strides=2, bias=False):
    bias = bias or not module.batch_norm
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
    fields = {"scale_init": nn.initializers.ones} if _is_he(module) else {}
    return layers.batch_norm(train=train, axis_name=module.axis_name, **fields)(x)


def _standardise(module, x, train):
    fields = {"axis_name": module.axis_name, "use_scale": False, "use_bias": False}
    return layers.batch_norm(train=train, **fields)(x)


def _score(module, x):
    return _dense(module, 1, bias=not module.batch_norm)(x.reshape(x.shape[0], -1))[:, 0]


def _dense(module, width, bias=False):
    init = initializers.glorot_uniform() if _is_he(module) else initializers.normal(0.02)
    return layers.Dense(width, use_bias=bias, dtype=module.dtype, kernel_init=init)


def _conv(module, width, kernel_size, strides=2, bias=False, kind=layers.Conv, **fields):
    if _is_he(module):
        fields["kernel_init"] = _he_uniform(strides, up=kind is layers.ConvTranspose)
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


def _is_he(module):
    if module.init_scheme not in ("normal", "he"):
        raise UserError(
            f'init_scheme="{module.init_scheme}" of a network is not one of normal, he; choose one '
            "of them."
        )
    return module.init_scheme == "he"


def _he_uniform(strides, up):
    """He's initialiser, uniform, with the mean of both fans, of kernels [h,w,inputs,outputs]."""

    def init(key, shape, dtype=jnp.float32, out_sharding=None):
        del out_sharding
        height, width, inputs, outputs = shape
        thinned, whole = (inputs, outputs) if up else (outputs, inputs)
        fans = height * width * (thinned / strides**2 + whole)
        return layers.symmetric_uniform(math.sqrt(12.0 / fans))(key, shape, dtype)

    return init
