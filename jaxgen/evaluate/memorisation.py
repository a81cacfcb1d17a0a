"""Nearest training neighbours of samples: copies of training images, and collapse.

The number of distinct neighbours shows collapse, their distance copying. Both are meaningful only
beside the same metrics of held-out images: nearest neighbours repeat even among real images (some
are near to everything), and how near is near depends on the data.
"""

import numpy as np

from jaxgen.core.images import even_rows
from jaxgen.evaluate.checks import TooFewImages

TITLES = {
    "memorisation/distinct_neighbours": (
        "Distinct training neighbours",
        "against chance; far below that of held-out images is collapse",
    ),
    "memorisation/distinct_neighbours_held_out": (
        "Distinct neighbours, held-out images",
        "against chance",
    ),
    "memorisation/nearest_distance_ratio": (
        "Distance to training images",
        "against held-out ones; below 1 is memorisation",
    ),
}


def memorisation(
    train: np.ndarray, held_out: np.ndarray, fake: np.ndarray
) -> dict[str, float | int]:
    """Nearest training neighbours, under L2, of equal numbers n of held-out and generated images.

    Features f[m,d], f[a,d], f[b,d]; n is the smaller of a and b. Returns

    - "distinct_neighbours": number of different nearest training images of generated ones, over the
      number expected of n uniform draws, m (1 - (1 - 1/m)^n). Well below the next one: collapse
    - "distinct_neighbours_held_out": the same of held-out images
    - "nearest_distance_ratio": median distance of generated images to their nearest training image,
      over that of held-out ones. 1 is right, well below 1 means memorisation; blurred samples lie
      nearer as well, noisy ones further off
    - "n_fake", "n_real", "n_train"
    """
    train, held_out, fake = (np.asarray(x, np.float64) for x in (train, held_out, fake))
    if any(x.ndim != 2 or x.shape[1] != train.shape[-1] for x in (train, held_out, fake)):
        shapes = ", ".join(str(x.shape) for x in (train, held_out, fake))
        raise ValueError(f"Features must be f[n,d] of one width; got {shapes}.")
    count = min(len(held_out), len(fake))
    if count < 1 or len(train) < 2:
        raise TooFewImages(
            "Nearest training neighbours need at least 2 training images, 1 held-out and 1 "
            f"generated one, but got {len(train)}, {len(held_out)} and {len(fake)}."
        )
    held_out, fake = even_rows(held_out, count), even_rows(fake, count)
    nearest_fake, distance_fake = nearest(fake, train)
    nearest_real, distance_real = nearest(held_out, train)
    expected = expected_distinct(len(train), count)
    # Where held-out images have exact copies in the training data, 0 / 0 must be 1.
    tiny = 1e-9 * np.sqrt(np.square(train - train.mean(axis=0)).sum(axis=1).mean()) + 1e-300
    ratio = (np.median(distance_fake) + tiny) / (np.median(distance_real) + tiny)
    return {
        "distinct_neighbours": len(np.unique(nearest_fake)) / expected,
        "distinct_neighbours_held_out": len(np.unique(nearest_real)) / expected,
        "nearest_distance_ratio": float(ratio),
        "n_fake": count,
        "n_real": count,
        "n_train": len(train),
    }


def nearest(queries: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Index i64[n] of the nearest of points f[m,d] to each of f[n,d], and its distance f64[n]."""
    from sklearn.metrics import pairwise_distances_argmin  # takes a second to import

    centre = points.mean(axis=0)
    index = pairwise_distances_argmin(queries - centre, points - centre)
    return index, np.linalg.norm(queries - points[index], axis=1)


def expected_distinct(kinds: int, draws: int) -> float:
    """Expected number of different values among uniform draws of `kinds` (2 or more)."""
    return float(-kinds * np.expm1(draws * np.log1p(-1.0 / kinds)))
