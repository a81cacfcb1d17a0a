"""Walks and arithmetic among latents of a generator or codes of images.

A. Radford, L. Metz, S. Chintala, "Unsupervised Representation Learning with Deep Convolutional
Generative Adversarial Networks", ICLR 2016, arXiv:1511.06434, section 6; spherical interpolation
for Gaussian latents: T. White, "Sampling Generative Networks", 2016, arXiv:1609.04468.
Latents, or codes, are arrays f[...,d]; `decode` maps f32[n,d] to images [n,h,w,c].
"""

from collections.abc import Callable

import numpy as np

Decode = Callable[[np.ndarray], np.ndarray]


def linear(start: np.ndarray, end: np.ndarray, share: np.ndarray | float) -> np.ndarray:
    """(1 - share) start + share end, latents f[...,d]; share f[...] or a number."""
    share = np.asarray(share, np.float64)[..., None]
    return (1.0 - share) * start + share * end


def spherical(start: np.ndarray, end: np.ndarray, share: np.ndarray | float) -> np.ndarray:
    """Along the arc between latents f[...,d]: keeps their norm, as a straight line does not.

    (sin((1 - share) w) start + sin(share w) end) / sin w, w the angle between them. Parallel
    latents have no arc, and opposite ones no single one: there it is the straight line.
    """
    norms = np.linalg.norm(start, axis=-1) * np.linalg.norm(end, axis=-1)
    dot = np.sum(np.asarray(start, np.float64) * end, axis=-1)
    cosine = np.clip(dot / np.where(norms > 0, norms, 1.0), -1.0, 1.0)
    angle = np.where(norms > 0, np.arccos(cosine), 0.0)
    share = np.asarray(share, np.float64)
    straight = np.sin(angle) < 1e-6
    sine = np.where(straight, 1.0, np.sin(angle))
    first = np.where(straight, 1.0 - share, np.sin((1.0 - share) * angle) / sine)
    second = np.where(straight, share, np.sin(share * angle) / sine)
    return first[..., None] * start + second[..., None] * end


def walk(
    start: np.ndarray, end: np.ndarray, num: int = 9, *, along: Callable = spherical
) -> np.ndarray:
    """Latents f32[b,num,d] from each of start f[b,d] to end f[b,d], both included.

    start, end: draws, or codes of images. along: `spherical` for Gaussian latents and for those on
    a sphere, `linear` for uniform ones (the paper's).
    """
    start, end = np.asarray(start)[:, None], np.asarray(end)[:, None]
    return along(start, end, np.linspace(0.0, 1.0, num)[None]).astype(np.float32)


def decoded_walk(
    decode: Decode, start: np.ndarray, end: np.ndarray, num: int = 9, *, along: Callable = spherical
) -> np.ndarray:
    """Images [b * num,h,w,c] of `walk`, one walk after the other: rows of a grid."""
    return decode(walk(start, end, num, along=along).reshape(-1, start.shape[-1]))


def arithmetic(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """The latent mean(a) - mean(b) + mean(c), f32[d], of exemplars f[n,d] each.

    The paper averages three: the result of single ones was unstable.
    """
    return (np.mean(a, axis=0) - np.mean(b, axis=0) + np.mean(c, axis=0)).astype(np.float32)


def added(code: np.ndarray, plus: np.ndarray, minus: np.ndarray, strength: float) -> np.ndarray:
    """Latents f32[n,5,d]: code f[n,d] with 0, 1/4, 1/2, 3/4 and 1 of the change.

    The change is strength (mean(plus) - mean(minus)), of exemplars f[k,d] and f[l,d]; infinite or
    NaN where that is too large for 32 bits.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        change = strength * (np.mean(plus, axis=0) - np.mean(minus, axis=0))
        return (code[:, None] + np.linspace(0.0, 1.0, 5)[:, None] * change).astype(np.float32)


def beside(first: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Images [n * (k + 1),h,w,c]: rows of a grid, one of first [n,h,w,c] and k of [n,k,h,w,c]."""
    rows = np.concatenate([first[:, None], others], axis=1)
    return rows.reshape(-1, *first.shape[1:])


def neighbourhood(latent: np.ndarray, seed: int, *, radius: float = 0.25) -> np.ndarray:
    """Latents f32[9,d] of a 3x3 grid: `latent` f[d] in its centre, eight with uniform noise around.

    Noise of each dimension is in [-radius, radius].
    """
    noise = np.random.default_rng(seed).uniform(-radius, radius, (9, len(latent)))
    noise[4] = 0.0
    return (latent[None] + noise).astype(np.float32)


def decoded_arithmetic(
    decode: Decode,
    a: np.ndarray,
    b: np.ndarray,
    c: np.ndarray,
    seed: int,
    *,
    radius: float = 0.25,
) -> tuple[np.ndarray, np.ndarray]:
    """(exemplars and means, result) of a - b + c, as images.

    The first [3 * (n + 1),h,w,c]: a row for each of a, b, c, its n exemplars and then their mean;
    the second [9,h,w,c]: the 3x3 `neighbourhood` of the result. One call of `decode`.
    """
    rows = [np.concatenate([x, np.mean(x, axis=0, keepdims=True)]) for x in (a, b, c)]
    shown = np.concatenate(rows).astype(np.float32)
    around = neighbourhood(arithmetic(a, b, c), seed, radius=radius)
    images = decode(np.concatenate([shown, around]))
    return images[: len(shown)], images[len(shown) :]
