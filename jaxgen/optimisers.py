"""Optimisers from the keys of a config."""

import inspect
import math
from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import optax

from jaxgen import config as config_lib
from jaxgen.core import UserError, by_phase, scale_by_learning_rate, trace
from jaxgen.core.schedule import Schedule

_KINDS = {
    "adam": optax.scale_by_adam,
    "rmsprop": optax.scale_by_rms,
    "sgd": optax.identity,
    "momentum": lambda momentum=0.9, final_momentum=None, ramp_steps=0: trace(
        _ramp(momentum, final_momentum, ramp_steps)
    ),
}
_RATE = (
    "learning_rate",
    "drop_at",
    "drop_factor",
    "linear_from",
    "linear_to",
    "divide_by",
    "least",
)


def build(where: str, values: Mapping[str, Any]) -> optax.GradientTransformation:
    """The optimiser that a section of a config stands for; `where` is the section's name.

    Keys: name ("adam", "rmsprop", "sgd", "momentum"), learning_rate (0: nothing moves), the numbers
    of that kind, and optionally: drop_at, drop_factor (multiplied by the factor, 1/2 unless given,
    at the start of each of these training steps); linear_from, linear_to (falls in a straight line
    to 0 between these steps); divide_by, least (divided by it a step, but not below `least`);
    weight_decay (L2: its product with the parameters is added to the gradient). A section of
    sections, one for each phase of a step, gives `core.by_phase`. Raises UserError.
    """
    if values and all(hasattr(value, "items") for value in values.values()):
        return by_phase({name: build(f"{where}.{name}", part) for name, part in values.items()})
    numbers = dict(values)
    kind = numbers.pop("name", "")
    if kind not in _KINDS:
        raise UserError(
            f'{where}.name="{kind}" is not one of {", ".join(_KINDS)}.'
            f"{config_lib.did_you_mean(kind, _KINDS)}"
        )
    if "learning_rate" not in numbers:
        raise UserError(f"{where} lacks: learning_rate; a config must be complete.")
    rate = {key: numbers.pop(key) for key in _RATE if key in numbers}
    _check_rate(where, rate)
    weight_decay = numbers.pop("weight_decay", 0.0)
    own = inspect.signature(_KINDS[kind]).parameters
    for key in numbers:
        if key not in own:
            allowed = (*own, *_RATE, "weight_decay")
            raise UserError(
                f'"{key}" is not a number of {kind}, in {where}.'
                f"{config_lib.did_you_mean(key, allowed)} It takes: {', '.join(allowed)}."
            )
    decayed = [optax.add_decayed_weights(weight_decay)] if weight_decay else []
    return optax.chain(*decayed, _KINDS[kind](**numbers), scale_by_learning_rate(_rate(**rate)))


def _check_rate(where: str, rate: Mapping[str, Any]) -> None:
    if not rate["learning_rate"] >= 0:
        raise UserError(f"{where}.learning_rate={rate['learning_rate']} must not be below 0.")
    if not all(type(step) is int for step in rate.get("drop_at", ())):
        raise UserError(
            f"{where}.drop_at={rate['drop_at']} must hold training steps, such as (100, 200)."
        )
    start, end = rate.get("linear_from", 0), rate.get("linear_to", 0)
    if end and start >= end:
        raise UserError(
            f"{where}.linear_from={start} must be below {where}.linear_to={end}; both are steps."
        )
    if rate.get("divide_by", 1.0) < 1:
        raise UserError(f"{where}.divide_by={rate['divide_by']} must be at least 1.")


def _rate(
    learning_rate: float,
    drop_at: tuple[int, ...] = (),
    drop_factor: float = 0.5,
    linear_from: int = 0,
    linear_to: int = 0,
    divide_by: float = 1.0,
    least: float = 0.0,
) -> Schedule:
    def rate(step):
        value = learning_rate
        if drop_at:
            value *= drop_factor ** jnp.sum(step >= jnp.asarray(drop_at, jnp.int32))
        if linear_to:
            value *= 1 - jnp.clip((step - linear_from) / (linear_to - linear_from), 0.0, 1.0)
        if divide_by != 1.0:
            # 1.000004 itself has no float32 near enough; its logarithm has.
            value *= jnp.exp(-math.log(divide_by) * step)
        return jnp.maximum(value, least)

    return rate


def _ramp(start: float, end: float | None, steps: int) -> Schedule:
    def momentum(step):
        if end is None or not steps:
            return start
        return start + (end - start) * jnp.clip(step / steps, 0.0, 1.0)

    return momentum
