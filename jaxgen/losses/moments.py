"""Divergences of a batch of codes to a prior, from the batch's diagonal moments.

The terms of AGE: D. Ulyanov, A. Vedaldi, V. Lempitsky, "It Takes (Only) Two: Adversarial
Generator-Encoder Networks", AAAI 2018, arXiv:1704.02304, as its published code computes them.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from jaxgen.core.types import Array
from jaxgen.losses.precision import at_least_float32


def project_to_sphere(x: Array) -> Array:
    """Rows of x f[...,m] scaled to unit L2 norm; a zero row stays zero, with a finite gradient.

    >>> project_to_sphere(jnp.array([[3.0, 4.0], [0.0, 0.0]])).round(3).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """
    squared = jnp.sum(jnp.square(x), axis=-1, keepdims=True)
    # The guard sits inside the square root too: where() alone lets a NaN gradient through.
    zero = squared == 0
    return x * jnp.where(zero, 1.0, jax.lax.rsqrt(jnp.where(zero, 1.0, squared)))


def batch_moments(codes: Array, *, mean: Callable[[Array], Array] = lambda x: x):
    """Mean f[m] and biased variance f[m] of codes f[b,m] over the batch.

    mean: averages its argument over the shards of the batch (`Layout.mean`), so that the moments
    are those of the global batch wherever its rows live. Both results carry gradient.
    """
    if codes.ndim != 2:
        raise ValueError(f"codes must be f[b,m]; got shape {codes.shape}.")
    codes = at_least_float32(codes)
    centre = mean(jnp.mean(codes, axis=0))
    return centre, mean(jnp.mean(jnp.square(codes - centre[None]), axis=0))


def kl_to_standard_normal(
    mean: Array, var: Array, *, direction: str = "qp", form: str = "published"
) -> Array:
    """KL divergence in nats between q = N(mean, diag(var)) and p = N(0, I), averaged over dims.

    mean, var f[m] -> f[]. With v the variance, m the mean, per dimension:

    - direction "qp", KL(q||p): textbook (v + m^2)/2 - ln(v)/2 - 1/2,
      published (v^2 + m^2)/2 - ln v - 1/2.
    - direction "pq", KL(p||q): textbook (1 + m^2)/(2v) + ln(v)/2 - 1/2,
      published (1 + m^2)/(2 v^2) + ln v - 1/2.

    Deviations: form "published" is AGE's code, which puts the variance where the formula has the
    standard deviation (confirmed by its author in the repository's issue 3). On the unit sphere its
    gradient is twice the textbook one. Never 0 on the unit sphere: with m = 0 and v = 1/M the "qp"
    floor is 3.65901 for M = 64 and 4.35206 for M = 128 (published), 1.58725 and 1.92992 (textbook).
    """
    if mean.shape != var.shape or mean.ndim != 1:
        raise ValueError(f"mean and var must both be f[m]; got {mean.shape} and {var.shape}.")
    _check("direction", direction, ("qp", "pq"))
    _check("form", form, ("published", "textbook"))
    deviation = var if form == "published" else jnp.sqrt(var)
    if direction == "qp":
        terms = (deviation**2 + mean**2) / 2 - jnp.log(deviation) - 0.5
    else:
        terms = (1 + mean**2) / (2 * deviation**2) + jnp.log(deviation) - 0.5
    return jnp.mean(terms)


def nearest_neighbour_kl(codes: Array) -> Array:
    """AGE's non-parametric KL(q||p) of codes f[b,m], b >= 2, to N(0, I), up to a constant: f[].

    mean(c^2)/2 - (m/b) sum_b ln(min_{b' != b} |c_b - c_b'|^2 + 1e-4): nearest-neighbour estimate
    of the entropy, with the published code's squared distances. Under a named axis pass the
    gathered codes of all shards (`Layout.gather`).
    """
    if codes.ndim != 2 or codes.shape[0] < 2:
        raise ValueError(f"codes must be f[b,m] with b >= 2; got shape {codes.shape}.")
    codes = at_least_float32(codes)
    squares = jnp.sum(jnp.square(codes[:, None] - codes[None]), axis=-1)
    itself = jnp.eye(codes.shape[0], dtype=bool)
    nearest = jnp.min(jnp.where(itself, jnp.inf, squares), axis=1)
    return jnp.mean(jnp.square(codes)) / 2 - codes.shape[1] * jnp.mean(jnp.log(nearest + 1e-4))


def relative_spread(fake: Array, real: Array, *, mean: Callable[[Array], Array] = lambda x: x):
    """Distance between generated samples, relative to that of real ones: f[], 0 for a point.

    fake, real f[b,...]. The square root of the ratio of total variances, so of mean squared
    distances between samples. It shows a generator that collapses to few neighbouring images; one
    that drops some of many far modes keeps its spread. mean: as in `batch_moments`.
    """
    _, fake_var = batch_moments(fake.reshape(fake.shape[0], -1), mean=mean)
    _, real_var = batch_moments(real.reshape(real.shape[0], -1), mean=mean)
    return jnp.sqrt(jnp.sum(fake_var) / jnp.maximum(jnp.sum(real_var), 1e-12))


def _check(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f'{name}="{value}" is not one of {", ".join(allowed)}.')
