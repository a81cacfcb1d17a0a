"""Config files: finding, loading with arguments and overrides; JSON."""

import ast
import contextlib
import copy
import importlib.util
import inspect
import json
import sys
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import ml_collections

from jaxgen.config import complete, fields, optimisers, schema
from jaxgen.config.upgrade import upgrade
from jaxgen.core.errors import UserError, did_you_mean, own_code
from jaxgen.core.files import flatten, unflatten
from jaxgen.data import names

# An ml_collections.ConfigDict, whose fields have no types that a checker could know.
Config = Any
_PACKAGE = Path(__file__).parents[1]
_ROOTS = (_PACKAGE.parent, _PACKAGE / "bundled")


def load_config(path: str, **overrides: Any) -> Config:
    """The complete, locked config of `path`, e.g. "configs/age_celeba.py:smoke".

    overrides: dotted keys, e.g. `**{"hparams.image_weight": 5.0}`. Raises UserError.

    >>> config = load_config("configs/age_digits.py:smoke", **{"hparams.image_weight": 5.0})
    >>> config.hparams.image_weight, config.networks.encoder.module, config.data.image_size
    (5.0, 'age.Encoder16', 16)
    """
    return load(path, overrides)


def load(path: str, overrides: Mapping[str, Any], *, as_text: bool = False) -> Config:
    """As `load_config`; as_text: the values of `overrides` are text of a command line."""
    return finish(read(path), overrides, as_text=as_text)


def read(path: str) -> Config:
    """What the file says, with its arguments: a ConfigDict that need not be complete."""
    name, _, argument = path.partition(":")
    file = find(name)
    with _imported(file) as module:
        if not hasattr(module, "get_config"):
            raise UserError(f"{file} is no config: it has no function get_config.")
        known = _words(module.get_config)
        words = [word for word in argument.split(",") if word]
        smoke = "smoke" in words and "smoke" not in known
        try:
            chosen = _keywords(known, [word for word in words if word != "smoke" or not smoke])
            config = module.get_config(**chosen)
        except ValueError as error:
            raise UserError(f"{file}: {error}") from error
        if not isinstance(config, ml_collections.ConfigDict):
            raise UserError(
                f"get_config of {file} gave {config!r}; it must return an "
                "ml_collections.ConfigDict."
            )
        if smoke and "experiments" in config:
            raise UserError(f"{file}: a study takes smoke only as a parameter of its get_config.")
        if smoke:
            complete.fill(config.to_dict())  # what is wrong is said here
            shrink(config)
            getattr(module, "smoke", lambda config: None)(config)
    return config


def finish(config: Config, overrides: Mapping[str, Any], *, as_text: bool = False) -> Config:
    """The complete, checked and locked config, with overrides, of what a file says."""
    study = "experiments" in config
    fill = complete.fill_study if study else complete.fill
    if overrides:
        config = copy.deepcopy(config)  # its references stay its own
        config.unlock()
    for key, value in sorted(overrides.items(), key=_kinds_first):
        whole = fill(config.to_dict())
        current = _current(whole, key)
        value = _parsed(current, value) if as_text else value
        _set(config, key, _fitting(key, current, value))
        _drop_other_kinds(config, key, overrides)
    values = fill(config.to_dict())
    (complete.check_study if study else complete.check)(values)
    return _locked(values)


def override(config: Config, key: str, value: Any) -> Config:
    """A complete config with one dotted key changed; nothing else follows it. Raises UserError."""
    values = config.to_dict()
    fitting = _fitting(key, _current(values, key), value)
    values = unflatten({**flatten(values), key: fitting})
    complete.check(values)
    return _locked(values)


def parse(config: Config, key: str, text: str) -> Any:
    """The value that `text`, of a command line, means for a dotted key of a complete config.

    What is no text already is a value.
    """
    current = _current(config.to_dict(), key)
    return _parsed(current, text) if isinstance(text, str) else text


def find(name: str) -> Path:
    """The config file `name` if it exists here, else that in a checkout or installed with jaxgen.

    Raises UserError.
    """
    roots = (Path(), *_ROOTS)
    for candidate in (root / name for root in roots):
        with contextlib.suppress(OSError):
            if candidate.is_file():
                return candidate
    known = known_configs(roots)
    hint = did_you_mean(name, known) or f" There are: {', '.join(known)}."
    raise UserError(f'Config file "{name}" not found.{hint}')


