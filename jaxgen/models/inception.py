"""Inception-v3 as FID uses it: TensorFlow's graph of 2015-12-05 with 1008 outputs.

C. Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", CVPR 2016,
arXiv:1512.00567; as a feature space of images: M. Heusel et al., NeurIPS 2017, arXiv:1706.08500.
It is not torchvision's network of the same name: averages next to an edge leave the padding out of
the mean, the last block takes a maximum where the others average, and there are 1008 classes.

Modules carry the names of the PyTorch port of these weights (pytorch-fid), so that its state dict
fills this network name by name: `state_dict_shapes` lists it, `variables_from_state_dict` reads it.
Inference only: batch normalisation always uses its running statistics.
"""

import functools
from collections.abc import Mapping
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from jaxgen.core import nets
from jaxgen.core.types import Array, PyTree
from jaxgen.models import initializers, layers, torch_weights
from jaxgen.models.convolution import Size, pair
from jaxgen.models.inception_blocks import BLOCKS, Branch, Step

SIZE = 299  # pixels a side that the weights are meant for
LEAST = 75  # pixels a side that the layers allow
NUM_CLASSES = 1008
_EPSILON = 1e-3
_KERNEL_INIT = initializers.he_normal()


class ConvUnit(nn.Module):
    """A `Unit` as a module: submodules "conv" and "bn".

    Attributes:
      features: channels of the output.
      kernel_size: pixels a side of the kernel, one number or (height, width).
      strides: pixels between neighbouring windows.
      padding: zeros on each side of the input, one number or (rows, columns).
    """

    features: int
    kernel_size: Size
    strides: int = 1
    padding: Size = 0
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, x: Array) -> Array:
        """f32[b,h,w,c] -> f32[b,h',w',features]."""
        conv = layers.Conv(
            self.features,
            self.kernel_size,
            strides=self.strides,
            padding=self.padding,
            use_bias=False,
            dtype=self.dtype,
            kernel_init=_KERNEL_INIT,
            name="conv",
        )
        norm = nn.BatchNorm(use_running_average=True, epsilon=_EPSILON, name="bn")
        return nn.relu(norm(conv(x)))


class Mixed(nn.Module):
    """Branches of one input, concatenated along the channels.

    Attributes:
      branches: steps of each branch, see `models.inception_blocks`.
    """

    branches: tuple[Branch, ...]
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, x: Array) -> Array:
        """f32[b,h,w,c] -> f32[b,h',w',c']."""
        outputs = []
        for branch in self.branches:
            y = x
            for step in branch:
                y = self._step(step, y)
            outputs.append(y)
        return jnp.concatenate(outputs, axis=-1)

    def _step(self, step: Step, x: Array) -> Array:
        if isinstance(step, tuple):
            return jnp.concatenate([self._step(unit, x) for unit in step], axis=-1)
        if isinstance(step, str):
            return _pool(step, x)
        rows, columns = pair(step.kernel)
        padding = ((rows - 1) // 2, (columns - 1) // 2) if step.strides == 1 else 0
        unit = ConvUnit(
            step.features, step.kernel, step.strides, padding, dtype=self.dtype, name=step.name
        )
        return unit(x)


class Inception(nn.Module):
    """f32[b,h,w,3] in [-1,1] -> (logits f32[b,1008], features f32[b,2048]), h and w 75 or more.

    features: the last maps ("pool3"), averaged over all pixels. logits: with their bias; the
    Inception score leaves it out. Nothing in it depends on `train`.
    """

    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, image: Array, *, train: bool) -> tuple[Array, Array]:
        """Logits and features of images."""
        del train
        sides, fix = image.shape[1:3], f"resize them to {SIZE} px"
        allowed = f"{LEAST} or more"
        layers.require_sides(self, *sides, fits=lambda n: n >= LEAST, allowed=allowed, fix=fix)
        stem = {"dtype": self.dtype}
        x = ConvUnit(32, 3, strides=2, name="Conv2d_1a_3x3", **stem)(image)
        x = ConvUnit(32, 3, name="Conv2d_2a_3x3", **stem)(x)
        x = ConvUnit(64, 3, padding=1, name="Conv2d_2b_3x3", **stem)(x)
        x = _pool("max/2", x)
        x = ConvUnit(80, 1, name="Conv2d_3b_1x1", **stem)(x)
        x = ConvUnit(192, 3, name="Conv2d_4a_3x3", **stem)(x)
        x = _pool("max/2", x)
        for name, branches in BLOCKS.items():
            x = Mixed(branches, dtype=self.dtype, name=name)(x)
        features = jnp.mean(x, axis=(1, 2))
        return nn.Dense(NUM_CLASSES, dtype=self.dtype, name="fc")(features), features


def state_dict_shapes() -> dict[str, tuple[int, ...]]:
    """PyTorch shape of each tensor of the port's state dict, by name, without batch counters."""
    return torch_weights.torch_shapes(_variables())


def variables_from_state_dict(arrays: Mapping[str, np.ndarray]) -> PyTree:
    """{"params", "batch_stats"} in float32, of tensors named and shaped by `state_dict_shapes`.

    A missing name is a KeyError; names beyond these are ignored.
    """
    return torch_weights.from_state_dict(_variables(), arrays)


def state_dict_differences(shapes: Mapping[str, tuple[int, ...]]) -> str:
    """A phrase about the tensors, by name and shape, that are not the port's; "" for the port."""
    return torch_weights.differences(_variables(), shapes)


@functools.cache
def _variables() -> PyTree:
    image = jax.ShapeDtypeStruct((1, LEAST, LEAST, 3), jnp.float32)
    init = lambda image: nets.init(Inception(), jax.random.key(0), image)  # noqa: E731
    params, state = jax.eval_shape(init, image)
    return {"params": params, **state}


def _pool(kind: str, x: Array) -> Array:
    if kind == "max/2":
        return nn.max_pool(x, (3, 3), strides=(2, 2))
    if kind == "max":
        return nn.max_pool(x, (3, 3), padding="SAME")
    return nn.avg_pool(x, (3, 3), padding="SAME", count_include_pad=False)
