"""Learning rates as functions of the training step."""

from collections.abc import Callable
from typing import Any

import jax
import optax

from jaxgen.core.types import Array


def scale_by_learning_rate(
    schedule: float | Callable[[Array], Array],
) -> optax.GradientTransformationExtraArgs:
    """Multiplies updates by minus the learning rate of the current training step.

    optax's own schedules count the updates of one optimiser; in a game a player may be updated
    several times a step, and papers state schedules in steps or epochs. The training step arrives
    as the extra argument `step` of `update`.
    """

    def update(updates: Any, state: Any, params: Any = None, **extra: Any):
        del params
        rate = schedule(extra["step"]) if callable(schedule) else schedule
        return jax.tree.map(lambda u: (-rate * u).astype(u.dtype), updates), state

    return optax.GradientTransformationExtraArgs(lambda params: optax.EmptyState(), update)
