"""Samples against held-out images, in the features of a classifier, of Inception or of pixels."""

from typing import Any

import numpy as np

from jaxgen.config.build import Experiment
from jaxgen.evaluate import features
from jaxgen.runs.evaluations.context import Context

BY_DEFAULT = True
TITLES = features.TITLES


def titles_for(experiment: Experiment) -> dict[str, tuple[str, str]]:
    """Of images that are samples."""
    return TITLES if experiment.kind == "image" and experiment.abilities.sample else {}


def evaluate(context: Context) -> dict[str, Any]:
    """`evaluate.features.compare`; none of points, whose modes can be counted, nor of colorizers.

    "real_images": what was done to them before; samples of a model of binary images are compared
    with binary images.
    """
    if not titles_for(context.experiment):
        return {}
    train = context.modelled_training
    found = features.compare(context.space, context.real, context.samples, train_images=train.image)
    if train is context.training:
        return {"real_images": "as they are", **found}
    values = len(np.unique(context.real))
    name = context.experiment.config.objective
    return {"real_images": f"as {name} models them: {values} values a channel", **found}
