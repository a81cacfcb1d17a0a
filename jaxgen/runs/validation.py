"""Evaluations while a run trains: of its state now, on validation images, for its log."""

from typing import Any

from jaxgen.config.build import Experiment
from jaxgen.core.errors import UserError, did_you_mean
from jaxgen.core.state import TrainState
from jaxgen.data.dataset import Dataset
from jaxgen.runs import data, evaluations
from jaxgen.runs.evaluations.context import Context
from jaxgen.runs.outputs import Clock, Log


class Validate:
    """The hook: its metrics go into the log's next line, as "evaluation/NAME".

    Only those that have a title: not what real images score, and not shares of classes.
    """

    def __init__(self, experiment: Experiment, training: Dataset, log: Log, clock: Clock):
        """Raises UserError for a config.checkpoint_best that no evaluation has."""
        self._experiment, self._training, self._log, self._clock = experiment, training, log, clock
        self._images = data.load_data(experiment, "validation")
        self._spaces: dict[Any, Any] = {}
        self._titled = evaluations.titles_of_log(experiment.abilities.titles)
        best = experiment.config.checkpoint_best
        if best.startswith(evaluations.IN_LOG) and best not in self._titled:
            raise UserError(
                f'config.checkpoint_best="{best}" is no metric of an evaluation; see --explain.'
                f"{did_you_mean(best, self._titled)}"
            )

    def evaluate(self, step: int, state: TrainState) -> None:
        """Evaluates as `--mode=evaluate --split=validation` does."""
        with self._clock.paused():
            context = Context(
                *(self._experiment, state, self._training, self._images, "validation"),
                spaces=self._spaces,
            )
            found = evaluations.evaluate(context)
            numbers = {k: float(v) for k, v in found.items() if isinstance(v, int | float)}
            named = {f"{evaluations.IN_LOG}{k}": v for k, v in numbers.items()}
            self._log.evaluated = step, {k: v for k, v in named.items() if k in self._titled}
