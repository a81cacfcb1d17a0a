"""Mixtures of Gaussians in the plane, on which the modes that a generator drops can be counted."""

import dataclasses
import itertools
import math

import numpy as np

from jaxgen.data.bits import random_bits
from jaxgen.data.dataset import Dataset
from jaxgen.data.names import POINT_SHAPE, POINTS

_COUNTS = {"train": 100_000, "test": 10_000}


@dataclasses.dataclass(frozen=True)
class Mixture:
    """Equally likely Gaussians N(means[k], sigma^2 I), in the scale of the data; means f64[k,2]."""

    name: str
    means: np.ndarray
    sigma: float

    @property
    def classes(self) -> tuple[str, ...]:
        """The modes' names: where they are."""
        return tuple(f"({x + 0.0:.2f}, {y + 0.0:.2f})" for x, y in np.round(self.means, 2))


def mixture(name: str) -> Mixture:
    """The mixture "ring" or "grid" of PacGAN (arXiv:1712.04086) and VEEGAN (arXiv:1705.07761).

    ring: 8 means on the unit circle, at the angles 2 pi k / 8, sigma 0.01. (The codes of unrolled
    GAN and LSGAN space the angles over both 0 and 2 pi, which doubles one mode.) grid: 25 means
    {-4,-2,0,2,4}^2, sigma 0.05, all divided by sqrt(8) as in WGAN-GP's code (arXiv:1704.00028): the
    means then have unit variance along each axis. The share of points within 3 sigma of their mean,
    the modes found and the histogram over modes do not depend on that scale.
    """
    if name == "ring":
        angles = 2 * np.pi * np.arange(8) / 8
        return Mixture(name, np.stack([np.cos(angles), np.sin(angles)], axis=-1), 0.01)
    if name == "grid":
        places = list(itertools.product((-4.0, -2.0, 0.0, 2.0, 4.0), repeat=2))
        return Mixture(name, np.array(places) / math.sqrt(8), 0.05 / math.sqrt(8))
    raise ValueError(f'There is no mixture "{name}"; there are {", ".join(POINTS)}.')


def draw(name: str, split: str, num: int) -> tuple[np.ndarray, np.ndarray]:
    """(points f32[num,2], mode i32[num]), independent draws; the same at every call.

    Splits have streams of their own.
    """
    target = mixture(name)
    mode = (random_bits(num, name, split, "mode") % len(target.means)).astype(np.int32)
    bits = random_bits(2 * num, name, split, "noise").reshape(2, num)
    # Box and Muller: uniforms of (0,1] from the upper 53 bits to pairs of normals.
    uniform = ((bits >> np.uint64(11)).astype(np.float64) + 1) * 2.0**-53
    radius, angle = np.sqrt(-2 * np.log(uniform[0])), 2 * np.pi * uniform[1]
    noise = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)
    return (target.means[mode] + target.sigma * noise).astype(np.float32), mode


def dataset(name: str, split: str, fingerprint: str) -> Dataset:
    """100,000 points for "train" and 10,000 for "test", each an image f32[1,1,2]."""
    point, mode = draw(name, split, _COUNTS[split])
    image = point.reshape(-1, *POINT_SHAPE)
    image.setflags(write=False)
    mode.setflags(write=False)
    return Dataset(name, image, mode, mixture(name).classes, fingerprint)
