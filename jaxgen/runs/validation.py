"""Evaluations while a run trains: of its state now, on validation images, for its log."""

import math
from collections.abc import Callable

from jaxgen.config.build import Experiment
from jaxgen.core.errors import UserError, did_you_mean
from jaxgen.core.files import EVALUATION
from jaxgen.core.state import TrainState
from jaxgen.data.dataset import Dataset
from jaxgen.runs import data, evaluations
from jaxgen.runs.evaluations.context import Context
from jaxgen.runs.outputs import Clock, Log


def check(experiment: Experiment) -> None:
    """Raises UserError for a config.checkpoint_best that no evaluation of a run can have."""
    best = experiment.config.checkpoint_best
    if best.startswith(EVALUATION) and best not in (known := _titles(experiment)):
        raise UserError(
            f'config.checkpoint_best="{best}" is no metric of the evaluations that are always '
            f"made; see --explain.{did_you_mean(best, known)}"
        )


def _titles(experiment: Experiment) -> dict[str, tuple[str, str]]:
    return evaluations.titles_of_log(experiment.abilities.titles)


class Validate:
    """The hook: its metrics go into the log's next line, as "evaluation/NAME".

    Only those that have a title: not what real images score, and not shares of classes.
    """

    def __init__(
        self,
        experiment: Experiment,
        training: Dataset,
        log: Log,
        clock: Clock,
        say: Callable[[str], None],
    ):
        self._experiment, self._training, self._log, self._clock = experiment, training, log, clock
        self._images, self._say = data.load_data(experiment, "validation"), say
        self._titles, self._spaces = _titles(experiment), {}
        self._told: set[str] = set()

    def evaluate(self, step: int, state: TrainState) -> None:
        """Evaluates as `--mode=evaluate --split=validation` does.

        Raises UserError where that does not give config.checkpoint_best.
        """
        with self._clock.paused():
            context = Context(
                *(self._experiment, state, self._training, self._images, "validation"),
                say=self._say,
                spaces=self._spaces,
            )
            found = evaluations.evaluate(context)
        for name in ("left_out", "caution"):
            if name in found and name not in self._told:
                self._told.add(name)
                self._say(f"evaluations on validation images: {found[name]}")
        numbers = {k: float(v) for k, v in found.items() if isinstance(v, int | float)}
        named = {f"{EVALUATION}{k}": v for k, v in numbers.items()}
        named = {k: v for k, v in named.items() if k in self._titles}
        best = self._experiment.config.checkpoint_best
        if best.startswith(EVALUATION) and best not in named:
            raise UserError(
                f'config.checkpoint_best="{best}" is no number that this run\'s evaluations give.'
                f"{did_you_mean(best, named)} There are: {', '.join(sorted(named))}."
            )
        # After the check: what is infinite for once ends no run, and is not in its log.
        self._log.evaluated = step, {k: v for k, v in named.items() if math.isfinite(v)}
