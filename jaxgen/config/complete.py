"""A config that says only what differs, completed: from defaults, from its data, and checked.

A value of None, or none at all, is the default; and where there is a fact that settles it:

- `data.image_size`, `data.channels`: those of the data set, where its name tells
- `hparams.image_size`, `.channels`: those of the data; `.num_classes`: the data's, unless its
  default is 0, no classes, and the config does not ask for them with None; `.num_images`: the
  training images that are left by `data.validation`, at most, 0 where the name does not tell
- of a network `num_classes`, `latent_size`, `output`: the objective's, where it has such a key;
  `image_size`, `channels`: the objective's or the data's
"""

from collections.abc import Iterable, Mapping
from typing import Any

from jaxgen.config import fields, optimisers, schema
from jaxgen.config.fields import MISSING, Field
from jaxgen.config.schema import Key
from jaxgen.core.errors import UserError, did_you_mean
from jaxgen.core.files import EVALUATION, flatten, unflatten
from jaxgen.data import names

Values = dict[str, Any]
_SIZES = ("image_size", "channels")
_OF_HPARAMS = ("num_classes", "latent_size", "output", *_SIZES)
_NEEDED = (*_OF_HPARAMS, "num_steps", "learning_rate")


def fill(given: Mapping[str, Any]) -> Values:
    """All keys of a config, as nested dicts; None where a value is still missing.

    Raises UserError for an unknown key, objective or module and a value of another type.
    """
    sections = [name for name in schema.SECTIONS if name]
    check_names(given, (*schema.RUN, *sections, *schema.GROUPS), "config")
    values = _section({k: v for k, v in given.items() if k in schema.RUN}, schema.RUN, "config")
    networks = fields.networks_of(values["objective"] or "")
    data = _group(given, "data")
    sizes = names.default_sizes(data.get("name") or schema.DATA["name"].default)
    values["data"] = _section(data, schema.DATA, "config.data", dict(zip(_SIZES, sizes)))
    values["evaluation"] = _section(
        _group(given, "evaluation"), schema.EVALUATION, "config.evaluation"
    )
    values["hparams"] = _hparams(_group(given, "hparams"), values)
    for name, complete_one in (("networks", _network), ("optim", _optimiser)):
        group = _group(given, name)
        check_names(group, networks, f"config.{name}", complete=True)
        values[name] = {
            network: complete_one(
                f"config.{name}.{network}", _group(group, network, f"config.{name}"), values
            )
            for network in networks
        }
    decays = dict.fromkeys(networks, schema.DECAY)
    values["ema"] = _section(_group(given, "ema"), decays, "config.ema")
    return values


def fill_study(given: Mapping[str, Any]) -> Values:
    """All keys of a study's config. Raises UserError as `fill`."""
    sections = [name for name in schema.STUDY_SECTIONS if name]
    check_names(given, (*schema.STUDY, *sections), "config")
    values = _section({k: v for k, v in given.items() if k not in sections}, schema.STUDY, "config")
    for name in sections:
        keys = schema.STUDY_SECTIONS[name]
        values[name] = _section(_group(given, name), keys, f"config.{name}")
    return values


def check(values: Mapping[str, Any]) -> None:
    """Raises UserError for a value of a filled config that is missing or not allowed."""
    data = values["data"]
    names.validate_name(data["name"])
    for key, value in flatten(values).items():
        section, _, name = f"config.{key}".rpartition(".")
        if value is None and name in _NEEDED:
            why = f', which the data set "{data["name"]}" does not tell' * (name in _OF_HPARAMS)
            raise UserError(f"{section} lacks: {name}{why}; set config.{key}.")
    for name, keys in schema.SECTIONS.items():
        check_values(values[name] if name else values, keys, f"config.{name}".rstrip("."))
    names.check_least_chroma(data["name"], data["channels"], data["least_chroma"])
    _check_windows(data)
    _check_evaluations(values)
    for key in ("num_steps", "log_every", "sample_every", "checkpoint_every"):
        if values[key] % values["steps_per_dispatch"]:
            raise UserError(
                f"config.{key}={values[key]} must be a multiple of "
                f"config.steps_per_dispatch={values['steps_per_dispatch']}; change one of them."
            )
    for where, section in optimisers.sections(values["optim"]).items():
        check_values(flatten(section), optimisers.keys_of(where, section), where)
        optimisers.check(where, section)
    check_values(values["ema"], dict.fromkeys(values["ema"], schema.DECAY), "config.ema")


def _check_windows(data: Mapping[str, Any]) -> None:
    """Raises UserError unless windows of the images' size can be cut from those that are loaded."""
    load_size, size = data["load_size"], data["image_size"]
    if not load_size:
        return
    given = f"config.data.load_size={load_size}"
    if data["name"] in names.POINTS or data["name"].startswith(names.STACKED):
        kind = "points" if data["name"] in names.POINTS else "stacks of digits"
        raise UserError(
            f'{given} is for pictures, of which windows are cut, and the data set "{data["name"]}" '
            f"has {kind}; set it to 0."
        )
    if load_size < size:
        raise UserError(
            f"{given} must not be below config.data.image_size={size}, the side of the windows "
            "that are cut from images of that side; raise it, or set it to 0."
        )
    if data["crop_padding"]:
        raise UserError(
            f"{given} and config.data.crop_padding={data['crop_padding']} both cut windows at "
            "random; set one of them to 0."
        )


