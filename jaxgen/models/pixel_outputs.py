"""What an autoregressive model ends in: its head, and draws from the three output distributions.

Draws are functions of given noise, uniform in [0,1), that belongs to a pixel: every way of running
through the pixels (one by one, all at once) draws the same image. A temperature T sharpens: logits
are divided by it, the scale of a logistic is multiplied by it; 1 is the model. At 0 a pixel
has its most probable value or, of a mixture, the mean of the heaviest component.
The likelihoods are `losses.likelihood`.
"""

from collections.abc import Mapping
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from jaxgen.core.types import Array

OUTPUTS = ("bernoulli", "categorical", "logistic_mixture")
LEVELS = 256
_LEAST_LOG_SCALE = -7.0
_LEAST_TEMPERATURE = 1e-8
_LEAST_UNIFORM = 1e-7


def noise_size(output: str, channels: int) -> int:
    """Uniform numbers that the draw of one pixel takes."""
    return {"bernoulli": 1, "categorical": channels, "logistic_mixture": 1 + channels}[output]


class Head(nn.Module):
    """Features f[b,h,w,C] -> parameters of the output distribution: ReLU, 1x1, ReLU, 1x1.

    Categorical channels have hidden layers of their own; that of channel k adds, for each channel
    before it, the learned vector of its value in the same pixel.
    """

    output: str
    channels: int
    inputs: int
    features: int
    mixtures: int
    dtype: Any = jnp.float32

    def setup(self):
        """Parameters."""
        groups = self.channels if self.output == "categorical" else 1
        outputs = {
            "bernoulli": 1,
            "categorical": LEVELS,
            "logistic_mixture": self.mixtures * (10 if self.channels == 3 else 3),
        }[self.output]
        zeros, normal = nn.initializers.zeros, nn.initializers.normal
        shapes = {
            "hidden": (normal((2 / self.inputs) ** 0.5), (self.inputs, groups * self.features)),
            "hidden_bias": (zeros, (groups * self.features,)),
            "output": (normal(self.features**-0.5), (groups, self.features, outputs)),
            "output_bias": (zeros, (groups, outputs)),
        }
        if groups > 1:
            pairs = groups * (groups - 1) // 2
            shapes["previous"] = (normal(0.1), (pairs, outputs, self.features))
        self.weights = {name: self.param(name, *shape) for name, shape in shapes.items()}

    def __call__(self, h: Array, image: Array) -> Array:
        """f[b,h,w,o], or f[b,h,w,c,256] where the image f[b,h,w,c] gives the channels before."""
        hidden = _hidden(self.weights, h, self.dtype)
        if self.output != "categorical":
            return _parameters(self.weights, hidden, 0, [], self.dtype)
        levels = [to_levels(image[..., k]) for k in range(self.channels)]
        return jnp.stack(
            [
                _parameters(self.weights, hidden, k, levels[:k], self.dtype)
                for k in range(self.channels)
            ],
            axis=-2,
        )


def draw(
    output: str, weights: Mapping[str, Array], h: Array, noise: Array, temperature: float | Array
) -> Array:
    """A pixel f[...,c] in [-1,1] of features f[...,C] and uniform noise f[...,noise_size]."""
    hidden = _hidden(weights, h)
    if output == "categorical":
        levels: list[Array] = []
        for k in range(noise.shape[-1]):
            logits = _parameters(weights, hidden, k, levels)
            levels.append(draw_category(logits, noise[..., k], temperature))
        return to_image(jnp.stack(levels, axis=-1))
    function = draw_bernoulli if output == "bernoulli" else draw_logistic_mixture
    return function(_parameters(weights, hidden, 0, []), noise, temperature)


def product(x: Array, kernel: Array, dtype: Any = jnp.float32) -> Array:
    """Product of x f[...,c] and kernel f[c,o], rounded to `dtype` first, summed in float32."""
    if dtype != jnp.bfloat16:
        return x @ kernel
    return jnp.matmul(x.astype(dtype), kernel.astype(dtype), preferred_element_type=jnp.float32)


def _hidden(weights, h, dtype=jnp.float32):
    """Before its rectification: f[...,groups,features]."""
    x = product(nn.relu(h), weights["hidden"], dtype) + _last(weights["hidden_bias"], h.ndim)
    return x.reshape(*h.shape[:-1], weights["output"].shape[0], -1)


