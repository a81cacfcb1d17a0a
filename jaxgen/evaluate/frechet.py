"""Fréchet distance between two sets of features, each seen as a Gaussian.

D. C. Dowson, B. V. Landau, "The Fréchet distance between multivariate normal distributions", J.
Multivariate Analysis 12, 1982; for images M. Heusel et al., "GANs Trained by a Two Time-Scale
Update Rule Converge to a Local Nash Equilibrium", NeurIPS 2017, arXiv:1706.08500, eq. 6. It is an
FID only if the features are those of that paper's Inception network; here they never are.
"""

import numpy as np

from jaxgen.evaluate.checks import feature_sets

TITLES = {"frechet": ("Fréchet distance", "lower is better")}


def frechet_distance(features_real: np.ndarray, features_fake: np.ndarray) -> float:
    """|m - m'|^2 + tr(C + C' - 2 (C C')^(1/2)) of f[n,d] and f[m,d]; 0 or more, in float64.

    m, C: mean and unbiased covariance of the rows. With C = A A^T and C' = B B^T the last trace is
    the sum of the singular values of A^T B, which needs no matrix square root and stays exact to
    rounding where C is singular, as with fewer rows than columns. The distance is biased upwards by
    small n: compare only values of equal n, and with that of two halves of real data.
    """
    real, fake = feature_sets(features_real, features_fake, 2, "the Fréchet distance")
    mean_real, mean_fake = real.mean(axis=0), fake.mean(axis=0)
    root_real, root_fake = _covariance_root(real - mean_real), _covariance_root(fake - mean_fake)
    cross = np.linalg.svd(root_real @ root_fake.T, compute_uv=False).sum()
    spread = np.square(root_real).sum() + np.square(root_fake).sum() - 2 * cross
    return float(max(np.square(mean_real - mean_fake).sum() + spread, 0.0))


def _covariance_root(centred: np.ndarray) -> np.ndarray:
    """R[min(n,d),d] with R^T R the unbiased covariance of the centred rows."""
    return np.linalg.qr(centred, mode="r") / np.sqrt(len(centred) - 1)
