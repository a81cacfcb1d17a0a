"""What may import what: the table in CONTRIBUTING.md, held file by file, and no circles."""

import ast
import functools
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.core

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "jaxgen"
FILES = sorted(PACKAGE.rglob("*.py"))
ONLY_IN = {
    "orbax": ("train/checkpoint.py",),
    "tensorflow_datasets": ("data/",),
    "tensorflow": ("data/prepare.py",),
    "ml_collections": ("config/load.py",),
    "tensorboardX": ("train/events.py",),
    "sklearn": ("data/embedded.py", "evaluate/"),
}


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in FILES}
# Packages whose __init__ is only a list of names that are imported when they are first used.
FACES = {name for name, path in MODULES.items() if "lazy.attach(__name__" in path.read_text()}


def table() -> dict[str, tuple[str, ...]]:
    """part -> the parts that it may import, of CONTRIBUTING.md."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    rows = re.findall(r"^\| `([\w.]+)` \| ([^|]*) \|", text, re.MULTILINE)
    return {part: tuple(re.findall(r"`([\w.]+)`", allowed)) for part, allowed in rows}


def part_of(module: str) -> str:
    """The row of the table that a module is in: the longest that its name begins with."""
    name = module.removeprefix("jaxgen.")
    parts = [part for part in table() if name == part or name.startswith(f"{part}.")]
    assert parts, f"{module} is in no row of CONTRIBUTING.md's table"
    return max(parts, key=len)


@functools.cache
def imports(path: Path) -> frozenset[str]:
    """Everything that a file imports, at any depth and also for type checkers alone."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: imports are absolute"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                names.add(whole if whole in MODULES else node.module)
    return frozenset(names)


def own_imports(path: Path) -> set[str]:
    return {name for name in imports(path) if name.split(".")[0] == "jaxgen"}


CODE = {name: path for name, path in MODULES.items() if name not in FACES}


@pytest.mark.parametrize("module", CODE)
def test_imports_are_those_of_the_table(module):
    part = part_of(module)
    for name in own_imports(CODE[module]) - {"jaxgen"}:
        assert name not in FACES, f"{module} imports from {name}, a list of names: name the file"
        if name == "jaxgen.lazy" or part_of(name) == part:
            continue
        short = name.removeprefix("jaxgen.")
        allowed = table()[part]
        assert any(short == a or short.startswith(f"{a}.") for a in allowed), (
            f"{module} imports {name}; {part} may import {', '.join(allowed)}"
        )


def test_no_file_imports_itself_through_others():
    done: set[str] = set()

    def visit(module: str, above: tuple[str, ...]) -> None:
        assert module not in above, " -> ".join((*above[above.index(module) :], module))
        if module not in done:
            for name in sorted(own_imports(CODE[module]) & CODE.keys()):
                visit(name, (*above, module))
            done.add(module)

    for module in CODE:
        visit(module, ())
    assert done == CODE.keys()


def test_the_order_of_the_table_is_from_the_bottom_up():
    order = list(table())
    for part, allowed in table().items():
        for name in allowed:
            below = max((p for p in order if name == p or name.startswith(f"{p}.")), key=len)
            assert order.index(below) < order.index(part), f"{part} may import {name} from above"


def test_a_paper_never_imports_a_paper():
    for path in (PACKAGE / "objectives").glob("[!_]*.py"):
        papers = [n for n in own_imports(path) if re.fullmatch(r"jaxgen\.objectives\.\w+", n)]
        assert not papers, f"{path.name} imports {papers}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_libraries_that_only_some_files_import(path):
    where = str(path.relative_to(PACKAGE))
    for name in imports(path):
        allowed = ONLY_IN.get(name.split(".")[0], ("",))
        assert where.startswith(allowed), f"{where} imports {name}; only {allowed} may"


def test_only_the_seam_calls_linen():
    for path in FILES:
        if path.parent.name in ("models",) or path.name == "nets.py":
            continue
        text = path.read_text()
        assert ".apply(" not in text, f"{path}: networks are called through core.nets"


def test_only_resolve_asks_what_an_objective_has():
    for path in FILES:
        if path == PACKAGE / "core" / "objective.py":
            continue
        asked = re.findall(
            r"(?:getattr|hasattr)\((?:\w+\.)*(?:objective|module|abilities)\b.*", path.read_text()
        )
        allowed = {"nets.py": 1, "load.py": 2}.get(path.name, 0)
        assert len(asked) <= allowed, f"{path}: {asked}"


@pytest.mark.parametrize("path", sorted(ROOT.glob("configs/**/*.py")), ids=lambda p: p.name)
def test_configs_are_data(path):
    for name in imports(path):
        assert name.split(".")[0] in ("configs", "ml_collections", "typing"), (
            f"{path} imports {name}"
        )
