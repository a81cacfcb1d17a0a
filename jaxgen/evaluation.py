"""What a trained state is worth: the figures that its data set allows."""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxgen import code_evaluation, feed, sampling
from jaxgen.core import Nets, Spec, TrainState, UserError, eval_params
from jaxgen.objectives.parts.latents import balanced_labels
from jaxgen.data import points, preprocess, stacked
from jaxgen.data.dataset import Dataset
from jaxgen.evaluate import (
    classifier,
    conditional,
    features,
    inception,
    linear_probe,
    modes,
    parzen,
)
from jaxgen.core.images import spread

_PARZEN = 10_000  # samples, as published
_CLASSIFIERS: dict[tuple[str, str], features.FeatureExtractor] = {}


def figures(
    experiment: Any,
    state: TrainState,
    training: Dataset,
    held_out: Dataset,
    *,
    inception_weights: str = "",
    probe: bool = False,
    kmeans: bool = False,
    parzen_window: bool = False,
    progress: bool = True,
) -> dict[str, Any]:
    """Figures of a state, flat and as JSON can hold them; which, the data set decides.

    "objective/...": those of the paper's own `evaluate`, a mean over held-out batches of the
    training batch size, of `config.evaluation.num_images` images in all, or nearly. Points:
    `modes.points_compare`. Stacked images: `modes.stacked_modes`, and the rest in the features of
    the three channels. Others: `features.compare` in the space of a classifier of the data set's
    labels, of pixels where it has none, or of the Inception network whose weights are in the file
    `inception_weights`. "conditional_..." where samples are of a
    class that was asked for. "clustering/...", "labelled/...", "codes/...", "kmeans/..." (kmeans):
    `code_evaluation.figures`. "probe/..." (probe): a linear SVM on the adversary's features.
    "parzen/..." (parzen_window): the obsolete estimate of 2014.
    """
    result: dict[str, Any] = _objective_figures(experiment, state, held_out)
    told = code_evaluation.figures(experiment, state, training, held_out, kmeans=kmeans)
    for group, values in told.items():
        result |= _under(group, values)
    num = experiment.config.evaluation.num_images
    condition = _condition(experiment, num)
    samples = sampling.draw(experiment, state, jax.random.key(1), num, condition)
    real = spread(held_out.image, num)
    if experiment.config.data.name in points.NAMES:
        target = points.mixture(experiment.config.data.name)
        flat, made, train = (x.reshape(-1, 2) for x in (real, samples, training.image))
        return result | modes.points_compare(flat, made, target.means, target.sigma, train=train)
    extractor = _extractor(experiment, training, held_out, inception_weights, progress)
    result |= features.compare(extractor, real, samples, train_images=training.image)
    if experiment.config.data.name.startswith(stacked.PREFIX):
        classify: Any = _base_classifier(experiment, progress).classify
        result |= _under("stacked", modes.stacked_modes(classify, samples))
    elif condition is not None and extractor.classify:
        asked = conditional.conditional_accuracy(
            extractor.classify, samples, condition, extractor.classes
        )
        result |= {name: value for name, value in asked.items() if name != "n_fake"}
    if probe:
        result |= _under("probe", _probe(experiment, state, training, held_out))
    if parzen_window:
        drawn = sampling.draw(experiment, state, jax.random.key(2), _PARZEN)
        result |= _under("parzen", _parzen(drawn, training.image, real))
    return result


def _condition(experiment: Any, num: int) -> np.ndarray | None:
    """Labels of all classes in turn for an objective that is told labels, else None."""
    classes = getattr(experiment.spec.hparams, "num_classes", 0)
    if not classes or "label" not in experiment.example_batch:
        return None
    return np.asarray(balanced_labels(num, classes))


def _objective_figures(experiment: Any, state: TrainState, held_out: Dataset) -> dict[str, float]:
    objective, spec = experiment.objective, experiment.spec
    if not hasattr(objective, "evaluate"):
        return {}
    arrays: dict[str, Any] = {"image": held_out.image}
    if "label" in experiment.example_batch:
        arrays["label"] = held_out.label
    size = min(experiment.config.data.batch_size, len(held_out.image))
    stride = len(held_out.image) // size
    count = min(stride, max(1, experiment.config.evaluation.num_images // size))

    @jax.jit
    def of_batch(state, raw, key):
        key_data, key_step = jax.random.split(key)
        return objective.evaluate(spec, state, preprocess.prepare(raw, key_data), key_step)

    rows = [
        # Each batch from all over the set: folders are sorted by class.
        of_batch(state, {k: jnp.asarray(x[i::stride][:size]) for k, x in arrays.items()}, key)
        for i, key in enumerate(jax.random.split(jax.random.key(0), count))
    ]
    means = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
    return _under("objective", {**means, "n_real": size * count})


def _extractor(experiment, training, held_out, inception_weights, progress):
    if inception_weights:
        return inception.inception_features(inception_weights)
    if experiment.config.data.name.startswith(stacked.PREFIX):
        return _by_channel(_base_classifier(experiment, progress))
    if held_out.label is None:
        return features.pixel_features()
    return _classifier(training, held_out, progress)


def _classifier(training: Dataset, held_out: Dataset, progress: bool):
    """The classifier's features; those of the last data sets stay compiled for the next state."""
    key = (training.fingerprint, held_out.fingerprint)
    if key not in _CLASSIFIERS:
        if len(_CLASSIFIERS) > 3:
            _CLASSIFIERS.clear()
        _CLASSIFIERS[key] = classifier.classifier_features(training, held_out, progress=progress)
    return _CLASSIFIERS[key]


def _base_classifier(experiment: Any, progress: bool) -> features.FeatureExtractor:
    """The classifier of the gray images that stacked ones are made of."""
    name = stacked.base_name(experiment.config.data.name)
    training, held_out = (
        feed.load_data(experiment, split, name=name, channels=1) for split in ("train", "test")
    )
    return _classifier(training, held_out, progress)


def _by_channel(base: features.FeatureExtractor) -> features.FeatureExtractor:
    def joined(images: np.ndarray) -> np.ndarray:
        return np.concatenate([base.features(part) for part in stacked.unstack(images)], axis=1)

    return features.FeatureExtractor(
        name=f"{base.name}, channel by channel", features=joined, accuracy=base.accuracy
    )


def _probe(experiment: Any, state: TrainState, training: Any, held_out: Any) -> dict[str, Any]:
    spec: Spec = experiment.spec
    adversary = next((name for name in ("discriminator", "critic") if name in spec.nets), None)
    told = "label" in experiment.example_batch or hasattr(experiment.objective, "encode")
    if adversary is None or training.label is None or told:
        raise UserError(
            f"--probe needs a discriminator or critic of images alone and a labelled data set; "
            f"{experiment.config.objective} on {training.name} has not both."
        )
    nets = Nets(spec, eval_params(state), state.model_state)
    maps = jax.jit(lambda image: nets.features(adversary, image))
    return linear_probe.linear_probe(
        lambda image: [np.asarray(x) for x in maps(image) if x.ndim == 4],
        training.image,
        training.label,
        held_out.image,
        held_out.label,
    )


def _parzen(samples: np.ndarray, train: np.ndarray, test: np.ndarray) -> dict[str, Any]:
    return parzen.parzen_estimate(samples, spread(train, 1000), test)


def _under(group: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{group}/{name}": value for name, value in values.items()}
