"""EBGAN's discriminators, which are autoencoders: an image's energy is its reconstruction error.

J. Zhao, M. Mathieu, Y. LeCun, "Energy-based Generative Adversarial Networks", ICLR 2017,
arXiv:1609.03126. The paper's 64 px generator, (1024)4c-(512)4c2s-(256)4c2s-(128)4c2s-(3)4c2s with
weights from N(0, 0.02), is `dcgan.Generator` with features 128; that of its MNIST search is
`mlp.Generator`. Encoders sow their layers' outputs as "features". `ConditionalDiscriminator` is the
same for images of which a part is given: colorization.

Deviations: no official code is known. What the paper leaves open is here: leaky rectifiers of slope
0.2 in encoder and decoder, biases only where no normalisation follows, and an output of "tanh",
the range of images. He's initial weights in the fully connected form.
"""

from typing import Any

import flax.linen as nn
import jax.numpy as jnp

from jaxgen.core.types import Array
from jaxgen.models import initializers, layers


class Discriminator(nn.Module):
    """f[b,h,w,c] -> (reconstruction f32[b,h,w,c], codes f32[b,s]), by 4x4 convolutions of stride 2.

    The last outputs of the encoder's layers are the codes, the decoder is their mirror image;
    (64)4c2s-(128)4c2s-(256)4c2s is published. Normalised but at the input and the output. Weights
    start N(0, 0.002).

    Attributes:
      features: channels of the encoder's first layer, doubled by each further one.
      depth: number of layers of the encoder, each of which halves the sides, and of the decoder.
      output_activation: function that makes pixels, "tanh" or "sigmoid" (both in [-1,1]) or
        "linear".
    """

    features: int = 64
    depth: int = 3
    output_activation: str = "tanh"
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, image: Array, *, train: bool) -> tuple[Array, Array]:
        """Reconstructions and codes of images; `train` chooses batch or running statistics."""
        return _autoencode(self, image, image.shape[-1], train)


class ConditionalDiscriminator(nn.Module):
    """(condition f[b,h,w,c], image f[b,h,w,d]) -> (reconstruction f32[b,h,w,d], codes f32[b,s]).

    `Discriminator`, whose encoder sees condition and image, such as lightness and color, and whose
    decoder makes the image alone: the condition is no part of the energy, but colors cost little
    only where they fit their lightness. Not in the paper.

    Attributes:
      features: channels of the encoder's first layer, doubled by each further one.
      depth: number of layers of the encoder, each of which halves the sides, and of the decoder.
      output_activation: function that makes pixels, "tanh" or "sigmoid" (both in [-1,1]) or
        "linear".
    """

    features: int = 64
    depth: int = 3
    output_activation: str = "tanh"
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, condition: Array, image: Array, *, train: bool) -> tuple[Array, Array]:
        """Reconstructions of images and codes; `train` chooses batch or running statistics."""
        both = jnp.concatenate([condition, image], axis=-1)
        return _autoencode(self, both, image.shape[-1], train)


class MlpDiscriminator(nn.Module):
    """f[b,h,w,c] -> (reconstruction f32[b,h,w,c], codes f32[b,code_size]), fully connected.

    The decoder is one layer, as in the paper's MNIST search (there code_size = features, 128 to
    1024, and depth 2 to 5). Nothing in it depends on `train`.

    Attributes:
      features: units of each layer of the encoder but the last.
      depth: number of layers of the encoder.
      code_size: units of the encoder's last layer, numbers in a code.
      activation: nonlinearity of the encoder's layers, "relu", "leaky_relu" or "tanh".
      output_activation: function that makes pixels, "tanh" or "sigmoid" (both in [-1,1]) or
        "linear", which points of a plane need.
    """

    features: int = 1024
    depth: int = 2
    code_size: int = 1024
    activation: str = "leaky_relu"
    output_activation: str = "tanh"
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, image: Array, *, train: bool) -> tuple[Array, Array]:
        """Reconstructions and codes of images."""
        del train
        codes = image.reshape(image.shape[0], -1)
        pixels = codes.shape[1]
        init = initializers.he_uniform()
        for width in (*[self.features] * (self.depth - 1), self.code_size):
            codes = layers.Dense(width, dtype=self.dtype, kernel_init=init)(codes)
            codes = layers.nonlinearity(self.activation)(codes)
            self.sow("intermediates", "features", codes)
        init = initializers.glorot_uniform()
        x = layers.Dense(pixels, dtype=self.dtype, kernel_init=init)(codes)
        return layers.to_image(x.reshape(image.shape), self.output_activation), codes


def _autoencode(module, x, channels, train):
    """(images of so many channels, codes) of the maps x."""
    layers.require_halvings(module, module.depth, *x.shape[1:3])
    widths = [module.features * 2**n for n in range(module.depth)]
    for index, width in enumerate(widths):
        x = _layer(module, layers.Conv, width, bias=index == 0)(x)
        x = _activate(module, x, train, norm=index > 0)
        module.sow("intermediates", "features", x)
    codes = x.reshape(x.shape[0], -1)
    for width in reversed(widths[:-1]):
        x = _layer(module, layers.ConvTranspose, width, bias=False)(x)
        x = _activate(module, x, train, norm=True)
    x = _layer(module, layers.ConvTranspose, channels, bias=True)(x)
    return layers.to_image(x, module.output_activation), codes


def _activate(module, x, train, norm):
    if norm:
        x = layers.batch_norm(train=train, axis_name=module.axis_name)(x)
    return nn.leaky_relu(x, 0.2)


def _layer(module, kind, width, bias):
    return kind(
        width,
        4,
        strides=2,
        padding=1,
        use_bias=bias,
        bias_init=nn.initializers.zeros,
        dtype=module.dtype,
        kernel_init=initializers.normal(0.002),
    )
