"""Fields of Hparams and of networks, read from their source: completing a config imports no JAX.

What cannot be read so (a default that is no literal, a base class of another file) is imported
instead. A field's meaning is its entry under "Attributes:" in the class's docstring.
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

from jaxgen.core.errors import UserError, did_you_mean, own_code

MISSING = dataclasses.MISSING
# Of a network: how it runs, not what it is.
_NOT_CONFIG = ("parent", "name", "dtype", "axis_name")
# Base classes that add no field of a config.
_NO_FIELDS = ("nn.Module", "linen.Module", "flax.linen.Module", "object")
_ENTRY = re.compile(r"  (\w+): (.*)")


@dataclasses.dataclass(frozen=True)
class Field:
    """One field of a class: its default, MISSING if there is none, and its meaning."""

    default: Any
    meaning: str


def of_hparams(objective: str) -> dict[str, Field]:
    """The fields of the Hparams of `config.objective`. Raises UserError where there are none."""
    module = objective_module(objective)
    found = _fields(module, "Hparams")
    if found is None:
        raise UserError(f"config.objective={module} lacks Hparams.")
    return found


def networks_of(objective: str) -> tuple[str, ...]:
    """NETWORKS of `config.objective`. Raises UserError where it has none."""
    module = objective_module(objective)
    for node in getattr(_source(module), "body", ()):
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "NETWORKS":
            try:
                return tuple(ast.literal_eval(node.value))
            except ValueError:
                break
    from jaxgen.core.objective import require  # imports JAX, as the module does

    imported = import_module(module)
    require(imported, ("NETWORKS",))
    return tuple(imported.NETWORKS)


def of_network(where: str, path: str) -> dict[str, Field]:
    """The fields that a config sets of a network's class. Raises UserError, naming `where`."""
    module, _, name = network_class(path).rpartition(".")
    found = _fields(module, name)
    if found is None:
        searched = f" in {module}" if module else ""
        if module and "." not in module:
            searched = (
                f" in jaxgen.models, nor {name} in a module {module} of the current folder or"
            )
            searched += " of PYTHONPATH"
        raise UserError(
            f'{where}.module="{path}" not found{searched}; name a class of jaxgen.models, such as '
            '"age.Encoder64", or give the dotted path of a class of yours.'
            f"{did_you_mean(path, network_classes())}"
        )
    return {name: field for name, field in found.items() if name not in _NOT_CONFIG}


def network_class(path: str) -> str:
    """The dotted path of a network's class.

    "age.Encoder64" is in jaxgen.models; "mine.Encoder", where that has no such file, in a module
    `mine` of the user's.
    """
    module, _, name = path.partition(".")
    ours = "." not in name and module in {file.stem for file in _models()}
    return f"jaxgen.models.{path}" if ours else path


def import_module(module: str) -> Any:
    """A module by its dotted path. Raises UserError where a user's own fails."""
    with own_code(f"{module} cannot be imported"):
        return importlib.import_module(module)


def objective_module(objective: str) -> str:
    """The dotted path of an objective's module. Raises UserError where there is none."""
    if not objective:
        raise UserError(f"config lacks: objective; available: {', '.join(objectives())}.")
    module = objective if "." in objective else f"jaxgen.objectives.{objective}"
    if _source(module) is None:
        raise UserError(
            f'config.objective="{objective}" not found.{did_you_mean(objective, objectives())} '
            f"Available: {', '.join(objectives())}, or the dotted path of a module of yours."
        )
    return module


def objectives() -> list[str]:
    """The names of jaxgen's objectives."""
    folder = Path(__file__).parents[1] / "objectives"
    return sorted(path.stem for path in folder.glob("[!_]*.py"))


def objectives_with(*abilities: str) -> list[str]:
    """Those of jaxgen's objectives that define or import all of `abilities`, such as "colorize"."""
    return [name for name in objectives() if set(abilities) <= _names(f"jaxgen.objectives.{name}")]


