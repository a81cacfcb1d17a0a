"""Initial values, drawn flat: the bits of JAX's own initialisers, see `core.layout.flat`.

A network has a draw for every kernel.
"""

import math
from typing import Any

from flax import linen as nn

from jaxgen.core.layout import flat
from jaxgen.core.types import Array, Key

Initializer = nn.initializers.Initializer


def normal(stddev: float) -> Initializer:
    """N(0, stddev^2)."""
    return flat(nn.initializers.normal(stddev))


def truncated_normal(stddev: float) -> Initializer:
    """N(0, stddev^2) cut off at two deviations."""
    return flat(nn.initializers.truncated_normal(stddev))


def variance_scaling(scale: float, mode: str, distribution: Any) -> Initializer:
    """Of variance scale / n, where n is the number of inputs, outputs or their mean ("fan_avg").

    distribution: "normal", "uniform" or "truncated_normal", as in `jax.nn.initializers`. The last
    two axes of a kernel are inputs and outputs, those before are its window.
    """

    def draw(key: Key, shape: tuple[int, ...], dtype: Any = float) -> Array:
        window = math.prod(shape[:-2])
        inputs, outputs = window * shape[-2], window * shape[-1]
        n = {"fan_in": inputs, "fan_out": outputs, "fan_avg": (inputs + outputs) / 2}[mode]
        # Of one input, so that JAX divides by nothing more.
        alike = nn.initializers.variance_scaling(scale / n, "fan_in", distribution)
        return alike(key, (1, math.prod(shape)), dtype).reshape(shape)

    return draw


def he_uniform() -> Initializer:
    """Uniform, of variance 2 / inputs (arXiv:1502.01852)."""
    return variance_scaling(2.0, "fan_in", "uniform")


def he_normal() -> Initializer:
    """Normal, cut off at two deviations, of variance 2 / inputs (arXiv:1502.01852)."""
    return variance_scaling(2.0, "fan_in", "truncated_normal")


def glorot_uniform() -> Initializer:
    """Uniform, of variance 2 / (inputs + outputs)."""
    return variance_scaling(1.0, "fan_avg", "uniform")
