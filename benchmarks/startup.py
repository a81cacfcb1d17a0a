"""What starting costs: CPU seconds of imports and of commands that run nothing.

    python -m benchmarks.startup

Each is a fresh process, the least of some rounds, beside `import jax, flax.linen, optax,
orbax.checkpoint` in the same rounds. Targets: `import jaxgen.experiment` at most 1.6 times that;
`--help` and `--print_config` import no JAX and take below 0.5 CPU seconds.
"""

import argparse
import resource
import subprocess
import sys

BASE = "import jax, flax.linen, optax, orbax.checkpoint"
_CONFIG = "--config=configs/age_digits.py"
CASES = {
    BASE: ["-c", BASE],
    "import jax": ["-c", "import jax"],
    "import jaxgen": ["-c", "import jaxgen"],
    "import jaxgen.experiment": ["-c", "import jaxgen.experiment"],
    "load_config": ["-c", "import jaxgen; jaxgen.load_config('configs/age_digits.py')"],
    "jaxgen.main --help": ["-m", "jaxgen.main", "--help"],
    "jaxgen.main --print_config": ["-m", "jaxgen.main", "--print_config", _CONFIG],
}


def cpu_seconds(arguments: list[str]) -> float:
    """User and system seconds of a process that runs Python with `arguments`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main() -> None:
    """Prints a line a case."""
    parser = argparse.ArgumentParser(description="CPU seconds of starting")
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    least = dict.fromkeys(CASES, float("inf"))
    for _ in range(rounds):
        for name, arguments in CASES.items():
            least[name] = min(least[name], cpu_seconds(arguments))
    for name, seconds in least.items():
        print(f"{seconds:6.2f} s  {seconds / least[BASE]:5.2f}  {name}")


if __name__ == "__main__":
    main()
