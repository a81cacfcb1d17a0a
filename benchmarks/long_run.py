"""Whether anything grows with the length of a run: seconds a step and resident memory, all along.

    python -m benchmarks.long_run --steps=5000 --out=docs/long_run.png

One run of a small GAN in a process of its own, with log lines, pictures and checkpoints more often
than anybody wants them, watched from outside twice a second (Linux). Seconds count all of it. The
picture shows both over the training step; the table has them for each tenth of the run.
"""

import argparse
import itertools
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from benchmarks import harness

CONFIG = "configs/gans_digits.py:gan"
_LOG, _PICTURES = 10, 50  # steps between log lines, and between pictures as between checkpoints
_SIDES = (460, 260)


def watch(config: str, steps: int, workdir: Path) -> np.ndarray:
    """Rows (seconds since the first log line, step, resident MB) f64[n,3] of a whole run."""
    command = [sys.executable, "-m", "jaxgen.main", f"--config={config}", f"--workdir={workdir}"]
    numbers = {"num_steps": steps, "log_every": _LOG, "sample_every": _PICTURES}
    numbers |= {"checkpoint_every": _PICTURES, "steps_per_dispatch": _LOG}
    command += [f"--config.{name}={value}" for name, value in numbers.items()]
    rows = []
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            time.sleep(0.5)
            step, memory = _lines(workdir / "metrics.jsonl") * _LOG, _resident(process.pid)
            if step > (rows[-1][1] if rows else 0) and memory:
                rows.append((time.perf_counter(), step, memory))
    if process.returncode:
        raise SystemExit(f"the run ended with {process.returncode}")
    if len(rows) < 2:
        raise SystemExit("the run was too short to watch; raise --steps")
    found = np.asarray(rows)
    found[:, 0] -= found[0, 0]
    return found


def tenths(rows: np.ndarray) -> np.ndarray:
    """(last step, seconds a step, largest resident MB) f64[10,3] of each tenth of what was seen."""
    edges = np.linspace(rows[0, 1], rows[-1, 1], 11)
    seconds = np.interp(edges, rows[:, 1], rows[:, 0])
    memory = []
    for low, high in itertools.pairwise(edges):
        inside = rows[(rows[:, 1] >= low) & (rows[:, 1] <= high), 2]
        memory.append(inside.max() if len(inside) else np.nan)
    return np.stack([edges[1:], np.diff(seconds) / np.diff(edges), memory], axis=1)


def plot(steps: np.ndarray, values: np.ndarray, title: str) -> Image.Image:
    """A curve over the training step; the vertical axis begins at 0, so that flat looks flat."""
    width, height = _SIDES
    left, right, top, bottom = 52, width - 14, 30, height - 26
    image = Image.new("RGB", _SIDES, "white")
    draw = ImageDraw.Draw(image)
    largest, last = 1.15 * float(np.nanmax(values)), float(steps.max())
    for part in (0.0, 0.5, 1.0):
        y = bottom - part * (bottom - top)
        draw.line((left, y, right, y), fill="#dddddd")
        draw.text((left - 6, y), f"{part * largest:.3g}", fill="#555555", anchor="rm")
        x = left + part * (right - left)
        draw.text((x, bottom + 8), f"{part * last:,.0f}", fill="#555555", anchor="mt")
    points = [
        (left + x / last * (right - left), bottom - y / largest * (bottom - top))
        for x, y in zip(steps, values, strict=True)
        if np.isfinite(y)
    ]
    draw.line(points, fill="#2b5db8", width=2)
    draw.text((left, 8), title, fill="black")
    return image


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def _resident(pid: int) -> float:
    """MB, or 0 of a process that has ended."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    sizes = [line.split()[1] for line in text.splitlines() if line.startswith("VmRSS:")]
    return float(sizes[0]) / 1024 if sizes else 0.0


def main() -> None:
    """Prints a table and, as its last line, JSON; writes the picture."""
    parser = argparse.ArgumentParser(description="seconds a step and memory of a long run")
    parser.add_argument("--config", default=CONFIG)
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = watch(arguments.config, arguments.steps, Path(folder) / "run")
    found = tenths(rows)
    cells = [[f"{step:,.0f}", f"{1e3 * s:.2f}", f"{mb:.0f}"] for step, s, mb in found]
    print(harness.table([["to step", "ms a step", "MB"], *cells]))
    if arguments.out:
        sheet = Image.new("RGB", (2 * _SIDES[0], _SIDES[1]), "white")
        sheet.paste(plot(found[:, 0], 1e3 * found[:, 1], "ms a step, all included"), (0, 0))
        sheet.paste(plot(rows[:, 1], rows[:, 2], "resident memory, MB"), (_SIDES[0], 0))
        sheet.save(arguments.out, optimize=True)
    harness.report({"config": arguments.config, "tenths": found.tolist(), **harness.machine()})


if __name__ == "__main__":
    main()
