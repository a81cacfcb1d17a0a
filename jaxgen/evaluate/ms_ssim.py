"""Structural similarity of images at several scales, and the diversity of samples by it.

Z. Wang, E. P. Simoncelli, A. C. Bovik, "Multi-scale Structural Similarity for Image Quality
Assessment", Asilomar 2003; as a measure of collapse A. Odena, C. Olah, J. Shlens, "Conditional
Image Synthesis with Auxiliary Classifier GANs", ICML 2017, arXiv:1610.09585, section 4.2.

Deviations: five scales need images of 176 pixels. A smaller image is compared at as many scales as
leave its shorter side the 11 pixels of the window (one scale up to 21 pixels, two up to 43, three
up to 87, four up to 175), with the first of the published weights, divided by their sum. Values of
different image sizes therefore do not compare. Below 11 pixels the window is the largest odd one
that fits.
"""

import numpy as np

from jaxgen.core.images import to_float
from jaxgen.evaluate.checks import TooFewImages

TITLES = {
    "ms_ssim": ("Similarity of pairs", "MS-SSIM; above that of real images, samples look alike")
}

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # of the finest scale first
WINDOW, SIGMA = 11, 1.5
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
_PAIRS = 64  # in memory at a time


def scales(shape: tuple[int, ...]) -> int:
    """Number of scales, 1 to 5, that images of `shape` (h, w, ...) are compared at."""
    side, count = min(shape[:2]), 1
    while count < len(WEIGHTS) and side // 2**count >= WINDOW:
        count += 1
    return count


def ms_ssim(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """MS-SSIM f64[n] of the pairs x[i], y[i] of images [n,h,w,c], u8 or floats in [-1,1].

    The product over scales of the mean contrast-structure term, and at the coarsest scale of the
    mean of luminance times it, each to the power of its weight, on the scale 0 to 255, window and
    constants as published; means over channels. Windows lie inside the image. A negative mean
    counts as 0, as a negative number has no such power. 1 for equal images.
    """
    _check_pairs(x, y)
    parts = [
        _pairs(_planes(x[start : start + _PAIRS]), _planes(y[start : start + _PAIRS]))
        for start in range(0, len(x), _PAIRS)
    ]
    return np.concatenate(parts) if parts else np.zeros(0)


def ssim(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """SSIM f64[n] of the pairs x[i], y[i] of images [n,h,w,c], u8 or floats in [-1,1].

    At the images' own scale, after Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli, "Image
    quality assessment: from error visibility to structural similarity", IEEE Transactions on Image
    Processing 13(4), 2004; means over windows inside the image and over channels. From -1 to 1, of
    equal images. Below 11 pixels the window is the largest odd one that fits.
    """
    _check_pairs(x, y)
    parts = [
        _ssim(_planes(x[start : start + _PAIRS]), _planes(y[start : start + _PAIRS]))[0]
        for start in range(0, len(x), _PAIRS)
    ]
    return np.concatenate(parts).mean(axis=1) if parts else np.zeros(0)


def mean_pair_similarity(
    images: np.ndarray, *, classes: np.ndarray | None = None, pairs: int = 500, seed: int = 0
) -> dict[str, float | int]:
    """Mean MS-SSIM of random pairs of different images: high means that they look alike.

    classes: i[n]; if given, both of a pair are of one class, unless every image has a class of its
    own. Compare with the same metric of as many real images. Returns "ms_ssim", "ms_ssim_pairs".
    """
    if len(images) < 2:
        raise TooFewImages(
            f"The similarity of pairs needs at least 2 images, but it got {len(images)}; evaluate "
            "with more."
        )
    generator = np.random.default_rng(seed)
    first, second = _random_pairs(len(images), classes, pairs, generator)
    values = [
        ms_ssim(images[first[start : start + _PAIRS]], images[second[start : start + _PAIRS]])
        for start in range(0, pairs, _PAIRS)
    ]
    return {"ms_ssim": float(np.mean(np.concatenate(values))), "ms_ssim_pairs": pairs}


def _random_pairs(count, classes, pairs, generator) -> tuple[np.ndarray, np.ndarray]:
    """Rows i[pairs] of either image: the first of any class that has two, the second another."""
    classes = np.zeros(count, int) if classes is None else np.asarray(classes)
    _, group, sizes = np.unique(classes, return_inverse=True, return_counts=True)
    if sizes.max() < 2:
        group, sizes = np.zeros(count, int), np.array([count])
    first = generator.choice(np.flatnonzero(sizes[group] > 1), pairs)
    order = np.argsort(group, kind="stable")
    rank = np.empty(count, int)
    start = np.cumsum(sizes) - sizes
    rank[order] = np.arange(count) - start[group[order]]
    size = sizes[group[first]]
    other = (rank[first] + generator.integers(1, size)) % size
    return first, order[start[group[first]] + other]


def _check_pairs(x: np.ndarray, y: np.ndarray) -> None:
    if x.shape != y.shape:
        raise ValueError(f"Pairs of images must have one shape; got {x.shape} and {y.shape}.")


def _planes(images: np.ndarray) -> np.ndarray:
    """f64[n,c,h,w] from 0 to 255."""
    return np.moveaxis((to_float(images).astype(np.float64) + 1.0) * 127.5, 3, 1)


def _pairs(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    count = scales(x.shape[2:])
    weights = np.array(WEIGHTS[:count]) / sum(WEIGHTS[:count])
    result = np.ones(x.shape[:2])
    for scale, weight in enumerate(weights):
        if scale:
            x, y = _halved(x), _halved(y)
        similarity, contrast = _ssim(x, y)
        mean = similarity if scale == count - 1 else contrast
        result *= np.maximum(mean, 0.0) ** weight
    return result.mean(axis=1)


def _ssim(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means f64[n,c] over the image of luminance x contrast-structure, and of the latter."""
    down, right = _window(x.shape[2]), _window(x.shape[3])
    mean_x, mean_y, xx, yy, xy = (down @ z @ right.T for z in (x, y, x * x, y * y, x * y))
    both = mean_x * mean_y
    squares = mean_x * mean_x + mean_y * mean_y
    contrast = (2 * (xy - both) + C2) / (xx + yy - squares + C2)
    luminance = (2 * both + C1) / (squares + C1)
    return (luminance * contrast).mean(axis=(2, 3)), contrast.mean(axis=(2, 3))


def _window(side: int) -> np.ndarray:
    """f64[places,side]: the Gaussian window of sum 1 at each place where it fits."""
    size = min(WINDOW, side - 1 + side % 2)
    offset = np.arange(size) - (size - 1) / 2
    weights = np.exp(-np.square(offset) / (2 * SIGMA**2))
    matrix = np.zeros((side - size + 1, side))
    for place, row in enumerate(matrix):
        row[place : place + size] = weights / weights.sum()
    return matrix


def _halved(x: np.ndarray) -> np.ndarray:
    """Means over 2x2 pixels; an odd last row or column is left out."""
    height, width = x.shape[2] // 2 * 2, x.shape[3] // 2 * 2
    x = x[:, :, :height, :width]
    return (x[:, :, ::2, ::2] + x[:, :, 1::2, ::2] + x[:, :, ::2, 1::2] + x[:, :, 1::2, 1::2]) / 4
