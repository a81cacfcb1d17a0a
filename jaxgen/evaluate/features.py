"""Feature spaces that samples are compared in, and the comparison.

Published FIDs use an Inception network whose weights would have to be downloaded. Here the space is
the last hidden layer of a small classifier, trained on the labels of the very data set, or, where
it has none, small pixels. Values compare models of one data set with one another, and with nothing
else; every result names its space.
"""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from jaxgen.core.images import even_rows, to_float
from jaxgen.evaluate import (
    frechet,
    inception_score,
    kernel_distance,
    memorisation,
    ms_ssim,
    precision_recall,
)
from jaxgen.evaluate.checks import TooFewImages

_ENDLESS = 1e6  # a ratio to a distance of nothing but rounding
LEAST_SPREAD = 0.5  # of the real images'
TITLES = {
    "class_kl": ("Class imbalance", "nats; 0 is right, lower is better"),
    "classes_covered": ("Classes covered", "classes that appear in the samples"),
    **frechet.TITLES,
    **precision_recall.TITLES,
    **kernel_distance.TITLES,
    **inception_score.TITLES,
    **ms_ssim.TITLES,
    **memorisation.TITLES,
    "spread": ("Spread of samples", "deviation over that of real images; 1 is right"),
    "collapsed": ("Collapsed", f"whether the spread is below {LEAST_SPREAD}"),
    "left_out": ("Left out", "and why"),
    "caution": ("Caution", "what these numbers of images make of the metrics"),
    "n_real": ("Real examples", "held out from training"),
    "n_fake": ("Generated examples", ""),
}

Images = np.ndarray  # [n,h,w,c], u8 or floats in [-1,1]

_CHUNK = 512  # images in memory as f64 at a time
_MOST_TRAIN = 60_000  # training images among which copies are looked for


@dataclasses.dataclass(frozen=True)
class FeatureExtractor:
    """A feature space.

    Attributes:
      name: says what the features are.
      features: images [n,h,w,c] -> f64[n,d].
      classify: images -> i64[n], indices into `classes`, where there is a classifier of the data's
        labels.
      accuracy: the share in [0,1] of held-out images that `classify` gets right.
      classes: names, in the order of the labels.
      class_shares: f64[classes], of the labels of the data.
      probabilities: images -> f64[n,k], rows of sum 1; where `classify` is given too, it is their
        argmax.
      score: the name of the `inception_score` of `probabilities`; "inception_score" is for those of
        the Inception network only.
      perceptual: whether images that are near in it look alike. In pixels the mean gray image is
        near to all.
    """

    name: str
    features: Callable[[Images], np.ndarray]
    classify: Callable[[Images], np.ndarray] | None = None
    accuracy: float | None = None
    classes: tuple[str, ...] = ()
    class_shares: np.ndarray | None = None
    probabilities: Callable[[Images], np.ndarray] | None = None
    score: str = "classifier_score"
    perceptual: bool = True


def is_near_chance(extractor: FeatureExtractor) -> bool:
    """Whether a classifier has hardly learned anything that goes for held-out images.

    It is right on no more than the share of the commonest class and a quarter of the rest; what its
    features tell apart is then not what the images are of.
    """
    if extractor.accuracy is None or extractor.class_shares is None:
        return False
    chance = float(np.max(extractor.class_shares))
    return extractor.accuracy <= chance + (1.0 - chance) / 4


def pixel_features(size: int = 16) -> FeatureExtractor:
    """Pixels in [-1,1] of images shrunk by area means to at most `size` a side, flattened."""

    def features(images: Images) -> np.ndarray:
        parts = [
            _shrunk(to_float(images[start : start + _CHUNK]), size)
            for start in range(0, max(len(images), 1), _CHUNK)
        ]
        return np.concatenate(parts)

    name = f"pixels, at most {size}x{size}"
    return FeatureExtractor(name=name, features=features, perceptual=False)


def class_histogram(extractor: FeatureExtractor, images: Images) -> dict[str, float]:
    """Shares of the classes that the classifier takes the images for.

    "class/NAME": share of each class; "class_kl": KL divergence in nats from these shares to those
    of the data's labels, 0 for a perfect sampler and about (classes - 1) / 2n by chance alone (none
    where it is infinite, as images are taken for a class that the data have not);
    "classes_covered": number of classes that at least one image is taken for.
    """
    if extractor.classify is None:
        raise ValueError(f'The feature space "{extractor.name}" has no classes.')
    return _histogram(extractor, extractor.classify(images))


