"""Modes that are known and can be counted: of points of the plane and of stacked digits."""

from typing import Any

from jaxgen.config.build import Experiment
from jaxgen.data import names, points
from jaxgen.evaluate import features, modes
from jaxgen.runs.evaluations.context import Context, under

BY_DEFAULT = True
TITLES = modes.TITLES


def titles_for(experiment: Experiment) -> dict[str, tuple[str, str]]:
    """Of points, or of stacked digits."""
    points, stacks = experiment.kind == "points", names.STACKED in experiment.config.data.name
    return {k: v for k, v in TITLES.items() if (stacks if k.startswith("stacked/") else points)}


def evaluate(context: Context) -> dict[str, Any]:
    """`evaluate.modes.points_compare`, or "stacked/..."; none of other data."""
    if context.experiment.kind == "points":
        target = points.mixture(context.experiment.config.data.name)
        real, made, train = (
            x.reshape(-1, 2) for x in (context.real, context.samples, context.training.image)
        )
        return modes.points_compare(real, made, target.means, target.sigma, train=train)
    if context.is_stacked and not features.is_near_chance(context.base_classifier):
        classify: Any = context.base_classifier.classify
        return under("stacked", modes.stacked_modes(classify, context.samples))
    return {}
