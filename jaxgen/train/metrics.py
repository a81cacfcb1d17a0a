"""Training metrics: their running window, and the files they go to."""

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorboardX

from jaxgen.core import UserError


class NotFiniteError(UserError):
    """A metric or a parameter became NaN or infinite."""


class Window:
    """Mean of every metric since the last log line.

    Its `state` travels in the checkpoint, so a run that was interrupted between two log lines
    writes the same lines as one that was not.
    """

    def __init__(self, state: Mapping[str, Any] | None = None):
        state = state or {}
        self._count = int(state.get("count", 0))
        self._sums: dict[str, float] = dict(state.get("sums", {}))

    @property
    def state(self) -> dict[str, Any]:
        """JSON-able content."""
        return {"count": self._count, "sums": dict(self._sums)}

    def add(self, first_step: int, metrics: Mapping[str, Any]) -> None:
        """Adds the metrics [k] of the k steps after `first_step`; the first bad value raises."""
        values = {name: np.asarray(value, np.float64) for name, value in metrics.items()}
        count = len(next(iter(values.values())))
        for offset in range(count):
            for name, value in values.items():
                if not math.isfinite(value[offset]):
                    raise NotFiniteError(
                        f'Metric "{name}" was {value[offset]} at step {first_step + offset + 1}; '
                        "training stopped and the checkpoints before it are untouched: lower a "
                        "learning rate or a weight and start again in another --workdir."
                    )
                self._sums[name] = self._sums.get(name, 0.0) + float(value[offset])
        self._count += count

    def take(self) -> dict[str, float]:
        """The means, after which the window is empty."""
        means = {name: total / self._count for name, total in self._sums.items()}
        self._count, self._sums = 0, {}
        return means


class Writer:
    """Appends to `metrics.jsonl` and to TensorBoard events in `workdir`.

    Lines after `start_step` are left over from steps that were lost with a crash and are taken
    again; they are dropped. Names that begin with "time/" are measurements of the machine and the
    only ones that differ between two runs of one seed.
    """

    def __init__(self, workdir: Path, start_step: int):
        self._path = workdir / "metrics.jsonl"
        kept = [line for line in read_metrics(self._path) if line["step"] <= start_step]
        replacement = self._path.with_suffix(".partial")
        replacement.write_text("".join(json.dumps(line) + "\n" for line in kept))
        os.replace(replacement, self._path)
        self._file = open(self._path, "a", buffering=1)  # noqa: SIM115
        self._events = tensorboardX.SummaryWriter(
            str(workdir / "events"), purge_step=start_step + 1
        )

    def write(self, step: int, metrics: Mapping[str, float]) -> None:
        """One line, durable against a killed process before this returns."""
        self._file.write(json.dumps({"step": step, **metrics}) + "\n")
        for name, value in metrics.items():
            self._events.add_scalar(name, value, step)

    def image(self, step: int, name: str, array: np.ndarray) -> None:
        """A picture u8[h,w,c] for TensorBoard."""
        self._events.add_image(name, array, step, dataformats="HWC")

    def close(self) -> None:
        """Flushes both files."""
        self._file.close()
        self._events.close()


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """The lines of a metrics file; a last line that a crash cut short is left out."""
    if not path.exists():
        return []
    lines = []
    for text in path.read_text().splitlines():
        try:
            lines.append(json.loads(text))
        except json.JSONDecodeError:
            break
    return lines