def _parameters(weights, hidden, k, previous, dtype=jnp.float32):
    """Of channel k, given the levels i32[...] of those before it."""
    x = hidden[..., k, :]
    for j, level in enumerate(previous):
        x = x + weights["previous"][k * (k - 1) // 2 + j][level]
    y = product(nn.relu(x), weights["output"][k], dtype)
    return y + _last(weights["output_bias"][k], y.ndim)


def _last(x, ndim):
    """A vector as the last axis of `ndim`."""
    return x.reshape((1,) * (ndim - 1) + (-1,))


def to_image(level: Array) -> Array:
    """The values in [-1,1] of integers in 0..255: k / 127.5 - 1."""
    return level.astype(jnp.float32) / 127.5 - 1.0


def to_levels(x: Array) -> Array:
    """The integers i32 in 0..255 nearest to values in [-1,1]; the inverse of `to_image`."""
    return jnp.clip(jnp.round((x + 1.0) * 127.5), 0, LEVELS - 1).astype(jnp.int32)


def draw_bernoulli(logits: Array, noise: Array, temperature: float | Array = 1.0) -> Array:
    """-1 or 1 for each of logits f[...], with noise f[...]: 1 where noise < s(logits / T)."""
    probability = jax.nn.sigmoid(logits / jnp.maximum(temperature, _LEAST_TEMPERATURE))
    return jnp.where(noise < probability, 1.0, -1.0)


def draw_category(logits: Array, noise: Array, temperature: float | Array = 1.0) -> Array:
    """Draws i32[...] from softmax(logits f[...,k] / T): inverts its cumulative sum at the noise."""
    shifted = logits - jnp.max(logits, axis=-1, keepdims=True)
    cumulative = _cumulative(jnp.exp(shifted / jnp.maximum(temperature, _LEAST_TEMPERATURE)))
    threshold = noise[..., None] * cumulative[..., -1:]
    index = jnp.sum(cumulative <= threshold, axis=-1, dtype=jnp.int32)
    return jnp.minimum(index, logits.shape[-1] - 1)


def _cumulative(x: Array) -> Array:
    """Cumulative sum of the last axis, as products with triangles: XLA's own is a chain of ops."""
    size = x.shape[-1]
    row = 16 if size % 16 == 0 else size
    rows = x.reshape(*x.shape[:-1], size // row, row)
    exact = jax.lax.Precision.HIGHEST
    inside = jnp.matmul(rows, jnp.triu(jnp.ones((row, row))), precision=exact)
    before = jnp.triu(jnp.ones((size // row, size // row)), 1)
    offset = jnp.matmul(inside[..., -1], before, precision=exact)
    return (inside + offset[..., None]).reshape(x.shape)


def draw_logistic_mixture(params: Array, noise: Array, temperature: float | Array = 1.0) -> Array:
    """8-bit values f[...,c] in [-1,1] of params f[...,10K] (c = 3) or f[...,3K] (c = 1).

    noise f[...,1+c]: the first picks the component, the others are for the channels. The layout of
    `params` is that of `losses.likelihood.discretized_logistic_mixture_nll`.
    """
    channels = noise.shape[-1] - 1
    kinds = 3 if channels == 3 else 2
    mixtures = params.shape[-1] // (1 + channels * kinds)
    component = draw_category(params[..., :mixtures], noise[..., 0], temperature)
    rest = params[..., mixtures:].reshape(*params.shape[:-1], channels, kinds, mixtures)
    chosen = jax.nn.one_hot(component, mixtures)[..., None, None, :]
    rest = jnp.sum(rest * chosen, axis=-1)  # [...,c,kinds]
    uniform = jnp.clip(noise[..., 1:], _LEAST_UNIFORM, 1.0 - _LEAST_UNIFORM)
    logistic = jnp.log(uniform) - jnp.log1p(-uniform)
    scales = temperature * jnp.exp(jnp.maximum(rest[..., 1], _LEAST_LOG_SCALE))
    values = rest[..., 0] + scales * logistic
    if channels == 1:
        return to_image(to_levels(values))
    coefficients = jnp.tanh(rest[..., 2])
    red = to_image(to_levels(values[..., 0]))
    green = to_image(to_levels(values[..., 1] + coefficients[..., 0] * red))
    moved = values[..., 2] + coefficients[..., 1] * red + coefficients[..., 2] * green
    return jnp.stack([red, green, to_image(to_levels(moved))], axis=-1)
