"""What the codes of images tell of their classes: errors of clusters, of few labels, of a line."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxgen import feed
from jaxgen.core import TrainState, UserError
from jaxgen.data import preprocess
from jaxgen.data.dataset import Dataset
from jaxgen.evaluate import clustering, codes
from jaxgen.evaluate.classifier import labels
from jaxgen.core.images import spread

_CHUNK = 250  # images at a time
_FITTED = 10_000  # training images that a linear classifier is fitted to, at most


def figures(
    experiment: Any,
    state: TrainState,
    training: Dataset,
    held_out: Dataset,
    *,
    kmeans: bool = False,
) -> dict[str, dict[str, Any]]:
    """Groups of figures of an objective that encodes images, where they have labels; else none.

    Of categories: "labelled" where labels were trained with, else "clustering"; without held-out
    validation images, training images name the clusters. "kmeans" (kmeans): the same errors of
    k-means on the pixels, as many clusters, started from `config.seed`. Of real codes: "codes",
    with linear_accuracy, see `codes.linear_accuracy`. Raises UserError for k-means and no clusters.
    """
    objective, spec, config = experiment.objective, experiment.spec, experiment.config
    count = getattr(objective, "categories", lambda _: 0)(spec.hparams)
    if kmeans and (not count or held_out.label is None or config.data.labelled):
        raise UserError(
            "--kmeans needs a run that finds clusters and a labelled data set; "
            f"{config.objective} on {held_out.name} is none."
        )
    if held_out.label is None or not hasattr(objective, "encode"):
        return {}
    if not count:
        code = _by_chunks(functools.partial(objective.encode, spec), state)
        return {"codes": {"linear_accuracy": _linear_accuracy(code, training, held_out)}}
    assigned = _by_chunks(functools.partial(objective.assignments, spec), state)
    found = assigned(held_out.image)
    if config.data.labelled:
        error = clustering.classification_error(found, held_out.label)
        return {"labelled": {**error, "labels": config.data.labelled}}
    validation = feed.load_data(experiment, "validation")
    names = labels(validation)
    result = {
        "clustering": clustering.clustering_errors(
            assigned(validation.image), names, found, held_out.label
        )
    }
    if kmeans:
        result["kmeans"] = clustering.kmeans_errors(
            training.image,
            validation.image,
            names,
            held_out.image,
            held_out.label,
            count,
            config.seed,
        )
    return result


def _by_chunks(function: Callable, state: TrainState) -> Callable[[np.ndarray], np.ndarray]:
    """A function of a state and images f32[b,h,w,c] as one of any number of images u8[n,h,w,c]."""

    @jax.jit
    def of_chunk(state, image):
        return function(state, preprocess.prepare({"image": image}, jax.random.key(0))["image"])

    def of_images(images: np.ndarray) -> np.ndarray:
        parts = np.array_split(images, -(-len(images) // _CHUNK))
        return np.concatenate([np.asarray(of_chunk(state, jnp.asarray(part))) for part in parts])

    return of_images


def _linear_accuracy(of_image: Callable, training: Any, held_out: Any) -> float:
    fitted = (spread(training.image, _FITTED), spread(labels(training), _FITTED))
    return codes.linear_accuracy(
        of_image(fitted[0]), fitted[1], of_image(held_out.image), held_out.label
    )
