"""AGE's networks: the official 32 px and 64 px pairs, and a 16 px pair of the same style.

Layers, widths and initialisers are those of the published code (github.com/DmitryUlyanov/AGE,
commit 46979476). Encoders return raw codes: the projection onto the sphere is the objective's, as
only the sphere prior has it. Every convolution is 4x4; C(s,p) and T(s,p) below are a
convolution and a transposed one of stride s and padding p.
"""

from typing import Any

import flax.linen as nn
import jax.numpy as jnp

from jaxgen.core.types import Array
from jaxgen.models import layers

_KERNEL_INIT = nn.initializers.normal(0.02)


class Encoder64(nn.Module):
    """f32[b,64,64,c] -> raw codes f32[b,M]: C(2,1) to 64, 128, 256, 512, then C(1,0) to M."""

    latent_size: int = 64
    features: int = 64
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, image: Array, *, train: bool) -> Array:
        """Codes of images; `train` chooses batch or running statistics."""
        x = _downsample(self, image, [self.features * m for m in (1, 2, 4, 8)], train)
        return _conv(self, self.latent_size, strides=1, padding=0, use_bias=True)(x)[:, 0, 0]


class Encoder32(nn.Module):
    """f32[b,32,32,c] -> raw codes f32[b,M]: C(2,1) to 64, 128, 256 and M, then a 2x2 mean."""

    latent_size: int = 128
    features: int = 64
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, image: Array, *, train: bool) -> Array:
        """Codes of images; `train` chooses batch or running statistics."""
        x = _downsample(self, image, [self.features * m for m in (1, 2, 4)], train)
        x = _conv(self, self.latent_size, use_bias=True)(x)
        return jnp.mean(x, axis=(1, 2))


class Encoder16(nn.Module):
    """f32[b,16,16,c] -> raw codes f32[b,M]: C(2,1) to 32 and 64, then C(1,0) to M."""

    latent_size: int = 16
    features: int = 32
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, image: Array, *, train: bool) -> Array:
        """Codes of images; `train` chooses batch or running statistics."""
        x = _downsample(self, image, [self.features, self.features * 2], train)
        return _conv(self, self.latent_size, strides=1, padding=0, use_bias=True)(x)[:, 0, 0]


class Generator64(nn.Module):
    """f32[b,M] -> f32[b,64,64,c] in [-1,1]: T(1,0) to 512, T(2,1) to 256, 128, 64 and c."""

    channels: int = 3
    features: int = 64
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, latent: Array, *, train: bool) -> Array:
        """Images of latents; `train` chooses batch or running statistics."""
        x = _upsample(self, latent, [self.features * m for m in (8, 4, 2, 1)], train)
        return jnp.tanh(_conv_transpose(self, self.channels)(x))


class Generator32(nn.Module):
    """f32[b,M] -> f32[b,32,32,c] in [-1,1]: T(1,0) to 512, T(2,1) to 256, 128, 128, 1x1 to c."""

    channels: int = 3
    features: int = 64
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, latent: Array, *, train: bool) -> Array:
        """Images of latents; `train` chooses batch or running statistics."""
        x = _upsample(self, latent, [self.features * m for m in (8, 4, 2, 2)], train)
        to_image = layers.Conv(
            self.channels, 1, strides=1, padding=0, dtype=self.dtype, kernel_init=_KERNEL_INIT
        )
        return jnp.tanh(to_image(x))


class Generator16(nn.Module):
    """f32[b,M] -> f32[b,16,16,c] in [-1,1]: T(1,0) to 128, T(2,1) to 64 and c."""

    channels: int = 1
    features: int = 32
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, latent: Array, *, train: bool) -> Array:
        """Images of latents; `train` chooses batch or running statistics."""
        x = _upsample(self, latent, [self.features * 4, self.features * 2], train)
        return jnp.tanh(_conv_transpose(self, self.channels)(x))


def _downsample(module: Any, x: Array, widths: list[int], train: bool) -> Array:
    for index, width in enumerate(widths):
        x = _conv(module, width)(x)
        if index > 0:
            x = layers.batch_norm(train=train, axis_name=module.axis_name)(x)
        x = nn.leaky_relu(x, 0.2)
    return x


def _upsample(module: Any, latent: Array, widths: list[int], train: bool) -> Array:
    x = latent[:, None, None, :]
    for index, width in enumerate(widths):
        first = index == 0
        x = _conv_transpose(module, width, strides=1 if first else 2, padding=0 if first else 1)(x)
        x = nn.relu(layers.batch_norm(train=train, axis_name=module.axis_name)(x))
    return x


def _conv(module, width, strides=2, padding=1, use_bias=False):
    return layers.Conv(
        width,
        4,
        strides=strides,
        padding=padding,
        use_bias=use_bias,
        dtype=module.dtype,
        kernel_init=_KERNEL_INIT,
    )


def _conv_transpose(module, width, strides=2, padding=1):
    return layers.ConvTranspose(
        width,
        4,
        strides=strides,
        padding=padding,
        use_bias=False,
        dtype=module.dtype,
        kernel_init=_KERNEL_INIT,
    )
