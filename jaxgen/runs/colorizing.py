"""Photographs of any size and shape, colored by a network that sees squares of one size.

The photograph is scaled so that its shorter side is the network's, which sees overlapping squares
along the longer one; what it says of them is blended, scaled up, and joined with the lightness of
the photograph as it was.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from PIL import Image

from jaxgen.config.build import Experiment
from jaxgen.core import color
from jaxgen.core.errors import NotFiniteError, UserError
from jaxgen.core.images import even_rows
from jaxgen.core.keys import key_for
from jaxgen.core.state import TrainState
from jaxgen.core.types import Array, Key
from jaxgen.data import photographs

TILES = 8  # squares that are predicted at a time
_LONGEST = 32  # times the shorter side; narrower photographs are squeezed
_MOST = 2**24  # pixels of a scaled photograph
_BLOCK = (2**14, 2**20)  # the least and most pixels that are computed at a time

# (lightness f32[TILES,s,s,1], key) -> chroma f32[TILES,s,s,2], as of `core.color`.
Predict = Callable[[Any, Key], Array]


def colorize(
    experiment: Experiment,
    state: TrainState,
    image: np.ndarray,
    *,
    key: Key | None = None,
    side: int | None = None,
) -> np.ndarray:
    """A photograph in the colors that a trained state gives it, u8[h,w,3], or u8[h,w,4] of RGBA.

    image: gray u8[h,w] or u8[h,w,1], or of sRGB u8[h,w,3] or u8[h,w,4], of which only the lightness
    is looked at and kept; alpha stays. key: of the model's noise, by default `jax.random.key(0)`.
    side: what the shorter side is scaled to before the network sees it, by default its own size;
    more shows it smaller parts. Raises UserError for an objective that does not colorize and for a
    side that is too small or too large, and NotFiniteError.
    """
    predict, size = predictor(experiment, state), experiment.config.data.image_size
    pixels = np.asarray(image)
    pixels = pixels[..., 0] if pixels.ndim == 3 and pixels.shape[-1] == 1 else pixels
    of_color = pixels.ndim == 3 and pixels.shape[-1] in (3, 4)
    if pixels.dtype != np.uint8 or not pixels.size or not (of_color or pixels.ndim == 2):
        raise ValueError(
            f"image must be u8[h,w], u8[h,w,1], u8[h,w,3] or u8[h,w,4]; got {pixels.dtype} of "
            f"shape {np.shape(image)}."
        )
    picture = Image.fromarray(pixels)
    key = jax.random.key(0) if key is None else key
    return np.asarray(joined(picture, chroma(predict, size, picture, key, side=side)))


def predictor(experiment: Experiment, state: TrainState) -> Predict:
    """The objective's `colorize` of one state, compiled once.

    Each square is a batch by itself: what a network makes of it depends on no other. Raises
    UserError for an objective that does not colorize.
    """
    experiment.require("colorize")
    return lambda lightness, key: experiment.colorize(state, lightness, key)


def has_noise(predict: Predict, size: int) -> bool:
    """Whether another key makes other colors."""
    lightness = jax.random.uniform(jax.random.key(0), (TILES, size, size, 1), minval=-1.0)
    first, second = (np.asarray(predict(lightness, jax.random.key(seed))) for seed in (1, 2))
    return not np.array_equal(first, second)


def chroma(
    predict: Predict,
    size: int,
    picture: Image.Image,
    key: Key,
    *,
    side: int | None = None,
    name: str = "it",
) -> np.ndarray:
    """Chroma f32[h,w,2] of a picture (as of `data.photographs`), of the size that it is scaled to.

    size: of the squares that `predict` takes. side: of the scaled picture's shorter side, by
    default `size`. Raises UserError for a side that is too small or, for this picture, too large;
    `name` is what it calls the picture.
    """
    side = size if side is None else side
    check_side(side, size)
    small = _scaled(picture, side, name)
    lightness = np.asarray(_by_pixel(_lightness, _colors(np.asarray(small))))
    found = blended(predict, lightness, size, key)
    if not np.isfinite(found).all():
        raise NotFiniteError(
            f"The colors of {name} are not finite, so the model has diverged; take an earlier "
            "checkpoint."
        )
    return found


def check_side(side: int, size: int) -> None:
    """Raises UserError for less than the `size` of what the network sees."""
    if side < size:
        raise UserError(
            f"side={side} is less than the {size} pixels of what the network was trained on; set "
            "it to that or more, or leave it out."
        )


def blended(predict: Predict, lightness: np.ndarray, size: int, key: Key) -> np.ndarray:
    """Chroma f32[h,w,2] of lightness f32[h,w,1], neither side below `size`, from squares.

    They overlap by half or more, and each counts as sin^2 of the way from its edge to its middle.
    """
    height, width = lightness.shape[:2]
    corners = [(top, left) for top in _starts(height, size) for left in _starts(width, size)]
    ramp = np.sin(np.pi * (np.arange(size) + 0.5) / size) ** 2
    weight = np.outer(ramp, ramp)[..., None].astype(np.float32)
    total = np.zeros((height, width, 1), np.float32)
    mean = np.zeros((height, width, 2), np.float32)
    for first in range(0, len(corners), TILES):
        some = corners[first : first + TILES]
        places = [np.s_[top : top + size, left : left + size] for top, left in some]
        # A last call of fewer squares would be compiled anew.
        given = np.stack([lightness[place] for place in [*places, *places[:1] * TILES][:TILES]])
        # The same noise for every square, so that neighbours agree.
        found = np.asarray(predict(given, key_for(key, "square")), np.float32)
        for place, seen in zip(places, found, strict=False):
            total[place] += weight
            # The mean so far moves towards the new one: of equal ones it is exact.
            mean[place] += (seen - mean[place]) * (weight / total[place])
    return mean


def joined(picture: Image.Image, found: np.ndarray) -> Image.Image:
    """The picture as "RGB", or "RGBA" where it has alpha, with chroma f32[h,w,2] scaled to it.

    L is the picture's up to the rounding to 8 bits: where a color is none of sRGB it is the chroma
    that gives way, see `core.color.chroma_within_srgb`.
    """
    channels = [Image.fromarray(np.ascontiguousarray(found[..., i])) for i in range(2)]
    whole = Image.new("RGBA" if picture.mode in ("LA", "RGBA") else "RGB", picture.size)
    for first, end in photographs.strips(picture.size):
        part = photographs.strip(picture, first, end)
        # A strip of the whole as Pillow scales it: bilinear, and over an area where it shrinks.
        top, bottom = (row * found.shape[0] / picture.height for row in (first, end))
        box = (0, top, found.shape[1], bottom)
        shape = (picture.width, end - first)
        large = [c.resize(shape, Image.Resampling.BILINEAR, box) for c in channels]
        ab = np.stack([np.asarray(c) for c in large], axis=-1)
        rgb = np.asarray(_by_pixel(_joined, _colors(part), ab))
        if whole.mode == "RGBA":
            rgb = np.concatenate([rgb, part[..., -1:]], axis=-1)
        whole.paste(Image.fromarray(rgb), (0, first))
    return whole


def _scaled(picture: Image.Image, side: int, name: str) -> Image.Image:
    shorter = min(picture.size)
    width, height = (round(side * min(length / shorter, _LONGEST)) for length in picture.size)
    if width * height > _MOST:
        raise UserError(
            f"side={side} scales {name} to {width} x {height} pixels, and {_MOST:,} is the most; "
            "choose a smaller one."
        )
    return photographs.on_white(picture.resize((width, height), Image.Resampling.BILINEAR))


def _starts(length: int, size: int) -> list[int]:
    """Where squares of `size` begin that cover `length`, each half of its neighbour or more."""
    most = length - size
    return even_rows(np.arange(most + 1), -(-2 * most // size) + 1).tolist()


def _colors(pixels: np.ndarray) -> np.ndarray:
    """Gray [h,w,1] or color [h,w,3], without alpha."""
    if pixels.ndim == 2:
        return pixels[..., None]
    return pixels[..., : (1 if pixels.shape[-1] == 2 else 3)]


def _by_pixel(function: Callable[..., Array], *arrays: np.ndarray) -> np.ndarray:
    """A compiled function of pixels [n,c], of arrays [h,w,c], some at a time.

    Their number is a power of two, so that few programs serve pictures of all sizes.
    """
    shape = arrays[0].shape[:2]
    flat = [array.reshape(-1, array.shape[-1]) for array in arrays]
    count = len(flat[0])
    block = min(max(1 << (count - 1).bit_length(), _BLOCK[0]), _BLOCK[1])
    parts = []
    for first in range(0, count, block):
        some = [pixels[first : first + block] for pixels in flat]
        lack = block - len(some[0])
        given = [np.pad(pixels, ((0, lack), (0, 0))) if lack else pixels for pixels in some]
        parts.append(np.asarray(function(*given))[: block - lack])
    return np.concatenate(parts).reshape(*shape, -1)


def _srgb(pixels: Array) -> Array:
    """f32[n,3] in [0,1] of gray or color of 8 or 16 bits, [n,1] or [n,3]."""
    most = 65535.0 if pixels.dtype == jnp.uint16 else 255.0
    return jnp.broadcast_to(pixels.astype(jnp.float32) / most, (len(pixels), 3))


@jax.jit
def _lightness(pixels: Array) -> Array:
    return color.to_lightness_and_chroma(_srgb(pixels))[0]


@jax.jit
def _joined(pixels: Array, ab: Array) -> Any:
    lightness = color.to_lightness_and_chroma(_srgb(pixels))[0]
    rgb = color.from_lightness_and_chroma(lightness, color.chroma_within_srgb(lightness, ab))
    return jnp.round(255.0 * rgb).astype(jnp.uint8)
