"""Optimisers and schedules of learning rates from the keys of a config; optax's own, by step.

`config.optim.NETWORK` is one optimiser, or for a network that is updated in several phases of a
step a section of optimisers by phase.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from jaxgen.config.schema import Key
from jaxgen.core.errors import UserError, did_you_mean

if TYPE_CHECKING:
    import optax

_NAMES = ("adam", "adamw", "rmsprop", "sgd", "momentum")
COMMON = {
    "name": Key("adam", "the kind of optimiser", choices=_NAMES, required=True),
    "learning_rate": Key(
        0.0, "before its schedule; with 0 nothing moves", least=0.0, required=True
    ),
    "weight_decay": Key(
        0.0,
        "times the parameters, added to the gradient (L2), of adamw to the update",
        least=0.0,
    ),
    "clip_norm": Key(
        0.0, "norm of the network's gradient above which it is scaled down; 0: never", least=0.0
    ),
    "clip_parameter_norm": Key(
        0.0,
        "norm of one parameter's gradient above which it is scaled down, as by Keras; 0: never",
        least=0.0,
    ),
}
_ADAM = {
    "b1": Key(0.9, "decay of the mean of gradients", least=0.0, below=1.0),
    "b2": Key(0.999, "decay of the mean of their squares", least=0.0, below=1.0),
    "eps": Key(1e-8, "added to the root of the mean of squares", least=0.0),
}
KINDS = {
    "adam": _ADAM,
    "adamw": _ADAM,
    "rmsprop": {
        "decay": Key(0.9, "of the mean of squared gradients", least=0.0, below=1.0),
        "eps": Key(1e-8, "added to that mean or to its root", least=0.0),
        "eps_in_sqrt": Key(True, "whether eps is added before the root is taken"),
    },
    "sgd": {},
    "momentum": {
        "momentum": Key(0.9, "at the first step", least=0.0, below=1.0),
        "final_momentum": Key(
            0.9, "after ramp_steps, to which it grows in a line", least=0.0, below=1.0
        ),
        "ramp_steps": Key(0, "training steps to final_momentum; 0: momentum stays", least=0),
    },
}
SCHEDULES = {
    "constant": {},
    "piecewise": {
        "boundaries": Key((), "training steps at whose start the rate is multiplied by scale"),
        "scale": Key(0.5, "the factor at each of boundaries", least=0.0),
    },
    "linear": {
        "end_value": Key(0.0, "the rate at the end", least=0.0),
        "transition_begin": Key(0, "training step from which it changes", least=0),
        "transition_steps": Key(1, "training steps that it takes", least=1),
    },
    "exponential": {
        "decay_rate": Key(0.5, "the factor over transition_steps, below 1", least=0.0),
        "transition_steps": Key(1, "training steps over which it falls by decay_rate", least=1),
        "end_value": Key(0.0, "the rate below which it does not fall", least=0.0),
    },
    "cosine": {
        "warmup_steps": Key(0, "training steps in which it rises from 0, in a line", least=0),
        "decay_steps": Key(1, "training steps until end_value, the warmup's among them", least=1),
        "end_value": Key(0.0, "the rate at the end", least=0.0),
    },
}
SCHEDULE_NAME = Key(
    "constant",
    "how the learning rate changes",
    choices=tuple(SCHEDULES),
)


def is_by_phase(values: Mapping[str, Any]) -> bool:
    """Whether a section has a section for each phase, and is no optimiser itself."""
    return bool(values) and all(hasattr(value, "items") for value in values.values())


def sections(optim: Mapping[str, Any]) -> dict[str, Any]:
    """The section of every optimiser of `config.optim` by "config.optim.NETWORK[.PHASE]"."""
    found = {}
    for name, section in optim.items():
        parts = section if is_by_phase(section) else {"": section}
        found |= {f"config.optim.{name}.{k}".rstrip("."): part for k, part in parts.items()}
    return found


def keys_of(where: str, values: Mapping[str, Any]) -> dict[str, Key]:
    """The keys that an optimiser of the kind `values` names has, "schedule.KEY" among them.

    Raises UserError for a kind or a schedule that there is not.
    """
    schedule = values.get("schedule", {})
    if not hasattr(schedule, "items"):
        raise UserError(f"{where}.schedule={schedule!r} must be a section of keys.")
    kind, shape = values.get("name", ""), schedule.get("name", SCHEDULE_NAME.default)
    for key, value, allowed in (("name", kind, KINDS), ("schedule.name", shape, SCHEDULES)):
        if value not in allowed:
            raise UserError(
                f'{where}.{key}="{value}" is not one of {", ".join(allowed)}.'
                f"{did_you_mean(str(value), allowed)}"
            )
    scheduled = {"name": SCHEDULE_NAME, **SCHEDULES[shape]}
    scheduled = {f"schedule.{name}": key for name, key in scheduled.items()}
    return {**COMMON, **KINDS[kind], **scheduled}


def check(where: str, values: Mapping[str, Any]) -> None:
    """Raises UserError where the numbers of a completed section's schedule are none of one."""
    schedule = values["schedule"]
    steps = schedule.get("boundaries", ())
    if not all(type(step) is int for step in steps) or list(steps) != sorted(set(steps)):
        raise UserError(
            f"{where}.schedule.boundaries={steps} must hold training steps in rising order, such "
            "as (100, 200)."
        )
    if schedule.get("warmup_steps", 0) >= schedule.get("decay_steps", 1):
        raise UserError(
            f"{where}.schedule.warmup_steps={schedule['warmup_steps']} must be below "
            f"decay_steps={schedule['decay_steps']}, all steps of the schedule."
        )
    if not 0.0 < schedule.get("decay_rate", 0.5) < 1.0:
        raise UserError(
            f"{where}.schedule.decay_rate={schedule['decay_rate']} must be above 0.0 and below 1.0."
        )


