"""How often a sample is taken for the class that it was asked to be of."""

from typing import Any

from jaxgen.evaluate import conditional, features
from jaxgen.runs.evaluations.context import Context

BY_DEFAULT = True
TITLES = conditional.TITLES


def evaluate(context: Context) -> dict[str, Any]:
    """`evaluate.conditional.conditional_accuracy`; none where samples have no class.

    Neither are there any of a classifier that is near chance, see `features.is_near_chance`.
    """
    if context.condition is None or context.experiment.kind == "points" or context.is_stacked:
        return {}
    space = context.space
    if not space.classify or features.is_near_chance(space):
        return {}
    found = conditional.conditional_accuracy(
        space.classify, context.samples, context.condition, space.classes
    )
    return {name: value for name, value in found.items() if name != "n_fake"}
