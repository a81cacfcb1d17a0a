"""Benchmarks run; what they measure is read, not tested."""

import importlib
import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import long_run, mutations, scaling

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quick_compilation")]


@pytest.mark.parametrize(
    "command",
    [
        "age_step --quick --cases=float32,product",
        "gan_step --quick",
        "colorization_step --quick",
        "pixelcnn_sampling --quick",
    ],
)
def test_quick_benchmark_ends_with_its_result_in_one_line(command, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", command.split())
    importlib.import_module(f"benchmarks.{sys.argv[0]}").main()
    seconds = []

    def look_through(value):
        if isinstance(value, dict):
            seconds.extend(v for k, v in value.items() if k == "min_s")
            for inner in value.values():
                look_through(inner)

    look_through(json.loads(capsys.readouterr().out.splitlines()[-1]))
    assert len(seconds) >= 2
    assert all(math.isfinite(s) and s > 0 for s in seconds)


def test_devices_share_the_work_and_gather_no_images():
    """Of a step over eight devices: an eighth of its FLOPs, and sums of gradients and moments."""
    one, eight = (scaling.compiled("configs/age_digits.py:smoke", n)[0] for n in (1, 8))
    share = eight.cost_analysis()["flops"] / one.cost_analysis()["flops"]
    assert 1 / 8 <= share < 1.2 / 8  # and what every device does to all parameters
    found = scaling.collectives(eight.as_text())
    assert {kind for kind, _ in found} == {"all-reduce"}
    assert scaling.collectives(one.as_text()) == []


def test_collectives_of_a_loop_count_as_often_as_it_turns():
    text = """%body (a: (f32[2])) -> (f32[2]) {
  %b = (f32[2,3]{1,0}, bf16[4]{0}) all-reduce(%x, %y), to_apply=%add
  %c = f32[8]{0} fusion(%b), kind=kLoop, calls=%inner
}

%inner (a: f32[8]) -> f32[8] {
  ROOT %d = s32[8]{0} all-gather-start(%a), dimensions={0}
}

ENTRY %main (a: f32[2]) -> f32[2] {
  %w = (f32[2]) while(%t), condition=%c, body=%body, backend_config={"known_trip_count":{"n":"3"}}
  %r = pred[5]{0} all-to-all(%w)
}
"""
    found = [("all-reduce", 24 + 8), ("all-gather", 32)] * 3
    assert scaling.collectives(text) == [*found, ("all-to-all", 5)]


def test_tenths_of_a_run_have_their_own_seconds_and_most_memory():
    """Of a run that takes twice as long a step, and twice the memory, from its middle on."""
    steps = np.arange(0.0, 1001.0, 5.0)
    late = steps > 500
    seconds = np.cumsum(np.where(late, 2.0, 1.0) * 5.0)
    rows = np.stack([seconds, steps, np.where(late, 200.0, 100.0)], axis=1)
    found = long_run.tenths(rows)
    np.testing.assert_allclose(found[:, 0], np.arange(100, 1001, 100))
    np.testing.assert_allclose(found[:, 1], [1] * 5 + [2] * 5)
    np.testing.assert_allclose(found[:, 2], [100] * 5 + [200] * 5)
    # What was not seen of the end counts for nothing.
    np.testing.assert_allclose(long_run.tenths(rows[:191])[-1, :2], [950, 2.0])


def test_every_mutant_changes_a_text_that_is_there_once():
    root = Path(__file__).parents[1]
    assert [m for m in mutations.every() if (root / m.file).read_text().count(m.old) != 1] == []
