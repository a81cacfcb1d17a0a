"""What starting costs: CPU seconds of imports, and seconds from a command to what it shows.

    python -m benchmarks.startup
    python -m benchmarks.startup --of=run

Imports, and commands that run nothing, are fresh processes, the least of some rounds, beside
`import jax, flax.linen, optax, orbax.checkpoint` in the same rounds. Targets: `import
jaxgen.experiment` at most 1.6 times that; `--help` and `--print_config` import no JAX and take
below 0.5 CPU seconds.

--of=run: the README's quickstart, with an empty folder of compiled programs (cold) and with what
that run left there (warm): seconds of each stage, as the run tells of them on its terminal, until
its first steps and its first picture; then `--mode=sample` of it. Targets on two quiet cores, warm:
first steps in 5 s, first picture in 10 s, samples in 6 s.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import harness

BASE = "import jax, flax.linen, optax, orbax.checkpoint"
CONFIG = "--config=configs/age_digits.py"
CASES = {
    BASE: ["-c", BASE],
    "import jax": ["-c", "import jax"],
    "import jaxgen": ["-c", "import jaxgen"],
    "import jaxgen.experiment": ["-c", "import jaxgen.experiment"],
    "load_config": ["-c", "import jaxgen; jaxgen.load_config('configs/age_digits.py')"],
    "jaxgen.main --help": ["-m", "jaxgen.main", "--help"],
    "jaxgen.main --print_config": ["-m", "jaxgen.main", "--print_config", CONFIG],
}
# What a run says at the end of each stage.
STAGES = {
    "imports and data": "initialising",
    "initialising": "initialised in",
    "tracing and compiling": "compiled in",
    "to step 10": "step 10/",
    "to the first picture": "pictures in",
}


def cpu_seconds(arguments: list[str]) -> float:
    """User and system seconds of a process that runs Python with `arguments`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def stages(config: str, workdir: Path, programs: Path) -> dict[str, float]:
    """Seconds from the command to the end of each of `STAGES`, and of "sample" by itself.

    programs: the folder of compiled programs. The run is broken off after the last stage; another
    that ends there serves for the samples.
    """
    environment = os.environ | {"JAX_COMPILATION_CACHE_DIR": str(programs)}
    command = [sys.executable, "-m", "jaxgen.main", config, f"--workdir={workdir}"]
    command += ["--config.log_every=10"]
    found: dict[str, float] = {}
    began = time.perf_counter()
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as run:
        assert run.stderr is not None
        for line in run.stderr:
            for stage, text in STAGES.items():
                if stage not in found and line.startswith(text):
                    found[stage] = time.perf_counter() - began
            if len(found) == len(STAGES):
                run.terminate()  # which saves
                break
        run.stderr.read()
    if run.returncode:
        raise SystemExit(f"the run ended with {run.returncode}")
    sample = [*command[:3], "--mode=sample", f"--workdir={workdir}", "--num=64"]
    sample += [f"--out={workdir}/samples.png"]
    quiet = subprocess.DEVNULL
    began = time.perf_counter()
    subprocess.run(sample, check=True, env=environment, stdout=quiet, stderr=quiet)
    return found | {"sample": time.perf_counter() - began}


def _of_run() -> None:
    with tempfile.TemporaryDirectory() as folder:
        programs = Path(folder) / "programs"
        found = {name: stages(CONFIG, Path(folder) / name, programs) for name in ("cold", "warm")}
    rows = [["seconds", *found]]
    rows += [[stage, *(f"{one[stage]:.1f}" for one in found.values())] for stage in found["warm"]]
    print(harness.table(rows))
    harness.report({**found, "machine": harness.machine()})


def _of_imports(rounds: int) -> None:
    least = dict.fromkeys(CASES, float("inf"))
    for _ in range(rounds):
        for name, arguments in CASES.items():
            least[name] = min(least[name], cpu_seconds(arguments))
    for name, seconds in least.items():
        print(f"{seconds:6.2f} s  {seconds / least[BASE]:5.2f}  {name}")


def main() -> None:
    """Prints a line a case."""
    parser = argparse.ArgumentParser(description="seconds of starting")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--of", choices=("imports", "run"), default="imports")
    arguments = parser.parse_args()
    if arguments.of == "run":
        _of_run()
    else:
        _of_imports(arguments.rounds)


if __name__ == "__main__":
    main()
