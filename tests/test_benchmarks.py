"""Benchmarks run; what they measure is read, not tested."""

import importlib
import json
import math
import sys

import pytest

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
