"""How often a sample is taken for the class that it was asked to be of."""

from typing import Any

from jaxgen.config.build import Experiment
from jaxgen.data import names
from jaxgen.evaluate import conditional, features
from jaxgen.runs.evaluations.context import Context

BY_DEFAULT = True
TITLES = conditional.TITLES


def titles_for(experiment: Experiment) -> dict[str, tuple[str, str]]:
    """Of images that are samples of classes that labels name."""
    stacks = experiment.config.data.name.startswith(names.STACKED)
    given = experiment.reads_labels and experiment.kind == "image" and not stacks
    return TITLES if given else {}


def evaluate(context: Context) -> dict[str, Any]:
    """`evaluate.conditional.conditional_accuracy`; none where samples have no class.

    Neither are there any of a classifier that is near chance, see `features.is_near_chance`.
    """
    if not titles_for(context.experiment) or context.condition is None:
        return {}
    space = context.space
    if not space.classify or features.is_near_chance(space):
        return {}
    found = conditional.conditional_accuracy(
        space.classify, context.samples, context.condition, space.classes
    )
    return {name: value for name, value in found.items() if name != "n_fake"}
