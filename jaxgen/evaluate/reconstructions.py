"""How near reconstructions are to their images, and how sharp.

Sharpness: the energy of the differences of neighbouring pixels, a share of that of the images.
Blurred reconstructions, the mean of what might have been, have little of it; it tells nothing of
whether the edges are where they belong.
"""

import numpy as np

from jaxgen.core.images import to_float

TITLES = {
    "reconstruction/l1": (
        "Error of reconstructions",
        "mean absolute difference on the scale [-1, 1]; lower is better",
    ),
    "reconstruction/sharpness": (
        "Sharpness of reconstructions",
        "energy of neighbours' differences, a share of the images' own; 1 is right, far below it "
        "they are blurred",
    ),
}


def reconstruction_metrics(image: np.ndarray, rebuilt: np.ndarray) -> dict[str, float]:
    """l1 and sharpness of reconstructions of images, [n,h,w,c], u8 or floats in [-1,1].

    Raises ValueError for arrays of different shapes.
    """
    if image.shape != rebuilt.shape:
        raise ValueError(f"Reconstructions have the shape {rebuilt.shape}, images {image.shape}.")
    image, rebuilt = to_float(image), to_float(rebuilt)
    energy = max(_energy(image), 1e-12)
    return {
        "l1": float(np.mean(np.abs(image - rebuilt), dtype=np.float64)),
        "sharpness": float(_energy(rebuilt) / energy),
    }


def _energy(image: np.ndarray) -> float:
    return sum(float(np.sum(np.square(np.diff(image, axis=axis)))) for axis in (1, 2))
