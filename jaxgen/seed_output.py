"""What seeds that are trained side by side leave: log lines, checkpoints, evaluations, pictures."""

import contextlib
import dataclasses
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np

from jaxgen import evaluation, sampling
from jaxgen.core import TrainState
from jaxgen.data import points
from jaxgen.data.dataset import Dataset
from jaxgen.evaluate import grids, scatter, study_results
from jaxgen.core.files import write_atomically
from jaxgen.core.images import spread
from jaxgen.train import seeds
from jaxgen.train.metrics import Writer

_TILES, _DOTS = 64, 2500  # PacGAN (arXiv:1712.04086) judges as many points
_MOST_COLUMNS = 10


@dataclasses.dataclass
class Judge:
    """What states are judged by: the data, how often, and the functions of `jaxgen.evaluation`."""

    training: Dataset
    held_out: Dataset
    evaluations: int
    figures: Callable[..., dict[str, Any]] = evaluation.figures
    draw: Callable[..., np.ndarray] = sampling.draw
    _told: bool = False

    def entry(self, experiment: Any, state: TrainState, path: Path) -> dict[str, Any] | None:
        """The figures of one seed's state, with a picture at `path`; None if it is not finite."""
        dots = self.held_out.image.shape[1:] == points.SHAPE
        made = self.draw(experiment, state, jax.random.key(1), _DOTS if dots else _TILES)
        if not np.isfinite(made).all():
            return None
        grids.save_png(path, self._picture(made))
        # The classifier of the data set introduces itself once.
        progress, self._told = not self._told, True
        return self.figures(experiment, state, self.training, self.held_out, progress=progress)

    def save_picture(self, path: Path) -> None:
        """A picture of held-out data."""
        dots = self.held_out.image.shape[1:] == points.SHAPE
        grids.save_png(path, self._picture(spread(self.held_out.image, 0 if dots else _TILES)))

    def _picture(self, made: np.ndarray) -> np.ndarray:
        if self.held_out.image.shape[1:] == points.SHAPE:
            return scatter.picture(self.held_out.image[:_DOTS], made)
        columns = len(self.held_out.classes) if len(self.held_out.classes) <= _MOST_COLUMNS else 8
        return grids.grid(made, columns=columns or 8)


class _Clock:
    """Seconds of training alone."""

    def __init__(self, seconds: float):
        self.seconds, self._since = seconds, 0.0

    def start(self) -> None:
        """The next moment counts."""
        self._since = time.monotonic()

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """What is done within does not count."""
        self.seconds += time.monotonic() - self._since
        try:
            yield
        finally:
            self.start()


class Output:
    """What a group of seeds leaves: log lines, checkpoints, evaluations, pictures, its status."""

    def __init__(self, experiment, numbers, folder, judge, checkpoints, terminal, start, extra):
        self._experiment, self._numbers, self._folder = experiment, numbers, folder
        self._judge, self._checkpoints, self._terminal = judge, checkpoints, terminal
        self._window = seeds.Window(numbers, extra.get("window"))
        self._compile_seconds = extra["compile_seconds"]
        self._writer = Writer(folder, start)
        self._entries = [e for e in study_results.evaluations(folder) if e["step"] <= start]
        self._clock = _Clock(extra["seconds"])
        self._mark = (start, self._clock.seconds)
        self._saved = -1

    @property
    def evaluate_every(self) -> int:
        """Steps between evaluations: equal parts of a run, rounded up to whole dispatches."""
        config = self._experiment.config
        chunk = config.steps_per_dispatch
        return -(-config.num_steps // (self._judge.evaluations * chunk)) * chunk

    @contextlib.contextmanager
    def training(self, start: int) -> Iterator[None]:
        """Shows progress and counts time."""
        self._terminal.start(start, self._experiment.config.num_steps)
        self._clock.start()
        try:
            yield
        finally:
            self._terminal.stop()

    def record(self, first_step: int, metrics: Any) -> None:
        """Takes the metrics of a dispatch, and tells of seeds that diverge."""
        before = set(self._window.diverged)
        self._window.add(first_step, metrics)
        for number in sorted(set(self._window.diverged) - before):
            self._diverged(number, self._window.diverged[number])
        self._terminal.advance(first_step + self._experiment.config.steps_per_dispatch)

    def _diverged(self, number: int, step: int) -> None:
        self._window.diverged.setdefault(number, step)
        self._terminal.say(f"seed {number} diverged at step {step}; the others go on")

    def log(self, step: int, _: TrainState) -> None:
        """Writes the window's means, of each seed; the terminal shows the mean over seeds."""
        with self._clock.paused():
            before, since = self._mark
            self._mark = (step, self._clock.seconds)
            rate = (step - before) / max(self._clock.seconds - since, 1e-9)
            means = self._window.take()
            line = {f"{k}/seed_{s}": v for s, one in means.items() for k, v in one.items()}
            self._writer.write(step, line | {"time/steps_per_second": rate})
            if means:
                names = next(iter(means.values()))
                mean = {k: float(np.mean([one[k] for one in means.values()])) for k in names}
                self._terminal.log(step, mean)

    def save(self, step: int, states: TrainState) -> None:
        """Starts to save a checkpoint, if this step has none yet."""
        if step == self._saved:
            return
        self._saved = step
        with self._clock.paused():
            extra = {"seconds": self._clock.seconds, "compile_seconds": self._compile_seconds}
            self._checkpoints.save(step, states, extra | {"window": self._window.state})

    def evaluate(self, step: int, states: TrainState) -> None:
        """Judges each seed. What it was judged at is saved first: a killed run judges it again."""
        self.save(step, states)
        with self._clock.paused():
            self._evaluate(step, states)

    def catch_up(self, step: int, states: TrainState) -> None:
        """The evaluation of the restored step, where a kill came between it and the checkpoint."""
        last = self._experiment.config.num_steps
        if step and (step % self.evaluate_every == 0 or step == last):
            self._evaluate(step, states)

    def _evaluate(self, step: int, states: TrainState) -> None:
        fine = np.asarray(seeds.finite(states))
        there = {(entry["step"], entry["seed"]) for entry in self._entries}
        for index, number in enumerate(self._numbers):
            if (step, number) in there:
                continue
            found = None
            if fine[index] and number not in self._window.diverged:
                path = self._folder / "images" / f"seed_{number}_{step:06d}.png"
                state = seeds.state_of(states, index)
                found = self._judge.entry(self._experiment, state, path)
            if found is None and number not in self._window.diverged:
                self._diverged(number, step)
            found = {"diverged": self._window.diverged[number]} if found is None else found
            self._entries.append({"step": step, "seed": number, **found})
        text = json.dumps(self._entries, indent=1, default=float)
        write_atomically(self._folder / "evaluations.json", text + "\n")

    def tell(self, step: int) -> None:
        """Leaves how far the group is; the last thing that a finished one does."""
        status = {
            "step": step,
            "seeds": list(self._numbers),
            "num_steps": self._experiment.config.num_steps,
            "diverged": self._window.diverged,
            "seconds": self._clock.seconds,
            "compile_seconds": self._compile_seconds,
            "device": jax.devices()[0].device_kind,
        }
        write_atomically(self._folder / "status.json", json.dumps(status, indent=1) + "\n")

    def close(self) -> None:
        """Ends the log."""
        self._writer.close()
