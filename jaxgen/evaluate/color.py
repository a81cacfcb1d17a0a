"""Metrics of colorized photographs, and the predictors of color that any model must improve on.

- PSNR in RGB and SSIM (Z. Wang et al., IEEE Transactions on Image Processing 13(4), 2004). A
  colorizer keeps the lightness of the photograph, and both are dominated by it: gray images score
  as well as good colors.
- AuC of the raw accuracy of the chroma a, b: R. Zhang, P. Isola, A. A. Efros, "Colorful Image
  Colorization", ECCV 2016, arXiv:1603.08511, section 3.1.
- Colorfulness: D. Hasler, S. Suesstrunk, "Measuring colourfulness in natural images", SPIE 5007,
  2003, with signed opponent colors, as published (some later code takes their absolute values).
- Divergence of the distributions of a, b: after P. Isola, J.-Y. Zhu, T. Zhou, A. A. Efros,
  "Image-to-Image Translation with Conditional Adversarial Networks", CVPR 2017, arXiv:1611.07004,
  section 4.2, which plots their histograms; as a number, the divergence of J. Lin, "Divergence
  measures based on the Shannon entropy", IEEE Transactions on Information Theory 37(1), 1991.

Everything is measured on 8-bit RGB, as seen: colors outside of sRGB have been clipped, which moves
their lightness, too. Values depend on the number of images, their size and how they were resized,
so "n", "height" and "width" stand beside them; how they were resized is for the caller to say.

Deviations: the rebalanced AuC weighs by the colors of the images that are evaluated, in square
bins; the publication's by smoothed frequencies of ImageNet's training images in 313 bins.
"""

from collections.abc import Iterator, Mapping

import jax
import numpy as np

from jaxgen.core import color
from jaxgen.core.errors import UserError
from jaxgen.evaluate import ms_ssim
from jaxgen.evaluate.checks import require_finite

_TITLES = {
    "psnr": ("PSNR", "dB, mean over images; higher is better, but gray images score well"),
    "psnr_pooled": ("PSNR, pooled", "dB, of the mean error of all images; higher is better"),
    "ssim": ("SSIM", "higher is better, but it is dominated by the lightness that is kept"),
    "ab_l1": ("error of a, b", "L1 in CIELAB; lower is better"),
    "ab_auc": ("accuracy of a, b", "AuC, 0 to 1; higher is better, but gray images score well"),
    "ab_auc_rebalanced": (
        "accuracy of a, b, rebalanced",
        "AuC, every color counts as much; higher is better",
    ),
    "ab_divergence": ("divergence of the colors", "Jensen-Shannon, bits; lower is better"),
    "chroma_ratio": ("chroma", "a share of the truth's; 1 is best, less is gray"),
    "colorfulness": ("colorfulness", "Hasler and Suesstrunk; that of the truth is best"),
    "colorfulness_true": ("colorfulness of the truth", ""),
    "colorfulness_difference": ("colorfulness, less the truth's", "0 is best, below is gray"),
    "n": ("images", ""),
    "height": ("height", "pixels"),
    "width": ("width", "pixels"),
}
# The predictors of `baselines`, as evaluations are grouped by them.
BASELINES = {
    "gray": "gray images",
    "mean_color": "mean color",
    "median_given_lightness": "median color given lightness",
    "random_image": "colors of another image",
    "truth": "the truth",
}


def _first_upper(text: str) -> str:
    return text[0].upper() + text[1:]


