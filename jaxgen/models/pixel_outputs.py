"""The head of an autoregressive model, and draws from the three output distributions.

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
from jaxgen.losses.likelihood import LEVELS, from_levels, mixture_parts, mixture_size, to_levels
from jaxgen.models import initializers
from jaxgen.models.convolution import conv

OUTPUTS = ("bernoulli", "categorical", "logistic_mixture")
_LEAST_TEMPERATURE = 1e-8
_LEAST_UNIFORM = 1e-7


def noise_size(output: str, channels: int) -> int:
    """Uniform numbers that the draw of one pixel takes."""
    return {"bernoulli": 1, "categorical": channels, "logistic_mixture": 1 + channels}[output]


def sizes(output: str, channels: int, mixtures: int) -> tuple[int, int]:
    """(heads, outputs of each) of a pixel: categorical channels have one each."""
    outputs = {
        "bernoulli": 1,
        "categorical": LEVELS,
        "logistic_mixture": mixtures * mixture_size(channels),
    }
    return channels if output == "categorical" else 1, outputs[output]


class Head(nn.Module):
    """Features f[b,h,w,C] -> parameters of the output distribution: ReLU, 1x1, ReLU, 1x1.

    Categorical channels have hidden layers of their own; that of channel k adds, for each channel
    before it, the learned vector of its value in the same pixel.

    Attributes:
      output: distribution of a pixel, "bernoulli", "categorical" or "logistic_mixture".
      channels: number of channels of the image, 1 or 3.
      inputs: features C of each pixel.
      features: hidden units, of each channel where the output is categorical.
      mixtures: number of components of a logistic mixture.
    """

    output: str
    channels: int
    inputs: int
    features: int
    mixtures: int
    dtype: Any = jnp.float32

    def setup(self):
        """Parameters."""
        groups, outputs = sizes(self.output, self.channels, self.mixtures)
        zeros, normal = nn.initializers.zeros, initializers.normal
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
        return from_levels(jnp.stack(levels, axis=-1))
    function = draw_bernoulli if output == "bernoulli" else draw_logistic_mixture
    return function(_parameters(weights, hidden, 0, []), noise, temperature)


def product(x: Array, kernel: Array, dtype: Any = jnp.float32) -> Array:
    """Product of x f[...,c] and kernel f[c,o], rounded to `dtype` first, summed in float32."""
    if dtype != jnp.bfloat16:
        return conv(x, kernel[None, None]) if x.ndim == 4 else x @ kernel
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

    noise f[...,1+c]: the first picks the component, the others are for the channels.
    """
    channels = noise.shape[-1] - 1
    logits, *parts = mixture_parts(params, channels)
    component = draw_category(logits, noise[..., 0], temperature)
    chosen = jax.nn.one_hot(component, logits.shape[-1])[..., None, :]
    means, log_scales, coefficients = (jnp.sum(part * chosen, axis=-1) for part in parts)
    uniform = jnp.clip(noise[..., 1:], _LEAST_UNIFORM, 1.0 - _LEAST_UNIFORM)
    logistic = jnp.log(uniform) - jnp.log1p(-uniform)
    values = means + temperature * jnp.exp(log_scales) * logistic
    if channels == 1:
        return from_levels(to_levels(values))
    red = from_levels(to_levels(values[..., 0]))
    green = from_levels(to_levels(values[..., 1] + coefficients[..., 0] * red))
    moved = values[..., 2] + coefficients[..., 1] * red + coefficients[..., 2] * green
    return jnp.stack([red, green, from_levels(to_levels(moved))], axis=-1)
