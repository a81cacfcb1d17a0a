"""Exact log-likelihoods of images under the output distributions of decoders; the KL of codes.

Likelihoods take images x f[b,h,w,c] in [-1,1] and give f[b]: nats, summed over pixels and channels,
of those pixels alone where `where` bool[b,h,w] is true, if it is given. They are of probabilities,
not densities: each sums to 1 over all images of 2 (Bernoulli) or 256 values a channel. Only
`gaussian_nll` is of a density. Draws from the distributions of autoregressive models, in
`models.pixel_outputs`, take the levels and the layout of a mixture's parameters from here.
"""

import math

import jax
import jax.numpy as jnp

from jaxgen.core.types import Array
from jaxgen.losses.precision import at_least_float32

LEVELS = 256
LEAST_LOG_SCALE = -7.0


def bernoulli_nll(logits: Array, x: Array, *, where: Array | None = None) -> Array:
    """-sum t log s(logits) + (1 - t) log(1 - s(logits)), t = (x + 1) / 2: f[b] of f[b,...].

    x in {-1, 1} makes it a likelihood of binary images. Gray targets are taken as they are, which
    is a cross-entropy and no likelihood: binarise them first.
    """
    logits, target = at_least_float32(logits), (at_least_float32(x) + 1.0) / 2.0
    if logits.shape != target.shape:
        raise ValueError(f"logits and x must be of one shape; got {logits.shape} and {x.shape}.")
    return _total(jax.nn.softplus(logits) - target * logits, where)


def gaussian_nll(mean: Array, x: Array, *, scale: float = 1.0, where: Array | None = None) -> Array:
    """-sum log N(x; mean, scale^2) of f[b,...]: f[b], the nats of a density, so of any sign.

    Per number (x - mean)^2 / (2 scale^2) + log scale + log(2 pi) / 2. Of pixels in [-1,1], or of
    any features.
    """
    mean, x = at_least_float32(mean), at_least_float32(x)
    if mean.shape != x.shape:
        raise ValueError(f"mean and x must be of one shape; got {mean.shape} and {x.shape}.")
    constant = math.log(scale) + math.log(2.0 * math.pi) / 2.0
    return _total(jnp.square((x - mean) / scale) / 2.0 + constant, where)


def gaussian_kl(mean: Array, log_sigma: Array) -> Array:
    """KL(N(mean, sigma^2) || N(0, I)) of f[b,m] and log sigma f[b,m]: f[b], nats, 0 or more.

    Exact, summed over dimensions: -sum (1 + log sigma^2 - mean^2 - sigma^2) / 2. D. Kingma, M.
    Welling, "Auto-Encoding Variational Bayes", 2013, arXiv:1312.6114, appendix B.
    """
    mean, log_sigma = at_least_float32(mean), at_least_float32(log_sigma)
    if mean.shape != log_sigma.shape:
        raise ValueError(
            f"mean and log_sigma must be of one shape; got {mean.shape} and {log_sigma.shape}."
        )
    # Near the prior sigma^2 - 1 and log sigma^2 cancel.
    excess = jnp.expm1(2.0 * log_sigma) - 2.0 * log_sigma
    return _total((jnp.square(mean) + excess) / 2.0, None)


def categorical_nll(logits: Array, x: Array, *, where: Array | None = None) -> Array:
    """-sum log softmax(logits)[k] of 8-bit images, x = k / 127.5 - 1: f[b] of f[b,h,w,c,256].

    x is rounded to the nearest of the 256 values, which is exact for images that were 8-bit.
    Pixel values as classes: A. van den Oord, N. Kalchbrenner, K. Kavukcuoglu, "Pixel Recurrent
    Neural Networks", 2016, arXiv:1601.06759.
    """
    logits = at_least_float32(logits)
    if logits.shape != (*x.shape, LEVELS):
        raise ValueError(
            f"logits must be {(*x.shape, LEVELS)} for x {x.shape}; got {logits.shape}."
        )
    # A masked sum: the gradient of a gather is a scatter, which is slow on CPU.
    chosen = to_levels(x)[..., None] == jnp.arange(LEVELS).reshape((1,) * x.ndim + (-1,))
    picked = jnp.sum(jnp.where(chosen, logits, 0.0), axis=-1)
    return _total(jax.nn.logsumexp(logits, axis=-1) - picked, where)


def to_levels(x: Array) -> Array:
    """The integers i32 in 0..255 nearest to values in [-1,1]; the inverse of `from_levels`."""
    return jnp.clip(jnp.round((x + 1.0) * 127.5), 0, LEVELS - 1).astype(jnp.int32)


