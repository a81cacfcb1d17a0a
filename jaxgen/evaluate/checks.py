"""Checks of the arrays that metrics are of."""

import numpy as np

from jaxgen.core.errors import UserError


class TooFewImages(UserError):
    """There are fewer images than a metric needs; others may be had."""


def feature_sets(
    real: np.ndarray, fake: np.ndarray, least: int, metric: str
) -> tuple[np.ndarray, np.ndarray]:
    """Features f[n,d] and f[m,d] in float64, of one width.

    Raises TooFewImages, which names the `metric`, for fewer than `least` rows on either side.
    """
    real, fake = np.asarray(real, np.float64), np.asarray(fake, np.float64)
    if real.ndim != 2 or fake.ndim != 2 or real.shape[1] != fake.shape[1]:
        raise ValueError(f"Features must be f[n,d] and f[m,d]; got {real.shape} and {fake.shape}.")
    if min(len(real), len(fake)) < least:
        raise TooFewImages(
            f"For {metric} there must be at least {least} images on either side, but there are "
            f"{len(real)} real and {len(fake)} generated ones; evaluate with more."
        )
    return real, fake


def require_finite(rows: np.ndarray, name: str) -> None:
    """Raises UserError if any of rows f[n,d], called `name` in its text, holds NaN or infinity."""
    bad = int((~np.isfinite(rows)).any(axis=1).sum())
    if bad:
        raise UserError(
            f"{bad} of {len(rows)} {name} to evaluate hold NaN or infinite numbers, so the model "
            "has diverged; evaluate an earlier checkpoint."
        )
