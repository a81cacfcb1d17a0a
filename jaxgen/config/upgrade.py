"""Configs as earlier versions recorded them, with the names that keys have now.

Keys that are new need nothing here: they are completed by their defaults.
"""

from collections.abc import Mapping
from typing import Any

from jaxgen.core.errors import UserError

# (objective, or "" for all; old name; new name) of hparams.
_HPARAMS = (
    ("age", "prior", "latent_prior"),
    ("aae_semisupervised", "num_categories", "num_classes"),
)
# (families of jaxgen.models, or () for all; old name; new name) of networks.
_NETWORKS = (
    ((), "classes", "num_classes"),
    ((), "outputs", "output_size"),
    (("mlp", "dcgan", "ebgan"), "output", "output_activation"),
)
_RATE = ("drop_at", "halve_at", "drop_factor", "linear_from", "linear_to", "divide_by", "least")
# Over so many steps a decay of a millionth a step has a factor that float32 can tell from 1.
DECAY_STEPS = 1000


def upgrade(values: Mapping[str, Any]) -> dict[str, Any]:
    """A recorded config (nested, lists as tuples or not) by today's names; today's is unchanged."""
    values = {k: dict(v) if isinstance(v, Mapping) else v for k, v in values.items()}
    _rename(values.get("data", {}), "classes", "keep_classes")
    objective, hparams = values.get("objective", ""), values.get("hparams", {})
    for of, old, new in _HPARAMS:
        if of in ("", objective):
            _rename(hparams, old, new)
    if isinstance(hparams.get("binarise"), bool):
        hparams["binarise"] = "threshold" if hparams["binarise"] else "none"
    values["networks"] = {k: _network(dict(v)) for k, v in values.get("networks", {}).items()}
    values["optim"] = {k: _optimiser(dict(v)) for k, v in values.get("optim", {}).items()}
    return values


def _rename(values: dict[str, Any], old: str, new: str) -> None:
    if old in values:
        values[new] = values.pop(old)


def _network(values: dict[str, Any]) -> dict[str, Any]:
    family = values.get("module", "").removeprefix("jaxgen.models.").partition(".")[0]
    for families, old, new in _NETWORKS:
        if not families or family in families:
            _rename(values, old, new)
    return values


def _optimiser(values: dict[str, Any]) -> dict[str, Any]:
    if "name" not in values:
        return {phase: _optimiser(dict(part)) for phase, part in values.items()}
    old = {key: values.pop(key) for key in _RATE if key in values}
    if not old:
        return values
    drops = tuple(old.get("drop_at", old.get("halve_at", ())))
    decay, end = old.get("divide_by", 1.0), old.get("linear_to", 0)
    if sum((bool(drops), bool(end), decay != 1.0)) > 1:
        raise UserError(
            f"An optimiser of this record combines {', '.join(old)}, which one schedule cannot: "
            "set config.optim by hand."
        )
    schedule: dict[str, Any] = {"name": "constant"}
    if drops:
        factor = old.get("drop_factor", 0.5)
        schedule = {"name": "piecewise", "boundaries": drops, "scale": factor}
    elif end:
        begin = old.get("linear_from", 0)
        schedule = {"name": "linear", "transition_begin": begin, "transition_steps": end - begin}
    elif decay != 1.0:
        schedule = {
            "name": "exponential",
            "decay_rate": decay**-DECAY_STEPS,
            "transition_steps": DECAY_STEPS,
            "end_value": old.get("least", 0.0),
        }
    return {**values, "schedule": schedule}
