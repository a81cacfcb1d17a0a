"""Kernel distance (KID) between two sets of features.

M. Bińkowski et al., "Demystifying MMD GANs", ICLR 2018, arXiv:1801.01401, section 4; the estimator
is eq. 3 of A. Gretton et al., "A Kernel Two-Sample Test", JMLR 13, 2012. It is a KID only if the
features are those of the Inception network.
"""

import numpy as np

from jaxgen.core.types import UserError

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
    real, fake = (_with_one(x) for x in _checked(real, fake))
    size = max(2, min(subset_size, len(real) // 2, len(fake) // 2))
    generator = np.random.default_rng(seed)
    values = [
        _squared_mmd(
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
    return _squared_mmd(*(_with_one(z) for z in _checked(x, y)))


def _squared_mmd(x: np.ndarray, y: np.ndarray) -> float:
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


def _checked(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[1]:
        raise ValueError(f"Features must be f[n,d] and f[m,d]; got {x.shape} and {y.shape}.")
    if min(len(x), len(y)) < 2:
        raise UserError(
            f"The kernel distance needs at least 2 images on either side, but it got {len(x)} real "
            f"and {len(y)} generated ones; evaluate with more."
        )
    return x, y
