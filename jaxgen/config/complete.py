"""A config that says only what differs, completed: from defaults, from its data, and checked.

A value of None, or none at all, is the default; and where there is a fact that settles it:

- `data.image_size`, `data.channels`: those of the data set, where its name tells
- `hparams.image_size`, `.channels`: those of the data; `.num_classes`: the data's, unless its
  default is 0, no classes, and the config does not ask for them with None
- of a network `num_classes`, `latent_size`, `output`: the objective's, where it has such a number;
  `image_size`, `channels`: the objective's or the data's
"""

from collections.abc import Iterable, Mapping
from typing import Any

from jaxgen.config import fields, optimisers, schema
from jaxgen.config.fields import MISSING, Field
from jaxgen.config.schema import Key
from jaxgen.core.errors import UserError, did_you_mean
from jaxgen.core.files import flatten, unflatten
from jaxgen.data import names

Values = dict[str, Any]
_OF_HPARAMS = ("num_classes", "latent_size", "output", "image_size", "channels")


def fill(given: Mapping[str, Any]) -> Values:
    """All keys of a config, as nested dicts. Raises UserError for an unknown key or module."""
    check_names(given, (*schema.RUN, *schema.SECTIONS, *schema.GROUPS), "config")
    values = _section(given, schema.RUN, "config")
    for name in ("data", "evaluation"):
        keys = schema.SECTIONS[name]
        values[name] = _section(given.get(name, {}), keys, f"config.{name}")
    _fill_sizes(values["data"])
    values["hparams"] = _hparams(values, given.get("hparams", {}))
    networks = fields.networks_of(values["objective"])
    for group, complete_one in (("networks", _network), ("optim", _optimiser)):
        section = given.get(group, {})
        check_names(section, networks, f"config.{group}", complete=True)
        values[group] = {
            name: complete_one(f"config.{group}.{name}", section[name], values) for name in networks
        }
    values["ema"] = dict(given.get("ema", {}))
    check_names(values["ema"], networks, "config.ema")
    return values


def fill_study(given: Mapping[str, Any]) -> Values:
    """All keys of a study's config."""
    sections = [name for name in schema.STUDY_SECTIONS if name]
    check_names(given, (*schema.STUDY, *sections), "config")
    values = _section(given, schema.STUDY, "config")
    for name in sections:
        values[name] = _section(
            given.get(name, {}), schema.STUDY_SECTIONS[name], f"config.{name}"
        )
    return values


def check(values: Mapping[str, Any]) -> None:
    """Raises UserError for a value of a filled config that is not allowed."""
    names.validate_name(values["data"]["name"])
    for name, keys in schema.SECTIONS.items():
        check_values(values[name] if name else values, keys, f"config.{name}".rstrip("."))
    for key in ("num_steps", "log_every", "sample_every", "checkpoint_every"):
        if values[key] % values["steps_per_dispatch"]:
            raise UserError(
                f"config.{key}={values[key]} must be a multiple of "
                f"config.steps_per_dispatch={values['steps_per_dispatch']}; change one of them."
            )
    for name, section in values["optim"].items():
        parts = section if optimisers.is_by_phase(section) else {"": section}
        for phase, part in parts.items():
            where = f"config.optim.{name}.{phase}".rstrip(".")
            optimisers.check(where, part)
            check_values(flatten(part), optimisers.keys_of(where, part), where)
    for name, decay in values["ema"].items():
        if not (isinstance(decay, float) and 0.0 <= decay < 1.0):
            raise UserError(f"config.ema.{name}={decay} must be a number from 0.0 to below 1.")


def check_study(values: Mapping[str, Any]) -> None:
    """Raises UserError for a value of a filled study that is not allowed."""
    for name, keys in schema.STUDY_SECTIONS.items():
        check_values(values[name] if name else values, keys, f"config.{name}".rstrip("."))
    if not values["experiments"]:
        raise UserError("config.experiments is empty; name at least one config file.")


def check_names(
    values: Mapping[str, Any], allowed: Iterable[str], where: str, *, complete: bool = False
) -> None:
    """Raises UserError unless the keys of `values` are among (complete: exactly) `allowed`."""
    allowed = list(allowed)
    for name in values:
        if name not in allowed:
            raise UserError(
                f'"{name}" is not a key of {where}.{did_you_mean(name, allowed)} '
                f"Keys: {', '.join(sorted(allowed))}."
            )
    missing = [name for name in allowed if name not in values]
    if missing and complete:
        raise UserError(f"{where} lacks: {', '.join(missing)}.")


