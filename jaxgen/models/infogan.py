"""InfoGAN's networks: generator, discriminator with its trunk's features, head that finds codes.

X. Chen, Y. Duan, R. Houthooft, J. Schulman, I. Sutskever, P. Abbeel, "InfoGAN: Interpretable
Representation Learning by Information Maximizing Generative Adversarial Nets", NeurIPS 2016,
arXiv:1606.03657, with the MNIST networks of its authors' code (github.com/openai/InfoGAN,
regularized_gan.py: the defaults). Sides are multiples of 4, of which the first map has a quarter;
with 8 px, which is ours, it has 2. TensorFlow's SAME padding of 4x4 kernels with a stride of 2 is 1
zero on each side there.

Weights start N(0, 0.02), those of convolutions cut off at two deviations, scales of normalisations
N(1, 0.02), biases 0.

Deviations: images are in [-1,1], where the code's sigmoid in [0,1] is tanh(x/2). Biases before a
normalisation, which the code has, do nothing and are left out, as are the log-variances that its
head returns for codes of fixed deviation. The leaky rectifiers' slope is the code's 0.01; the paper
says 0.1 (from memory).
"""

from typing import Any

import flax.linen as nn
import jax.numpy as jnp

from jaxgen.core.types import Array
from jaxgen.models import initializers, layers


class Generator(nn.Module):
    """Codes f[b,m] -> f32[b,image_size,image_size,channels] in [-1,1].

    16 `features` units, a map of a quarter of the side and 2 `features` channels (normalised unit
    by unit), two 4x4 transposed convolutions; rectified and, but for the image, normalised.

    Attributes:
      image_size: pixels a side of the images, a multiple of 4.
      channels: number of channels of the images.
      features: channels of the last map before the image.
      output_activation: function that makes pixels, "sigmoid" or "tanh" (both in [-1,1]) or
        "linear".
    """

    image_size: int = 28
    channels: int = 1
    features: int = 64
    output_activation: str = "sigmoid"
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, code: Array, *, train: bool) -> Array:
        """Images of codes; `train` chooses batch or running statistics."""
        _require_sides(self, self.image_size)
        base, x = self.image_size // 4, code
        for width in (16 * self.features, 2 * self.features * base * base):
            x = layers.Dense(width, use_bias=False, dtype=self.dtype)(x)
            x = nn.relu(_norm(self, x, train))
        x = x.reshape(-1, base, base, 2 * self.features)
        up = {"kernel_size": 4, "strides": 2, "padding": 1, "dtype": self.dtype}
        x = layers.ConvTranspose(self.features, use_bias=False, **up)(x)
        x = nn.relu(_norm(self, x, train))
        x = layers.ConvTranspose(self.channels, bias_init=nn.initializers.zeros, **up)(x)
        return layers.to_image(x, self.output_activation)


class Discriminator(nn.Module):
    """f[b,h,w,c] -> (logits f32[b], features f32[b,16 `features`] of the trunk).

    Two 4x4 convolutions of `features` and twice as many channels, and a hidden layer; all but the
    first are normalised.

    Attributes:
      features: channels of the first map.
      slope: of the leaky rectifiers.
    """

    features: int = 64
    slope: float = 0.01
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, image: Array, *, train: bool) -> tuple[Array, Array]:
        """Logits and features of images; `train` chooses batch or running statistics."""
        _require_sides(self, *image.shape[1:3])
        down = {"kernel_size": 4, "strides": 2, "padding": 1, "dtype": self.dtype}
        down["kernel_init"] = initializers.truncated_normal(0.02)
        x = layers.Conv(self.features, bias_init=nn.initializers.zeros, **down)(image)
        x = nn.leaky_relu(x, self.slope)
        self.sow("intermediates", "features", x)
        x = layers.Conv(2 * self.features, use_bias=False, **down)(x)
        x = nn.leaky_relu(_norm(self, x, train), self.slope)
        self.sow("intermediates", "features", x)
        x = layers.Dense(16 * self.features, use_bias=False, dtype=self.dtype)(
            x.reshape(x.shape[0], -1)
        )
        x = nn.leaky_relu(_norm(self, x, train), self.slope)
        return layers.Dense(1, dtype=self.dtype)(x)[:, 0], x


class Recogniser(nn.Module):
    """Features f[b,n] of the discriminator's trunk -> f32[b,output_size], by one hidden layer.

    Attributes:
      output_size: logits of the categories and means of the continuous codes.
      features: units of the hidden layer, which is normalised.
      slope: of its leaky rectifier.
    """

    output_size: int = 12
    features: int = 128
    slope: float = 0.01
    dtype: Any = jnp.float32
    axis_name: str | None = None

    @nn.compact
    def __call__(self, features: Array, *, train: bool) -> Array:
        """Outputs of features; `train` chooses batch or running statistics."""
        x = layers.Dense(self.features, use_bias=False, dtype=self.dtype)(features)
        x = nn.leaky_relu(_norm(self, x, train), self.slope)
        return layers.Dense(self.output_size, dtype=self.dtype)(x)


def _require_sides(module: nn.Module, *sides: int) -> None:
    layers.require_sides(module, *sides, fits=lambda n: n % 4 == 0, allowed="multiples of 4")


def _norm(module: Any, x: Array, train: bool) -> Array:
    return layers.batch_norm(train=train, axis_name=module.axis_name)(x)