def _check_evaluations(values: Mapping[str, Any]) -> None:
    """Raises UserError unless evaluations during training have images, lines and checkpoints."""
    every, best = values["evaluate_every"], values["checkpoint_best"]
    evaluated = best.startswith(EVALUATION)
    if evaluated and not every:
        raise UserError(
            f'config.checkpoint_best="{best}" is of an evaluation; set config.evaluate_every to a '
            "number of training steps."
        )
    if not every:
        return
    if not values["data"]["validation"]:
        raise UserError(
            f"config.evaluate_every={every} needs images that are neither trained on nor tested "
            "on; set config.data.validation to their number."
        )
    for key in ("log_every", "checkpoint_every") if evaluated else ("log_every",):
        if every % values[key]:
            raise UserError(
                f"config.evaluate_every={every} must be a multiple of config.{key}={values[key]}; "
                "change one of them."
            )


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
            raise UserError(
                f'{where}.{name}="{value}" is not one of {", ".join(key.choices)}.'
                f"{did_you_mean(value, key.choices)}"
            )
        if key.least is None:
            continue
        if isinstance(key.default, int) and not key.least <= value < 2**32:
            raise UserError(f"{where}.{name}={value} must be at least {key.least} and below 2**32.")
        if key.below is not None and not key.least <= value < key.below:
            raise UserError(
                f"{where}.{name}={value} must be {key.least:g} or more and below {key.below:g}."
            )
        if not key.least <= value < float("inf"):
            raise UserError(f"{where}.{name}={value} must not be below {key.least:g}, and finite.")


def meanings(values: Mapping[str, Any]) -> dict[str, str]:
    """The meaning of every dotted key of a filled config (or study)."""
    study = "experiments" in values
    found: dict[str, str] = {}

    def add(where: str, own: Mapping[str, Key | Field]) -> None:
        found.update({f"{where}.{name}".lstrip("."): key.meaning for name, key in own.items()})

    for section, keys in (schema.STUDY_SECTIONS if study else schema.SECTIONS).items():
        add(section, keys)
    if study:
        return found
    add("hparams", fields.of_hparams(values["objective"]))
    for name, network in values["networks"].items():
        add(f"networks.{name}", {"module": schema.MODULE})
        add(f"networks.{name}", fields.of_network(name, network["module"]))
    for where, section in optimisers.sections(values["optim"]).items():
        add(where.removeprefix("config."), optimisers.keys_of(where, section))
    add("ema", {name: schema.DECAY for name in values["ema"]})
    return found


def _group(given: Mapping[str, Any], name: str, where: str = "config") -> Mapping[str, Any]:
    group = given.get(name) or {}
    if not isinstance(group, Mapping):
        raise UserError(f"{where}.{name}={group!r} must be a section of keys.")
    return group


def _section(
    given: Mapping[str, Any],
    keys: Mapping[str, Key],
    where: str,
    facts: Mapping[str, Any] | None = None,
) -> Values:
    """The values of `keys`: given, settled by a fact (0: not), or by default."""
    check_names(given, keys, where)
    values = {}
    for name, key in keys.items():
        value = given.get(name)
        if value is None:
            value = (facts or {}).get(name) or None
        default = None if key.required else key.default
        values[name] = default if value is None else _typed(f"{where}.{name}", value, key.default)
    return values


def _typed(where: str, value: Any, default: Any) -> Any:
    """`value`. Raises UserError if it is not of the type of `default`."""
    if isinstance(value, list):
        value = tuple(value)
    if type(value) is int and isinstance(default, float):
        value = float(value)
    if default is not MISSING and default is not None and type(value) is not type(default):
        raise UserError(
            f"{where}={value!r} is of type {type(value).__name__}; it must be of type "
            f"{type(default).__name__}."
        )
    return value


def _fill_fields(
    given: Mapping[str, Any], own: Mapping[str, Field], facts: Mapping[str, Any], where: str
) -> Values:
    """The values of the fields `own`: given, settled by a fact (None: missing), or by default."""
    check_names(given, own, where)
    values = {}
    for name, field in own.items():
        value = given.get(name)
        if value is None:
            value = facts.get(name, field.default)
        if value is MISSING:
            raise UserError(f"{where} lacks: {name}.")
        values[name] = None if value is None else _typed(f"{where}.{name}", value, field.default)
    return values


def _hparams(given: Mapping[str, Any], values: Values) -> Values:
    own, data = fields.of_hparams(values["objective"]), values["data"]
    facts = {name: data[name] for name in _SIZES}
    if "num_classes" in own and given.get("num_classes") is None:
        default = own["num_classes"].default
        if default or "num_classes" in given:
            # None of a name that does not tell, 0 of one that tells that there are none.
            count = names.number_of_classes(data["name"], data["keep_classes"])
            facts["num_classes"] = (default if count is None else count) or None
    if "num_images" in own:
        facts["num_images"] = names.number_of_images(data["name"], data["validation"])
    return _fill_fields(given, own, facts, "config.hparams")


def _network(where: str, given: Mapping[str, Any], values: Values) -> Values:
    module = given.get("module") or ""
    facts = {name: values["data"][name] for name in _SIZES}
    facts |= {name: values["hparams"][name] for name in _OF_HPARAMS if name in values["hparams"]}
    own = {name: value for name, value in given.items() if name != "module"}
    filled = _fill_fields(own, fields.of_network(where, module), facts, where)
    return {"module": module, **filled}


def _optimiser(where: str, given: Mapping[str, Any], values: Values) -> Values:
    if optimisers.is_by_phase(given):
        return {name: _optimiser(f"{where}.{name}", part, values) for name, part in given.items()}
    keys = optimisers.keys_of(where, given)
    flat = {name: value for name, value in flatten(given).items() if value != {}}
    return unflatten(_section(flat, keys, where))
