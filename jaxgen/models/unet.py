"""Generators that complete an image: pix2pix's U-Net, and one whose decoder enlarges and convolves.

P. Isola, J.-Y. Zhu, T. Zhou, A. A. Efros, "Image-to-Image Translation with Conditional Adversarial
Networks", CVPR 2017, arXiv:1611.07004, and its codes: `Generator` is unet_256, unet_128, ... of
github.com/junyanz/pytorch-CycleGAN-and-pix2pix, of 54,409,858 parameters at 256 px from one channel
to two. `ResizeGenerator` is that of github.com/cameronfabbri/Colorizing-Images-Using-Adversarial-
Networks (pix2pix.py of April 2017), which compares objectives of colorization.

Encoders are 4x4 convolutions of stride 2, of 1, 2, 4, 8, 8, ... `features`, each of which halves
the sides; every layer of the decoder doubles them and takes the last layer's outputs and the
encoder's map of the same side. Slopes of 0.2 down, full rectifiers up. Weights start N(0, 0.02),
scales of normalisations N(1, 0.02), biases at 0; only the last layer has biases, as in the PyTorch
code, and `ResizeGenerator`'s first.

Training and evaluation: pix2pix's only noise is dropout, and it generates as it trains, with
dropout and with the statistics of the batch, which is one image. Here `train` chooses both: True
drops and normalises by the batch, False drops nothing and normalises by running statistics, so that
an image does not depend on its batch. `dropout_at_evaluation` keeps the noise there, for which the
call needs a key; pix2pix's own way is a call with train=True on one image, whose new state is
dropped.

Deviations: dropout_blocks are those of the PyTorch code at 256 px, (2, 3, 4); the Torch code has
(1, 2, 3), unet_128 (2, 3), unet_64 (2,), unet_32 none. `ResizeGenerator` has no biases before
normalisations, where they do nothing, and is given a choice of upsampling for all layers: in the
author's code the third enlarges always. His evaluation, too, drops and has the batch's statistics.
"""

from typing import Any

import flax.linen as nn
import jax.numpy as jnp

from jaxgen.core.errors import UserError
from jaxgen.core.types import Array
from jaxgen.models import layers


class Generator(nn.Module):
    """f[b,h,w,c] -> f32[b,h,w,output_channels] in [-1,1]: pix2pix's U-Net.

    All layers are normalised but the first, the innermost of the encoder (of one pixel, of which
    the batch of one image would leave nothing) and the last.

    Attributes:
      output_channels: number of channels of the outputs, 2 for the colors of a lightness.
      features: channels of the encoder's first map, of which the others have up to eight times.
      depth: how often the sides are halved, or 0 for as often as leads to one pixel.
      dropout_rate: share of a thinned layer's outputs that training drops, in [0,1).
      dropout_blocks: numbers of the decoder's layers that are thinned, where 1 is the innermost.
      dropout_at_evaluation: whether evaluation drops too, as pix2pix, which takes a key.
    """

    output_channels: int = 2
    features: int = 64
    depth: int = 0
    dropout_rate: float = 0.5
    dropout_blocks: tuple[int, ...] = (2, 3, 4)
    dropout_at_evaluation: bool = False
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, image: Array, latent: Array | None = None, *, train: bool) -> Array:
        """Outputs for images, such as their lightness; `train`: see the module's docstring.

        latent: f[b,m], which is appended to every pixel.
        """
        widths = _widths(self, *image.shape[1:3])
        x = _with_latent(image, latent)
        maps = []
        for index, width in enumerate(widths):
            x = _conv(self, width)(x if index == 0 else nn.leaky_relu(x, 0.2))
            x = _norm(self, x, train) if 0 < index < len(widths) - 1 else x
            maps.append(x)
        x = maps.pop()
        for block, width in enumerate(reversed(widths[:-1]), start=1):
            x = _norm(self, _conv_transpose(self, width)(nn.relu(x)), train)
            if block in self.dropout_blocks:
                x = _dropout(self, x, self.dropout_rate, train)
            x = jnp.concatenate([maps.pop(), x], axis=-1)
        return jnp.tanh(_conv_transpose(self, self.output_channels, bias=True)(nn.relu(x)))


