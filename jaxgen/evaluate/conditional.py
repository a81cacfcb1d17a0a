"""Accuracy of a conditional generator: share of samples that are of the requested class.

The 1-NN check is that of the code of arXiv:1511.06434 for labelled digits: a classifier that knows
generated images only, tested on real ones, needs samples that are both right and diverse.
"""

from collections.abc import Callable, Sequence

import numpy as np

from jaxgen.core.errors import UserError
from jaxgen.core.images import to_float
from jaxgen.evaluate.memorisation import nearest

TITLES = {
    "conditional_accuracy": (
        "Right class",
        "share of samples of the class that was asked for; higher is better",
    ),
    "nearest_sample_accuracy": (
        "Class of the nearest sample",
        "share of real images whose nearest sample is of their class; higher is better",
    ),
}

Images = np.ndarray  # [n,h,w,c], u8 or floats in [-1,1]


def conditional_accuracy(
    classify: Callable[[Images], np.ndarray],
    images: Images,
    requested: np.ndarray,
    classes: Sequence[str],
) -> dict[str, float | int]:
    """Share of samples that a classifier takes for the class that was asked for.

    classify: images -> i[n], indices into `classes`, as of a FeatureExtractor. requested: i[n].
    Returns "conditional_accuracy" (of all samples), "conditional_accuracy/NAME" of each class that
    was asked for, "n_fake". A classifier's own accuracy on real images is what a perfect model has;
    one class for everything has 1 / classes.
    """
    requested = np.asarray(requested)
    if len(requested) != len(images) or not len(requested):
        raise UserError(
            f"Need one requested class per sample, and at least one; got {len(requested)} classes "
            f"for {len(images)} samples."
        )
    right = np.asarray(classify(images)) == requested
    return {
        "conditional_accuracy": float(right.mean()),
        **{
            f"conditional_accuracy/{name}": float(right[requested == index].mean())
            for index, name in enumerate(classes)
            if np.any(requested == index)
        },
        "n_fake": len(requested),
    }


def nearest_sample_accuracy(
    fake_images: Images,
    requested: np.ndarray,
    real_images: Images,
    labels: np.ndarray,
    *,
    features: Callable[[Images], np.ndarray] | None = None,
) -> dict[str, float | int]:
    """Share of real images whose nearest generated image was asked to be of the same class.

    features: images -> f[n,d] for the L2 distance; default the pixels. Compare with the same metric
    of as many training images with their labels in the place of the samples.
    Returns "nearest_sample_accuracy", "n_fake", "n_real".
    """
    requested, labels = np.asarray(requested), np.asarray(labels)
    if len(requested) != len(fake_images) or len(labels) != len(real_images):
        raise ValueError(
            f"Need one class per image; got {len(requested)} for {len(fake_images)} samples and "
            f"{len(labels)} for {len(real_images)} real images."
        )
    if not len(requested) or not len(labels):
        raise UserError(
            "The nearest-sample check needs at least 1 image on either side, but got "
            f"{len(labels)} real and {len(requested)} generated ones."
        )
    describe = features or _pixels
    index, _ = nearest(describe(real_images), describe(fake_images))
    return {
        "nearest_sample_accuracy": float(np.mean(requested[index] == labels)),
        "n_fake": len(requested),
        "n_real": len(labels),
    }


def _pixels(images: Images) -> np.ndarray:
    return to_float(images).astype(np.float64).reshape(len(images), -1)