def _histogram(extractor: FeatureExtractor, found: np.ndarray) -> dict[str, float]:
    if extractor.class_shares is None:
        raise ValueError(f'The feature space "{extractor.name}" has no class_shares.')
    counts = np.bincount(found, minlength=len(extractor.classes))
    shares = counts / counts.sum()
    some = shares > 0
    result = {f"class/{name}": float(share) for name, share in zip(extractor.classes, shares)}
    if np.all(extractor.class_shares[some] > 0):
        divergence = np.sum(shares[some] * np.log(shares[some] / extractor.class_shares[some]))
        result["class_kl"] = float(max(divergence, 0.0))
    return {**result, "classes_covered": int(some.sum())}


def compare(
    extractor: FeatureExtractor,
    real_images: Images,
    fake_images: Images,
    *,
    train_images: Images | None = None,
) -> dict[str, Any]:
    """Generated images against real ones: flat metrics, as JSON can hold them.

    real_images: held out from training. train_images: if given, as many of them as there are
    generated ones take their place once more, under "reference/...": what a perfect model would
    score at these numbers of images. Values of different "n_real" or "n_fake" do not compare.

    In the feature space of `extractor`, named by "feature_space":

    - "frechet"; "precision", "recall", "density", "coverage"; "kernel_distance" and
      "kernel_distance_std" over 50 subsets
    - "classifier_score" (`extractor.score`) and its "..._std" over 10 splits, where it has
      probabilities; those of `class_histogram`, where it has the data's classes

    Where there are too few images for some of these, the others are given, and "left_out" says
    which are not and why; of a classifier for which `is_near_chance` holds none is. "caution" says
    what the numbers of images make of those that are given.

    Neither are precision and density where `extractor` is not perceptual, for it would praise gray
    noise, and of collapsed samples the distance to training images, for the same reason.

    In pixels: "spread", the deviation of the generated images around their mean over that of the
    real ones, and "collapsed", whether it is below `LEAST_SPREAD`, where real ones differ;
    "ms_ssim" of "ms_ssim_pairs" random pairs of generated images, within a class where there are
    classes; its reference is that of real images. "memorisation/...", see `memorisation`, if there
    are training images, with its own numbers of images and feature space; it looks for copies among
    60,000 training images at most.
    """
    result: dict[str, Any] = {"feature_space": extractor.name}
    if extractor.accuracy is not None:
        result["feature_accuracy"] = extractor.accuracy
    result |= {"n_real": len(real_images), "n_fake": len(fake_images)}
    left_out: dict[str, None] = {}  # a set in order
    if (deviation := _deviation(real_images)) > 1e-6:
        spread = _deviation(fake_images) / deviation
        result |= {"spread": spread, "collapsed": spread < LEAST_SPREAD}
    else:
        left_out["Spread and collapse: the held-out images are one, or all alike."] = None
    usable = not is_near_chance(extractor)
    real = extractor.features(real_images) if usable else None
    result |= _scores(extractor, real, fake_images, left_out)
    if train_images is not None:
        known = even_rows(train_images, len(fake_images))
        reference = {"n_fake": len(known), **_scores(extractor, real, known, left_out)}
        result |= {f"reference/{name}": value for name, value in reference.items()}
        copies = functools.partial(_memorisation, train_images, real_images, fake_images)
        result |= _as_far_as_possible(left_out, copies)
    _leave_out(extractor, result, left_out)
    said = {"left_out": " ".join(left_out), "caution": " ".join(_cautions(result, real))}
    return result | {name: text for name, text in said.items() if text}


def _leave_out(
    extractor: FeatureExtractor, result: dict[str, Any], left_out: dict[str, None]
) -> None:
    """Takes out what says the reverse of the truth in this space, or of these samples."""
    if is_near_chance(extractor):
        share = f"{extractor.accuracy:.0%} of held-out images"
        left_out[f"All in these features: the classifier is right on {share}, near chance."] = None
    elif not extractor.perceptual:
        for name in ("precision", "density"):
            result.pop(name, None)
            result.pop(f"reference/{name}", None)
        left_out["Precision and density: in pixels the mean gray image is near to all."] = None
    ratio = "memorisation/nearest_distance_ratio"
    if result.get("collapsed") and result.pop(ratio, None):
        left_out["The distance to training images: the samples have collapsed."] = None
    if result.get(ratio, 0.0) > _ENDLESS:
        result.pop(ratio)
        left_out["The distance to training images: held-out ones are copies of them."] = None