def build(values: Mapping[str, Any]) -> optax.GradientTransformation:
    """The optimiser of a completed section; of a section by phase, `core.by_phase`."""
    import optax

    from jaxgen.core.schedule import by_phase, scale_by_learning_rate, trace

    if is_by_phase(values):
        return by_phase({name: build(part) for name, part in values.items()})
    numbers = {name: values[name] for name in KINDS[values["name"]]}
    if values["name"] == "momentum":
        kind = trace(_ramp(**numbers))
    else:
        kinds = {"rmsprop": optax.scale_by_rms, "sgd": optax.identity}
        kind = kinds.get(values["name"], optax.scale_by_adam)(**numbers)
    clip, decay = values["clip_norm"], values["weight_decay"]
    clipped = [optax.clip_by_global_norm(clip)] if clip else []
    if values["clip_parameter_norm"]:
        clipped.append(_clip_each(values["clip_parameter_norm"]))
    decayed = [optax.add_decayed_weights(decay)] if decay else []
    scaled = [kind, *decayed] if values["name"] == "adamw" else [*decayed, kind]
    rate = schedule(values["learning_rate"], values["schedule"])
    return optax.chain(*clipped, *scaled, scale_by_learning_rate(rate))


def _clip_each(limit: float) -> optax.GradientTransformation:
    """Every parameter's gradient by itself, Keras's clipnorm."""
    import jax.numpy as jnp
    import optax

    def clip(gradient: Any, _: Any) -> Any:
        return gradient * (limit / jnp.maximum(jnp.linalg.norm(gradient.ravel()), limit))

    return optax.stateless_with_tree_map(clip)


def schedule(learning_rate: float, values: Mapping[str, Any]) -> Callable[[Any], Any]:
    """The learning rate as a function of the training step, of a completed schedule section."""
    import optax

    numbers = {name: value for name, value in values.items() if name != "name"}
    if values["name"] == "piecewise":
        scales = {boundary: numbers["scale"] for boundary in numbers["boundaries"]}
        return optax.piecewise_constant_schedule(learning_rate, scales)
    if values["name"] == "linear":
        return optax.linear_schedule(learning_rate, **numbers)
    if values["name"] == "exponential":
        return optax.exponential_decay(learning_rate, **numbers)
    if values["name"] == "cosine":
        warmup, end = numbers["warmup_steps"], numbers["end_value"]
        above = optax.cosine_decay_schedule(learning_rate - end, numbers["decay_steps"] - warmup)
        rise = optax.linear_schedule(0.0, learning_rate, max(warmup, 1))
        return optax.join_schedules([rise, lambda step: end + above(step)], [warmup])
    return optax.constant_schedule(learning_rate)


def _ramp(momentum: float, final_momentum: float, ramp_steps: int) -> Any:
    import optax

    if not ramp_steps:
        return momentum
    return optax.linear_schedule(momentum, final_momentum, ramp_steps)
