"""A linear SVM on the features of the adversary, against one on pixels."""

from typing import Any

import jax
import numpy as np

from jaxgen.config.build import Experiment
from jaxgen.core.errors import UserError
from jaxgen.core.state import evaluating
from jaxgen.evaluate import linear_probe
from jaxgen.evaluate.classifier import labels
from jaxgen.runs.evaluations.context import Context, under

BY_DEFAULT = False
TITLES = linear_probe.TITLES


def titles_for(experiment: Experiment) -> dict[str, tuple[str, str]]:
    """Of objectives with an adversary of images alone."""
    abilities = experiment.abilities
    alone = abilities.encode is None and abilities.entries == ("image",)
    return TITLES if abilities.adversaries and alone and experiment.kind == "image" else {}


def evaluate(context: Context) -> dict[str, Any]:
    """`evaluate.linear_probe.linear_probe`, under "probe/"."""
    experiment, training, held_out = context.experiment, context.training, context.held_out
    adversaries, spec = experiment.abilities.adversaries, experiment.spec
    of_images = experiment.abilities.encode is None and experiment.abilities.entries == ("image",)
    if not adversaries or not of_images or training.label is None:
        raise UserError(
            "--with=probe needs a discriminator or critic of images alone and a labelled data set; "
            f"{experiment.config.objective} on {training.name} has not both."
        )
    if experiment.kind == "points":
        raise UserError(f"--with=probe needs images, and {training.name} has points.")
    maps = jax.jit(lambda image: evaluating(spec, context.state).features(adversaries[0], image))
    one = jax.ShapeDtypeStruct((1, *training.image.shape[1:]), np.float32)
    if not any(len(x.shape) == 4 for x in jax.eval_shape(maps, one)):
        raise UserError(
            f'--with=probe needs maps of features, and the network "{adversaries[0]}" of this run '
            "has none."
        )
    found = linear_probe.linear_probe(
        lambda image: [np.asarray(x) for x in maps(image) if x.ndim == 4],
        training.image,
        training.label,
        held_out.image,
        labels(held_out),
    )
    return under("probe", found)
