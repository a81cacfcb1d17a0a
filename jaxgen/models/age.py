"""AGE's networks: the official 32 px and 64 px pairs, and 16 px and 128 px pairs of that style.

Layers, widths and initialisers are those of the published code (github.com/DmitryUlyanov/AGE,
commit 46979476). It has no pair for other sides: that for 128 px is ours, the 64 px pair with one
more layer, of twice the channels, at its smallest map, and that for 16 px is ours as well. Encoders
return raw codes: the projection onto the sphere is the objective's, as only the sphere prior has
it. Every convolution but one is 4x4; C(s,p) and T(s,p) below are a convolution and a transposed one
of stride s and padding p.
"""

from typing import Any

import flax.linen as nn
import jax.numpy as jnp

from jaxgen.core.types import Array
from jaxgen.models import initializers, layers

_SIDES = (16, 32, 64, 128)  # of which there are pairs
_KERNEL_INIT = initializers.normal(0.02)


class _Encoder(nn.Module):
    """C(2,1) to each of `multiples` of `features`, C of `last_strides` to the code, and a mean."""

    side, multiples, last_strides = 64, (1, 2, 4, 8), 1

    latent_size: int = 64
    features: int = 64
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, image: Array, *, train: bool) -> Array:
        """Codes of images; `train` chooses batch or running statistics."""
        _require_side(self, image)
        x = image
        for index, multiple in enumerate(self.multiples):
            x = _layer(self, layers.Conv, multiple * self.features)(x)
            if index > 0:
                x = layers.batch_norm(train=train, axis_name=self.axis_name)(x)
            x = nn.leaky_relu(x, 0.2)
        x = _layer(self, layers.Conv, self.latent_size, self.last_strides, use_bias=True)(x)
        return jnp.mean(x, axis=(1, 2))


class Encoder128(_Encoder):
    """f32[b,128,128,c] -> raw codes f32[b,M]: C(2,1) to 64, 128, 256, 512, 1024, then C(1,0) to M.

    Attributes:
      latent_size: numbers in a code, M.
      features: channels of the first layer, of which the others have multiples.
    """

    side, multiples, last_strides = 128, (1, 2, 4, 8, 16), 1

    latent_size: int = 64
    features: int = 64


class Encoder64(_Encoder):
    """f32[b,64,64,c] -> raw codes f32[b,M]: C(2,1) to 64, 128, 256, 512, then C(1,0) to M.

    Attributes:
      latent_size: numbers in a code, M.
      features: channels of the first layer, of which the others have multiples.
    """

    side, multiples, last_strides = 64, (1, 2, 4, 8), 1

    latent_size: int = 64
    features: int = 64


class Encoder32(_Encoder):
    """f32[b,32,32,c] -> raw codes f32[b,M]: C(2,1) to 64, 128, 256 and M, then a 2x2 mean.

    Attributes:
      latent_size: numbers in a code, M.
      features: channels of the first layer, of which the others have multiples.
    """

    side, multiples, last_strides = 32, (1, 2, 4), 2

    latent_size: int = 128
    features: int = 64


class Encoder16(_Encoder):
    """f32[b,16,16,c] -> raw codes f32[b,M]: C(2,1) to 32 and 64, then C(1,0) to M.

    Attributes:
      latent_size: numbers in a code, M.
      features: channels of the first layer, of which the second has twice as many.
    """

    side, multiples, last_strides = 16, (1, 2), 1

    latent_size: int = 16
    features: int = 32


class _Generator(nn.Module):
    """T(1,0), then T(2,1), to each of `multiples` of `features`, and T(2,1) or 1x1 to the image."""

    multiples, pointwise = (8, 4, 2, 1), False

    channels: int = 3
    features: int = 64
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, latent: Array, *, train: bool) -> Array:
        """Images of latents; `train` chooses batch or running statistics."""
        x = latent[:, None, None, :]
        for index, multiple in enumerate(self.multiples):
            strides = 1 if index == 0 else 2
            x = _layer(self, layers.ConvTranspose, multiple * self.features, strides)(x)
            x = nn.relu(layers.batch_norm(train=train, axis_name=self.axis_name)(x))
        if self.pointwise:
            last = layers.Conv(self.channels, 1, dtype=self.dtype, kernel_init=_KERNEL_INIT)
        else:
            last = _layer(self, layers.ConvTranspose, self.channels)
        return jnp.tanh(last(x))


class Generator128(_Generator):
    """f32[b,M] -> f32[b,128,128,c] in [-1,1]: T(1,0) to 1024, T(2,1) to 512, 256, 128, 64 and c.

    Attributes:
      channels: number of channels of the images, c.
      features: channels of the last map before the image, of which the others have multiples.
    """

    multiples, pointwise = (16, 8, 4, 2, 1), False

    channels: int = 3
    features: int = 64


class Generator64(_Generator):
    """f32[b,M] -> f32[b,64,64,c] in [-1,1]: T(1,0) to 512, T(2,1) to 256, 128, 64 and c.

    Attributes:
      channels: number of channels of the images, c.
      features: channels of the last map before the image, of which the others have multiples.
    """

    multiples, pointwise = (8, 4, 2, 1), False

    channels: int = 3
    features: int = 64


class Generator32(_Generator):
    """f32[b,M] -> f32[b,32,32,c] in [-1,1]: T(1,0) to 512, T(2,1) to 256, 128, 128, 1x1 to c.

    Attributes:
      channels: number of channels of the images, c.
      features: half the channels of the last two maps before the image, of which the others have
        multiples.
    """

    multiples, pointwise = (8, 4, 2, 2), True

    channels: int = 3
    features: int = 64


class Generator16(_Generator):
    """f32[b,M] -> f32[b,16,16,c] in [-1,1]: T(1,0) to 128, T(2,1) to 64 and c.

    Attributes:
      channels: number of channels of the images, c.
      features: half the channels of the last map before the image, a quarter of the first one's.
    """

    multiples, pointwise = (4, 2), False

    channels: int = 1
    features: int = 32


def _require_side(encoder: _Encoder, image: Array) -> None:
    side, nearest = encoder.side, min(_SIDES, key=lambda n: abs(n - image.shape[1]))
    pair = f"age.Encoder{nearest} and Generator{nearest}"
    if nearest == 128:
        pair += " (configs/age_folder.py:128)"
    other = "" if nearest == side else f", or {pair} with those of {nearest} px"
    layers.require_sides(
        encoder,
        *image.shape[1:3],
        fits=lambda n: n == side,
        allowed=str(side),
        fix=f"use images of {side} px{other}",
    )


def _layer(
    module: _Encoder | _Generator,
    kind: type[layers.Conv] | type[layers.ConvTranspose],
    width: int,
    strides: int = 2,
    *,
    use_bias: bool = False,
) -> layers.Conv | layers.ConvTranspose:
    """A 4x4 layer, which scales by 2 or, with strides of 1, is between a 4x4 map and one pixel."""
    return kind(
        width,
        4,
        strides=strides,
        padding=strides - 1,
        use_bias=use_bias,
        dtype=module.dtype,
        kernel_init=_KERNEL_INIT,
    )
