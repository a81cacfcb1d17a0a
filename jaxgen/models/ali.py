"""ALI's and BiGAN's networks: encoders, generators, and discriminators of pairs (image, code).

V. Dumoulin, I. Belghazi, B. Poole, O. Mastropietro, A. Lamb, M. Arjovsky, A. Courville,
"Adversarially Learned Inference", ICLR 2017, arXiv:1606.00704; its networks for CIFAR-10 are the
defaults of `Encoder`, `Generator` and `Discriminator`. J. Donahue, P. Krähenbühl, T. Darrell,
"Adversarial Feature Learning", ICLR 2017, arXiv:1605.09782: its networks for MNIST are layers of
1024 units, `mlp.Generator` and `autoencoder.MLPEncoder` with batch_norm, and `MLPDiscriminator`.

    Encoder        5x5 32, 4x4/2 64, 4x4 128, 4x4/2 256, 4x4 512; 512, then linear; no padding
    Generator      transposed, 4x4 256, 4x4/2 128, 4x4 64, 4x4/2 32, 5x5 32; 1x1 32, 1x1 to pixels
    Discriminator  of images: the encoder's convolutions; of codes: 512, 512; of both: 1024, 1024, 1

Encoder and generator are normalised, with leaky rectifiers of slope 0.1; the discriminator has
maxout units of two pieces, dropout before each layer (0.2 on its inputs, else 0.5), and no
normalisation. Weights start at N(0, 0.01^2), biases at 0.

Deviations: a normalised layer has no bias, and biases are one a channel. The bias of the last layer
of pixels starts at 0, not at the log-odds of the data's mean: a network does not see the data.
From memory, not recovered from the papers: the generator's layers, the places of dropout, and that
BiGAN normalises the second layer of its discriminator, which is `batch_norm` and not the default:
on digits the encoder's codes then grew without bound, by which a batch of both kinds is normalised
until nothing of the others is left to be seen.
"""

from typing import Any

import flax.linen as nn
import jax.numpy as jnp

from jaxgen.core.types import Array
from jaxgen.models import initializers, layers

_SLOPE = 0.1
_PIECES = 2
_INPUT_DROPOUT, _DROPOUT = 0.2, 0.5


class Encoder(nn.Module):
    """f[b,h,w,c] -> f32[b,output_size], linear: codes, or means and log deviations.

    Attributes:
      output_size: numbers that an image is encoded to.
      features: channels of the first layer, of which the others have multiples.
      multiples: of `features`, channels of each convolution.
      kernel_sizes: of each convolution.
      strides: of each convolution.
      hidden_features: units of the layer after the convolutions.
      init_std: standard deviation of initial weights.
    """

    output_size: int = 128
    features: int = 32
    multiples: tuple[int, ...] = (1, 2, 4, 8, 16)
    kernel_sizes: tuple[int, ...] = (5, 4, 4, 4, 4)
    strides: tuple[int, ...] = (1, 2, 1, 2, 1)
    hidden_features: int = 512
    init_std: float = 0.01
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, image: Array, *, train: bool) -> Array:
        """Outputs of images; `train` chooses batch or running statistics."""
        x = image
        for multiple, size, stride in zip(
            self.multiples, self.kernel_sizes, self.strides, strict=True
        ):
            _require_window(self, image, x, size)
            x = _normed(self, _conv(self, x, multiple * self.features, size, stride), train)
        x = _dense(self, x.reshape(x.shape[0], -1), self.hidden_features, use_bias=False)
        return _dense(self, _normed(self, x, train), self.output_size)


class Generator(nn.Module):
    """f[b,m] -> f32[b,h,w,c] in [-1,1], whose sides follow from kernels and strides.

    Attributes:
      channels: number of channels of the images.
      features: channels of the last layers, of which the others have multiples.
      multiples: of `features`, channels of each transposed convolution.
      kernel_sizes: of each transposed convolution.
      strides: of each transposed convolution.
      init_std: standard deviation of initial weights.
    """

    channels: int = 3
    features: int = 32
    multiples: tuple[int, ...] = (8, 4, 2, 1, 1)
    kernel_sizes: tuple[int, ...] = (4, 4, 4, 4, 5)
    strides: tuple[int, ...] = (1, 2, 1, 2, 1)
    init_std: float = 0.01
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, code: Array, *, train: bool) -> Array:
        """Images of codes; `train` chooses batch or running statistics."""
        x = code[:, None, None, :]
        for multiple, size, stride in zip(
            self.multiples, self.kernel_sizes, self.strides, strict=True
        ):
            transposed = layers.ConvTranspose(
                multiple * self.features,
                size,
                stride,
                use_bias=False,
                dtype=self.dtype,
                kernel_init=initializers.normal(self.init_std),
            )
            x = _normed(self, transposed(x), train)
        x = _normed(self, _conv(self, x, self.features, 1, 1), train)
        return layers.to_image(_conv(self, x, self.channels, 1, 1, use_bias=True), "sigmoid")


