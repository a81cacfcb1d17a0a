"""Notebooks agree with their scripts and run in smoke mode."""

import os
import subprocess
import sys
from pathlib import Path

import jupytext
import pytest

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


def cells(path):
    return [(cell.cell_type, cell.source.strip()) for cell in jupytext.read(path).cells]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_pair_agrees_and_outputs_are_stripped(path):
    assert cells(path) == cells(path.with_suffix(".py")), "run: jupytext --sync notebooks/*.ipynb"
    for cell in jupytext.read(path).cells:
        assert not cell.get("outputs"), "strip the outputs with nbstripout"


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_runs_in_smoke_mode(path, tmp_path):
    environment = {**os.environ, "JAXGEN_SMOKE": "1", "PYTHONPATH": str(path.parents[1])}
    command = [sys.executable, "-m", "pytest", "--nbmake", "--nbmake-timeout=300", str(path)]
    command += ["-p", "no:cacheprovider", "-W", "default", f"--rootdir={tmp_path}"]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:]
