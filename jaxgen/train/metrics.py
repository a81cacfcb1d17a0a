"""Training metrics: their means between log lines, and the files they go to."""

import contextlib
import errno
import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jaxgen.core.errors import NotFiniteError, reason
from jaxgen.core.files import set_aside, write_atomically
from jaxgen.train.events import Events


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
        self._count += len(next(iter(values.values()), ()))

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
    again; they are dropped. A log that no checkpoint goes with, or of which nothing can be read, is
    kept as metrics.1.jsonl. Names that begin with "time/" are measurements of the machine and the
    only ones that differ between two runs of one seed.

    A file that cannot be written is told once, by `say`, and never ends training.
    """

    def __init__(
        self, workdir: Path, start_step: int, say: Callable[[str], None] = logging.warning
    ):
        self._workdir, self._path, self._say = workdir, workdir / "metrics.jsonl", say
        self._told: set[str] = set()
        self._file: Any = None
        self._torn = False  # whether the last line was cut short
        self._events: Any = None
        with self._unless_it_cannot(self._path):
            self._begin(start_step)
        with self._unless_it_cannot(workdir / "events"):
            self._events = Events(workdir / "events", start_step + 1)

    def _begin(self, start_step: int) -> None:
        lines = read_metrics(self._path)
        kept = [line for line in lines if line["step"] <= start_step]
        lost = lines and start_step == 0
        if self._path.exists() and self._path.stat().st_size and (lost or not lines):
            aside = set_aside(self._path)
            what = "cannot be read"
            if lines:
                what = f"goes to step {lines[-1]['step']}, but there is no checkpoint"
            self._say(
                f"{self._path} {what}: training begins at step {start_step}, and the old log is "
                f"kept as {aside.name}"
            )
        write_atomically(self._path, "".join(json.dumps(line) + "\n" for line in kept))
        self._file = open(self._path, "ab", buffering=0)  # noqa: SIM115

    def write(self, step: int, metrics: Mapping[str, float]) -> None:
        """One line, durable against a killed process before this returns."""
        with self._unless_it_cannot(self._path):
            if self._file is not None:
                self._append(json.dumps({"step": step, **metrics}) + "\n")
        with self._unless_it_cannot(self._workdir / "events"):
            if self._events is not None:
                self._events.scalars(step, metrics)

    def _append(self, line: str) -> None:
        content = ("\n" * self._torn + line).encode()
        written = 0
        try:
            written = self._file.write(content)
            if written < len(content):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        finally:
            self._torn = self._torn if written == 0 else written < len(content)

    def image(self, step: int, name: str, array: np.ndarray) -> None:
        """A picture u8[h,w,c] for TensorBoard."""
        with self._unless_it_cannot(self._workdir / "events"):
            if self._events is not None:
                self._events.image(step, name, array)

    def close(self) -> None:
        """Closes both files."""
        for path, file in ((self._path, self._file), (self._workdir / "events", self._events)):
            with self._unless_it_cannot(path):
                if file is not None:
                    file.close()

    @contextlib.contextmanager
    def _unless_it_cannot(self, path: Path) -> Iterator[None]:
        with writes_or_tells(path, self._say, self._told):
            yield


@contextlib.contextmanager
def writes_or_tells(path: Path, say: Callable[[str], None], told: set[str]) -> Iterator[None]:
    """Lets a failed write of `path`, which training can do without, pass; says so the first time.

    told: the paths of which it was said.
    """
    try:
        yield
    except OSError as error:
        if str(path) not in told:
            told.add(str(path))
            say(f"{path} cannot be written ({reason(error)}); training goes on without")


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """The lines of a metrics file that can be read, such as not the last one after a crash."""
    if not path.exists():
        return []
    lines = []
    for text in path.read_text(errors="replace").splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict) and isinstance(line.get("step"), int):
            lines.append(line)
    return lines