def known_configs(roots: tuple[Path, ...] = _ROOTS) -> list[str]:
    """The config files below `roots`, such as "configs/age_digits.py"."""
    every = {f.relative_to(root): f for root in roots for f in (root / "configs").rglob("*.py")}
    return sorted(
        str(name) for name, f in every.items() if "def get_config(" in f.read_text("utf-8")
    )


def arguments(path: str) -> list[str]:
    """The words that may stand after the colon of a config, "smoke" last."""
    with _imported(find(path.partition(":")[0])) as module:
        return [*(word for word in _words(module.get_config) if word != "smoke"), "smoke"]


def shrink(config: Config) -> None:
    """Makes of any experiment one of seconds: embedded data, narrow networks, a few steps."""
    for section in ("data", "evaluation"):
        config[section] = config.get(section) or ml_collections.ConfigDict()
    data, name = config.data, config.data.get("name") or schema.DATA["name"].default
    for key, size in zip(("image_size", "channels"), names.default_sizes(name)):
        size = data.get(key) or size or schema.DATA[key].default
        if size:  # of the experiment, not of the embedded data
            data[key] = size
    if name.startswith(names.STACKED):
        data.name = f"{names.STACKED}digits"
    elif name not in names.POINTS:
        data.name = "digits"
    data.update(data_dir="", resize="bilinear", batch_size=8, validation=0, least_chroma=0.0)
    data.labelled = min(data.get("labelled", 0), 20)
    config.update(num_steps=4, steps_per_dispatch=1)
    config.update(log_every=2, sample_every=2, checkpoint_every=2)
    config.evaluation.num_images = 32
    for name, network in config.networks.items():
        if "features" in fields.of_network(f"config.networks.{name}", network.module):
            network.features = 4


def to_json(config: Config) -> dict[str, Any]:
    """Plain nested data of a config (tuples become lists)."""
    return json.loads(json.dumps(config.to_dict(), default=_refuse))


def from_json(values: Mapping[str, Any]) -> Config:
    """The complete, locked config of a record, also of an earlier version. Raises UserError."""
    filled = complete.fill(upgrade(_tuples(values)))
    complete.check(filled)
    return _locked(filled)


def study_from_json(values: Mapping[str, Any]) -> Config:
    """As `from_json`, of the config of a study; keys that studies no longer have are left out."""
    values = _tuples(values)
    data = {k: v for k, v in values.get("data", {}).items() if k != "num_classes"}
    return _locked(complete.fill_study({**values, "data": data}))


def _tuples(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _tuples(part) for name, part in value.items()}
    return tuple(_tuples(part) for part in value) if isinstance(value, list | tuple) else value


def _locked(values: Mapping[str, Any]) -> Config:
    config = ml_collections.ConfigDict(values)
    config.lock()
    return config


