"""A picture of codes of two dimensions.

The scatter plots are those of A. Makhzani, B. Frey, "PixelGAN Autoencoders", NeurIPS 2017,
arXiv:1706.00531, figure 3.
"""

import numpy as np
from PIL import Image, ImageDraw

from jaxgen.pictures import scatter

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
    width = max((drawing.textlength(name) for name in classes), default=0)
    drawing.rectangle([0, 0, 12 + width, 8 + 12 * len(classes)], fill="white")
    for number, name in enumerate(classes):
        drawing.text((6, 4 + 12 * number), name, fill=COLOURS[number % len(COLOURS)])
    return np.asarray(image)
