"""Fields of Hparams and of networks, read from their source: completing a config imports no JAX.

What cannot be read so (a class that is made by a function, a default that is no literal) is
imported instead. A field's meaning is its entry under "Attributes:" in the class's docstring.
"""

import ast
import dataclasses
import functools
import importlib
import importlib.util
import inspect
import re
from pathlib import Path
from typing import Any

from jaxgen.core.errors import UserError, did_you_mean

MISSING = dataclasses.MISSING
# Of a network: how it runs, not what it is.
_NOT_CONFIG = ("parent", "name", "dtype", "axis_name")
_ENTRY = re.compile(r"  (\w+): (.*)")


@dataclasses.dataclass(frozen=True)
class Field:
    """One field of a class: its default, MISSING if there is none, and its meaning."""

    default: Any
    meaning: str


def of_hparams(objective: str) -> dict[str, Field]:
    """The fields of the Hparams of `config.objective`. Raises UserError where there are none."""
    return _fields(_objective(objective), "Hparams", _objective_error(objective))


def networks_of(objective: str) -> tuple[str, ...]:
    """NETWORKS of `config.objective`. Raises UserError where it has none."""
    module, error = _objective(objective), _objective_error(objective)
    for node in _tree(module, error).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "NETWORKS":
            try:
                return tuple(ast.literal_eval(node.value))
            except ValueError:
                break
    names = getattr(importlib.import_module(module), "NETWORKS", None)
    if names is None:
        raise UserError(f"config.objective={module} lacks NETWORKS.")
    return tuple(names)


def of_network(where: str, path: str) -> dict[str, Field]:
    """The fields that a config sets of a network's class. Raises UserError, naming `where`."""
    module, _, name = network_class(path).rpartition(".")
    error = UserError(
        f'{where}.module="{path}" not found; name a class of jaxgen.models, such as '
        '"age.Encoder64", or give the dotted path of a class of yours.'
    )
    if not module:
        raise error
    found = _fields(module, name, error)
    return {name: field for name, field in found.items() if name not in _NOT_CONFIG}


def network_class(path: str) -> str:
    """The dotted path of a network's class: "age.Encoder64" is in jaxgen.models."""
    return f"jaxgen.models.{path}" if path.count(".") == 1 else path


def objective_module(objective: str) -> str:
    """The dotted path of an objective's module. Raises UserError where there is none."""
    module = _objective(objective)
    _source(module, _objective_error(objective))
    return module


def _objective(objective: str) -> str:
    return objective if "." in objective else f"jaxgen.objectives.{objective}"


def _objective_error(objective: str) -> UserError:
    folder = Path(__file__).parents[1] / "objectives"
    known = sorted(p.stem for p in folder.glob("*.py") if p.stem != "__init__")
    return UserError(
        f'config.objective="{objective}" not found.{did_you_mean(objective, known)} '
        f"Available: {', '.join(known)}, or the dotted path of a module of yours."
    )


@functools.cache
def _source(module: str, error: UserError) -> str:
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError, AttributeError) as reason:
        # A module that is there but imports what is not has a mistake of its own to tell.
        if isinstance(reason, ModuleNotFoundError) and not module.startswith(str(reason.name)):
            raise
        raise error from reason
    if spec is None or not spec.origin or not spec.origin.endswith(".py"):
        raise error
    return Path(spec.origin).read_text()


def _tree(module: str, error: UserError) -> ast.Module:
    return ast.parse(_source(module, error))


def _fields(module: str, name: str, error: UserError) -> dict[str, Field]:
    classes = {n.name: n for n in _tree(module, error).body if isinstance(n, ast.ClassDef)}
    found = _read(classes, name)
    return _imported(module, name, error) if found is None else found


def _read(classes: dict[str, ast.ClassDef], name: str) -> dict[str, Field] | None:
    """The fields of a class by its source, or None if that does not tell all."""
    if name not in classes:
        return None
    node, found = classes[name], {}
    for base in node.bases:
        if isinstance(base, ast.Name):
            inherited = _read(classes, base.id)
            if inherited is None:
                return None
            found |= inherited
    meanings = _meanings(ast.get_docstring(node) or "")
    found = {key: Field(f.default, meanings.get(key, f.meaning)) for key, f in found.items()}
    for line in node.body:
        if not (isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)):
            continue
        key = line.target.id
        try:
            default = MISSING if line.value is None else ast.literal_eval(line.value)
        except ValueError:
            if key not in _NOT_CONFIG:
                return None
            default = MISSING
        found[key] = Field(default, meanings.get(key, ""))
    return found


def _imported(module: str, name: str, error: UserError) -> dict[str, Field]:
    cls = getattr(importlib.import_module(module), name, None)
    if not dataclasses.is_dataclass(cls):
        raise error
    meanings = _meanings(inspect.getdoc(cls) or "")
    return {
        field.name: Field(field.default, meanings.get(field.name, ""))
        for field in dataclasses.fields(cls)
    }


def _meanings(docstring: str) -> dict[str, str]:
    """The entries under "Attributes:" of a docstring, each on one line."""
    found: dict[str, str] = {}
    name = ""
    for line in docstring.partition("Attributes:\n")[2].splitlines():
        entry = _ENTRY.fullmatch(line)
        if entry:
            name = entry[1]
            found[name] = entry[2]
        elif name and line.startswith("    "):
            found[name] += f" {line.strip()}"
        else:
            break
    return found