@contextlib.contextmanager
def _imported(file: Path) -> Iterator[types.ModuleType]:
    """The module of a config file, to which `configs` is its own such folder, then jaxgen's."""
    spec = importlib.util.spec_from_file_location(f"jaxgen_config_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise UserError(f"{file} is no config: it must be a Python file, ending in .py.")
    own = [parent for parent in file.resolve().parents if parent.name == "configs"]
    package = types.ModuleType("configs")
    package.__path__ = [str(folder) for folder in (*own, *(root / "configs" for root in _ROOTS))]
    others = _pop_configs()
    sys.modules["configs"] = package
    module = importlib.util.module_from_spec(spec)
    try:
        with own_code(f"The config {file} fails"):
            spec.loader.exec_module(module)
            yield module
    finally:
        _pop_configs()
        sys.modules.update(others)


def _pop_configs() -> dict[str, Any]:
    found = [name for name in sys.modules if name == "configs" or name.startswith("configs.")]
    return {name: sys.modules.pop(name) for name in found}


def _words(function: Callable) -> dict[str, tuple[str, Any]]:
    """Word -> (parameter, value), of every word that `function` can be called by."""
    found: dict[str, tuple[str, Any]] = {}
    for name, parameter in inspect.signature(function, eval_str=True).parameters.items():
        annotation, many = parameter.annotation, False
        if typing.get_origin(annotation) is tuple:
            annotation, many = typing.get_args(annotation)[0], True
        if annotation is bool:
            found[name] = (name, True)
        elif typing.get_origin(annotation) is Literal:
            choices = typing.get_args(annotation)
            found |= {str(c): (name, (c,) if many else c) for c in choices}
    return found


def _keywords(known: Mapping[str, tuple[str, Any]], words: Iterable[str]) -> dict[str, Any]:
    """What get_config is called with for the words after a colon. Raises ValueError."""
    chosen: dict[str, Any] = {}
    for word in dict.fromkeys(words):
        if word not in known:
            raise ValueError(
                f'"{word}" is not an argument of this config; it takes: '
                f"{', '.join([*(w for w in known if w != 'smoke'), 'smoke'])}."
                f"{did_you_mean(word, [*known, 'smoke'])}"
            )
        name, value = known[word]
        if name in chosen and not isinstance(value, tuple):
            raise ValueError(f"{chosen[name]} and {value} are two values of {name}; name one.")
        chosen[name] = (*chosen.get(name, ()), *value) if isinstance(value, tuple) else value
    return chosen


def _current(values: Mapping[str, Any], key: str) -> Any:
    """The value of a dotted key of nested dicts. Raises UserError."""
    node: Any = values
    parts = key.split(".")
    for place, part in enumerate(parts):
        allowed = list(node) if isinstance(node, Mapping) else []
        if part not in allowed:
            where = ".".join(["config", *parts[:place]])
            deeper = [name for name in flatten(values) if name.endswith(f".{parts[-1]}")]
            hint = f" Did you mean {' or '.join(deeper[:4])}?" if deeper else ""
            raise UserError(
                f'"{part}" is not a key of {where}.{did_you_mean(part, allowed) or hint} '
                f"Keys: {', '.join(sorted(allowed)) or 'none'}."
            )
        node = node[part]
    if isinstance(node, Mapping):
        raise UserError(
            f"config.{key} is a group of keys, to be set one by one: {', '.join(sorted(node))}."
        )
    return node


def _parsed(current: Any, text: str) -> Any:
    if isinstance(current, str):
        return text
    try:
        return ast.literal_eval({"true": "True", "false": "False"}.get(text.lower(), text))
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return text  # of the wrong type, as `_fitting` will say


def _fitting(key: str, current: Any, value: Any) -> Any:
    """`value` if it is of the type that the key has."""
    if type(value) is int and isinstance(current, float):
        value = float(value)
    if isinstance(value, list):
        value = tuple(value)
    if current is not None and type(value) is not type(current):
        raise UserError(
            f"config.{key}={value!r} is of type {type(value).__name__}; "
            f"it must be of type {type(current).__name__}, like its value {current!r}."
        )
    return value


def _set(config: Config, key: str, value: Any) -> None:
    *parts, last = key.split(".")
    node = config
    for part in parts:
        if node.get(part) is None:
            node[part] = ml_collections.ConfigDict()
        node = node[part]
    with node.ignore_type():
        node[last] = value


def _kinds_first(override: tuple[str, Any]) -> tuple[int, int]:
    """The order of overrides: what decides which other keys there are comes before those."""
    key = override[0]
    kinds = {"objective": 0, "module": 1, "name": 2}
    return kinds.get(key.rpartition(".")[2], 3), key.count(".")


def _drop_other_kinds(config: Config, key: str, overrides: Mapping[str, Any]) -> None:
    """Drops what a file says of the kind of thing that an override has just replaced.

    That is an objective's hparams, a network's fields, an optimiser's or a schedule's numbers.
    """
    section, _, last = key.rpartition(".")
    if key == "objective":
        section, own = "hparams", fields.of_hparams(config.objective)
    elif last == "module":
        own = {"module", *fields.of_network(f"config.{section}", _node(config, section).module)}
    elif key.startswith("optim.") and last == "name":
        kind = _node(config, section)
        own = {"schedule", *optimisers.COMMON, *optimisers.KINDS.get(kind.name, kind)}
        if section.endswith(".schedule"):
            own = {"name", *optimisers.SCHEDULES.get(kind.name, kind)}
    else:
        return
    node = _node(config, section)
    for name in set(node) - set(own):
        if f"{section}.{name}" not in overrides:
            del node[name]


def _node(config: Config, section: str) -> Any:
    node: Any = config
    for part in section.split("."):
        node = node.get(part) or ml_collections.ConfigDict()
    return node


def _refuse(value: Any) -> Any:
    raise UserError(
        f"The config holds {value!r} of type {type(value).__name__}; "
        "values must be numbers, strings, booleans, tuples or further keys."
    )
