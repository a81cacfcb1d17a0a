"""What a code looks like: how it is used, what it tells of the class, and a picture of it in 2-D.

The scatter plots are those of A. Makhzani, B. Frey, "PixelGAN Autoencoders", NeurIPS 2017,
arXiv:1706.00531, figure 3, with a figure beside them: the accuracy of a linear classifier on the
code.
"""

from typing import Any

import numpy as np
from PIL import Image, ImageDraw
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from jaxgen.evaluate import scatter

# Colours of classes, in turn; neighbours in the list differ in hue and in lightness.
COLOURS = (
    (31, 119, 180),
    (255, 127, 14),
    (44, 160, 44),
    (214, 39, 40),
    (148, 103, 189),
    (140, 86, 75),
    (227, 119, 194),
    (80, 80, 80),
    (188, 189, 34),
    (23, 190, 207),
)


def entropies(probabilities: np.ndarray) -> dict[str, float]:
    """Of soft assignments f[n,K], in nats.

    "usage_entropy": of the mean assignment, at most log K ("usage_entropy_limit"); low where
    clusters are not used. "assignment_entropy": mean over images, 0 where certain.
    "code_information": their difference, what the category tells of the image.
    """
    probabilities = np.asarray(probabilities, np.float64)
    usage = _entropy(probabilities.mean(axis=0))
    assignment = float(_entropy(probabilities).mean())
    return {
        "usage_entropy": float(usage),
        "usage_entropy_limit": float(np.log(probabilities.shape[1])),
        "assignment_entropy": assignment,
        "code_information": float(usage) - assignment,
    }


def moments(codes: np.ndarray, scale: float) -> dict[str, Any]:
    """Of real codes f[n,m] against a prior N(0, scale^2 I).

    "code_mean_error": largest distance of a dimension's mean from 0; "code_std_least",
    "code_std_largest": of the dimensions; each divided by `scale`, so that 0, 1, 1 is a match.
    "code_kl": KL divergence in nats of the Gaussian with the codes' mean and covariance to the
    prior, 0 where both moments match.
    """
    codes = np.asarray(codes, np.float64) / scale
    mean, std = codes.mean(axis=0), codes.std(axis=0)
    covariance = np.atleast_2d(np.cov(codes, rowvar=False, bias=True))
    _, log_determinant = np.linalg.slogdet(covariance + 1e-12 * np.eye(len(covariance)))
    divergence = (np.trace(covariance) + mean @ mean - len(mean) - log_determinant) / 2
    return {
        "code_mean_error": float(np.abs(mean).max()),
        "code_std_least": float(std.min()),
        "code_std_largest": float(std.max()),
        "code_kl": float(divergence),
    }


def linear_accuracy(
    train_codes: np.ndarray, train_labels: np.ndarray, codes: np.ndarray, labels: np.ndarray
) -> float:
    """Share of codes f[n,m] whose class a logistic regression on the training codes gets right."""
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    classifier.fit(np.asarray(train_codes, np.float64), np.asarray(train_labels))
    return float(classifier.score(np.asarray(codes, np.float64), np.asarray(labels)))


def code_picture(
    codes: np.ndarray, labels: np.ndarray, classes: tuple[str, ...], *, size: int = 480
) -> np.ndarray:
    """2-D codes f[n,2] as dots in the colours of their classes i[n]: u8[size,size,3].

    x to the right, y upwards, from -e to e on both axes, e = `scatter.half_width(codes)`, with a
    legend of the classes. More than ten classes share colours.
    """
    codes, labels = np.asarray(codes, np.float64), np.asarray(labels)
    if codes.ndim != 2 or codes.shape[1] != 2:
        raise ValueError(f"A picture of codes needs f[n,2]; got {codes.shape}.")
    extent = scatter.half_width(codes)
    image = Image.fromarray(
        scatter.picture(codes[:0], codes[:0], size=size, extent=extent, names=("", ""))
    )
    drawing = ImageDraw.Draw(image)
    places = (codes / extent + 1.0) / 2.0 * (size - 1)
    # In a fixed random order, so that no class covers another.
    for i in np.random.default_rng(0).permutation(len(codes)):
        x, y = places[i, 0], size - 1 - places[i, 1]
        drawing.ellipse(
            [x - 1.5, y - 1.5, x + 1.5, y + 1.5], fill=COLOURS[labels[i] % len(COLOURS)]
        )
    for number, name in enumerate(classes):
        drawing.text((6, 4 + 12 * number), name, fill=COLOURS[number % len(COLOURS)])
    return np.asarray(image)


def _entropy(probabilities: np.ndarray) -> np.ndarray:
    return -np.sum(probabilities * np.log(np.maximum(probabilities, 1e-300)), axis=-1)
