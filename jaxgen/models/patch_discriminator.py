"""pix2pix's discriminator, a logit for every patch of an image (PatchGAN, PixelGAN).

P. Isola, J.-Y. Zhu, T. Zhou, A. A. Efros, "Image-to-Image Translation with Conditional Adversarial
Networks", CVPR 2017, arXiv:1611.07004, and its codes, github.com/phillipi/pix2pix and
github.com/junyanz/pytorch-CycleGAN-and-pix2pix. At 256 px the patch of 70 has a grid of 30x30
logits, and 2,768,705 parameters with six channels. It is also the one of github.com/cameronfabbri/
Colorizing-Images-Using-Adversarial-Networks.

4x4 kernels, padded by one: some of stride 2, of 1, 2, 4, 8, 8, ... `features`, one of stride 1, and
the logits, of stride 1; a patch of 1 is 1x1 kernels of 1 and 2 `features`. Slopes of 0.2. All but
the first and the logits are normalised. Weights start N(0, 0.02), scales of normalisations
N(1, 0.02), biases at 0. Rectified outputs are sown as "features".

Deviations: layers that are normalised have no biases, as in the PyTorch code; the logits of the
patch of 1 have one, as in the Torch code. The author of the colorization pads the layers of stride
1 by two at the far side, as TensorFlow does, and so has a grid of 32x32 at 256 px.
"""

from typing import Any

import flax.linen as nn
import jax.numpy as jnp

from jaxgen.core.errors import UserError
from jaxgen.core.types import Array
from jaxgen.models import layers


class Discriminator(nn.Module):
    """(condition f[b,h,w,c], image f[b,h,w,d]) -> logits f32[b,n,m], one for each patch.

    Condition and image, such as lightness and color, are seen together. Neighbouring patches are a
    power of two apart and overlap; those at the border reach beyond the image, which is 0 there.

    Attributes:
      receptive_field: pixels a side of a patch, 1, 16, 34, 70, 142 or 286.
      features: channels after the first layer, of which the others have up to eight times.
      batch_norm: whether the layers between the first and the logits are normalised, in which case
        they have no biases.
    """

    receptive_field: int = 70
    features: int = 64
    batch_norm: bool = True
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, condition: Array, image: Array, *, train: bool) -> Array:
        """Logits of patches; `train` chooses batch or running statistics."""
        shapes = _layers_of(self)
        halvings = sum(strides == 2 for _, strides in shapes)
        _require_grid(self, image.shape[1:3], halvings)
        x = jnp.concatenate([condition, image], axis=-1)
        for index, (multiple, strides) in enumerate(shapes):
            norm = self.batch_norm and index > 0
            x = _conv(self, multiple * self.features, strides, bias=not norm)(x)
            if norm:
                x = layers.batch_norm(train=train, axis_name=self.axis_name)(x)
            x = nn.leaky_relu(x, 0.2)
            self.sow("intermediates", "features", x)
        return _conv(self, 1, 1, bias=True)(x)[..., 0]


_HALVINGS = {16: 1, 34: 2, 70: 3, 142: 4, 286: 5}  # a halving makes 2 n + 2 of a patch of n


def _layers_of(module):
    """[(multiple of the features, strides)] of the layers before the logits."""
    if module.receptive_field == 1:
        return [(1, 1), (2, 1)]
    if module.receptive_field not in _HALVINGS:
        raise UserError(
            f"receptive_field={module.receptive_field} of a network is not one of "
            f"{', '.join(map(str, (1, *_HALVINGS)))}; choose one of them."
        )
    halvings = _HALVINGS[module.receptive_field]
    return [(min(2**n, 8), 2 if n < halvings else 1) for n in range(halvings + 1)]


def _require_grid(module, sides, halvings):
    least = 3 * 2**halvings if halvings else 1  # two rows are lost by the layers of stride 1
    field = module.receptive_field
    allowed = f"{least} or more with receptive_field={field}, or less with a smaller one"
    layers.require_sides(module, *sides, fits=lambda n: n >= least, allowed=allowed)


def _conv(module, width, strides, bias):
    size, padding = (1, 0) if module.receptive_field == 1 else (4, 1)
    fields = {"use_bias": bias, "bias_init": nn.initializers.zeros, "dtype": module.dtype}
    return layers.Conv(width, size, strides=strides, padding=padding, **fields)
