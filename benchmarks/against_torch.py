r"""Training steps of jaxgen against the same in tuned PyTorch, in turn, on the same machine.

    python -m venv torch-env && torch-env/bin/pip install torch numpy
    python -m benchmarks.against_torch --torch=torch-env/bin/python --alternations=3

On the CPU. An alternation runs `torch_twin` and then our benchmarks; a ratio is that of the least
seconds of all alternations, above 1 where jaxgen is faster.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks import harness

_TWIN = Path(__file__).with_name("torch_twin.py")
# Arguments of our own benchmarks.
_OURS = (
    ("age_step", "--size=32,64", "--cases=float32,product"),
    ("gan_step",),
    ("pixelcnn_sampling", "--batch=16,64"),
)


def last_line(command: Sequence[str], **variables: str) -> dict[str, Any]:
    """The JSON that a benchmark ends with."""
    own = ("XLA_FLAGS", "OMP_WAIT_POLICY")
    environment = {name: text for name, text in os.environ.items() if name not in own}
    done = subprocess.run(
        command, env=environment | variables, stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def of_ours(results: Sequence[dict[str, Any]]) -> Iterator[tuple[str, float]]:
    """(case as `torch_twin` calls it, seconds) of what `_OURS` printed."""
    of_age, of_gans, of_pixels = results
    for size in ("32", "64"):
        yield f"age_{size}", of_age[f"{size} px"]["cases"]["float32"]["min_s"]
    for name in ("gan", "wgan_gp"):
        yield name, of_gans["cases"][name]["min_s"]
    for batch, found in of_pixels["batches"].items():
        yield f"pixelcnn_{batch}", found["cases"]["step"]["min_s"]
        yield f"pixelcnn_{batch}_forward", found["cases"]["forward"]["min_s"]


def main() -> None:
    """Measures, and prints a table and all of it as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--torch", required=True, help="a Python that has PyTorch")
    parser.add_argument("--alternations", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    rounds = f"--rounds={args.rounds}"
    least: dict[str, dict[str, float]] = {"torch": {}, "jaxgen": {}}
    version = ""
    for number in range(args.alternations):
        twin = last_line([args.torch, str(_TWIN), rounds], OMP_WAIT_POLICY="passive")
        version = twin["torch"]
        commands = [
            [sys.executable, "-m", f"benchmarks.{name}", rounds, *options]
            for name, *options in _OURS
        ]
        found = [last_line(command, JAX_PLATFORMS="cpu") for command in commands]
        ours = dict(of_ours(found))
        for side, seconds in (("torch", twin["min_s"]), ("jaxgen", ours)):
            for name, value in seconds.items():
                least[side][name] = min(value, least[side].get(name, value))
        print(f"alternation {number + 1} of {args.alternations}", flush=True)
    rows = [["case", "PyTorch ms", "jaxgen ms", "ratio"]]
    ratios = {name: least["torch"][name] / seconds for name, seconds in least["jaxgen"].items()}
    for name, ratio in ratios.items():
        milliseconds = [f"{1e3 * least[side][name]:.0f}" for side in ("torch", "jaxgen")]
        rows.append([name, *milliseconds, f"{ratio:.2f}"])
    print(harness.table(rows))
    harness.report(
        {"machine": harness.machine(), "torch": version, "min_s": least, "ratios": ratios}
    )


if __name__ == "__main__":
    main()
