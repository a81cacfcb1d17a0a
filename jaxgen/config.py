"""Configs as data: finding, loading, checking. What the keys mean is `experiment.py`'s business."""

import ast
import dataclasses
import difflib
import importlib.util
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import ml_collections

from jaxgen.core import UserError

T = TypeVar("T")
# An ml_collections.ConfigDict, whose fields have no types that a checker could know.
Config = Any
_PACKAGE = Path(__file__).parent


def find(path: str) -> str:
    """`path` (with an optional `:argument`) if it exists here, else the copy installed with jaxgen.

    Makes `from configs import common` work in the file that is found. Raises UserError.
    """
    name, separator, argument = path.partition(":")
    roots = [Path(), _PACKAGE.parent, _PACKAGE / "bundled"]
    for candidate in [root / name for root in roots]:
        if candidate.is_file():
            for root in (_above_configs(candidate.resolve()), roots[-1]):
                if str(root) not in sys.path:
                    sys.path.append(str(root))
            return f"{candidate}{separator}{argument}"
    files = {
        file.relative_to(root) for root in roots for file in (root / "configs").rglob("[!_]*.py")
    }
    known = sorted({str(file) for file in files if not file.stem.endswith(("base", "common"))})
    raise UserError(
        f'Config file "{name}" not found.{did_you_mean(name, known)} There are: {", ".join(known)}.'
    )


def _above_configs(file: Path) -> Path:
    """The folder in which `configs` is a package, of a file in it or below it."""
    inside = [parent for parent in file.parents if parent.name == "configs"]
    return inside[0].parent if inside else file.parent.parent


def load(path: str, overrides: Mapping[str, Any]) -> Config:
    """The locked config of a file such as "configs/age_digits.py:smoke", with dotted overrides."""
    name, _, argument = find(path).partition(":")
    spec = importlib.util.spec_from_file_location(f"jaxgen_config_{Path(name).stem}", name)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if not hasattr(module, "get_config"):
        raise UserError(f"{name} is no config: it has no function get_config.")
    try:
        config = module.get_config(argument) if argument else module.get_config()
    except ValueError as error:
        raise UserError(f"{name}: {error}") from error
    if not isinstance(config, ml_collections.ConfigDict):
        raise UserError(
            f"get_config of {name} gave {config!r}; it must return an ml_collections.ConfigDict."
        )
    config.lock()
    for key, value in overrides.items():
        override(config, key, value)
    return config


def override(config: Config, key: str, value: Any) -> None:
    """Sets one dotted key to a value of the type that it has. Raises UserError."""
    node, last = _locate(config, key)
    current = node[last]
    if isinstance(value, int) and not isinstance(value, bool) and isinstance(current, float):
        value = float(value)
    if isinstance(value, list):
        value = tuple(value)
    if type(value) is not type(current):
        raise UserError(
            f"config.{key}={value!r} is of type {type(value).__name__}; "
            f"it must be of type {type(current).__name__}, like its value {current!r}."
        )
    node[last] = value


def parse(config: Config, key: str, text: str) -> Any:
    """The value that `text`, of a command line, means for a dotted key: text, or a literal."""
    node, last = _locate(config, key)
    if isinstance(node[last], str):
        return text
    try:
        return ast.literal_eval({"true": "True", "false": "False"}.get(text.lower(), text))
    except (SyntaxError, ValueError):
        return text  # of the wrong type, as `override` will say


def _locate(config: Config, key: str) -> tuple[Config, str]:
    """The part of a config that has the dotted key, and the key's last name."""
    node: Any = config
    parts = key.split(".")
    for place, part in enumerate(parts):
        allowed = list(node) if isinstance(node, ml_collections.ConfigDict) else []
        where = ".".join(["config", *parts[:place]])
        if part not in allowed:
            raise UserError(
                f'"{part}" is not a key of {where}.{did_you_mean(part, allowed)} '
                f"Keys: {', '.join(sorted(allowed)) or 'none'}."
            )
        parent, node = node, node[part]
    if isinstance(node, ml_collections.ConfigDict):
        raise UserError(
            f"config.{key} is a group of keys, to be set one by one: {', '.join(sorted(node))}."
        )
    return parent, parts[-1]


def strict(cls: type[T], values: Mapping[str, Any], where: str) -> T:
    """`cls(**values)` of a dataclass, where every field must be there and nothing else.

    Raises UserError that names the key, where it stands, and what is allowed.
    """
    fields = {field.name: field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
    check_keys(values, fields, where)
    for name, field in fields.items():
        default = field.default
        if default is dataclasses.MISSING:
            continue
        value = values[name]
        if type(value) is not type(default) and (type(default), type(value)) != (float, int):
            raise UserError(
                f"{where}.{name}={value!r} is of type {type(value).__name__}; "
                f"it must be of type {type(default).__name__}."
            )
    try:
        return cls(**values)
    except ValueError as error:
        raise UserError(f"{where}: {error}") from error


def check_keys(values: Mapping[str, Any], allowed: Iterable[str], where: str) -> None:
    """Raises UserError unless the keys of `values` are exactly `allowed`."""
    allowed = list(allowed)
    for name in values:
        if name not in allowed:
            raise UserError(
                f'"{name}" is not a key of {where}.{did_you_mean(name, allowed)} '
                f"Keys: {', '.join(sorted(allowed))}."
            )
    missing = [name for name in allowed if name not in values]
    if missing:
        raise UserError(f"{where} lacks: {', '.join(missing)}; a config must be complete.")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint with the nearest known name, or nothing."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f' Did you mean "{close[0]}"?' if close else ""


def to_json(config: Config) -> dict[str, Any]:
    """Plain nested data of a config (tuples become lists)."""
    return json.loads(json.dumps(config.to_dict(), default=_refuse))


def from_json(values: Mapping[str, Any]) -> Config:
    """The locked config of `to_json`'s data."""

    def restore(value):
        if isinstance(value, Mapping):
            return {name: restore(part) for name, part in value.items()}
        return tuple(restore(part) for part in value) if isinstance(value, list) else value

    config = ml_collections.ConfigDict(restore(values))
    config.lock()
    return config


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested data as one dict with dotted keys; empty parts keep their own entry."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            flat |= flatten(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def _refuse(value: Any) -> Any:
    raise UserError(
        f"The config holds {value!r} of type {type(value).__name__}; "
        "values must be numbers, strings, booleans, tuples or further keys."
    )
