"""Configs as earlier versions recorded them, with the names that keys have now.

Keys that are new need nothing here: they are completed by their defaults. Only where a default is
not what was done before, the record is given what was.
"""

from collections.abc import Mapping
from typing import Any

from jaxgen.config import fields, optimisers
from jaxgen.core.errors import UserError

# (objective, old name, new name) of hparams.
_HPARAMS = (
    ("age", "prior", "latent_prior"),
    ("aae_semisupervised", "num_categories", "num_classes"),
)
# (modules of jaxgen.models, old name, new name) of networks.
_NETWORKS = (
    (("mlp", "dcgan"), "classes", "num_classes"),
    (("autoencoder",), "outputs", "output_size"),
    (("mlp", "dcgan", "ebgan"), "output", "output_activation"),
)
# (networks, new name, what was done before) of fields whose default is another.
_BEFORE = (
    (("mlp.ConditionalDiscriminator", "dcgan.ConditionalDiscriminator"), "unit_pixels", False),
)
_RATE = ("drop_at", "halve_at", "drop_factor", "linear_from", "linear_to", "divide_by", "least")
_NOTHING = 1e-12  # as the decay of an average: in float32 it keeps nothing of what was before
# Over so many steps a decay of a millionth a step has a factor that float32 can tell from 1.
DECAY_STEPS = 1000


def upgrade(values: Mapping[str, Any]) -> dict[str, Any]:
    """A recorded config, nested, with today's names; one of today is unchanged."""
    values = {k: dict(v) if isinstance(v, Mapping) else v for k, v in values.items()}
    _rename(values.get("data", {}), "classes", "keep_classes")
    if "ema" in values and "evaluate_every" not in values:
        # Then 0.0 was an average as any other, equal to the parameters.
        values["ema"] = {k: v or _NOTHING for k, v in values["ema"].items()}
    hparams = values.get("hparams", {})
    for objective, old, new in _HPARAMS:
        if values["objective"].removeprefix("jaxgen.objectives.") == objective:
            _rename(hparams, old, new)
    if hparams.get("divergence") == "nearest_neighbour":
        hparams["kl_direction"] = "qp"  # what was computed, whatever it said
    if isinstance(hparams.get("binarise"), bool):
        hparams["binarise"] = "threshold" if hparams["binarise"] else "none"
    values["networks"] = {k: _network(dict(v)) for k, v in values.get("networks", {}).items()}
    values["optim"] = {k: _optimiser(dict(v)) for k, v in values.get("optim", {}).items()}
    return values


def _rename(values: dict[str, Any], old: str, new: str) -> None:
    if old in values:
        values[new] = values.pop(old)


def _network(values: dict[str, Any]) -> dict[str, Any]:
    path = fields.network_class(values.get("module", "")).removeprefix("jaxgen.models.")
    for families, old, new in _NETWORKS:
        if path.rpartition(".")[0] in families:
            _rename(values, old, new)
    for networks, name, before in _BEFORE:
        if path in networks:
            values.setdefault(name, before)
    return values


def _optimiser(values: dict[str, Any]) -> dict[str, Any]:
    if optimisers.is_by_phase(values):
        return {phase: _optimiser(dict(part)) for phase, part in values.items()}
    if values.get("name") == "momentum":
        values.setdefault("final_momentum", values.get("momentum", 0.9))
    old = {key: values.pop(key) for key in _RATE if key in values}
    return {**values, "schedule": _schedule(old)} if old else values


def _schedule(old: Mapping[str, Any]) -> dict[str, Any]:
    """The schedule that the numbers of earlier versions, which multiplied each other, mean."""
    drops = tuple(sorted(old.get("drop_at", old.get("halve_at", ()))))
    begin, end = old.get("linear_from", 0), old.get("linear_to", 0)
    decay, least = old.get("divide_by", 1.0), old.get("least", 0.0)
    if sum((bool(drops), bool(end), decay != 1.0 or least > 0)) > 1:
        raise UserError(
            f"An optimiser of this record combines {', '.join(old)}, which no one schedule does; "
            "write config.optim again, with a schedule."
        )
    if drops:
        factor = old.get("drop_factor", 0.5)
        return {"name": "piecewise", "boundaries": drops, "scale": factor}
    if end:
        return {"name": "linear", "transition_begin": begin, "transition_steps": end - begin}
    if decay != 1.0:
        return {
            "name": "exponential",
            "decay_rate": decay**-DECAY_STEPS,
            "transition_steps": DECAY_STEPS,
            "end_value": least,
        }
    return {"name": "constant"}
