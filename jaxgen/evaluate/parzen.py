"""Parzen window estimate of the log-likelihood: obsolete, kept for parity with papers of 2014.

I. Goodfellow et al., "Generative Adversarial Nets", NeurIPS 2014, arXiv:1406.2661, section 5. In
many dimensions it says little of likelihood or quality (L. Theis, A. van den Oord, M. Bethge, "A
note on the evaluation of generative models", ICLR 2016, arXiv:1511.01844), so nothing else here
uses it.
"""

from collections.abc import Sequence

import numpy as np

from jaxgen.core.errors import UserError
from jaxgen.evaluate.checks import require_finite

TITLES = {
    "parzen/obsolete_parzen_nats": (
        "Parzen log-likelihood",
        "nats, higher is better; obsolete, for parity with 2014",
    ),
    "parzen/obsolete_parzen_standard_error": ("Parzen log-likelihood, standard error", "nats"),
    "parzen/obsolete_parzen_sigma": ("Parzen deviation", ""),
    "parzen/sigma_chosen_on": ("Parzen deviation, chosen on", ""),
    "parzen/n_choosing": ("Parzen deviation, images that chose it", ""),
}

SIGMAS = tuple(float(sigma) for sigma in np.logspace(-1, 0, 10))
_ROWS = 256  # of the distance matrix, in memory at a time


def parzen_log_likelihood(samples: np.ndarray, points: np.ndarray, sigma: float) -> np.ndarray:
    """Log density f64[n], nats, at points f[n,d] of a Gaussian of deviation sigma at each sample.

    log p(x) = logsumexp_i(-|x - x_i|^2 / 2 sigma^2) - log N - (d / 2) log(2 pi sigma^2), samples
    f[N,d].
    """
    return _log_likelihoods(samples, points, (sigma,))[0]


def parzen_estimate(
    samples: np.ndarray,
    choosing: np.ndarray,
    test: np.ndarray,
    *,
    sigmas: Sequence[float] = SIGMAS,
) -> dict[str, float | int]:
    """The protocol of 2014 on images [n,h,w,c], u8 or floats in [-1,1]; pixels on the scale [0,1].

    Published values have 10,000 samples. Returns

    - "obsolete_parzen_nats": mean log density of `test`, in nats
    - "obsolete_parzen_standard_error": of that mean
    - "obsolete_parzen_sigma": the one of `sigmas` with the highest mean on `choosing`, in 2014
      validation images
    - "n_fake", "n_real", "n_choosing"
    """
    samples, choosing, test = (_unit(images) for images in (samples, choosing, test))
    if min(len(samples), len(choosing)) < 1 or len(test) < 2:
        raise UserError(
            "A Parzen estimate needs at least 1 sample, 1 image to choose on and 2 test images, "
            f"but got {len(samples)}, {len(choosing)} and {len(test)}."
        )
    means = _log_likelihoods(samples, choosing, sigmas).mean(axis=1)
    sigma = float(sigmas[int(np.argmax(means))])
    nats = parzen_log_likelihood(samples, test, sigma)
    return {
        "obsolete_parzen_nats": float(nats.mean()),
        "obsolete_parzen_standard_error": float(nats.std(ddof=1) / np.sqrt(len(nats))),
        "obsolete_parzen_sigma": sigma,
        "n_fake": len(samples),
        "n_real": len(test),
        "n_choosing": len(choosing),
    }


def _log_likelihoods(samples, points, sigmas) -> np.ndarray:
    """f64[sigmas,n]: distances are computed once for all."""
    samples, points = np.asarray(samples, np.float64), np.asarray(points, np.float64)
    if samples.ndim != 2 or points.ndim != 2 or samples.shape[1] != points.shape[1]:
        raise ValueError(f"Need f[N,d] and f[n,d]; got {samples.shape} and {points.shape}.")
    centre = samples.mean(axis=0)
    samples, points = samples - centre, points - centre
    squares = np.square(samples).sum(axis=1)
    result = np.empty((len(sigmas), len(points)))
    for start in range(0, len(points), _ROWS):
        x = points[start : start + _ROWS]
        distance = np.square(x).sum(axis=1)[:, None] + squares[None] - 2 * x @ samples.T
        distance = np.maximum(distance, 0.0)
        least = distance.min(axis=1, keepdims=True)
        distance -= least
        for row, sigma in zip(result, sigmas):
            total = np.exp(distance / (-2 * sigma**2)).sum(axis=1)
            row[start : start + _ROWS] = np.log(total) - least[:, 0] / (2 * sigma**2)
    width = samples.shape[1]
    constant = [np.log(len(samples)) + width / 2 * np.log(2 * np.pi * s**2) for s in sigmas]
    return result - np.array(constant)[:, None]


def _unit(images: np.ndarray) -> np.ndarray:
    """f64[n,d] in [0,1]; floats are not rounded to 8 bits, as they were not in 2014."""
    images = np.asarray(images)
    flat = images.reshape(len(images), int(np.prod(images.shape[1:])))
    if images.dtype == np.uint8:
        return flat / 255.0
    require_finite(flat, "images")
    return (flat.astype(np.float64) + 1.0) / 2.0
