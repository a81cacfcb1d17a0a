"""Fidelity and diversity of samples by nearest neighbours in a feature space.

T. Kynkäänniemi et al., "Improved Precision and Recall Metric for Assessing Generative Models",
NeurIPS 2019, arXiv:1904.06991; M. F. Naeem et al., "Reliable Fidelity and Diversity Metrics for
Generative Models", ICML 2020, arXiv:2002.09797.
"""

import numpy as np

from jaxgen.evaluate.checks import feature_sets

TITLES = {
    "precision": ("Precision", "share of samples that look real; higher is better"),
    "recall": ("Recall", "share of real images within reach; higher is better"),
    "density": ("Density", "about 1 is right"),
    "coverage": ("Coverage", "share of real images with a sample nearby; higher is better"),
    "neighbours": ("Neighbours", "k of precision, recall, density and coverage"),
}

_ROWS = 1024  # of the distance matrix, in memory at a time


def precision_recall_density_coverage(
    real: np.ndarray, fake: np.ndarray, *, neighbours: int = 5
) -> dict[str, float]:
    """The four shares of features f[n,d] and f[m,d], and "neighbours", their k.

    With B(x) the closed ball around x that reaches its k-th other neighbour in its own set:

    - precision: share of fake y in some B(real x) (Kynkäänniemi eq. 1 and 2)
    - recall: share of real x in some B(fake y) (the same, roles swapped)
    - density: mean over y of |{x: y in B(x)}| / k, about 1 for a perfect model, unbounded
      (Naeem eq. 3)
    - coverage: share of real x with some y in B(x) (Naeem eq. 4); about 1 - 2^-k for a perfect
      model with m = n

    k = 5 is Naeem's; Kynkäänniemi's is 3, and values of different k do not compare.
    """
    metric = f"precision and recall with {neighbours} neighbours"
    real, fake = feature_sets(real, fake, neighbours + 1, metric)
    centre = real.mean(axis=0)
    real, fake = real - centre, fake - centre
    # Equal rows must count as inside a ball of radius 0, whatever the rounding of the product form.
    slack = 1e-12 * max(np.square(real).sum(axis=1).max(), np.square(fake).sum(axis=1).max())
    radius_real = _radius(real, neighbours) + slack
    radius_fake = _radius(fake, neighbours) + slack
    precise, balls = 0, 0
    nearest, recalled = np.full(len(real), np.inf), np.zeros(len(real), bool)
    for start in range(0, len(fake), _ROWS):
        rows = slice(start, start + _ROWS)
        distance = _squared_distance(fake[rows], real)
        inside = distance <= radius_real[None]
        precise += inside.any(axis=1).sum()
        balls += inside.sum()
        nearest = np.minimum(nearest, distance.min(axis=0))
        recalled |= (distance <= radius_fake[rows, None]).any(axis=0)
    return {
        "precision": float(precise / len(fake)),
        "recall": float(recalled.mean()),
        "density": float(balls / (neighbours * len(fake))),
        "coverage": float((nearest <= radius_real).mean()),
        "neighbours": neighbours,
    }


def _squared_distance(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    product = x @ y.T
    squares = np.square(x).sum(axis=1)[:, None] + np.square(y).sum(axis=1)[None]
    return np.maximum(squares - 2 * product, 0.0)


def _radius(x: np.ndarray, neighbours: int) -> np.ndarray:
    """Squared distance from each row to its k-th nearest other row, f[n]."""
    radius = np.empty(len(x))
    for start in range(0, len(x), _ROWS):
        distance = _squared_distance(x[start : start + _ROWS], x)
        index = np.arange(len(distance))
        distance[index, start + index] = np.inf
        radius[start : start + _ROWS] = np.partition(distance, neighbours - 1, axis=1)[
            :, neighbours - 1
        ]
    return radius
