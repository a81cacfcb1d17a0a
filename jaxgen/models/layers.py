"""Linen layers equal to PyTorch's weight for weight, and PyTorch's and DCGAN's initialisers.

Flax's own padding "SAME" agrees with PyTorch only for some sizes, its transposed convolution only
with a flipped kernel, and both are slow to differentiate on CPU: see `models.convolution`.
"""

import math
from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from jaxgen.core.errors import UserError
from jaxgen.core.layout import Layout
from jaxgen.core.types import Array, Key
from jaxgen.models import initializers
from jaxgen.models.convolution import Size, conv, conv_transpose, pair
from jaxgen.models.initializers import Initializer


class Conv(nn.Module):
    """Torch's Conv2d on f[b,h,w,c]; parameters kernel f32[kh,kw,c,features], bias f32[features].

    `dtype` is that of the products' inputs: bfloat16 is mixed precision, in which parameters, sums
    and outputs stay float32.

    Attributes:
      features: channels of the output.
      kernel_size: pixels a side of the kernel, one number or (height, width).
      strides: pixels between neighbouring windows, one number or (down, across).
      padding: zeros on each side of the input, as in torch, one number or (rows, columns).
      use_bias: whether each output channel has a bias.
      kernel_init: initialiser of the kernel.
      bias_init: initialiser of the bias, or None for torch's default.
    """

    features: int
    kernel_size: Size
    strides: Size = 1
    padding: Size = 0
    use_bias: bool = True
    dtype: Any = jnp.float32
    kernel_init: Initializer = initializers.normal(0.02)
    bias_init: Initializer | None = None

    @nn.compact
    def __call__(self, x: Array) -> Array:
        """f[b,h,w,c] -> f[b,h',w',features]."""
        return _layer(self, conv, x)


class ConvTranspose(nn.Module):
    """Torch's ConvTranspose2d on f[b,h,w,c]; the parameters of `Conv`.

    Attributes:
      features: channels of the output.
      kernel_size: pixels a side of the kernel, one number or (height, width).
      strides: pixels between neighbouring copies of the kernel, one number or (down, across).
      padding: pixels cut from each side of the output, as in torch, one number or (rows, columns).
      use_bias: whether each output channel has a bias.
      kernel_init: initialiser of the kernel.
      bias_init: initialiser of the bias, or None for torch's default.
      output_padding: rows and columns more at the far side, as in torch, at most `padding`.
    """

    features: int
    kernel_size: Size
    strides: Size = 1
    padding: Size = 0
    use_bias: bool = True
    dtype: Any = jnp.float32
    kernel_init: Initializer = initializers.normal(0.02)
    bias_init: Initializer | None = None
    output_padding: int = 0

    @nn.compact
    def __call__(self, x: Array) -> Array:
        """f[b,h,w,c] -> f[b,h',w',features]."""
        return _layer(self, conv_transpose, x, self.output_padding)


def _layer(module: Any, function: Any, x: Array, more: int = 0) -> Array:
    shape = (*pair(module.kernel_size), x.shape[-1], module.features)
    kernel = module.param("kernel", module.kernel_init, shape)
    p, q = pair(module.padding)
    if more > min(p, q):
        raise ValueError(f"output_padding={more} is above the padding, {module.padding}.")
    y = function(
        x, kernel, strides=module.strides, padding=(p - more, q - more), dtype=module.dtype
    )
    if more:
        y = y[:, more:, more:]  # the smaller padding has let them in at both sides
    if not module.use_bias:
        return y
    inputs = module.features if function is conv_transpose else x.shape[-1]
    bias_init = module.bias_init or uniform_bias(math.prod(shape[:2]) * inputs)
    bias = module.param("bias", bias_init, (module.features,))
    return y + bias.reshape(1, 1, 1, -1)


class Dense(nn.Module):
    """Linear layer f[b,n] -> f32[b,features]; parameters kernel f32[n,features], bias (zeros).

    The factors of the product are rounded to `dtype`; parameters and outputs stay float32.

    Attributes:
      features: units of the output.
      use_bias: whether each unit has a bias.
      kernel_init: initialiser of the kernel.
    """

    features: int
    use_bias: bool = True
    dtype: Any = jnp.float32
    kernel_init: Initializer = initializers.normal(0.02)

    @nn.compact
    def __call__(self, x: Array) -> Array:
        """f[b,n] -> f32[b,features]."""
        kernel = self.param("kernel", self.kernel_init, (x.shape[-1], self.features))
        y = jnp.dot(x.astype(self.dtype), kernel.astype(self.dtype)).astype(jnp.float32)
        if not self.use_bias:
            return y
        return y + self.param("bias", nn.initializers.zeros, (self.features,)).reshape(1, -1)


class Maxout(nn.Module):
    """The largest of `pieces` linear functions, for each of `features` units (arXiv:1302.4389).

    Attributes:
      features: units of the output.
      pieces: number of linear functions a unit.
      kernel_init: initialiser of the kernel.
    """

    features: int
    pieces: int
    dtype: Any = jnp.float32
    kernel_init: Initializer = initializers.normal(0.02)

    @nn.compact
    def __call__(self, x: Array) -> Array:
        """f[b,n] -> f32[b,features]."""
        linear = Dense(self.features * self.pieces, dtype=self.dtype, kernel_init=self.kernel_init)
        return jnp.max(linear(x).reshape(-1, self.features, self.pieces), axis=2)