def check_values(values: Mapping[str, Any], keys: Mapping[str, Key], where: str) -> None:
    """Raises UserError for a value of `values` that its key does not allow."""
    for name, key in keys.items():
        value = values[name]
        if key.choices and value not in key.choices:
            raise UserError(f'{where}.{name}="{value}" is not one of {", ".join(key.choices)}.')
        if key.least is None:
            continue
        if isinstance(key.default, int) and not key.least <= value < 2**32:
            raise UserError(
                f"{where}.{name}={value} must be at least {key.least} and below 2**32."
            )
        if not value >= key.least:
            raise UserError(f"{where}.{name}={value} must be at least {key.least}.")


def meanings(values: Mapping[str, Any]) -> dict[str, str]:
    """The meaning of every dotted key of a filled config (or study); of hparams and networks too.

    Keys without a sentence of their own have that of their group.
    """
    sections = schema.STUDY_SECTIONS if "experiments" in values else schema.SECTIONS
    found = {
        f"{section}.{name}".lstrip("."): key.meaning
        for section, keys in sections.items()
        for name, key in keys.items()
    }
    if "experiments" in values:
        return found
    known = {"hparams": fields.of_hparams(values["objective"])}
    for name, network in values["networks"].items():
        found[f"networks.{name}.module"] = "a class of jaxgen.models, or the dotted path of yours"
        known[f"networks.{name}"] = fields.of_network(name, network["module"])
    for name, section in values["optim"].items():
        parts = section if optimisers.is_by_phase(section) else {"": section}
        for phase, part in parts.items():
            where = f"optim.{name}.{phase}".rstrip(".")
            found |= {f"{where}.{k}": v.meaning for k, v in optimisers.keys_of("", part).items()}
    for where, own in known.items():
        found |= {f"{where}.{name}": field.meaning for name, field in own.items()}
    return found | {f"ema.{name}": schema.GROUPS["ema"] for name in values["ema"]}


def _section(given: Mapping[str, Any], keys: Mapping[str, Key], where: str) -> Values:
    """The values of `keys`, given or by default, of the types that they have."""
    if where != "config":
        check_names(given, keys, where)
    return {
        name: _typed(f"{where}.{name}", given.get(name), key.default) for name, key in keys.items()
    }


def _typed(where: str, value: Any, default: Any) -> Any:
    """`value`, or if it is None the default. Raises UserError for one of another type."""
    if value is None:
        return default
    if default is MISSING:
        return value
    if isinstance(value, list):
        value = tuple(value)
    if type(value) is int and isinstance(default, float):
        return float(value)
    if type(value) is not type(default):
        raise UserError(
            f"{where}={value!r} is of type {type(value).__name__}; it must be of type "
            f"{type(default).__name__}."
        )
    return value


def _fill_sizes(data: Values) -> None:
    for name, size in zip(("image_size", "channels"), names.default_sizes(data["name"])):
        data[name] = data[name] or size


def _fill_fields(
    given: Mapping[str, Any], own: Mapping[str, Field], facts: Mapping[str, Any], where: str
) -> Values:
    """The values of the fields `own`: given, settled by a fact, or by default."""
    check_names(given, own, where)
    values = {}
    for name, field in own.items():
        value = given.get(name)
        if value is None and name in facts:
            value = facts[name]
        if value is None and field.default is MISSING:
            raise UserError(f"{where} lacks: {name}.")
        values[name] = _typed(f"{where}.{name}", value, field.default)
    return values


def _hparams(values: Values, given: Mapping[str, Any]) -> Values:
    own, data = fields.of_hparams(values["objective"]), values["data"]
    facts = {name: data[name] for name in ("image_size", "channels") if data[name]}
    if "num_classes" in own and given.get("num_classes") is None:
        if own["num_classes"].default or "num_classes" in given:
            facts["num_classes"] = names.number_of_classes(data["name"], data["keep_classes"])
    return _fill_fields(given, own, facts, "config.hparams")


def _network(where: str, given: Mapping[str, Any], values: Values) -> Values:
    own = fields.of_network(where, given.get("module", ""))
    facts = {name: values["data"][name] for name in ("image_size", "channels")}
    facts |= {n: values["hparams"][n] for n in _OF_HPARAMS if n in values["hparams"]}
    given = {name: value for name, value in given.items() if name != "module"} | {
        "module": given["module"]
    }
    filled = _fill_fields({k: v for k, v in given.items() if k != "module"}, own, facts, where)
    return {"module": given["module"], **filled}


def _optimiser(where: str, given: Mapping[str, Any], values: Values) -> Values:
    if optimisers.is_by_phase(given):
        return {name: _optimiser(f"{where}.{name}", part, values) for name, part in given.items()}
    keys = optimisers.keys_of(where, given)
    flat = {k: v for k, v in flatten(given).items() if v != {}}
    check_names(flat, keys, where)
    if "learning_rate" not in flat:
        raise UserError(f"{where} lacks: learning_rate.")
    return unflatten(
        {name: _typed(f"{where}.{name}", flat.get(name), key.default) for name, key in keys.items()}
    )