def _cautions(result: dict[str, Any], real: np.ndarray | None) -> list[str]:
    """What few images make of the metrics that there are."""
    n_real, n_fake = result["n_real"], result["n_fake"]
    known = result.get("reference/n_fake", n_fake)
    said = []
    if "frechet" in result and real is not None and min(n_real, n_fake) <= real.shape[1]:
        said.append(
            f"{min(n_real, n_fake)} images are no more than the {real.shape[1]} features, so the "
            "Fréchet distance is mostly of their number; compare it with that of real data alone."
        )
    if known < n_fake:
        said.append(
            f"There are {known} training images in the place of {n_fake} samples, so the metrics "
            "of real data are worse than a perfect model's; with "
            f"config.evaluation.num_images={known} they compare."
        )
    return said


def _deviation(images: Images) -> float:
    """Root of the mean squared distance of images from their mean, a pixel, in [-1,1]."""
    total, squares = np.zeros(images[0].size), 0.0
    for start in range(0, len(images), _CHUNK):
        chunk = to_float(images[start : start + _CHUNK])
        pixels = chunk.reshape(len(chunk), -1).astype(np.float64)
        total += pixels.sum(axis=0)
        squares += np.square(pixels).sum()
    mean = total / len(images)
    return float(np.sqrt(max(squares / len(images) - np.square(mean).sum(), 0.0) / mean.size))


def _as_far_as_possible(left_out: dict[str, None], *metrics: Callable) -> dict[str, Any]:
    """What the metrics give, but those for which there are too few images."""
    found: dict[str, Any] = {}
    for metric in metrics:
        try:
            found |= metric()
        except TooFewImages as error:
            left_out[str(error)] = None
    return found


def _scores(
    extractor: FeatureExtractor,
    real: np.ndarray | None,
    images: Images,
    left_out: dict[str, None],
) -> dict[str, Any]:
    """Of images against the features of real ones; of their pixels alone where there are none."""
    if real is None:
        return _as_far_as_possible(left_out, lambda: ms_ssim.mean_pair_similarity(images))
    features = extractor.features(images)
    scores = _as_far_as_possible(
        left_out,
        lambda: {"frechet": frechet.frechet_distance(real, features)},
        lambda: precision_recall.precision_recall_density_coverage(real, features),
        lambda: kernel_distance.kernel_distance(real, features),
    )
    classify, classes = extractor.classify, None
    if extractor.probabilities is not None:
        probabilities = extractor.probabilities(images)
        mean, deviation = inception_score.inception_score(probabilities)
        scores |= {extractor.score: mean, f"{extractor.score}_std": deviation}
        if classify is not None:
            classes = probabilities.argmax(axis=1)  # the same, for one run of the network less
    elif classify is not None:
        classes = classify(images)
    if classes is not None:
        scores |= _histogram(extractor, classes)
    return scores | _as_far_as_possible(
        left_out, lambda: ms_ssim.mean_pair_similarity(images, classes=classes)
    )


def _memorisation(train: Images, held_out: Images, fake: Images) -> dict[str, Any]:
    """`memorisation` in a space of its own: that of `extractor` may be slow over all of `train`."""
    space = pixel_features(8)
    rows = even_rows(np.arange(len(train)), _MOST_TRAIN)
    # By chunks, as `train` may be a memory map that is larger than the memory.
    chunks = np.split(rows, range(_CHUNK, len(rows), _CHUNK))
    known = np.concatenate([space.features(train[chunk]) for chunk in chunks])
    parts = (known, space.features(held_out), space.features(fake))
    metrics = {"feature_space": space.name, **memorisation.memorisation(*parts)}
    return {f"memorisation/{name}": value for name, value in metrics.items()}


def _shrunk(pixels: np.ndarray, size: int) -> np.ndarray:
    """f32[n,h,w,c] as f64[n,d], each side at most `size`."""
    count, *old, channels = pixels.shape
    rows, columns = (_area_mean(side, min(side, size)).astype(np.float32) for side in old)
    flat = rows @ pixels.reshape(count, old[0], -1)
    small = columns @ flat.reshape(count, len(rows), old[1], channels)
    return small.reshape(count, -1).astype(np.float64)


def _area_mean(old: int, new: int) -> np.ndarray:
    """f64[new,old], rows sum to 1: the share of each old pixel in each new one."""
    edges = np.linspace(0, old, new + 1)
    left = np.maximum(edges[:-1, None], np.arange(old)[None])
    right = np.minimum(edges[1:, None], np.arange(1, old + 1)[None])
    return np.maximum(right - left, 0.0) * (new / old)
