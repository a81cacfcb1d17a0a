"""A file imports only from lower floors, or from its own."""

import ast
from pathlib import Path

import pytest

pytestmark = pytest.mark.core

PACKAGE = Path(__file__).parents[1] / "jaxgen"
FLOORS = {
    "core": 0,
    "losses": 0,
    "models": 1,
    "data": 1,
    "objectives": 2,
    "train": 3,
    "evaluate": 3,
    "config": 4,
    "workdir": 4,
    "session": 4,
    "feed": 4,
    "experiment": 4,
    "commands": 4,
    "optimisers": 4,
    "evaluation": 4,
    "code_evaluation": 4,
    "sampling": 4,
    "seed_output": 4,
    "seed_session": 4,
    "studies": 4,
    "command_line": 5,
    "main": 5,
    "study": 5,
}
# Beyond the floors: what a part may not import although it is lower, and who alone imports what.
FORBIDDEN = {
    "objectives": ("jaxgen.models", "jaxgen.data"),
    "losses": ("jaxgen.models", "flax"),
    "models": ("jaxgen.data", "jaxgen.losses"),
    "data": ("jaxgen.models", "jaxgen.losses"),
}
ONLY_IN = {
    "orbax": ("train/checkpoint.py", "train/checkpoint_files.py"),
    "tensorflow_datasets": ("data/",),
    "tensorflow": ("data/prepare.py",),
    "ml_collections": ("config.py", "experiment.py", "workdir.py", "commands.py", "main.py"),
    "tensorboardX": ("train/metrics.py",),
}
FILES = sorted(p for p in PACKAGE.rglob("*.py") if p.name != "__init__.py" or p.parent != PACKAGE)


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_down(path):
    part = part_of(path)
    assert part in FLOORS, f"{part} stands on no floor; add it to FLOORS"
    for name in imports(path):
        pieces = name.split(".")
        if pieces[0] == "jaxgen" and len(pieces) > 1 and pieces[1] in FLOORS:
            assert FLOORS[pieces[1]] <= FLOORS[part], f"{path} imports {name} from above"
        for forbidden in FORBIDDEN.get(part, ()):
            assert not name.startswith(forbidden), f"{path} imports {name}"
        for library, allowed in ONLY_IN.items():
            if pieces[0] == library:
                where = str(path.relative_to(PACKAGE))
                assert where.startswith(allowed), f"{path} imports {name}; only {allowed} may"


def test_only_the_seam_calls_linen():
    for path in FILES:
        if path.parent.name in ("models",) or path.name == "nets.py":
            continue
        text = path.read_text()
        assert ".apply(" not in text, f"{path}: networks are called through core.nets"


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.parent.glob("configs/**/*.py")), ids=lambda p: p.name
)
def test_configs_are_data(path):
    for name in imports(path):
        assert name.split(".")[0] in ("configs", "ml_collections"), f"{path} imports {name}"
