"""Samples against held-out images, in the features of a classifier, of Inception or of pixels."""

from typing import Any

from jaxgen.evaluate import features
from jaxgen.runs.evaluations.context import Context

BY_DEFAULT = True
TITLES = features.TITLES


def evaluate(context: Context) -> dict[str, Any]:
    """`evaluate.features.compare`; none of points, whose modes can be counted."""
    if context.experiment.kind == "points":
        return {}
    train = context.training.image
    return features.compare(context.space, context.real, context.samples, train_images=train)
