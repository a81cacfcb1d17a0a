"""A small classifier, whose last hidden layer is a feature space for the evaluation of samples."""

from typing import Any

import flax.linen as nn
import jax.numpy as jnp

from jaxgen.core.types import Array
from jaxgen.models import initializers, layers

VERSION = 1  # raise it whenever old weights stop fitting, or stop meaning the same
_KERNEL_INIT = initializers.he_normal()


class Classifier(nn.Module):
    """f32[b,h,w,c] in [-1,1] -> (logits f32[b,num_classes], features f32[b,64]).

    4x4 convolutions of stride 2 to 32, 64, 128, 128, ... channels until a side is below 8, then a
    hidden layer of 64 (its rectified output are the features), then the classes. Nothing in it
    depends on `train`.

    Attributes:
      num_classes: number of classes that it tells apart.
    """

    num_classes: int
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, image: Array, *, train: bool) -> tuple[Array, Array]:
        """Logits and features of images."""
        del train
        x, width = image, 32
        while min(x.shape[1:3]) >= 8:
            conv = layers.Conv(
                width, 4, strides=2, padding=1, dtype=self.dtype, kernel_init=_KERNEL_INIT
            )
            x = nn.relu(conv(x))
            width = min(2 * width, 128)
        x = x.reshape(x.shape[0], -1)
        features = nn.relu(nn.Dense(64, dtype=self.dtype)(x))
        return nn.Dense(self.num_classes, dtype=self.dtype)(features), features
