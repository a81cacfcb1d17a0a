"""Learning rates as functions of the training step; optimisers that phases of a step share."""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import optax

from jaxgen.core.types import Array

Schedule = Callable[[Array], Array | float]


def scale_by_learning_rate(schedule: float | Schedule) -> optax.GradientTransformationExtraArgs:
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


def trace(momentum: float | Schedule) -> optax.GradientTransformationExtraArgs:
    """Classical momentum, v <- momentum v + gradient; `momentum` may follow the training step."""

    def update(updates: Any, state: Any, params: Any = None, **extra: Any):
        del params
        decay = momentum(extra["step"]) if callable(momentum) else momentum
        velocity = jax.tree.map(lambda u, v: (u + decay * v).astype(u.dtype), updates, state)
        return velocity, velocity

    return optax.GradientTransformationExtraArgs(
        lambda params: jax.tree.map(jnp.zeros_like, params), update
    )


def by_phase(
    phases: Mapping[str, optax.GradientTransformation],
) -> optax.GradientTransformationExtraArgs:
    """One optimiser for each phase in which a network is updated, with a state of its own.

    The phase arrives as the extra argument `phase` of `update` (`optimise(..., phase=...)`).
    """
    phases = {name: optax.with_extra_args_support(tx) for name, tx in phases.items()}

    def init(params: Any) -> dict[str, Any]:
        return {name: tx.init(params) for name, tx in phases.items()}

    def update(updates: Any, state: Any, params: Any = None, **extra: Any):
        phase = extra.pop("phase")
        if phase not in phases:
            raise ValueError(
                f'There is no optimiser for the phase "{phase}", only for {", ".join(phases)}.'
            )
        updates, changed = phases[phase].update(updates, state[phase], params, **extra)
        return updates, {**state, phase: changed}

    return optax.GradientTransformationExtraArgs(init, update)