class Discriminator(nn.Module):
    """(f[b,h,w,c], code f[b,m]) -> logits f32[b] of being an image and its code.

    Attributes:
      features: channels of the first layer of images, of which others have multiples.
      multiples: of `features`, channels of each convolution.
      kernel_sizes: of each convolution.
      strides: of each convolution.
      code_features: units of both layers of codes.
      joint_features: units of both layers of pairs.
      init_std: standard deviation of initial weights.
    """

    features: int = 32
    multiples: tuple[int, ...] = (1, 2, 4, 8, 16)
    kernel_sizes: tuple[int, ...] = (5, 4, 4, 4, 4)
    strides: tuple[int, ...] = (1, 2, 1, 2, 1)
    code_features: int = 512
    joint_features: int = 1024
    init_std: float = 0.01
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, image: Array, code: Array, *, train: bool) -> Array:
        """Logits of pairs; training drops units, and needs a key for it."""

        def drop(x, rate=_DROPOUT):
            return layers.Dropout(rate, self.axis_name)(x, train=train)

        x = drop(image, _INPUT_DROPOUT)
        for index, (multiple, size, stride) in enumerate(
            zip(self.multiples, self.kernel_sizes, self.strides, strict=True)
        ):
            _require_window(self, image, x, size)
            width = multiple * self.features
            pieces = _conv(self, drop(x) if index else x, width * _PIECES, size, stride, True)
            x = jnp.max(pieces.reshape(*pieces.shape[:3], width, _PIECES), axis=-1)
        self.sow("intermediates", "features", x)
        z = self._maxout(drop(code, _INPUT_DROPOUT), self.code_features)
        z = self._maxout(drop(z), self.code_features)
        joint = jnp.concatenate([x.reshape(x.shape[0], -1), z], axis=1)
        for _ in range(2):
            joint = self._maxout(drop(joint), self.joint_features)
        return _dense(self, drop(joint), 1)[:, 0]

    def _maxout(self, x, width):
        init = initializers.normal(self.init_std)
        return layers.Maxout(width, _PIECES, dtype=self.dtype, kernel_init=init)(x)


class MLPDiscriminator(nn.Module):
    """(f[b,h,w,c], code f[b,m]) -> logits f32[b]: layers of `features` leaky rectified units.

    Attributes:
      features: units of each hidden layer.
      depth: number of hidden layers.
      batch_norm: whether all but the first are normalised, in which case they have no biases.
    """

    features: int = 1024
    depth: int = 2
    batch_norm: bool = False
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, image: Array, code: Array, *, train: bool) -> Array:
        """Logits of pairs; `train` chooses batch or running statistics."""
        x = jnp.concatenate([image.reshape(image.shape[0], -1), code], axis=1)
        for index in range(self.depth):
            norm = self.batch_norm and index > 0
            init = initializers.he_uniform()
            x = layers.Dense(self.features, use_bias=not norm, dtype=self.dtype, kernel_init=init)(
                x
            )
            if norm:
                x = _norm(self, train)(x)
            x = layers.nonlinearity("leaky_relu")(x)
        init = initializers.glorot_uniform()
        return layers.Dense(1, dtype=self.dtype, kernel_init=init)(x)[:, 0]


def _require_window(network: nn.Module, image: Array, x: Array, size: int) -> None:
    layers.require_sides(
        network,
        *image.shape[1:3],
        fits=lambda _: min(x.shape[1:3]) >= size,
        allowed="large enough for kernels and strides, which leave too few pixels for the next",
        fix="choose larger images, or fewer or smaller kernel_sizes",
    )


def _norm(module, train):
    return layers.batch_norm(
        train=train, axis_name=module.axis_name, scale_init=nn.initializers.ones
    )


def _normed(module, x, train):
    return nn.leaky_relu(_norm(module, train)(x), _SLOPE)


def _conv(module, x, width, size, stride, use_bias=False):
    return layers.Conv(
        width,
        size,
        stride,
        use_bias=use_bias,
        dtype=module.dtype,
        kernel_init=initializers.normal(module.init_std),
        bias_init=nn.initializers.zeros,
    )(x)


def _dense(module, x, width, use_bias=True):
    init = initializers.normal(module.init_std)
    return layers.Dense(width, use_bias=use_bias, dtype=module.dtype, kernel_init=init)(x)
