"""Colors that a colorizer gives held-out images, beside those of predictors without a model."""

import contextlib
from typing import Any

import numpy as np

from jaxgen.config.build import Experiment
from jaxgen.core.images import even_rows
from jaxgen.evaluate import color, features, frechet
from jaxgen.evaluate.checks import TooFewImages
from jaxgen.runs.evaluations.context import Context, under

BY_DEFAULT = True
_FRECHET = {"frechet": ("Fréchet distance", "to the same in true colors; lower is better")}
TITLES = {
    **color.TITLES,
    **color.titles(_FRECHET),
    "color/feature_space": ("Feature space of the Fréchet distance", ""),
    "color/n_training": ("Training images that predictors without a model are made of", ""),
    "color/resize": ("How images came to that size", ""),
}
_OF_IMAGES = ("n", "height", "width", "colorfulness_true")  # whoever colors them
_KNOWN = 2000  # training images that predictors are made from, at most


def titles_for(experiment: Experiment) -> dict[str, tuple[str, str]]:
    """Of objectives that color images."""
    return {} if experiment.abilities.colorize is None else TITLES


def evaluate(context: Context) -> dict[str, Any]:
    """`evaluate.color.compare` of at most `num` held-out images, under "color/"; else none.

    Beside them "color_NAME/...", the same of each of `evaluate.color.baselines`. "frechet" is
    between features of the images and of the same in true colors, where there are enough of them;
    "resize" says what the values depend on as much as on the size.
    """
    if not titles_for(context.experiment):
        return {}
    known = even_rows(context.training.image, _KNOWN)
    predicted = color.baselines(np.asarray(known), context.real, context.experiment.config.seed)
    space = context.space
    if features.is_near_chance(space):
        space = features.pixel_features()
    true = space.features(context.real)
    found: dict[str, Any] = {
        "color/feature_space": space.name,
        "color/resize": _resized(context.experiment),
        "color/n_training": len(known),
    }
    for name, images in {"": context.colored, **predicted}.items():
        metrics: dict[str, Any] = color.compare(context.real, images)
        with contextlib.suppress(TooFewImages):
            metrics["frechet"] = frechet.frechet_distance(true, space.features(images))
        if name:
            metrics = {k: value for k, value in metrics.items() if k not in _OF_IMAGES}
        found |= under(f"color_{name}" if name else "color", metrics)
    return found


def _resized(experiment: Experiment) -> str:
    data = experiment.config.data
    if data.name == "photos":  # tiles
        return "not at all"
    if data.load_size > data.image_size:
        return f"{data.resize} to {data.load_size}, the middle {data.image_size}"
    return data.resize
