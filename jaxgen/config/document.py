"""Every key of every config, for people: docs/config.md, and a line a key of one config.

python -m jaxgen.config.document > docs/config.md
"""

import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from jaxgen.config import complete, fields, optimisers, schema
from jaxgen.config.fields import MISSING, Field
from jaxgen.config.schema import Key
from jaxgen.core.files import flatten

_INTRODUCTION = """# Every key of a config

Made by `python -m jaxgen.config.document > docs/config.md`.

A config file says only what differs from here; loading completes it. `--config.KEY=VALUE` changes
any key, `--print_config` prints all of one config. A run may be continued with another value of a
*free* key. Sizes follow the data: where neither the file nor the command line says otherwise,
`image_size` and `channels` everywhere are those of the data set, `num_classes` is its number of
classes where an objective is given labels, `num_images` that of training images where an objective
remembers each and the set's name tells it, and a network's `num_classes`, `latent_size` and
`output` are its objective's."""
_FOLLOWS = {
    "hparams": dict.fromkeys(("image_size", "channels", "num_classes", "num_images"), "the data's"),
    "networks": {
        "image_size": "the data's",
        "channels": "the data's",
        "num_classes": "the objective's",
        "latent_size": "the objective's",
        "output": "the objective's",
    },
}


def lines(config: Any) -> list[str]:
    """Every key of a complete config (or study) as the flag that sets it, and what it means."""
    values = config.to_dict()
    meanings = complete.meanings(values)
    return [
        f"--config.{key}={shlex.quote(str(value))}  # {meanings[key]}".removesuffix("  # ")
        for key, value in flatten(values).items()
        if value != {}
    ]


def markdown() -> str:
    """The text of docs/config.md."""
    groups = schema.GROUPS
    parts = [_INTRODUCTION]
    titles = {"": "The run: config.KEY", "data": "config.data.KEY"}
    for name, keys in schema.SECTIONS.items():
        parts += [f"## {titles.get(name, f'config.{name}.KEY')}", _keys(keys)]
    parts += ["## config.optim.NETWORK.KEY", _sentence(groups["optim"]), _keys(optimisers.COMMON)]
    for name, keys in optimisers.KINDS.items():
        parts += [f"### name={name}", _keys(keys) if keys else "No further keys."]
    parts += ["### schedule.KEY", _keys({"name": optimisers.SCHEDULE_NAME})]
    for name, keys in optimisers.SCHEDULES.items():
        if keys:
            parts += [f"### schedule.name={name}", _keys(keys)]
    parts += ["## config.ema.NETWORK", _sentence(groups["ema"]), _keys({"NETWORK": schema.DECAY})]
    parts += ["## config.hparams.KEY", _sentence(groups["hparams"])]
    for name in fields.objectives():
        parts += [f"### objective={name}", _fields(fields.of_hparams(name), "hparams")]
    parts += ["## config.networks.NETWORK.KEY", _sentence(groups["networks"])]
    parts += [_keys({"module": schema.MODULE})]
    for name in fields.network_classes():
        parts += [f"### module={name}", _fields(fields.of_network("", name), "networks")]
    parts += ["## Studies: config.KEY of configs/studies"]
    study = {
        f"{section}.{name}".lstrip("."): key
        for section, keys in schema.STUDY_SECTIONS.items()
        for name, key in keys.items()
    }
    return "\n\n".join([*parts, _keys(study)]) + "\n"


def _keys(keys: Mapping[str, Key]) -> str:
    rows = (
        (f"`{name}`", _default(key), _allowed(key), "yes" * key.free, key.meaning)
        for name, key in keys.items()
    )
    return _table(("key", "default", "allowed", "free", "meaning"), rows)


def _fields(own: Mapping[str, Field], group: str) -> str:
    rows = []
    for name, field in own.items():
        default = _FOLLOWS[group].get(name, _code(field.default))
        if group == "hparams" and name == "num_classes" and not field.default:
            default = _code(field.default)  # no classes, unless asked for
        rows.append((f"`{name}`", default, field.meaning))
    return _table(("key", "default", "meaning"), rows)


def _default(key: Key) -> str:
    if key in (schema.DATA["image_size"], schema.DATA["channels"]):
        return "the data's"
    return "to be given" if key.required else _code(key.default)


def _allowed(key: Key) -> str:
    if key.choices:
        return ", ".join(key.choices)
    kind = {str: "text", int: "integer", float: "number", bool: "true, false", tuple: "tuple"}
    least = f", {key.least:g} or more" if key.least is not None else ""
    below = f" and below {key.below:g}" if key.below is not None else ""
    return kind[type(key.default)] + least + below


def _code(value: Any) -> str:
    return "to be given" if value is MISSING else f"`{value!r}`"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    cells = [head, ("---",) * len(head), *rows]
    escaped = [[text.replace("|", r"\|") for text in row] for row in cells]
    return "\n".join(f"| {' | '.join(row)} |" for row in escaped)


if __name__ == "__main__":
    print(markdown(), end="")