def titles(metrics: Mapping[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """Name -> (title, what is good) of metrics, of a model and of each of `BASELINES`."""
    return {
        **{f"color/{k}": (_first_upper(title), good) for k, (title, good) in metrics.items()},
        **{
            f"color_{name}/{k}": (_first_upper(f"{words}: {title}"), good)
            for name, words in BASELINES.items()
            for k, (title, good) in metrics.items()
        },
    }


TITLES = titles(_TITLES)

MOST_PSNR = 100.0  # dB
MOST_DISTANCE = 150  # in a, b: the last threshold
_PIXELS = 2**18  # in memory at a time
_BIN, _SIDE = 10.0, 23  # of a and of b, around multiples of 10 from -110 to 110
_COLORS = _SIDE * _SIDE
_GRAY = 0.1  # mean chroma; the constants of CIELAB leave a gray pixel 0.006
_LIGHTNESS_BINS, _STEP, _STEPS = 50, 0.25, 881  # of the medians

_to_lab, _to_rgb = jax.jit(color.rgb_to_lab), jax.jit(color.lab_to_rgb)


def compare(true_rgb: np.ndarray, predicted_rgb: np.ndarray) -> dict[str, float | int]:
    """All metrics of predicted RGB u8[n,h,w,3] against that of the same photographs u8[n,h,w,3].

    Returns what `psnr` and `chroma_metrics` do, and "ssim" (`ms_ssim.ssim`, mean over images),
    "colorfulness", "colorfulness_true" (`colorfulness`, means over images),
    "colorfulness_difference" (the former less the latter: negative where colors are too gray), "n",
    "height", "width". Raises UserError for anything but u8 RGB images, at least one.
    """
    _check_pair(true_rgb, predicted_rgb)
    similarity = [ms_ssim.ssim(x, y) for x, y in _chunks(true_rgb, predicted_rgb)]
    found, true = float(colorfulness(predicted_rgb).mean()), float(colorfulness(true_rgb).mean())
    return {
        **psnr(true_rgb, predicted_rgb),
        "ssim": float(np.concatenate(similarity).mean()),
        **chroma_metrics(true_rgb, predicted_rgb),
        "colorfulness": found,
        "colorfulness_true": true,
        "colorfulness_difference": found - true,
        "n": len(true_rgb),
        "height": true_rgb.shape[1],
        "width": true_rgb.shape[2],
    }


def psnr(true_rgb: np.ndarray, predicted_rgb: np.ndarray) -> dict[str, float]:
    """Peak signal-to-noise ratios in dB of images u8[n,h,w,3], two that must not be confused.

    - "psnr": the mean of the images' ratios;
    - "psnr_pooled": the ratio of the mean squared error of all images, dominated by the worst.

    Neither an image's nor the pooled ratio counts for more than 100 dB, which equal images have:
    theirs is infinite, which no mean and no JSON can hold.
    """
    _check_pair(true_rgb, predicted_rgb)
    squares = np.concatenate(
        [
            np.square(x / 255.0 - y / 255.0).mean((1, 2, 3))
            for x, y in _chunks(true_rgb, predicted_rgb)
        ]
    )
    each, pooled = (
        -10.0 * np.log10(np.maximum(x, 10.0 ** (-MOST_PSNR / 10)))
        for x in (squares, squares.mean())
    )
    return {"psnr": float(each.mean()), "psnr_pooled": float(pooled)}


def colorfulness(rgb: np.ndarray) -> np.ndarray:
    """Colorfulness f64[n] of images u8[n,h,w,3]: 0 of gray ones, some 30 of photographs.

    Of rg = R - G and yb = (R + G) / 2 - B, on 0 to 255, over an image's pixels: the root of the sum
    of their variances, and 0.3 of the root of the sum of their squared means.
    """
    _check_images(rgb)
    return np.concatenate([_colorfulness(images.astype(np.float64)) for (images,) in _chunks(rgb)])


def chroma_metrics(true: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """Metrics of the chroma alone, over all pixels of all images.

    true, predicted: RGB u8[n,h,w,3], or a, b of CIELAB f[n,h,w,2], not scaled, such as a model's
    before clipping; also one of each. Returns

    - "ab_l1": mean absolute difference, over pixels, a and b;
    - "ab_auc": share of pixels whose (a, b) is no farther from the true one than a threshold, mean
      over the thresholds 0, 1, ..., 150: 1 for equal ones (published ones are in percent);
    - "ab_auc_rebalanced": that for the pixels of each color, a bin of the true (a, b) 10 wide, then
      the mean over the colors that occur: a rare color counts as much as gray;
    - "ab_divergence": Jensen-Shannon divergence in bits, 0 to 1, of the histograms of (a, b), in
      bins 10 wide: what all images together have of each color, wherever in them;
    - "chroma_ratio": mean of the root of a^2 + b^2, divided by that of the truth; left out where
      the truth is gray (below 0.1).

    Raises UserError for a or b that is not finite, or without pixels.
    """
    _check_chroma(true, predicted)
    counts = np.zeros((_COLORS, MOST_DISTANCE + 2), np.int64)
    found, sums = np.zeros(_COLORS, np.int64), np.zeros(3)
    for x, y in _chunks(true, predicted):
        for total, more in zip((counts, found, sums), _counted(_ab(x), _ab(y))):
            total += more
    by_color = counts.sum(axis=1)
    seen = by_color > 0
    within = counts[seen].cumsum(axis=1)[:, :-1].mean(axis=1) / by_color[seen]
    error, true_chroma, found_chroma = sums / by_color.sum()
    ratio = {} if true_chroma < _GRAY else {"chroma_ratio": float(found_chroma / true_chroma)}
    return {
        "ab_l1": float(error),
        "ab_auc": float(np.average(within, weights=by_color[seen])),
        "ab_auc_rebalanced": float(within.mean()),
        "ab_divergence": _divergence(by_color, found),
        **ratio,
    }


def baselines(training_rgb: np.ndarray, true_rgb: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Images u8[n,h,w,3] with the lightness of `true_rgb` u8[n,h,w,3] and a color of no model.

    training_rgb: u8[m,h,w,3], other images. By the names of `BASELINES`:

    - "gray": R, G and B are equal;
    - "mean_color": the mean a, b of the training images;
    - "median_given_lightness": `median_given_lightness` of them, which minimises L1;
    - "random_image": those of a training image, drawn for each image from `seed`: colors as
      frequent as real ones, in the wrong places;
    - "truth": `true_rgb` itself.

    Raises UserError for anything but u8 RGB images of one size, at least one of each.
    """
    for images in (training_rgb, true_rgb):
        _check_images(images)
    if training_rgb.shape[1:] != true_rgb.shape[1:]:
        raise UserError(
            "Baselines of color need training images of the size of the others; got "
            f"{list(training_rgb.shape[1:])} and {list(true_rgb.shape[1:])}: resize them alike."
        )
    drawn = np.random.default_rng(seed).integers(len(training_rgb), size=len(true_rgb))
    medians, by_lightness, random_image = median_given_lightness(training_rgb), [], []
    for rgb, rows in _chunks(true_rgb, drawn):
        by_lightness.append(with_chroma(rgb, medians[_lightness_bin(_lab(rgb)[..., 0])]))
        random_image.append(with_chroma(rgb, _ab(training_rgb[rows])))
    return {
        # Of a = b = 0 the channels may round to neighbours: CIELAB's white is not quite sRGB's.
        "gray": with_chroma(true_rgb, np.zeros(2))[..., 1:2].repeat(3, axis=-1),
        "mean_color": with_chroma(true_rgb, mean_color(training_rgb)),
        "median_given_lightness": np.concatenate(by_lightness),
        "random_image": np.concatenate(random_image),
        "truth": true_rgb,
    }


def mean_color(rgb: np.ndarray) -> np.ndarray:
    """The mean a, b f64[2] of all pixels of images u8[n,h,w,3]."""
    _check_images(rgb)
    sums = [_ab(x).sum(axis=(0, 1, 2), dtype=np.float64) for (x,) in _chunks(rgb)]
    return np.sum(sums, axis=0) / np.prod(rgb.shape[:3])


def median_given_lightness(rgb: np.ndarray) -> np.ndarray:
    """Medians of a and of b f64[50,2] over the pixels of images u8[n,h,w,3], given their L.

    A row for each 2 of L, from 0. Medians are exact to 0.125; a row without pixels has those of
    all.
    """
    _check_images(rgb)
    counts = np.zeros((2, _LIGHTNESS_BINS, _STEPS), np.int64)
    for (x,) in _chunks(rgb):
        lab = _lab(x)
        rows = _lightness_bin(lab[..., 0])[..., None] * _STEPS
        steps = np.rint(lab[..., 1:] / _STEP).astype(int) + _STEPS // 2
        for channel, index in enumerate(np.moveaxis(rows + steps, -1, 0)):
            more = np.bincount(index.ravel(), minlength=_LIGHTNESS_BINS * _STEPS)
            counts[channel] += more.reshape(_LIGHTNESS_BINS, _STEPS)
    total = counts.sum(axis=-1, keepdims=True)
    counts = np.where(total > 0, counts, counts.sum(axis=1, keepdims=True))
    below = counts.cumsum(axis=-1)
    middle = (2 * below >= below[..., -1:]).argmax(axis=-1)
    return _STEP * (middle - _STEPS // 2).T.astype(np.float64)


def with_chroma(rgb: np.ndarray, ab: np.ndarray) -> np.ndarray:
    """Images u8[n,h,w,3] with the lightness of `rgb` u8[n,h,w,3] and other a, b.

    ab: f[n,h,w,2] or what broadcasts to it, of CIELAB, not scaled. Colors outside of sRGB are
    clipped.
    """
    _check_images(rgb)
    ab = np.broadcast_to(np.asarray(ab, np.float32), (*rgb.shape[:3], 2))
    found = [
        np.asarray(_to_rgb(np.concatenate([_lab(x)[..., :1], y], axis=-1)))
        for x, y in _chunks(rgb, ab)
    ]
    return np.concatenate([np.rint(x * 255.0).astype(np.uint8) for x in found])


def _chunks(*arrays: np.ndarray) -> Iterator[tuple[np.ndarray, ...]]:
    """The same rows of all arrays, as many at a time as images of the first fit `_PIXELS`."""
    count = max(1, _PIXELS // (arrays[0].shape[1] * arrays[0].shape[2]))
    for start in range(0, len(arrays[0]), count):
        yield tuple(x[start : start + count] for x in arrays)


def _lab(rgb: np.ndarray) -> np.ndarray:
    return np.asarray(_to_lab(rgb.astype(np.float32) / 255.0))


def _ab(images: np.ndarray) -> np.ndarray:
    """f[n,h,w,2] of RGB images; arrays of a and b as they are."""
    return _lab(images)[..., 1:] if images.shape[-1] == 3 else images


def _lightness_bin(lightness: np.ndarray) -> np.ndarray:
    bins = (lightness * (_LIGHTNESS_BINS / 100.0)).astype(int)
    return np.clip(bins, 0, _LIGHTNESS_BINS - 1)


def _colorfulness(rgb: np.ndarray) -> np.ndarray:
    red, green, blue = np.moveaxis(rgb, -1, 0)
    opponents = np.stack([red - green, (red + green) / 2 - blue])
    spread = np.sqrt(opponents.var(axis=(2, 3)).sum(axis=0))
    return spread + 0.3 * np.sqrt(np.square(opponents.mean(axis=(2, 3))).sum(axis=0))


def _counted(true: np.ndarray, found: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What chroma metrics are made of, and adds up.

    Pixels i64[529,152] by true color and by the least threshold that they are within (the last:
    none); pixels i64[529] by predicted color; sums f64[3] over pixels of the absolute error, the
    true and the predicted chroma.
    """
    true, found = (x.reshape(-1, 2).astype(np.float64) for x in (true, found))
    distance, columns = np.linalg.norm(true - found, axis=1), MOST_DISTANCE + 2
    within = np.minimum(np.ceil(distance), MOST_DISTANCE + 1).astype(int)
    joint = np.bincount(_color(true) * columns + within, minlength=_COLORS * columns)
    sums = [np.abs(true - found).mean(axis=1).sum()]
    sums += [np.linalg.norm(x, axis=1).sum() for x in (true, found)]
    histogram = np.bincount(_color(found), minlength=_COLORS)
    return joint.reshape(_COLORS, columns), histogram, np.array(sums)


def _color(ab: np.ndarray) -> np.ndarray:
    """The bin i[m] of a, b f64[m,2]; outside of the bins the nearest."""
    steps = np.clip(np.rint(ab / _BIN), -(_SIDE // 2), _SIDE // 2).astype(int) + _SIDE // 2
    return steps[:, 0] * _SIDE + steps[:, 1]


def _divergence(first: np.ndarray, second: np.ndarray) -> float:
    """Jensen-Shannon, in bits, of two histograms."""
    shares = np.stack([first / first.sum(), second / second.sum()])
    ratio = shares / np.maximum(shares.mean(axis=0), 1e-300)
    return float(np.sum(shares * np.log2(np.where(ratio > 0, ratio, 1.0))) / 2)


def _check_images(rgb: np.ndarray) -> None:
    if rgb.dtype != np.uint8 or rgb.ndim != 4 or rgb.shape[-1] != 3 or not rgb.size:
        raise UserError(
            "Metrics of color need RGB images [n,h,w,3] of 8 bits, at least one; got "
            f"{list(rgb.shape)}, {rgb.dtype}."
        )


def _check_pair(true_rgb: np.ndarray, predicted_rgb: np.ndarray) -> None:
    for images in (true_rgb, predicted_rgb):
        _check_images(images)
    _check_size(true_rgb, predicted_rgb)


def _check_size(true: np.ndarray, predicted: np.ndarray) -> None:
    if true.shape[:-1] != predicted.shape[:-1]:
        raise UserError(
            "Predicted colors are compared with the same photographs at the same size; got "
            f"{list(predicted.shape)} for {list(true.shape)}."
        )


def _check_chroma(true: np.ndarray, predicted: np.ndarray) -> None:
    for images in (true, predicted):
        if images.ndim == 4 and images.shape[-1] == 2 and images.size:
            require_finite(images.reshape(len(images), -1), "images")
        else:
            _check_images(images)
    _check_size(true, predicted)
