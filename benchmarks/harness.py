"""Measures cases against each other: warm-up, interleaved rounds, minimum, median, ratios.

The machine's speed drifts and others use it, so that a number means something only beside another
of the same run. A round runs every case once; ratios are of minima. XLA's flags are those of the
commands.
"""

import importlib.metadata
import json
import os
import platform
import resource
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jax

from jaxgen.commands.xla_flags import set_xla_flags

set_xla_flags()


def measure(
    cases: Mapping[str, Callable[[], Any]],
    rounds: int,
    *,
    once: tuple[str, ...] = (),
    progress: Callable[[str], None] = print,
) -> dict[str, dict[str, Any]]:
    """Seconds of each case, and the CPU seconds that this process spent on it.

    Every case is called once to warm up, then in each of `rounds` rounds. Those named in `once` are
    too slow for that: they are called in the first round only.
    """
    wall: dict[str, list[float]] = {name: [] for name in cases}
    cpu: dict[str, list[float]] = {name: [] for name in cases}
    for name, case in cases.items():
        if name not in once:
            jax.block_until_ready(case())
    for index in range(rounds):
        for name, case in cases.items():
            if name in once and index > 0:
                continue
            start, start_cpu = time.perf_counter(), time.process_time()
            jax.block_until_ready(case())
            wall[name].append(time.perf_counter() - start)
            cpu[name].append(time.process_time() - start_cpu)
        progress(f"round {index + 1}/{rounds}")
    return {
        name: {
            "min_s": min(wall[name]),
            "median_s": statistics.median(wall[name]),
            "min_cpu_s": min(cpu[name]),
            "rounds": len(wall[name]),
        }
        for name in cases
    }


def machine() -> dict[str, Any]:
    """What the numbers were measured on."""
    lines = []
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines()
    facts = {name.strip(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
    flags = facts.get("flags", "").split()
    return {
        "cpu": facts.get("model name", platform.processor()),
        "cores": os.cpu_count(),
        "amx_bf16": "amx_bf16" in flags,
        "avx512f": "avx512f" in flags,
        "load": [round(x, 2) for x in os.getloadavg()],
        "backend": jax.default_backend(),
        "devices": [device.device_kind for device in jax.devices()],
        "jax": jax.__version__,
        "jaxlib": importlib.metadata.version("jaxlib"),
        "python": platform.python_version(),
    }


def peak_memory_mb() -> float:
    """Largest resident size of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def table(rows: list[list[str]]) -> str:
    """Aligned columns; the first row is the header, the first column the names."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:]))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join([lines[0], "  ".join("-" * w for w in widths), *lines[1:]])


def report(result: Mapping[str, Any]) -> None:
    """The whole result as one line of JSON, the last of the output."""
    print(json.dumps(result, sort_keys=True), flush=True)