def from_levels(level: Array) -> Array:
    """The values in [-1,1] of integers in 0..255: k / 127.5 - 1."""
    return level.astype(jnp.float32) / 127.5 - 1.0


def discretized_logistic_mixture_nll(
    params: Array, x: Array, *, where: Array | None = None
) -> Array:
    """-sum over pixels of log sum_k pi_k P_k(x), P_k a logistic on 256 bins: f[b] of x f[b,h,w,c].

    T. Salimans, A. Karpathy, X. Chen, D. Kingma, "PixelCNN++", 2017, arXiv:1701.05517. A bin is
    [x - 1/255, x + 1/255]; those of -1 and 1 hold the tails. With three channels the mean of green
    is moved by c0 r, of blue by c1 r + c2 g, of the image's own r and g.

    params f[b,h,w,10K] (c = 3) or f[b,h,w,3K] (c = 1), as `mixture_parts` reads them.

    Deviations: none in value. The mass of a bin is computed as s(u) s(-l) (1 - exp(l - u)), u and l
    its standardised ends, which is exact where the published code falls back to the density.
    """
    params, x = at_least_float32(params), at_least_float32(x)
    logits, means, log_scales, coefficients = mixture_parts(params, x.shape[-1])
    target = x[..., None]  # beside the K components
    if x.shape[-1] == 3:
        red, green = target[..., 0, :], target[..., 1, :]
        moves = [
            jnp.zeros_like(coefficients[..., 0, :]),
            coefficients[..., 0, :] * red,
            coefficients[..., 1, :] * red + coefficients[..., 2, :] * green,
        ]
        means = means + jnp.stack(moves, axis=-2)
    inverse_scales = jnp.exp(-log_scales)
    upper = (target - means + 1 / 255) * inverse_scales
    lower = (target - means - 1 / 255) * inverse_scales
    # From e^16 on a bin is narrow enough for the logarithm of its width, also where 1 / scale is 0.
    narrow = log_scales > 16.0
    width = jnp.log(-jnp.expm1(jnp.where(narrow, -1.0, -inverse_scales * (2 / 255))))
    width = jnp.where(narrow, math.log(2 / 255) - log_scales, width)
    black, white = target < -0.999, target > 0.999
    log_mass = (
        jnp.where(black | white, 0.0, width)
        + jnp.where(white, 0.0, jax.nn.log_sigmoid(upper))
        + jnp.where(black, 0.0, jax.nn.log_sigmoid(-lower))
    )
    per_component = jnp.sum(log_mass, axis=-2) + jax.nn.log_softmax(logits)
    return _total(-jax.nn.logsumexp(per_component, axis=-1), where)


def mixture_size(channels: int) -> int:
    """Parameters of one component of a pixel: 3 for one channel, 10 for three."""
    if channels not in (1, 3):
        raise ValueError(f"A mixture is of 1 or 3 channels, not {channels}.")
    return 3 if channels == 1 else 10


def mixture_parts(params: Array, channels: int) -> tuple[Array, Array, Array, Array]:
    """Logits f[...,K]; means, log scales and coefficients f[...,c,K], of params f[...,10K or 3K].

    The K logits stand first, then for each channel K each of mean, log scale (at least -7) and, for
    c = 3, coefficient before its tanh. For c = 1 what is returned as coefficients has no use.
    """
    size = mixture_size(channels)
    mixtures, left = divmod(params.shape[-1], size)
    if left:
        raise ValueError(
            f"A mixture takes 10K parameters for 3 channels and 3K for 1; got {params.shape[-1]} "
            f"for {channels}."
        )
    logits, rest = params[..., :mixtures], params[..., mixtures:]
    rest = rest.reshape(*params.shape[:-1], channels, (size - 1) // channels, mixtures)
    log_scales = jnp.maximum(rest[..., 1, :], LEAST_LOG_SCALE)
    return logits, rest[..., 0, :], log_scales, jnp.tanh(rest[..., -1, :])


def bits_per_dim(nll: Array, shape: tuple[int, ...]) -> Array:
    """Nats an image f[...] as bits a channel of a pixel, f[...]; `shape` is (h, w, c).

    >>> round(bits_per_dim(784 * math.log(2.0), (28, 28, 1)), 6)
    1.0
    """
    return nll / (math.prod(shape) * math.log(2.0))


def _total(x: Array, where: Array | None) -> Array:
    if where is not None:
        x = jnp.where(where.reshape(*where.shape, *[1] * (x.ndim - where.ndim)), x, 0.0)
    return jnp.sum(x, axis=tuple(range(1, x.ndim)))
