"""Photographs of any size through a network of one size: lightness, squares, seams, alpha."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

from jaxgen.core import color
from jaxgen.core.errors import NotFiniteError, UserError
from jaxgen.runs import colorizing

pytestmark = pytest.mark.core
KEY = jax.random.key(0)
# Half a step of 8 bits where steps of L are largest, in dark grays, see `test_lightness_is_kept`.
ROUNDING = 0.26


def photo(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def lab(pixels):
    pixels = np.asarray(pixels)
    return np.asarray(color.rgb_to_lab(pixels[..., :3] / 255.0))


def constant(a, b):
    def predict(lightness, key):
        return jnp.broadcast_to(jnp.array([a, b]), (*lightness.shape[:3], 2))

    return predict


def test_lightness_is_kept():
    """Whatever is predicted, L is off by rounding alone: of gray that of itself, 0.26 at most."""
    pixels = photo(300, 290)
    before, extent = lab(pixels)[..., 0], []
    for amount in (0.0, 0.2, 1.0, 4.0):
        found = np.random.default_rng(1).uniform(-amount, amount, (40, 41, 2)).astype(np.float32)
        after = lab(colorizing.joined(Image.fromarray(pixels), found))
        assert np.abs(after[..., 0] - before).max() < ROUNDING, amount
        assert abs((after[..., 0] - before).mean()) < 0.01  # and not towards one side
        extent.append(np.abs(after[..., 1:]).mean())
    assert extent[0] < 0.2 < 5 < extent[1] < extent[2] < extent[3] + 1e-3
    clipped = np.asarray(color.lab_to_rgb(np.dstack([before, 0 * before + 80, 0 * before - 80])))
    assert np.abs(lab(np.round(255 * clipped))[..., 0] - before).max() > 20 * ROUNDING


def test_chroma_gives_way_along_its_hue():
    lightness = np.linspace(-1, 1, 41, dtype=np.float32)[:, None]
    angle = np.linspace(0, 2 * np.pi, 25)[None]
    for length in (0.05, 0.3, 2.0):
        chroma = length * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
        chroma = np.broadcast_to(chroma, (41, 25, 2)).astype(np.float32)
        light = np.broadcast_to(lightness[..., None], (41, 25, 1))
        got = np.asarray(color.chroma_within_srgb(light, chroma))
        factor = np.linalg.norm(got, axis=-1) / length
        np.testing.assert_allclose(got, factor[..., None] * chroma, atol=1e-6)
        assert ((factor >= 0) & (factor <= 1)).all()
        # Inside nothing is clipped, and there and back is the same.
        back = color.to_lightness_and_chroma(color.from_lightness_and_chroma(light, got))
        np.testing.assert_allclose(back[0], light, atol=2e-4)
        inner = slice(2, -2)
        np.testing.assert_allclose(np.asarray(back[1])[inner], got[inner], atol=2e-3)
        # And not more than it must: a 1/1000 of the length further is outside, or it is all.
        outer = np.minimum(factor + 1e-3, 1.0)[..., None] * chroma
        kept = np.asarray(color.chroma_within_srgb(light, outer))
        assert (np.linalg.norm(kept, axis=-1) <= (factor + 3e-4) * length)[factor < 0.999].all()
    assert (factor[[0, -1]] < 2e-3).all()
    assert (factor[20] > 0.1).all()


def test_the_colors_of_a_photograph_give_it_back():
    """What is joined is what was taken apart: the right axes, scales and pixels."""
    pixels = photo(64, 64)
    _, chroma = color.to_lightness_and_chroma(pixels / 255.0)
    got = colorizing.joined(Image.fromarray(pixels), np.asarray(chroma))
    np.testing.assert_allclose(np.asarray(got, int), pixels, atol=1)


def test_gray_without_chroma_stays_what_it_is():
    gray = np.arange(256, dtype=np.uint8).reshape(8, 32)
    got = np.asarray(colorizing.joined(Image.fromarray(gray), np.zeros((1, 1, 2), np.float32)))
    np.testing.assert_array_equal(got, np.stack([gray] * 3, axis=-1))
    fine = Image.fromarray(gray.astype(np.uint16) * 257 + np.uint16(100) * (gray < 255))
    got = np.asarray(colorizing.joined(fine, np.zeros((1, 1, 2), np.float32)))
    np.testing.assert_array_equal(got, np.stack([gray] * 3, axis=-1))


@pytest.mark.parametrize("shape", [(8, 8), (8, 9), (8, 31), (40, 8), (12, 13), (33, 47), (8, 256)])
def test_a_constant_prediction_is_exact_everywhere(shape):
    light = np.zeros((*shape, 1), np.float32)
    got = colorizing.blended(constant(0.1, -0.7), light, 8, KEY)
    assert got.shape == (*shape, 2)
    np.testing.assert_array_equal(got, np.broadcast_to(np.float32([0.1, -0.7]), got.shape))


@pytest.mark.parametrize("shape", [(8, 29), (40, 8), (33, 47)])
def test_squares_lie_where_they_were_taken_from(shape):
    light = np.random.default_rng(0).uniform(-1, 1, (*shape, 1)).astype(np.float32)
    got = colorizing.blended(lambda x, key: np.concatenate([x, -x], axis=-1), light, 8, KEY)
    np.testing.assert_allclose(got, np.concatenate([light, -light], axis=-1), atol=1e-6)


def test_neighbouring_squares_meet_without_a_seam():
    """Predictions of 1 on every other square: the mean goes from one to the other in small steps.

    Squares that were laid side by side, or that all count alike, would leave steps of 1 or 1/2.
    """
    size, count = 32, 0

    def predict(lightness, key):
        nonlocal count
        numbers = count + np.arange(len(lightness))
        count += len(lightness)
        return np.broadcast_to((numbers % 2)[:, None, None, None], (*lightness.shape[:3], 2))

    for shape in ((32, 160), (160, 32), (96, 96)):
        count = 0
        got = colorizing.blended(predict, np.zeros((*shape, 1), np.float32), size, KEY)
        assert got.min() < 0.02
        assert got.max() > 0.98
        assert max(np.abs(np.diff(got, axis=axis)).max() for axis in (0, 1)) < 0.2


def test_squares_are_given_a_fixed_number_at_a_time_and_one_key():
    seen = []

    def predict(lightness, key):
        seen.append((lightness.shape, lightness.dtype, int(jax.random.bits(key))))
        return np.zeros((*lightness.shape[:3], 2))

    for width in (8, 9, 200):
        colorizing.blended(predict, np.zeros((8, width, 1), np.float32), 8, KEY)
    assert len(seen) == 1 + 1 + -(-49 // colorizing.TILES)
    assert len(set(seen)) == 1
    assert seen[0][:2] == ((colorizing.TILES, 8, 8, 1), np.dtype("f4"))
    colorizing.blended(predict, np.zeros((8, 8, 1), np.float32), 8, jax.random.key(1))
    assert seen[-1] != seen[0]


@pytest.mark.parametrize(
    ("size", "side", "expected"),
    [
        ((80, 60), None, (8, 11)),
        ((60, 80), None, (11, 8)),
        ((60, 80), 24, (32, 24)),
        ((4, 2), None, (8, 16)),
        ((1, 1), None, (8, 8)),
        ((1, 5000), None, (8 * 32, 8)),
        ((5000, 1), 9, (9, 9 * 32)),
    ],
)
def test_the_shorter_side_becomes_that_of_the_network(size, side, expected):
    picture = Image.new("L", size)
    got = colorizing.chroma(constant(0, 0), 8, picture, KEY, side=side)
    assert got.shape == (*expected, 2)


def test_sides_that_cannot_be():
    picture = Image.new("L", (2000, 3000))
    with pytest.raises(UserError, match="side=7 is less than the 8 pixels"):
        colorizing.chroma(constant(0, 0), 8, picture, KEY, side=7)
    with pytest.raises(UserError, match=r"side=4000 scales x\.png to 4000 x 6000 pixels, and 16,7"):
        colorizing.chroma(constant(0, 0), 8, picture, KEY, side=4000, name="x.png")


def test_what_the_network_sees_is_the_lightness():
    """Of 8 and 16 bits, gray and color, and what is transparent white, as in training."""
    seen = []

    def predict(lightness, key):
        seen.append(lightness[0])
        return np.zeros((*lightness.shape[:3], 2))

    pixels = photo(8, 8)
    gray = pixels[..., 0]
    alpha = np.where(np.arange(64).reshape(8, 8) % 3, 255, 0).astype(np.uint8)
    pictures = [
        Image.fromarray(pixels),
        Image.fromarray(gray),
        Image.fromarray(gray.astype(np.uint16) * 257),
        Image.fromarray(np.dstack([gray, alpha]), "LA"),
        Image.fromarray(np.dstack([pixels, alpha]), "RGBA"),
    ]
    for picture in pictures:
        colorizing.chroma(predict, 8, picture, KEY)
    gray3 = np.stack([gray] * 3, axis=-1)
    clear = (alpha == 0)[..., None]
    shown = [pixels, gray3, gray3, np.where(clear, 255, gray3), np.where(clear, 255, pixels)]
    for got, expected in zip(seen, shown, strict=True):
        np.testing.assert_allclose(got[..., 0], lab(expected)[..., 0] / 50 - 1, atol=1e-5)


@pytest.mark.parametrize(("height", "width"), [(150, 9000), (9000, 150), (1, 2**20 + 3), (3, 1)])
def test_strips_make_the_picture_that_one_piece_would(height, width):
    """Chroma of 6 x 7 scaled to a size of several strips is what Pillow scales at once."""
    found = np.random.default_rng(0).uniform(-0.1, 0.1, (6, 7, 2)).astype(np.float32)
    gray = Image.new("L", (width, height), 120)
    got = lab(colorizing.joined(gray, found))[..., 1:] / 110
    for channel in range(2):
        whole = Image.fromarray(np.ascontiguousarray(found[..., channel]))
        expected = whole.resize((width, height), Image.Resampling.BILINEAR)
        np.testing.assert_allclose(got[..., channel], expected, atol=0.012)  # 8 bits


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_alpha_is_unchanged(mode):
    pixels = np.dstack([photo(20, 30), photo(20, 30, 1)])[..., : 4 if mode == "RGBA" else 2]
    picture = Image.fromarray(np.ascontiguousarray(pixels), mode)
    got = np.asarray(colorizing.joined(picture, np.full((8, 12, 2), 0.1, np.float32)))
    assert got.shape == (20, 30, 4)
    np.testing.assert_array_equal(got[..., 3], pixels[..., -1])


def test_chroma_that_is_not_finite_is_an_error():
    predict = constant(0.0, np.nan)
    with pytest.raises(NotFiniteError, match=r"The colors of x\.png are not finite"):
        colorizing.chroma(predict, 8, Image.new("L", (9, 9)), KEY, name="x.png")


def test_noise_is_noticed():
    assert not colorizing.has_noise(constant(0.1, 0.1), 8)
    assert colorizing.has_noise(
        lambda x, key: constant(0.1, 0.1)(x, key) + jax.random.normal(key, ()), 8
    )