class Dropout(nn.Module):
    """Zeroes a share `rate` of f[b,...] and divides the rest by 1 - rate; the identity otherwise.

    The mask comes from the stream "dropout". Where the batch is split along `axis_name`, the mask
    of the global batch is drawn and this shard's rows are kept: see `core.Layout.draw`.

    Attributes:
      rate: share that training drops, in [0,1).
    """

    rate: float
    axis_name: str | None = None

    @nn.compact
    def __call__(self, x: Array, *, train: bool) -> Array:
        """Drops in training only."""
        if not train or self.rate == 0.0:
            return x

        def sampler(key, shape):
            return jax.random.bernoulli(key, 1.0 - self.rate, shape)

        kept = Layout(self.axis_name).draw(sampler, self.make_rng("dropout"), x.shape)
        return jnp.where(kept, x / (1.0 - self.rate), 0.0)


def nonlinearity(name: str) -> Callable[[Array], Array]:
    """The function named "relu", "leaky_relu" (slope 0.2) or "tanh". Raises UserError."""
    return _choose("activation", name, _NONLINEARITIES)


def to_image(x: Array, output_activation: str) -> Array:
    """Images of the last layer's outputs: "tanh", "sigmoid" or "linear". Raises UserError.

    "sigmoid" is a logistic unit of data in [0,1] after the change of both to [-1,1]:
    2 sigmoid(x) - 1 = tanh(x / 2).
    """
    return _choose("output_activation", output_activation, _OUTPUTS)(x)


def unit_pixels(image: Array) -> Array:
    """Images in [0,1] of images in [-1,1]."""
    return (image + 1.0) / 2.0


_MOST_PIXELS = 2**16  # a side
_NONLINEARITIES = {
    "relu": nn.relu,
    "leaky_relu": lambda x: nn.leaky_relu(x, 0.2),
    "tanh": jnp.tanh,
}
_OUTPUTS = {"tanh": jnp.tanh, "sigmoid": lambda x: jnp.tanh(x / 2), "linear": lambda x: x}


def _choose(field: str, name: str, choices: dict[str, Any]) -> Any:
    if name not in choices:
        raise UserError(
            f'{field}="{name}" of a network is not one of {", ".join(choices)}; choose one of them.'
        )
    return choices[name]


def uniform_bias(fan_in: int) -> Initializer:
    """Torch's default for biases: uniform in +-1/sqrt(fan_in), fan_in = inputs of one output.

    torch takes the fan-in of a transposed convolution from its OUTPUT channels: kh kw features.
    """
    return symmetric_uniform(1.0 / math.sqrt(fan_in))


def symmetric_uniform(bound: float) -> Initializer:
    """Uniform in +-bound."""

    def draw(key: Key, shape: Any, dtype: Any) -> Array:
        return jax.random.uniform(key, shape, dtype, -bound, bound)

    def init(key: Key, shape: Any, dtype: Any = jnp.float32, out_sharding: Any = None) -> Array:
        del out_sharding
        return initializers.flat(draw)(key, shape, dtype)

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

    Deviations: the running variance is of the biased variances of batches, in torch of unbiased
    ones; that is what every network reproduced from torch code differs in, and only in evaluation.
    """
    return nn.BatchNorm(
        use_running_average=not train,
        axis_name=axis_name,
        momentum=0.9,
        epsilon=1e-5,
        **{"scale_init": normal_scale(), **fields},
    )


def with_label(x: Array, label: Array | None, num_classes: int) -> Array:
    """One-hot labels i[b] as further features of f[b,...,c], constant over a map; x without labels.

    Raises UserError for labels without `num_classes`, or the other way round.
    """
    if (label is None) != (num_classes == 0):
        raise UserError(
            f"A network with num_classes={num_classes} was called "
            f"{'without' if label is None else 'with'} labels; set num_classes to the number of "
            "classes for a conditional objective, and to 0 for others."
        )
    if label is None:
        return x
    hot = jax.nn.one_hot(label, num_classes).reshape(x.shape[0], *[1] * (x.ndim - 2), num_classes)
    return jnp.concatenate([x, jnp.broadcast_to(hot, (*x.shape[:-1], num_classes))], axis=-1)


def require_sides(
    network: nn.Module, *sides: int, fits: Callable[[int], bool], allowed: str, fix: str = ""
) -> None:
    """Raises UserError unless a network's images fit: `sides` are (height, width), or one for both.

    Its sentence is made of which sides are `allowed` and of a `fix`, by default the nearest that
    fit.
    """
    for side in sides:
        if side > 0 and fits(side):
            continue
        name = f"{type(network).__module__.rpartition('.')[2]}.{type(network).__name__}"
        raise UserError(
            f"{name} does not fit images of {sides[0]}x{sides[-1]} pixels: "
            f"their sides must be {allowed}; {fix or f'choose {_nearest(side, fits)}'}."
        )


def require_halvings(network: nn.Module, depth: int, *sides: int) -> None:
    """Raises UserError, as `require_sides`, unless the sides can be halved `depth` times."""
    unit = 2**depth
    allowed = f"multiples of {unit} with depth={depth}, or of less with a smaller depth"
    require_sides(network, *sides, fits=lambda n: n % unit == 0, allowed=allowed)


def _nearest(side: int, fits: Callable[[int], bool]) -> str:
    """The sides next below and next above that fit, in words."""
    below = range(min(side - 1, _MOST_PIXELS), 0, -1)
    above = range(max(side, 0) + 1, _MOST_PIXELS)
    found = (next((n for n in sizes if fits(n)), None) for sizes in (below, above))
    return " or ".join(str(n) for n in found if n) or "another network"
