"""What training leaves behind: log lines, checkpoints, pictures; one small hook each."""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from jaxgen.config import load
from jaxgen.config.build import Experiment
from jaxgen.core.errors import UserError, did_you_mean
from jaxgen.core.files import EVALUATION
from jaxgen.core.state import TrainState
from jaxgen.data.dataset import Dataset
from jaxgen.pictures import grids, of_a_run
from jaxgen.report import run_page
from jaxgen.runs import data, evaluations
from jaxgen.train import loop
from jaxgen.train.checkpoint import Checkpoints
from jaxgen.train.metrics import Window, Writer, writes_or_tells
from jaxgen.train.program import Program
from jaxgen.train.progress import Terminal


class Clock:
    """Seconds of training alone: what is done while it is paused does not count."""

    def __init__(self, seconds: float = 0.0):
        self.seconds, self._since = seconds, time.monotonic()

    def start(self) -> None:
        """Counts from now on."""
        self._since = time.monotonic()

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Counts up to here, and again from the end of the block."""
        self.seconds += time.monotonic() - self._since
        try:
            yield
        finally:
            self.start()


class Log:
    """The window of metrics, written as lines and shown on the terminal.

    Of a run a line has "player/term", of several seeds "player/term/seed_N" for each that has not
    diverged; the terminal then shows their mean.
    """

    def __init__(
        self,
        experiment: Experiment,
        window: Window,
        writer: Writer | None,
        terminal: Terminal,
        clock: Clock,
        *,
        by_seed: bool = False,
        means: dict[str, float] | None = None,
    ):
        self._config, self.window, self._writer = experiment.config, window, writer
        self._terminal, self._clock, self._by_seed = terminal, clock, by_seed
        self._mark: tuple[int, float] | None = None
        self.means = means or {}  # of the newest line
        self.evaluated: tuple[int, dict[str, float]] = (-1, {})  # step, and metrics of its state

    def record(self, first_step: int, metrics: Any) -> None:
        """Takes the metrics of a dispatch, and moves the bar. Raises what `Window.add` does."""
        best = self._config.checkpoint_best
        if best and best not in metrics and not best.startswith(EVALUATION):
            raise UserError(
                f'config.checkpoint_best="{best}" is not a metric of the log.'
                f"{did_you_mean(best, metrics)} There are: {', '.join(sorted(metrics))}."
            )
        before = set(self.window.diverged)
        self.window.add(first_step, metrics)
        for seed in sorted(set(self.window.diverged) - before):
            self.diverged(seed, self.window.diverged[seed])
        self._terminal.advance(first_step + self._config.steps_per_dispatch)

    def diverged(self, seed: int, step: int) -> None:
        """Says that a seed is no longer trained for anything."""
        self.window.diverged.setdefault(seed, step)
        self._terminal.say(f"seed {seed} diverged at step {step}; the others go on")

    def start(self, step: int) -> None:
        """Training begins, from `step`."""
        self._clock.start()
        self._mark = (step, self._clock.seconds)

    def write(self, step: int, _: TrainState) -> None:
        """Writes the window's means."""
        with self._clock.paused():
            assert self._mark is not None
            before, since = self._mark
            self._mark = (step, self._clock.seconds)
            rate = (step - before) / max(self._clock.seconds - since, 1e-9)
            by_seed = self.window.take()
            names = next(iter(by_seed.values()), {})
            self.means = {k: float(np.mean([one[k] for one in by_seed.values()])) for k in names}
            line = self.means
            evaluated = self.evaluated_at(step)
            if self._by_seed:
                line = {f"{k}/seed_{s}": v for s, one in by_seed.items() for k, v in one.items()}
            if self._writer:
                self._writer.write(step, {**line, **evaluated, "time/steps_per_second": rate})
                best = self._config.checkpoint_best
                shown = {best: evaluated[best]} if best in evaluated else {}
                if self.means:
                    self._terminal.log(step, self.means | shown, rate)

    def evaluated_at(self, step: int) -> dict[str, float]:
        """Metrics of an evaluation of just this step's state; none where there was none."""
        at, metrics = self.evaluated
        return metrics if at == step else {}


class Save:
    """Checkpoints, with the log's window, so that a continued run writes the same lines."""

    def __init__(
        self,
        program: Program,
        checkpoints: Checkpoints,
        log: Log,
        clock: Clock,
        extra: Callable[[], dict[str, Any]] = dict,
    ):
        self._program, self._checkpoints, self._log = program, checkpoints, log
        self._clock, self._extra, self._saved = clock, extra, -1

    def save(self, step: int, state: TrainState) -> None:
        """Starts to save, if this step has no checkpoint yet and a run's state is finite."""
        if step == self._saved:
            return
        self._saved = step
        with self._clock.paused():
            if self._program.mesh is not None:
                loop.check_finite(step, self._program.finite(state))
            extra = {"window": self._log.window.state, "means": self._log.means, **self._extra()}
            metrics = self._log.means | self._log.evaluated_at(step)
            self._checkpoints.save(step, state, extra, metrics)


class Page:
    """A page that is written again and again, each time from the whole log.

    At most once in ten seconds and for a fiftieth of the time, however long the log is.
    """

    def __init__(self, write: Callable[[int], None]):
        self._write, self._owed, self._due = write, -1, 0.0

    def show(self, step: int) -> None:
        """Writes the page of a run that is at `step`, or leaves it to the next call, or `close`."""
        self._owed = step
        if time.monotonic() >= self._due:
            self.close()

    def close(self) -> None:
        """Writes the page that is still owed."""
        if self._owed < 0:
            return
        began = time.monotonic()
        self._write(self._owed)
        end = time.monotonic()
        self._owed, self._due = -1, end + max(10.0, 50.0 * (end - began))


class Draw:
    """The pictures of a run, and its page. Every process computes them, the first one writes."""

    def __init__(
        self,
        experiment: Experiment,
        held_out: Dataset,
        workdir: Path,
        writer: Writer | None,
        terminal: Terminal,
        clock: Clock,
    ):
        self._titles = evaluations.titles_of_log(experiment.abilities.titles)
        self._experiment, self._workdir, self._writer = experiment, workdir, writer
        self._terminal, self._clock, self._announced = terminal, clock, False
        self._told: set[str] = set()
        self.page = Page(self._write_page)
        other = data.load_other(experiment, "test") if experiment.reads_two_domains else None
        self._pictures = of_a_run.drawer(experiment.abilities, experiment.spec, held_out, other)

    def draw(self, step: int, state: TrainState) -> None:
        """Draws images/KIND_STEP.png, where there is something to draw."""
        if self._pictures is None:
            return self.page.show(step)
        with self._clock.paused():
            began = time.monotonic()
            if not self._announced:
                self._terminal.say("drawing the first pictures ...")
            for name, picture in self._pictures(state).items():
                if self._writer:
                    folder = self._workdir / "images"
                    with writes_or_tells(folder, self._terminal.say, self._told):
                        grids.save_png(folder / f"{name}_{step:06d}.png", picture)
                    self._writer.image(step, name, picture)
            self.page.show(step)
            if not self._announced and not self._told:
                seconds = time.monotonic() - began
                self._terminal.say(
                    f"pictures in {seconds:.1f} s: {self._workdir}/images, and in report.html"
                )
            self._announced = True

    def _write_page(self, step: int) -> None:
        if self._writer is None:
            return
        values, page = load.to_json(self._experiment.config), self._workdir / "report.html"
        with writes_or_tells(page, self._terminal.say, self._told):
            known = {"title": self._workdir.name, "config": values, "titles": self._titles}
            run_page.write(self._workdir, **known, step=step)
