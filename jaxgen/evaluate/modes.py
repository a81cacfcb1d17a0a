"""Modes that samples cover, of a distribution whose modes are known.

Points around known means and stacked digits: Z. Lin et al., "PacGAN: The power of two samples in
generative adversarial networks", NeurIPS 2018, arXiv:1712.04086, section 4; stacked digits are from
L. Metz et al., "Unrolled Generative Adversarial Networks", ICLR 2017, arXiv:1611.02163.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from jaxgen.core.errors import UserError
from jaxgen.core.images import even_rows
from jaxgen.evaluate import frechet, precision_recall
from jaxgen.evaluate.checks import require_finite

TITLES = {
    "modes": ("Modes found", "by the samples; higher is better"),
    "high_quality_share": ("Good samples", "share within 3 sigma of a mode; 0.989 is right"),
    "reverse_kl": ("Mode imbalance", "nats; 0 is right, lower is better"),
    **frechet.TITLES,
    **precision_recall.TITLES,
    "n_real": ("Real examples", "held out from training"),
    "n_fake": ("Generated examples", ""),
    "stacked/modes": ("Modes of 1000", "triples of digits that appear in the samples"),
    "stacked/kl_to_uniform": ("Mode imbalance", "nats; compare with the floor, lower is better"),
    "stacked/kl_to_uniform_floor": ("Mode imbalance, floor", "of a perfect sampler, by chance"),
}
_ROWS = 4096


def point_modes(points: np.ndarray, means: np.ndarray, sigma: float) -> dict[str, float | int]:
    """Modes of points f[n,d] that should be k Gaussians of deviation `sigma` at means f[k,d].

    A point belongs to the nearest mean, and is of high quality within 3 `sigma` of it.

    - "modes": means with at least one point of high quality
    - "high_quality_share": 1 - exp(-9/2) = 0.9889 for the true mixture in the plane; more means
      points that are too close to the means
    - "reverse_kl": KL divergence in nats from the shares of the means, of all points, to uniform
      ones; about (k - 1) / 2n for the true mixture, log(k) for one mode
    """
    points, means = np.asarray(points, np.float64), np.asarray(means, np.float64)
    if points.ndim != 2 or means.ndim != 2 or points.shape[1] != means.shape[1]:
        raise ValueError(f"Need points f[n,d] and means f[k,d]; got {points.shape}, {means.shape}.")
    if not len(points):
        raise UserError("Counting modes needs at least 1 point, but got none.")
    require_finite(points, "points")
    mode, distance = np.empty(len(points), int), np.empty(len(points))
    for start in range(0, len(points), _ROWS):
        rows = slice(start, start + _ROWS)
        squared = np.square(points[rows, None] - means[None]).sum(axis=2)
        mode[rows], distance[rows] = squared.argmin(axis=1), np.sqrt(squared.min(axis=1))
    good = distance <= 3 * sigma
    return {
        "modes": len(np.unique(mode[good])),
        "high_quality_share": float(good.mean()),
        "reverse_kl": kl_to_uniform(np.bincount(mode, minlength=len(means))),
    }


def points_compare(
    real: np.ndarray,
    fake: np.ndarray,
    means: np.ndarray,
    sigma: float,
    *,
    train: np.ndarray | None = None,
) -> dict[str, Any]:
    """`point_modes` of f[m,d], and its distances to real points f[n,d] in the plane itself.

    "frechet", "precision", "recall", "density", "coverage" as of images; "n_real", "n_fake",
    "feature_space". train: if given, as many of its points take the place of the fake ones once
    more under "reference/...", what a perfect model would score at these numbers of points.
    """
    result: dict[str, Any] = {
        "feature_space": "the points themselves",
        "n_real": len(real),
        "n_fake": len(fake),
        **_point_scores(real, fake, means, sigma),
    }
    if train is not None:
        known = even_rows(train, len(fake))
        reference = {"n_fake": len(known), **_point_scores(real, known, means, sigma)}
        result |= {f"reference/{name}": value for name, value in reference.items()}
    return result


def class_modes(classes: np.ndarray, count: int) -> dict[str, float | int]:
    """Modes of samples that were taken for classes i[n], each in [0, count).

    "modes": classes that appear; "kl_to_uniform": KL divergence in nats from their shares to
    uniform ones, classes that do not appear adding 0; "kl_to_uniform_floor": (count - 1) / 2n,
    about what a perfect sampler has by chance if n is well above `count`; "n_fake". Values of
    different n do not compare.
    """
    classes = np.asarray(classes)
    if not len(classes):
        raise UserError("Counting modes needs at least 1 sample, but got none.")
    if classes.min() < 0 or classes.max() >= count:
        raise ValueError(
            f"Classes must be from 0 to {count - 1}; got {classes.min()} to {classes.max()}."
        )
    counts = np.bincount(classes, minlength=count)
    return {
        "modes": int(np.sum(counts > 0)),
        "kl_to_uniform": kl_to_uniform(counts),
        "kl_to_uniform_floor": (count - 1) / (2 * len(classes)),
        "n_fake": len(classes),
    }


def stacked_classes(
    classify: Callable[[np.ndarray], np.ndarray], images: np.ndarray, classes: int = 10
) -> np.ndarray:
    """Class i64[n] of images [n,h,w,c] that hold an image of its own in each channel.

    classify: images [n,h,w,1] of the base set -> i[n], each in [0, classes). Three channels of ten
    classes give 0 to 999, as one writes the three digits, the first channel's first.
    """
    result = np.zeros(len(images), np.int64)
    for channel in range(images.shape[3]):
        found = np.asarray(classify(np.ascontiguousarray(images[..., channel : channel + 1])))
        result = result * classes + found
    return result


def stacked_modes(
    classify: Callable[[np.ndarray], np.ndarray], images: np.ndarray, classes: int = 10
) -> dict[str, float | int]:
    """`class_modes` of stacked images, see `stacked_classes`; 1000 modes for three channels."""
    return class_modes(stacked_classes(classify, images, classes), classes ** images.shape[3])


def kl_to_uniform(counts: np.ndarray) -> float:
    """KL divergence in nats from counts i[k] / n to 1 / k each; 0 log 0 = 0."""
    shares = counts / counts.sum()
    seen = shares[shares > 0]
    return float(max(np.sum(seen * np.log(seen * len(counts))), 0.0))


def _point_scores(real, fake, means, sigma) -> dict[str, Any]:
    scores: dict[str, Any] = point_modes(fake, means, sigma)
    scores["frechet"] = frechet.frechet_distance(real, fake)
    return scores | precision_recall.precision_recall_density_coverage(real, fake)
