"""Kernel distance (KID) between two sets of features.

M. Bińkowski et al., "Demystifying MMD GANs", ICLR 2018, arXiv:1801.01401, section 4; the estimator
is eq. 3 of A. Gretton et al., "A Kernel Two-Sample Test", JMLR 13, 2012. It is a KID only if the
features are those of the Inception network.
"""

import numpy as np

from jaxgen.evaluate.checks import feature_sets

TITLES = {
    "kernel_distance": ("Kernel distance", "unbiased; 0 is right, lower is better"),
    "kernel_distance_std": ("Kernel distance, deviation", "over subsets"),
}

_ROWS = 1024  # of a kernel matrix, in memory at a time


def kernel_distance(
    real: np.ndarray,
    fake: np.ndarray,
    *,
    subsets: int = 50,
    subset_size: int = 1000,
    seed: int = 0,
) -> dict[str, float]:
    """Mean and standard deviation of `squared_mmd` over random subsets of f[n,d] and f[m,d].

    Each subset takes `subset_size` rows of either side without replacement, but at most half of the
    smaller side, so that subsets differ and the deviation means something. The mean is unbiased for
    any size, so unlike a Fréchet distance it compares over different n; it may be a little below 0.
    The deviation is that of one subset, not the error of the mean.
    Returns "kernel_distance" and "kernel_distance_std".
    """
    real, fake = feature_sets(real, fake, 2, "the kernel distance")
    size = max(2, min(subset_size, len(real) // 2, len(fake) // 2))
    generator = np.random.default_rng(seed)
    values = [
        squared_mmd(
            real[generator.choice(len(real), size, replace=False)],
            fake[generator.choice(len(fake), size, replace=False)],
        )
        for _ in range(subsets)
    ]
    return {
        "kernel_distance": float(np.mean(values)),
        "kernel_distance_std": float(np.std(values)),
    }


def squared_mmd(x: np.ndarray, y: np.ndarray) -> float:
    """Unbiased squared maximum mean discrepancy of f[n,d] and f[m,d], k(a,b) = (a.b / d + 1)^3.

    Means of k over pairs i != j within x and within y, less twice the mean over all pairs between
    them.
    """
    x, y = (_with_one(z) for z in feature_sets(x, y, 2, "the kernel distance"))
    within_x = (_kernel_sum(x, x) - _diagonal(x)) / (len(x) * (len(x) - 1))
    within_y = (_kernel_sum(y, y) - _diagonal(y)) / (len(y) * (len(y) - 1))
    return float(within_x + within_y - 2 * _kernel_sum(x, y) / (len(x) * len(y)))


def _with_one(x: np.ndarray) -> np.ndarray:
    """f64[n,d+1] whose products are a.b / d + 1: saves two passes over every kernel matrix."""
    return np.concatenate([x / np.sqrt(x.shape[1]), np.ones((len(x), 1))], axis=1)


def _kernel_sum(x: np.ndarray, y: np.ndarray) -> float:
    total = 0.0
    for start in range(0, len(x), _ROWS):
        base = x[start : start + _ROWS] @ y.T
        total += float(np.einsum("ij,ij,ij->", base, base, base))
    return total


def _diagonal(x: np.ndarray) -> float:
    return float(np.sum(np.square(x).sum(axis=1) ** 3))
