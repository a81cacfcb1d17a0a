"""What training says: lines, or one output of a notebook's cell."""

import os
from pathlib import Path

import nbclient
import nbformat
import pytest

from jaxgen.train.progress import Terminal

ROOT = Path(__file__).parents[2]


@pytest.fixture
def outputs(tmp_path, monkeypatch):
    """A function from the source of a cell to what it leaves in a notebook."""
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))

    def run(source):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
        client = nbclient.NotebookClient(
            notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
        )
        return client.execute().cells[0].outputs

    return run


def test_elsewhere_every_interval_is_a_line(capfd):
    terminal = Terminal()
    terminal.say("begins")
    terminal.start(0, 100)
    for step in range(10, 101, 10):
        terminal.advance(step)
        terminal.log(step, {"generator/loss": step / 3, "time/steps_per_second": 9.0})
    terminal.stop()
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 11
    assert lines[0] == "begins"
    assert lines[-1].startswith("step 100/100  ")
    assert lines[-1].endswith(" 0:00 to go  generator/loss 33.33")


def test_the_rate_of_a_line_is_that_of_the_log(capfd):
    terminal = Terminal()
    terminal.start(0, 100)
    terminal.log(10, {"generator/loss": 1.0}, 12.345)
    terminal.start(10, 100)
    terminal.log(20, {"generator/loss": 1.0})
    first, second = capfd.readouterr().err.splitlines()
    assert first.startswith("step 10/100  12.3 steps/s  0:00 to go")
    assert "12.3" not in second


def test_a_notebook_has_one_output_with_the_newest_line(outputs):
    found = outputs(
        """
        from jaxgen.train.progress import Terminal

        terminal = Terminal()
        terminal.say("compiled")
        for part, total in (("a", 2000), ("b", 3000)):
            terminal.start(0, total)
            for step in range(1, total + 1):
                terminal.advance(step)
                terminal.log(step, {f"{part}/loss": step / 4})
                if step == 1500:
                    terminal.say(f"pictures of {part}")
            terminal.stop()
        terminal.say("done")
        Terminal(quiet=True).say("another process")
        """.replace("\n        ", "\n")
    )
    assert [output.output_type for output in found] == ["display_data"]
    lines = found[0].data["text/plain"].splitlines()
    of_training = [line for line in lines if line.startswith("step ")]
    assert [line.split()[1] for line in of_training] == ["2000/2000", "3000/3000"]
    assert [line.split("to go")[1] for line in of_training] == ["  a/loss 500", "  b/loss 750"]
    others = [line for line in lines if line not in of_training]
    assert others == ["compiled", "pictures of a", "pictures of b", "done"]


def test_a_notebook_shows_how_far_it_is_between_log_lines(outputs):
    """What a cell shows while it still trains: the step of now, the metrics of the last line."""
    found = outputs(
        """
        import time

        from jaxgen.train import progress

        progress._SECONDS = 0.05
        terminal = progress.Terminal()
        terminal.start(0, 100)
        for step in range(1, 31):
            terminal.advance(step)
            if step == 10:
                terminal.log(step, {"a/loss": 0.5})
            time.sleep(0.01)
        time.sleep(0.06)
        terminal.advance(37)
        """.replace("\n        ", "\n")
    )
    assert len(found) == 1
    text = found[0].data["text/plain"]
    assert text.startswith("step 37/100  ")
    assert text.endswith("to go  a/loss 0.5")
    assert "\n" not in text
