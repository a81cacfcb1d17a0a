"""Training metrics: their means between log lines, and the files they go to."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jaxgen.core.errors import NotFiniteError
from jaxgen.core.files import write_atomically


class Window:
    """Mean of every metric since the last log line, of one run or of each of several seeds.

    A metric that is not finite ends a run. Of several seeds, one that has such a metric has
    diverged, at the first such step, and has no means from then on; the others go on. `state`
    travels in the checkpoint, so a run that was interrupted between two log lines writes the same
    lines as one that was not.
    """

    def __init__(self, seeds: Sequence[int] | None = None, state: Mapping[str, Any] | None = None):
        state = state or {}
        self._seeds = None if seeds is None else tuple(seeds)
        self._count = int(state.get("count", 0))
        self._sums = {name: np.atleast_1d(x) for name, x in state.get("sums", {}).items()}
        self.diverged = {int(seed): step for seed, step in state.get("diverged", {}).items()}

    @property
    def state(self) -> dict[str, Any]:
        """JSON-able content."""
        if self._seeds is None:
            return {"count": self._count, "sums": {k: float(x[0]) for k, x in self._sums.items()}}
        sums = {name: x.tolist() for name, x in self._sums.items()}
        return {"count": self._count, "sums": sums, "diverged": dict(self.diverged)}

    def add(self, first_step: int, metrics: Mapping[str, Any]) -> None:
        """Adds the metrics of the k steps after `first_step`: [k] of a run, [k, s] of seeds.

        Raises NotFiniteError for the first bad metric of a run.
        """
        values = {name: np.asarray(value, np.float64) for name, value in metrics.items()}
        values = {name: value.reshape(len(value), -1) for name, value in values.items()}
        for column, seed in enumerate(self._seeds or (0,)):
            bad = _first_bad({name: value[:, column] for name, value in values.items()})
            if bad is None:
                continue
            name, value, offset = bad
            if self._seeds is None:
                raise NotFiniteError(
                    f'Metric "{name}" was {value} at step {first_step + offset + 1}; training '
                    "stopped and the checkpoints before it are untouched: lower a learning rate or "
                    "a weight and start again in another --workdir."
                )
            self.diverged.setdefault(seed, first_step + offset + 1)
        for name, value in values.items():
            total = np.where(np.isfinite(value), value, 0.0).sum(axis=0)
            self._sums[name] = self._sums.get(name, 0.0) + total
        self._count += len(next(iter(values.values())))

    def take(self) -> dict[int, dict[str, float]]:
        """The means of each seed that has not diverged (of a run: 0), then the window is empty."""
        means = {
            seed: {name: float(x[index]) / self._count for name, x in self._sums.items()}
            for index, seed in enumerate(self._seeds or (0,))
            if seed not in self.diverged
        }
        self._count, self._sums = 0, {}
        return means


def _first_bad(values: Mapping[str, np.ndarray]) -> tuple[str, float, int] | None:
    """(name, value, index) of the first value [k] that is not finite, over all names."""
    found = [
        (int(np.flatnonzero(~np.isfinite(value))[0]), name)
        for name, value in values.items()
        if not np.isfinite(value).all()
    ]
    if not found:
        return None
    offset, name = min(found, key=lambda pair: pair[0])
    return name, float(values[name][offset]), offset


class Writer:
    """Appends to `metrics.jsonl` and to TensorBoard events in `workdir`.

    Lines after `start_step` are left over from steps that were lost with a crash and are taken
    again; they are dropped. Names that begin with "time/" are measurements of the machine and the
    only ones that differ between two runs of one seed.
    """

    def __init__(self, workdir: Path, start_step: int):
        self._path = workdir / "metrics.jsonl"
        kept = [line for line in read_metrics(self._path) if line["step"] <= start_step]
        write_atomically(self._path, "".join(json.dumps(line) + "\n" for line in kept))
        self._file = open(self._path, "a", buffering=1)  # noqa: SIM115
        import tensorboardX  # with protobuf: not for those who only read metrics

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
