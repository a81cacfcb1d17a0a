"""How states of a study are evaluated: the data, how often, and the functions that do it."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np

from jaxgen.config.build import Experiment
from jaxgen.core.errors import NotFiniteError
from jaxgen.core.files import write_atomically
from jaxgen.core.images import even_rows
from jaxgen.core.state import TrainState
from jaxgen.data.dataset import Dataset
from jaxgen.evaluate import color
from jaxgen.evaluate.features import FeatureExtractor
from jaxgen.pictures import grids, scatter
from jaxgen.report import study_files
from jaxgen.runs import evaluations, outputs, sampling
from jaxgen.runs.evaluations.context import Context
from jaxgen.train.program import Program

_TILES, _DOTS = 64, 2500  # PacGAN (arXiv:1712.04086) evaluates as many points
_MOST_COLUMNS = 10
Evaluate = Callable[[Context], dict[str, Any]]
Draw = Callable[..., np.ndarray]


@dataclasses.dataclass
class Evaluator:
    """The same for all experiments and seeds of a study.

    Attributes:
      training: the images that all are trained on.
      held_out: the images that all are compared with.
      count: of evaluations, at equal numbers of steps.
      evaluate: the metrics of a state.
      draw: samples of a state, as `runs.sampling.draw`.
      say: called with lines about progress.
      spaces: feature spaces, which all states share.
    """

    training: Dataset
    held_out: Dataset
    count: int
    evaluate: Evaluate = evaluations.evaluate
    draw: Draw = sampling.draw
    say: Callable[[str], None] | None = None
    spaces: dict[Any, FeatureExtractor] = dataclasses.field(default_factory=dict)

    def entry(self, experiment: Experiment, state: TrainState, path: Path) -> dict[str, Any] | None:
        """The metrics of one seed's state, with a picture at `path`; None if it is not finite."""
        num = _DOTS if self.held_out.kind == "points" else _TILES
        try:
            made = self._made(experiment, state, num)
        except NotFiniteError:
            return None
        grids.save_png(path, self._picture(made))
        context = Context(
            experiment, state, self.training, self.held_out, say=self.say, spaces=self.spaces
        )
        return evaluations.finite(self.evaluate(context))

    def _made(self, experiment: Experiment, state: TrainState, num: int) -> np.ndarray:
        """Samples, or the images of `save_pictures` in the model's colors."""
        if experiment.abilities.sample is None:
            images = even_rows(self.held_out.image, num)
            return sampling.colored(experiment, state, jax.random.key(1), images)
        return self.draw(experiment, state, jax.random.key(1), num)

    def save_pictures(self, workdir: Path, *, gray: bool) -> None:
        """`real.png`, held-out data as it is, also where some experiments model it binary.

        gray: also `gray.png`, the same as colorizers are given it.
        """
        num = len(self.held_out.image) if self.held_out.kind == "points" else _TILES
        images = even_rows(self.held_out.image, num)
        grids.save_png(workdir / "real.png", self._picture(images))
        if gray:
            given = color.with_chroma(np.asarray(images), np.zeros(2))
            grids.save_png(workdir / "gray.png", self._picture(given))

    def _picture(self, made: np.ndarray) -> np.ndarray:
        if self.held_out.kind == "points":
            return scatter.picture(self.held_out.image[:_DOTS], made)
        columns = len(self.held_out.classes) if len(self.held_out.classes) <= _MOST_COLUMNS else 8
        return grids.grid(made, columns=columns or 8)


class EvaluateSeeds:
    """The hook that evaluates a group of seeds, and leaves `evaluations.json`."""

    def __init__(
        self,
        experiment: Experiment,
        program: Program,
        folder: Path,
        evaluator: Evaluator,
        log: outputs.Log,
        save: outputs.Save,
        clock: outputs.Clock,
    ):
        self._experiment, self._program, self._folder = experiment, program, folder
        self._evaluator, self._log, self._save, self._clock = evaluator, log, save, clock
        self._entries = study_files.evaluations(folder)

    @property
    def every(self) -> int:
        """Steps between evaluations: equal parts of a run, rounded up to whole dispatches."""
        config = self._experiment.config
        chunk = config.steps_per_dispatch
        return -(-config.num_steps // (self._evaluator.count * chunk)) * chunk

    def evaluate(self, step: int, states: TrainState) -> None:
        """Evaluates each seed. The state is saved first: a killed run evaluates it again."""
        self._save.save(step, states)
        with self._clock.paused():
            self._evaluate(step, states)

    def catch_up(self, step: int, states: TrainState) -> None:
        """Makes the evaluation of the restored step, where a kill came between it and its save.

        Evaluations after that step are of steps that were lost, and are taken again.
        """
        self._entries = [entry for entry in self._entries if entry["step"] <= step]
        if step and (step % self.every == 0 or step == self._experiment.config.num_steps):
            self._evaluate(step, states)

    def _evaluate(self, step: int, states: TrainState) -> None:
        finite = np.logical_and.reduce(list(self._program.finite(states).values()))
        there = {(entry["step"], entry["seed"]) for entry in self._entries}
        diverged = self._log.window.diverged
        for index, seed in enumerate(self._program.seeds):
            if (step, seed) in there:
                continue
            found = None
            if finite[index] and seed not in diverged:
                path = self._folder / "images" / f"seed_{seed}_{step:06d}.png"
                state = self._program.state_of(states, index)
                found = self._evaluator.entry(self._experiment, state, path)
            if found is None and seed not in diverged:
                self._log.diverged(seed, step)
            found = {"diverged": diverged[seed]} if found is None else found
            self._entries.append({"step": step, "seed": seed, **found})
        text = json.dumps(self._entries, indent=1, default=float)
        write_atomically(self._folder / "evaluations.json", text + "\n")
