"""Feature spaces that samples are compared in, and the comparison.

Published FIDs use an Inception network whose weights would have to be downloaded. Here the space is
the last hidden layer of a small classifier, trained on the labels of the very data set, or, where
it has none, small pixels. Values compare models of one data set with one another, and with nothing
else; every result names its space.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from jaxgen.evaluate.frechet import frechet_distance
from jaxgen.evaluate.images import to_float
from jaxgen.evaluate.precision_recall import precision_recall_density_coverage

Images = np.ndarray  # [n,h,w,c], u8 or floats in [-1,1]


@dataclasses.dataclass(frozen=True)
class FeatureExtractor:
    """A feature space.

    name: says what the features are. features: images [n,h,w,c] -> f64[n,d]. classify: images ->
    i64[n], indices into `classes`, where there is a classifier. accuracy: its held-out share of
    right answers. class_shares: f64[classes], of the labels of the data.
    """

    name: str
    features: Callable[[Images], np.ndarray]
    classify: Callable[[Images], np.ndarray] | None = None
    accuracy: float | None = None
    classes: tuple[str, ...] = ()
    class_shares: np.ndarray | None = None


def pixel_features(size: int = 16) -> FeatureExtractor:
    """Pixels in [-1,1] of images shrunk by area means to at most `size` a side, flattened."""

    def features(images: Images) -> np.ndarray:
        pixels = to_float(images).astype(np.float64)
        height, width = (min(side, size) for side in pixels.shape[1:3])
        rows, columns = _area_mean(pixels.shape[1], height), _area_mean(pixels.shape[2], width)
        small = np.einsum("ih,nhwc,jw->nijc", rows, pixels, columns, optimize=True)
        return small.reshape(len(small), -1)

    return FeatureExtractor(name=f"pixels, at most {size}x{size}", features=features)


def class_histogram(extractor: FeatureExtractor, images: Images) -> dict[str, float]:
    """What the classifier takes the images for.

    "class/NAME": share of each class; "class_kl": KL divergence in nats from these shares to those
    of the data's labels, 0 for a perfect sampler and about (classes - 1) / 2n by chance alone;
    "classes_covered": number of classes that at least one image is taken for.
    """
    if extractor.classify is None or extractor.class_shares is None:
        raise ValueError(f'The feature space "{extractor.name}" has no classes.')
    counts = np.bincount(extractor.classify(images), minlength=len(extractor.classes))
    shares = counts / counts.sum()
    seen = shares > 0
    divergence = np.sum(shares[seen] * np.log(shares[seen] / extractor.class_shares[seen]))
    return {
        **{f"class/{name}": float(share) for name, share in zip(extractor.classes, shares)},
        "class_kl": float(max(divergence, 0.0)),
        "classes_covered": int(seen.sum()),
    }


def compare(
    extractor: FeatureExtractor,
    real_images: Images,
    fake_images: Images,
    *,
    train_images: Images | None = None,
) -> dict[str, Any]:
    """Fréchet distance, precision, recall, density, coverage and classes of generated images.

    real_images: held out from training. train_images: if given, as many of them as there are
    generated ones take their place once more, under "reference/...": what a perfect model would
    score at these numbers of images. Values of different "n_real" or "n_fake" do not compare.
    """
    real = extractor.features(real_images)
    result: dict[str, Any] = {"feature_space": extractor.name}
    if extractor.accuracy is not None:
        result["feature_accuracy"] = extractor.accuracy
    result |= {"n_real": len(real), "n_fake": len(fake_images)}
    result |= _scores(extractor, real, fake_images)
    if train_images is not None:
        # Spread over the whole set: data on disk is often sorted by class.
        count = min(len(train_images), len(fake_images))
        rows = np.linspace(0, len(train_images) - 1, count).astype(int)
        reference = {"n_fake": count, **_scores(extractor, real, train_images[rows])}
        result |= {f"reference/{name}": value for name, value in reference.items()}
    return result


def _scores(extractor: FeatureExtractor, real: np.ndarray, images: Images) -> dict[str, Any]:
    features = extractor.features(images)
    scores: dict[str, Any] = {"frechet": frechet_distance(real, features)}
    scores |= precision_recall_density_coverage(real, features)
    if extractor.classify is not None:
        scores |= class_histogram(extractor, images)
    return scores


def _area_mean(old: int, new: int) -> np.ndarray:
    """f64[new,old], rows sum to 1: the share of each old pixel in each new one."""
    edges = np.linspace(0, old, new + 1)
    left = np.maximum(edges[:-1, None], np.arange(old)[None])
    right = np.minimum(edges[1:, None], np.arange(1, old + 1)[None])
    return np.maximum(right - left, 0.0) * (new / old)
