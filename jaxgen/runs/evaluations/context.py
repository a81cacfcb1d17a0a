"""What evaluations share: the state, its data, its samples, and the space to compare them in."""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxgen.config.build import Experiment
from jaxgen.core.images import even_rows
from jaxgen.core.state import TrainState
from jaxgen.data import names, preprocess, stacked
from jaxgen.data.dataset import Dataset
from jaxgen.evaluate import classifier, features
from jaxgen.runs import data, sampling

_CHUNK = 250  # images at a time


@dataclasses.dataclass
class Context:
    """One state to evaluate. What is expensive and shared is made once, when it is first used.

    Attributes:
      experiment: what it was trained as.
      state: of one seed.
      training: the images that it was trained on.
      held_out: the images that it is compared with.
      split: what these are, "test" or "validation".
      inception_weights: a file; if given, the feature space is the Inception network's.
      say: called with lines about progress, of what takes long; None is silence.
      spaces: feature spaces by data set, kept for the next state where the caller keeps them.
    """

    experiment: Experiment
    state: TrainState
    training: Dataset
    held_out: Dataset
    split: str = "test"
    inception_weights: str = ""
    say: Callable[[str], None] | None = None
    spaces: dict[Any, features.FeatureExtractor] = dataclasses.field(default_factory=dict)

    @property
    def num(self) -> int:
        """Generated images, and at most so many real ones beside them."""
        return self.experiment.config.evaluation.num_images

    @functools.cached_property
    def condition(self) -> np.ndarray | None:
        """The class i32[num] that each sample was asked to be of, for an objective given labels."""
        if not self.experiment.reads_labels:
            return None
        return sampling.conditions(self.experiment, (), self.num)

    @functools.cached_property
    def samples(self) -> np.ndarray:
        """`num` samples, u8[num,h,w,c] or points."""
        key = jax.random.key(1)
        return sampling.draw(self.experiment, self.state, key, self.num, self.condition)

    @functools.cached_property
    def colored(self) -> np.ndarray:
        """The images of `real` with their own lightness and the model's colors, u8[n,h,w,3]."""
        return sampling.colored(self.experiment, self.state, jax.random.key(1), self.real)

    @functools.cached_property
    def modelled_training(self) -> Dataset:
        """The training images as they are modelled, see `runs.data.as_modelled`."""
        return data.as_modelled(self.experiment, self.training)

    @functools.cached_property
    def modelled_held_out(self) -> Dataset:
        """The held-out images as they are modelled."""
        return data.as_modelled(self.experiment, self.held_out)

    @functools.cached_property
    def real(self) -> np.ndarray:
        """At most `num` held-out images as they are modelled, from all over the set."""
        return even_rows(self.modelled_held_out.image, self.num)

    @functools.cached_property
    def other(self) -> Dataset:
        """The held-out images of the second domain, of an objective that reads one."""
        return data.load_other(self.experiment, self.split)

    @functools.cached_property
    def choosing(self) -> tuple[str, Dataset]:
        """("validation" or "training", images that something may be chosen on).

        Validation images, but training ones where none were held out, or where results are of them.
        """
        if self.split == "test" and self.experiment.config.data.validation:
            return "validation", data.load_data(self.experiment, "validation")
        return "training", self.training

    @property
    def is_stacked(self) -> bool:
        """Whether images are three gray ones as channels."""
        return self.experiment.config.data.name.startswith(names.STACKED)

    @functools.cached_property
    def space(self) -> features.FeatureExtractor:
        """The features that images are compared in.

        Those of Inception where its weights were given, of a classifier of the data set's labels,
        channel by channel of stacked images, or of pixels where there are no labels, or those of
        one class alone.
        """
        if self.inception_weights:
            from jaxgen.evaluate import inception

            return inception.inception_features(self.inception_weights)
        if self.is_stacked:
            return _by_channel(self.base_classifier)
        label = self.training.label
        if self.held_out.label is None or label is None or len(np.unique(label)) < 2:
            return features.pixel_features()
        return self.classifier(self.modelled_training, self.modelled_held_out)

    @functools.cached_property
    def base_classifier(self) -> features.FeatureExtractor:
        """The classifier of the gray images that stacked ones are made of."""
        name = names.base_name(self.experiment.config.data.name)
        base = (
            data.load_data(self.experiment, split, name=name, channels=1)
            for split in ("train", "test")
        )
        return self.classifier(*base)

    def classifier(self, training: Dataset, held_out: Dataset) -> features.FeatureExtractor:
        """The classifier of these labelled images, trained once."""
        key = (training.fingerprint, held_out.fingerprint)
        if key not in self.spaces:
            self.spaces[key] = classifier.classifier_features(training, held_out, say=self.say)
        return self.spaces[key]

    @functools.cached_property
    def real_label(self) -> np.ndarray | None:
        """The classes i[n] of the images of `real`; None where they have none."""
        label = self.held_out.label
        return None if label is None else even_rows(label, self.num)

    def by_chunks(self, function: Callable) -> Callable[..., np.ndarray]:
        """function(spec, state, image f32[b,h,w,c], ...) as one of any number n of images.

        These are u8[n,h,w,c]; what else it is given has as many rows.
        """
        spec, state = self.experiment.spec, self.state

        @jax.jit
        def of_chunk(state, image, *others):
            prepared = preprocess.prepare({"image": image}, jax.random.key(0))["image"]
            return function(spec, state, prepared, *others)

        def of_images(*arrays: np.ndarray) -> np.ndarray:
            count = -(-len(arrays[0]) // _CHUNK)
            parts = zip(*(np.array_split(array, count) for array in arrays), strict=True)
            made = (of_chunk(state, *(jnp.asarray(array) for array in part)) for part in parts)
            return np.concatenate([np.asarray(x) for x in made])

        return of_images


def under(group: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with their names in a group, "group/name"."""
    return {f"{group}/{name}": value for name, value in values.items()}


def _by_channel(base: features.FeatureExtractor) -> features.FeatureExtractor:
    def joined(images: np.ndarray) -> np.ndarray:
        return np.concatenate([base.features(part) for part in stacked.unstack(images)], axis=1)

    return features.FeatureExtractor(
        name=f"{base.name}, channel by channel",
        features=joined,
        accuracy=base.accuracy,
        class_shares=base.class_shares,
    )
