"""Notebooks agree with their scripts, start without jaxgen, and run in smoke mode."""

import ast
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import jupytext
import nbclient
import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def cells(path):
    return [(cell.cell_type, cell.source.strip()) for cell in jupytext.read(path).cells]


def first_cell(path=NOTEBOOKS[0]):
    return next(source for kind, source in cells(path) if kind == "code")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_pair_agrees_and_outputs_are_stripped(path):
    assert cells(path) == cells(path.with_suffix(".py")), "run: jupytext --sync notebooks/*.ipynb"
    for cell in jupytext.read(path).cells:
        assert not cell.get("outputs"), "strip the outputs with nbstripout"


def test_all_notebooks_begin_alike_and_with_the_address_of_the_project():
    assert len({first_cell(path) for path in NOTEBOOKS}) == 1
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    address = project.get("urls", {}).get("Repository", "")
    assert first_cell().startswith(f'REPOSITORY = "{address}"')
    citation = (ROOT / "CITATION.cff").read_text()
    assert ("repository-code:" in citation) == bool(address)
    assert address in citation


@pytest.fixture
def fresh(tmp_path):
    """A function that runs the first cell where nothing is installed but a jax, and pip is ours.

    It takes the working folder, REPOSITORY and the backend of jax, and returns (what pip was called
    with, or None; stdout; stderr). After pip, there is a jaxgen.
    """
    site, called = tmp_path / "site", tmp_path / "called"
    for name, text in {
        "jax/__init__.py": "import os\ndefault_backend = lambda: os.environ['BACKEND']\n"
        "devices = lambda: ['a device']\n",
        "jaxlib/__init__.py": "",
        "jax-0.9.9.dist-info/METADATA": "Metadata-Version: 2.1\nName: jax\nVersion: 0.9.9\n",
        "jaxlib-0.9.8.dist-info/METADATA": "Metadata-Version: 2.1\nName: jaxlib\nVersion: 0.9.8\n",
        "pip/__init__.py": "",
        "pip/__main__.py": f"import pathlib, sys\npathlib.Path({str(called)!r})"
        ".write_text('\\n'.join(sys.argv[1:]))\n"
        "new = pathlib.Path(__file__).parents[1] / 'jaxgen'\nnew.mkdir()\n"
        "(new / '__init__.py').write_text('')\n",
    }.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text)

    def run(folder, repository="", backend="gpu"):
        folder.mkdir(parents=True, exist_ok=True)
        source = first_cell().replace('REPOSITORY = ""', f"REPOSITORY = {repository!r}", 1)
        # As in a notebook, the working folder comes first; -S leaves out what is installed.
        source = f"import sys; sys.path.insert(0, '')\n{source}\nimport jaxgen; jaxgen.__file__[0]"
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(site), "BACKEND": backend}
        command = [sys.executable, "-S", "-c", source]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        arguments = called.read_text().splitlines() if called.exists() else None
        return arguments, done.stdout, done.stderr

    return run


def checkout(folder, name="jaxgen"):
    (folder / "jaxgen").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(f'[project]\nname = "{name}"\nversion = "1"\n')
    return folder


KEPT = ["jax==0.9.9", "jaxlib==0.9.8"]


def test_in_a_checkout_it_is_installed_and_jax_stays(fresh, tmp_path):
    folder = checkout(tmp_path / "my checkout")
    called, said, errors = fresh(folder / "notebooks", repository="https://example.org/x")
    assert called == ["install", "-q", str(folder), *KEPT], errors
    assert errors == ""
    assert said == "['a device']\n"


@pytest.mark.parametrize("name", ["jaxgen", "other-name"])
def test_a_checkout_beside_the_notebook_is_found(fresh, tmp_path, name):
    """As after a clone in Colab; a checkout that is called jaxgen is no package of that name."""
    folder = checkout(tmp_path / "content" / name)
    called, _, errors = fresh(tmp_path / "content")
    assert called == ["install", "-q", str(folder), *KEPT], errors
    assert errors == ""


def test_the_repository_is_installed_where_there_is_no_checkout(fresh, tmp_path):
    checkout(tmp_path / "content", name="other")
    called, _, errors = fresh(tmp_path / "content", repository="https://example.org/x")
    assert called == ["install", "-q", "git+https://example.org/x", *KEPT], errors
    assert errors == ""


def test_without_either_a_sentence_says_what_to_do(fresh, tmp_path):
    called, said, errors = fresh(tmp_path / "content")
    assert called is None
    assert said == ""
    assert errors.splitlines()[-1] == (
        "ModuleNotFoundError: jaxgen is not installed: clone or upload its checkout to the folder "
        "of this notebook, or set REPOSITORY at the top of this cell, and run the cell again."
    )


def test_what_is_installed_is_used(fresh, tmp_path):
    folder = checkout(tmp_path / "checkout")
    (folder / "jaxgen" / "__init__.py").write_text("")
    called, _, errors = fresh(folder)
    assert (called, errors) == (None, "")


def test_a_cpu_alone_is_said(fresh, tmp_path):
    folder = checkout(tmp_path / "checkout")
    _, said, _ = fresh(folder, backend="cpu")
    assert said.splitlines()[1].startswith("Warning: only the CPU is there. In Colab: Runtime")


def test_a_photograph_of_yours_is_upright_and_of_any_mode(tmp_path):
    path = ROOT / "notebooks" / "colorization.ipynb"
    (source,) = (source for _, source in cells(path) if source.startswith("PHOTO ="))
    tree = ast.parse(source)
    imports = [n for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom)]
    reads = [n for n in tree.body if ast.unparse(n).startswith("photo =")]

    def read(image, **options):
        image.save(tmp_path / "a.png", **options)
        values = {"PHOTO": str(tmp_path / "a.png")}
        exec(compile(ast.Module([*imports, *reads], []), "cell", "exec"), values)
        return values["photo"]

    sideways = Image.Exif()
    sideways[0x112] = 6
    assert read(Image.new("RGB", (7, 5)), exif=sideways).shape == (7, 5, 3)
    deep = Image.fromarray(np.full((2, 2), 257 * 99, np.uint16))
    np.testing.assert_array_equal(read(deep), np.full((2, 2, 3), 99))


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_runs_in_smoke_mode_and_training_is_one_output(path, tmp_path, monkeypatch):
    monkeypatch.setenv("JAXGEN_SMOKE", "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    notebook = jupytext.read(path)
    # In the notebook's folder, as Jupyter does: what names a file must not need the root.
    folder = {"metadata": {"path": str(path.parent)}}
    nbclient.NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources=folder
    ).execute()
    trains = [
        cell
        for cell in notebook.cells
        if "experiment.run(" in cell.source or "study.run(" in cell.source
    ]
    assert trains or path.stem == "import_a_step"  # a loop of its own
    for cell in trains:
        shown = [o for o in cell.outputs if "step " in o.get("data", {}).get("text/plain", "")]
        assert len(shown) == 1
        assert "done: " in shown[0].data["text/plain"]
        streams = "".join(o.get("text", "") for o in cell.outputs if o.output_type == "stream")
        assert "step " not in streams
