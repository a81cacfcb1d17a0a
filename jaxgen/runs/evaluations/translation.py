"""Translations of held-out images, judged by a classifier that tells the two domains apart."""

import contextlib
import dataclasses
from typing import Any

import jax
import numpy as np

from jaxgen.config.build import Experiment
from jaxgen.core.images import even_rows
from jaxgen.data.dataset import Dataset, fingerprint
from jaxgen.evaluate import frechet
from jaxgen.evaluate.checks import TooFewImages
from jaxgen.runs import data, sampling
from jaxgen.runs.evaluations.context import Context

BY_DEFAULT = True
_WAYS = {"translation": "the other domain", "inverse_translation": "the first domain"}
TITLES = {
    "translation/classifier_accuracy": (
        "Held-out images whose domain the classifier tells",
        "share; higher is better, and near 0.5 the others say nothing",
    ),
    **{
        f"{way}/{name}": (title.format(there), good)
        for way, there in _WAYS.items()
        for name, title, good in (
            (
                "taken",
                "Translations taken for {}",
                "share; higher is better, toward that of real images",
            ),
            ("real_taken", "Real images taken for {}", "share, of those that are; 1 is right"),
            (
                "frechet",
                "Fréchet distance of translations to {}",
                "in the classifier's features; lower is better",
            ),
            (
                "untranslated_frechet",
                "Fréchet distance of untranslated images to {}",
                "what it would be if nothing were done; lower is better",
            ),
        )
    },
}


def titles_for(experiment: Experiment) -> dict[str, tuple[str, str]]:
    """Of objectives that translate between two domains."""
    return TITLES if experiment.reads_two_domains else {}


def evaluate(context: Context) -> dict[str, Any]:
    """Of at most `num` held-out images of either domain, both ways; else none."""
    if not titles_for(context.experiment):
        return {}
    known = data.load_other(context.experiment, "train")
    space = context.classifier(
        _joined(context.training, known), _joined(context.held_out, context.other)
    )
    domains = [even_rows(images, context.num) for images in (context.real, context.other.image)]
    found: dict[str, Any] = {"translation/classifier_accuracy": space.accuracy}
    classify: Any = space.classify
    for number, way in enumerate(_WAYS):
        start, there = domains[number], domains[1 - number]
        made = sampling.translated(
            context.experiment, context.state, jax.random.key(1), start, inverse=bool(number)
        )
        found[f"{way}/taken"] = float(np.mean(classify(made) == 1 - number))
        found[f"{way}/real_taken"] = float(np.mean(classify(there) == 1 - number))
        real = space.features(there)
        with contextlib.suppress(TooFewImages):
            found[f"{way}/frechet"] = frechet.frechet_distance(real, space.features(made))
            unchanged = space.features(start)
            found[f"{way}/untranslated_frechet"] = frechet.frechet_distance(real, unchanged)
    return found


def _joined(first: Dataset, other: Dataset) -> Dataset:
    """Both as one data set, whose two classes they are."""
    label = np.repeat(np.arange(2, dtype=np.int32), [len(first.image), len(other.image)])
    return dataclasses.replace(
        first,
        name=f"{first.name} and {other.name}",
        image=np.concatenate([first.image, other.image]),
        label=label,
        classes=("first", "other"),
        fingerprint=fingerprint(first.fingerprint, other.fingerprint),
        whole=None,
    )