class ResizeGenerator(nn.Module):
    """f[b,h,w,c] -> f32[b,h,w,output_channels] in [-1,1]: pixels are doubled, then convolved.

    Differs from `Generator` further in that the encoder's maps stay leakily rectified in the
    decoder, its first map is not used there and its last one is normalised (where that is one pixel
    of one image, training raises UserError), the decoder's last map has twice as many channels, and
    the first of its layers alone drops, a half.

    Attributes:
      output_channels: number of channels of the outputs, 2 for the colors of a lightness.
      features: channels of the encoder's first map, of which the others have up to eight times.
      depth: how often the sides are halved, or 0 for as often as leads to one pixel.
      upsampling: how the decoder doubles sides, "nearest" and a 3x3 convolution or "transposed".
      dropout_at_evaluation: whether evaluation drops too, as the author's, which takes a key.
    """

    output_channels: int = 2
    features: int = 64
    depth: int = 0
    upsampling: str = "nearest"
    dropout_at_evaluation: bool = False
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, image: Array, latent: Array | None = None, *, train: bool) -> Array:
        """Outputs for images, such as their lightness; `train`: see the module's docstring.

        latent: f[b,m], which is appended to every pixel.
        """
        widths = _widths(self, *image.shape[1:3])
        x = _with_latent(image, latent)
        maps = []
        for index, width in enumerate(widths):
            x = _conv(self, width, bias=index == 0)(x)
            if index == len(widths) - 1:
                _require_more_than_a_pixel(self, x, train)
            x = nn.leaky_relu(_norm(self, x, train) if index > 0 else x, 0.2)
            maps.append(x)
        x = maps.pop()
        for block, width in enumerate(reversed(widths[:-1]), start=1):
            x = nn.relu(_norm(self, _double(self, x, max(width, 2 * self.features)), train))
            x = _dropout(self, x, 0.5, train) if block == 1 else x
            skip = maps.pop()
            x = jnp.concatenate([skip, x], axis=-1) if maps else x
        return jnp.tanh(_double(self, x, self.output_channels, bias=True))


def _widths(module, *sides):
    """Channels of the encoder's maps."""
    depth = module.depth or max(1, min(sides).bit_length() - 1)
    layers.require_halvings(module, depth, *sides)
    return [module.features * min(2**n, 8) for n in range(depth)]


def _require_more_than_a_pixel(module, x, train):
    if train and module.axis_name is None and x[..., 0].size == 1:
        raise UserError(
            "unet.ResizeGenerator normalises its innermost map, and one pixel of one image leaves "
            "nothing of it: train with batches of two images or more, colorize with "
            'statistics="running", give the generator a smaller depth, or take unet.Generator.'
        )


def _with_latent(image, latent):
    if latent is None:
        return image
    everywhere = jnp.broadcast_to(latent[:, None, None], (*image.shape[:3], latent.shape[1]))
    return jnp.concatenate([image, everywhere], axis=-1)


def _dropout(module, x, rate, train):
    drops = train or module.dropout_at_evaluation
    return layers.Dropout(rate, module.axis_name)(x, train=drops)


def _norm(module, x, train):
    return layers.batch_norm(train=train, axis_name=module.axis_name)(x)


def _conv(module, width, size=4, strides=2, bias=False, kind: Any = layers.Conv):
    return kind(
        width,
        size,
        strides=strides,
        padding=1,
        use_bias=bias,
        bias_init=nn.initializers.zeros,
        dtype=module.dtype,
    )


def _conv_transpose(module, width, bias=False):
    return _conv(module, width, bias=bias, kind=layers.ConvTranspose)


def _double(module, x, width, bias=False):
    """f[b,h,w,c] -> f32[b,2h,2w,width]."""
    if module.upsampling == "transposed":
        return _conv_transpose(module, width, bias)(x)
    if module.upsampling != "nearest":
        raise UserError(
            f'upsampling="{module.upsampling}" of a network is not one of nearest, transposed; '
            "choose one of them."
        )
    x = jnp.repeat(jnp.repeat(x, 2, axis=1), 2, axis=2)
    return _conv(module, width, 3, strides=1, bias=bias)(x)
