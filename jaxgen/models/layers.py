"""Linen layers equal to PyTorch's weight for weight, and PyTorch's and DCGAN's initialisers.

Flax's own padding "SAME" agrees with PyTorch only for some sizes, its transposed convolution only
with a flipped kernel, and both are slow to differentiate on CPU: see `models.convolution`.
"""

import math
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from jaxgen.core.types import Array, Key
from jaxgen.models.convolution import Size, conv, conv_transpose, pair

Initializer = nn.initializers.Initializer


class Conv(nn.Module):
    """Torch's Conv2d on f[b,h,w,c]; parameters kernel f32[kh,kw,c,features], bias f32[features].

    padding: symmetric, as in torch. dtype: of the inputs of the products (bfloat16 is mixed
    precision: parameters, sums and outputs stay float32). bias_init None: torch's default.
    """

    features: int
    kernel_size: Size
    strides: Size = 1
    padding: Size = 0
    use_bias: bool = True
    dtype: Any = jnp.float32
    kernel_init: Initializer = nn.initializers.normal(0.02)
    bias_init: Initializer | None = None

    @nn.compact
    def __call__(self, x: Array) -> Array:
        """f[b,h,w,c] -> f[b,h',w',features]."""
        return _layer(self, conv, x)


class ConvTranspose(nn.Module):
    """Torch's ConvTranspose2d on f[b,h,w,c]; the fields and parameters of `Conv`."""

    features: int
    kernel_size: Size
    strides: Size = 1
    padding: Size = 0
    use_bias: bool = True
    dtype: Any = jnp.float32
    kernel_init: Initializer = nn.initializers.normal(0.02)
    bias_init: Initializer | None = None

    @nn.compact
    def __call__(self, x: Array) -> Array:
        """f[b,h,w,c] -> f[b,h',w',features]."""
        return _layer(self, conv_transpose, x)


def _layer(module: Any, function: Any, x: Array) -> Array:
    shape = (*pair(module.kernel_size), x.shape[-1], module.features)
    kernel = module.param("kernel", module.kernel_init, shape)
    y = function(x, kernel, strides=module.strides, padding=module.padding, dtype=module.dtype)
    if not module.use_bias:
        return y
    inputs = module.features if function is conv_transpose else x.shape[-1]
    bias_init = module.bias_init or uniform_bias(math.prod(shape[:2]) * inputs)
    bias = module.param("bias", bias_init, (module.features,))
    return y + bias.reshape(1, 1, 1, -1)


def uniform_bias(fan_in: int) -> Initializer:
    """Torch's default for biases: uniform in +-1/sqrt(fan_in), fan_in = inputs of one output.

    torch takes the fan-in of a transposed convolution from its OUTPUT channels: kh kw features.
    """
    bound = 1.0 / math.sqrt(fan_in)

    def init(key: Key, shape: Any, dtype: Any = jnp.float32, out_sharding: Any = None) -> Array:
        del out_sharding
        return jax.random.uniform(key, shape, dtype, -bound, bound)

    return init


def normal_scale(stddev: float = 0.02) -> Initializer:
    """N(1, stddev), DCGAN's initialiser of the scale of a batch normalisation."""

    def init(key: Key, shape: Any, dtype: Any = jnp.float32, out_sharding: Any = None) -> Array:
        del out_sharding
        return 1.0 + stddev * jax.random.normal(key, shape, dtype)

    return init


def batch_norm(*, train: bool, axis_name: str | None = None, **fields: Any) -> nn.BatchNorm:
    """Batch normalisation with torch's momentum (0.1 there, 0.9 here) and DCGAN's initial scale.

    Statistics are those of the global batch: along `axis_name` where the batch is split by name.
    """
    return nn.BatchNorm(
        use_running_average=not train,
        axis_name=axis_name,
        momentum=0.9,
        epsilon=1e-5,
        **{"scale_init": normal_scale(), **fields},
    )
