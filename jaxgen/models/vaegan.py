"""VAE/GAN's three networks: encoder, generator, and a discriminator that shows its features.

A. Larsen, S. Sonderby, H. Larochelle, O. Winther, "Autoencoding beyond pixels using a learned
similarity metric", ICML 2016, arXiv:1512.09300, and its code
(github.com/andersbll/autoencoding_beyond_pixels, architectures.py). The defaults are its 64 px
networks; with codes of 128 numbers 18,071,360 (encoder), 4,693,155 (generator) and 10,953,857
(discriminator) parameters. The code's 32 px networks are

    generator:      image_size 32, multiples (8, 6, 4, 1)
    discriminator:  multiples (4, 6, 8)

Other sides are ours, by the rule that there are as many halvings as leave a map of 4 to 8 pixels a
side, or of 2 from images of 8: for 28 px two, encoder multiples (1, 2), generator (8, 4, 1),
discriminator (4, 8); for 8 px two as well.

All kernels are 5x5 with two zeros on each side, so that a stride of 2 halves a side, or doubles it
where transposed. Batch normalisation and full rectifiers follow, but a rectifier alone the first
layer of the discriminator; biases are where no normalisation is.

Deviations: normalisations have an epsilon of 1e-5 (1e-6) and start with scales of 1. Initial
weights are the code's, uniform in +-1 / sqrt(3 inputs); what it takes for the inputs of a
transposed convolution is not recovered, here the window times the channels that come in.
"""

from typing import Any

import flax.linen as nn
import jax.numpy as jnp

from jaxgen.core.types import Array
from jaxgen.models import initializers, layers

_KERNEL_INIT = initializers.variance_scaling(1 / 9, "fan_in", "uniform")


class Encoder(nn.Module):
    """f[b,h,w,c] -> f32[b,output_size], linear: means and log deviations of codes.

    Attributes:
      output_size: numbers that an image is encoded to, twice the length of a code.
      features: channels of the first map, of which the others have multiples.
      multiples: of `features`, channels of each convolution, which halves the sides.
      hidden_features: units of the layer after the convolutions.
    """

    output_size: int = 256
    features: int = 64
    multiples: tuple[int, ...] = (1, 2, 4)
    hidden_features: int = 1024
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, image: Array, *, train: bool) -> Array:
        """Outputs of images; `train` chooses batch or running statistics."""
        layers.require_halvings(self, len(self.multiples), *image.shape[1:3])
        x = image
        for multiple in self.multiples:
            x = _normalised(self, _conv(self, x, multiple * self.features, 2), train)
        x = _dense(self, x.reshape(x.shape[0], -1), self.hidden_features)
        return _dense(self, _normalised(self, x, train), self.output_size, bias=True)


class Generator(nn.Module):
    """f[b,m] -> f32[b,image_size,image_size,channels] in [-1,1].

    Attributes:
      image_size: pixels a side of the images.
      channels: number of channels of the images.
      features: channels of the last map before the image, of which the others have multiples.
      multiples: of `features`, channels of the first map, whose units are normalised one by one,
        and of each transposed convolution, which doubles the sides.
    """

    image_size: int = 64
    channels: int = 3
    features: int = 32
    multiples: tuple[int, ...] = (8, 8, 4, 1)
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, latent: Array, *, train: bool) -> Array:
        """Images of latents; `train` chooses batch or running statistics."""
        first, *others = (multiple * self.features for multiple in self.multiples)
        layers.require_halvings(self, len(others), self.image_size)
        side = self.image_size // 2 ** len(others)
        x = _normalised(self, _dense(self, latent, side * side * first), train)
        x = x.reshape(-1, side, side, first)
        for width in others:
            x = _normalised(self, _conv(self, x, width, 2, kind=layers.ConvTranspose), train)
        return jnp.tanh(_conv(self, x, self.channels, 1, bias=True))


class Discriminator(nn.Module):
    """f[b,h,w,c] -> (logits f32[b], features f32[b,n]).

    The features are the outputs of the last convolution, before its normalisation: of the code's
    ninth layer, in which images are compared there (16,384 numbers at 64 px).

    Attributes:
      features: channels of the first map, of which the others have multiples.
      multiples: of `features`, channels of each further convolution, which halves the sides.
      hidden_features: units of the layer before the logit.
    """

    features: int = 32
    multiples: tuple[int, ...] = (4, 8, 8)
    hidden_features: int = 512
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, image: Array, *, train: bool) -> tuple[Array, Array]:
        """Logits and features of images; `train` chooses batch or running statistics."""
        layers.require_halvings(self, len(self.multiples), *image.shape[1:3])
        x = nn.relu(_conv(self, image, self.features, 1, bias=True))
        shown = x
        for multiple in self.multiples:
            shown = _conv(self, x, multiple * self.features, 2)
            x = _normalised(self, shown, train)
        x = _dense(self, x.reshape(x.shape[0], -1), self.hidden_features)
        logits = _dense(self, _normalised(self, x, train), 1, bias=True)
        return logits[:, 0], shown.reshape(shown.shape[0], -1)


class PlainDiscriminator(nn.Module):
    """f[b,h,w,c] -> (logits f32[b], features f32[b,`features`]), by rectified layers; ours.

    The features are the outputs of the last layer, before its rectifier. Nothing depends on
    `train`.

    Attributes:
      features: units of each hidden layer.
      depth: number of hidden layers, at least 1.
    """

    features: int = 256
    depth: int = 2
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, image: Array, *, train: bool) -> tuple[Array, Array]:
        """Logits and features of images."""
        del train
        shown = _dense(self, image.reshape(image.shape[0], -1), self.features, bias=True)
        for _ in range(self.depth - 1):
            shown = _dense(self, nn.relu(shown), self.features, bias=True)
        return _dense(self, nn.relu(shown), 1, bias=True)[:, 0], shown


def _conv(
    module: Any, x: Array, width: int, strides: int, *, bias: bool = False, kind: Any = layers.Conv
) -> Array:
    fields: dict[str, Any] = {}
    if kind is layers.ConvTranspose:
        fields["output_padding"] = strides - 1
    return kind(
        width,
        5,
        strides=strides,
        padding=2,
        use_bias=bias,
        bias_init=nn.initializers.zeros,
        dtype=module.dtype,
        kernel_init=_KERNEL_INIT,
        **fields,
    )(x)


def _dense(module: Any, x: Array, width: int, *, bias: bool = False) -> Array:
    return layers.Dense(width, use_bias=bias, dtype=module.dtype, kernel_init=_KERNEL_INIT)(x)


def _normalised(module: Any, x: Array, train: bool) -> Array:
    norm = layers.batch_norm(
        train=train, axis_name=module.axis_name, scale_init=nn.initializers.ones
    )
    return nn.relu(norm(x))
