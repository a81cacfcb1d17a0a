"""EBGAN's discriminators, which are autoencoders: the energy of an image is how badly it returns.

J. Zhao, M. Mathieu, Y. LeCun, "Energy-based Generative Adversarial Networks", ICLR 2017,
arXiv:1609.03126. The paper's 64 px generator, (1024)4c-(512)4c2s-(256)4c2s-(128)4c2s-(3)4c2s with
weights from N(0, 0.02), is `dcgan.Generator` with features 128; that of its MNIST search is
`mlp.Generator`. Encoders sow their layers' outputs as "features".

Deviations: no official code is known. What the paper leaves open is here: leaky rectifiers of slope
0.2 in encoder and decoder, biases only where no normalisation follows, and an output of "tanh",
the range of images. He's initial weights in the fully connected form.
"""

from typing import Any

import flax.linen as nn
import jax.numpy as jnp

from jaxgen.core.types import Array, UserError
from jaxgen.models import layers


class Discriminator(nn.Module):
    """f[b,h,w,c] -> (reconstruction f32[b,h,w,c], codes f32[b,s]), by 4x4 convolutions of stride 2.

    `depth` layers to `features`, 2 `features`, ... channels, whose last outputs are the codes, and
    their mirror image; (64)4c2s-(128)4c2s-(256)4c2s is published. 2^depth must divide the sides.
    Normalised but at the input and the output. output: "tanh" | "sigmoid" (both in [-1,1]) |
    "linear". Weights start N(0, 0.002).
    """

    features: int = 64
    depth: int = 3
    output: str = "tanh"
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, image: Array, *, train: bool) -> tuple[Array, Array]:
        """Reconstructions and codes of images; `train` chooses batch or running statistics."""
        _require_divisible(image.shape[1:3], self.depth)
        widths = [self.features * 2**n for n in range(self.depth)]
        x = image
        for index, width in enumerate(widths):
            x = _layer(self, layers.Conv, width, bias=index == 0)(x)
            x = _activate(self, x, train, norm=index > 0)
            self.sow("intermediates", "features", x)
        codes = x.reshape(x.shape[0], -1)
        for width in reversed(widths[:-1]):
            x = _layer(self, layers.ConvTranspose, width, bias=False)(x)
            x = _activate(self, x, train, norm=True)
        x = _layer(self, layers.ConvTranspose, image.shape[-1], bias=True)(x)
        return layers.to_image(x, self.output), codes


class MlpDiscriminator(nn.Module):
    """f[b,h,w,c] -> (reconstruction f32[b,h,w,c], codes f32[b,code_size]), fully connected.

    `depth` encoder layers, the last of `code_size` units and the others of `features`; the decoder
    is one layer, as in the paper's MNIST search (there code_size = features, 128 to 1024, and depth
    2 to 5). For points f[b,1,1,2] choose output "linear". Nothing in it depends on `train`.
    """

    features: int = 1024
    depth: int = 2
    code_size: int = 1024
    activation: str = "leaky_relu"
    output: str = "tanh"
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, image: Array, *, train: bool) -> tuple[Array, Array]:
        """Reconstructions and codes of images."""
        del train
        codes = image.reshape(image.shape[0], -1)
        pixels = codes.shape[1]
        init = nn.initializers.he_uniform()
        for width in (*[self.features] * (self.depth - 1), self.code_size):
            codes = layers.Dense(width, dtype=self.dtype, kernel_init=init)(codes)
            codes = layers.nonlinearity(self.activation)(codes)
            self.sow("intermediates", "features", codes)
        init = nn.initializers.glorot_uniform()
        x = layers.Dense(pixels, dtype=self.dtype, kernel_init=init)(codes)
        return layers.to_image(x.reshape(image.shape), self.output), codes


def _require_divisible(sides, depth):
    if any(side % 2**depth for side in sides):
        raise UserError(
            f"ebgan.Discriminator with depth={depth} cannot halve {sides[0]}x{sides[1]} images so "
            f"often; choose sides that {2**depth} divides, or a smaller depth."
        )


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
        kernel_init=nn.initializers.normal(0.002),
    )