def _names(module: str) -> set[str]:
    """Functions of a module's own or imported ones."""
    found: set[str] = set()
    for node in getattr(_source(module), "body", ()):
        found |= {node.name} if isinstance(node, ast.FunctionDef) else set()
        if isinstance(node, ast.ImportFrom):
            found |= {alias.asname or alias.name for alias in node.names}
        if isinstance(node, ast.Assign):
            found |= {getattr(target, "id", "") for target in node.targets}
    return found


def network_classes() -> list[str]:
    """The classes of jaxgen.models that a config can name, such as "age.Encoder64"."""
    found = []
    for path in _models():
        tree = _parsed(str(path))
        classes = _classes(tree)
        parts = {getattr(n.func, "id", "") for n in ast.walk(tree) if isinstance(n, ast.Call)}
        for name in sorted(set(classes) - parts):
            own = None if name.startswith("_") else _read(classes, name)
            if own and "features" in own and not _required(own):
                found.append(f"{path.stem}.{name}")
    return found


def _models() -> list[Path]:
    return sorted((Path(__file__).parents[1] / "models").glob("[!_]*.py"))


def _required(own: dict[str, Field]) -> list[str]:
    return [k for k, field in own.items() if field.default is MISSING and k not in _NOT_CONFIG]


def _source(module: str) -> ast.Module | None:
    """The parsed source of a module, None where there is none."""
    try:
        # Of a package that is there but fails, as one that is not found does not.
        with own_code(f"{module} cannot be imported"):
            spec = importlib.util.find_spec(module) if module else None
    except UserError:
        raise
    except (ImportError, ValueError, AttributeError):
        return None
    if spec is None or not (spec.origin or "").endswith(".py"):
        return None
    return _parsed(str(spec.origin))


@functools.cache
def _parsed(file: str) -> ast.Module:
    with own_code(f"{file} cannot be read"):
        return ast.parse(Path(file).read_text(), file)


def _classes(tree: ast.Module) -> dict[str, ast.ClassDef]:
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


def _fields(module: str, name: str) -> dict[str, Field] | None:
    """The fields of a dataclass; None where there is no such class."""
    tree = _source(module)
    if tree is None:
        return None
    found = _read(_classes(tree), name)
    return _imported(module, name) if found is None else found


def _read(classes: dict[str, ast.ClassDef], name: str) -> dict[str, Field] | None:
    """The fields of a class by its source, or None if that does not tell all."""
    if name not in classes:
        return None
    node = classes[name]
    found: dict[str, Field] = {}
    for base in map(ast.unparse, node.bases):
        inherited = {} if base in _NO_FIELDS else _read(classes, base)
        if inherited is None:
            return None
        found |= inherited
    meanings = _meanings(ast.get_docstring(node) or "")
    found = {key: Field(f.default, meanings.get(key, f.meaning)) for key, f in found.items()}
    for line in node.body:
        if not (isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)):
            continue
        key, default = line.target.id, MISSING
        try:
            default = MISSING if line.value is None else ast.literal_eval(line.value)
        except ValueError:
            if key not in _NOT_CONFIG:
                return None
        if "ClassVar" in ast.unparse(line.annotation):
            return None
        found[key] = Field(default, meanings.get(key, ""))
    return found


def _imported(module: str, name: str) -> dict[str, Field] | None:
    cls = getattr(import_module(module), name, None)
    if not dataclasses.is_dataclass(cls):
        return None
    meanings = _meanings(inspect.getdoc(cls) or "")
    found = {}
    for field in dataclasses.fields(cls):
        default = field.default
        if field.default_factory is not MISSING:
            default = field.default_factory()
        # Of a function, say, which stays as it is: a config cannot hold it.
        if default is MISSING or isinstance(default, bool | int | float | str | tuple):
            found[field.name] = Field(default, meanings.get(field.name, ""))
    return found


def _meanings(docstring: str) -> dict[str, str]:
    """The entries under "Attributes:" of a docstring, each on one line without its full stop."""
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
    return {name: meaning.removesuffix(".") for name, meaning in found.items()}
