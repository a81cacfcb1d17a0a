"""CIELAB against float64 numpy written from the standards, and against published values."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgen.core import color

pytestmark = pytest.mark.core

# CIE 15 and IEC 61966-2-1 with another route to the matrix: from the primaries' chromaticities.
PRIMARIES = np.array([[0.64, 0.33], [0.30, 0.60], [0.15, 0.06]])
WHITE = np.array([0.3127, 0.3290])
GRID = np.stack(np.meshgrid(*[np.linspace(0, 1, 18)] * 3, indexing="ij"), -1)  # steps of 15/255
KNEE = 0.04045


def xyz_of(chromaticity):
    x, y = np.moveaxis(chromaticity, -1, 0)
    return np.stack([x / y, np.ones_like(x), (1 - x - y) / y], axis=-1)


def numpy_lab(rgb):
    primaries, white = xyz_of(PRIMARIES).T, xyz_of(WHITE)
    to_xyz = primaries * np.linalg.solve(primaries, white)
    linear = np.where(rgb <= KNEE, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    t = linear @ to_xyz.T / white
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = np.moveaxis(f, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [
        ((1, 1, 1), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((0.5, 0.5, 0.5), (53.389, 0, 0)),
        ((128 / 255,) * 3, (53.585, 0, 0)),
        ((1, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 1, 0), (87.73, -86.18, 83.18)),
        ((0, 0, 1), (32.30, 79.19, -107.86)),
        ((1, 1, 0), (97.14, -21.55, 94.48)),
        ((0, 1, 1), (91.11, -48.09, -14.13)),
        ((1, 0, 1), (60.32, 98.23, -60.82)),
    ],
    ids=str,
)
def test_published_values(rgb, lab):
    np.testing.assert_allclose(color.rgb_to_lab(jnp.asarray(rgb)), lab, atol=0.02)
    np.testing.assert_allclose(numpy_lab(np.array(rgb, float)), lab, atol=0.02)


def test_lab_is_the_standards_over_the_cube():
    found = jax.jit(color.rgb_to_lab)(jnp.asarray(GRID))
    np.testing.assert_allclose(found, numpy_lab(GRID), atol=2e-3)
    near_black = np.linspace(0, 0.1, 300)[:, None] * np.array([[1.0, 0.6, 0.2]])
    found = color.rgb_to_lab(jnp.asarray(near_black))
    np.testing.assert_allclose(found, numpy_lab(near_black), atol=2e-3)


def test_inverse_over_the_cube():
    back = jax.jit(lambda rgb: color.lab_to_rgb(color.rgb_to_lab(rgb)))(jnp.asarray(GRID))
    np.testing.assert_allclose(back, GRID, atol=1e-4)
    inside = np.linspace(0.3, 0.7, 9)[:, None] + np.array([[0.1, 0.0, -0.1]])
    again = color.rgb_to_lab(color.lab_to_rgb(jnp.asarray(numpy_lab(inside))))
    np.testing.assert_allclose(again, numpy_lab(inside), atol=1e-2)


def test_8_bit_images_survive():
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3))
    back = color.lab_to_rgb(color.rgb_to_lab(jnp.asarray(pixels / 255)))
    np.testing.assert_array_equal(np.round(np.asarray(back) * 255), pixels)


def test_grays_have_no_chroma():
    gray = np.repeat(np.linspace(0, 1, 256)[:, None], 3, axis=1)
    lab = np.asarray(color.rgb_to_lab(jnp.asarray(gray)))
    assert np.abs(lab[:, 1:]).max() < 1e-3
    assert (np.diff(lab[:, 0]) > 0).all()


def test_colors_outside_of_srgb_are_clipped():
    lab = jnp.asarray([[50.0, 120.0, -120.0], [120.0, 0.0, 0.0], [-20.0, 0.0, 0.0], [0, 90, -90]])
    rgb = np.asarray(color.lab_to_rgb(lab))
    assert np.isfinite(rgb).all()
    assert rgb.min() >= 0.0
    assert rgb.max() <= 1.0
    np.testing.assert_allclose(rgb[1], 1.0, atol=1e-6)
    np.testing.assert_allclose(rgb[2], 0.0, atol=1e-6)


def test_gradients_are_finite_and_right_where_the_curves_change():
    linear = (KNEE + 0.055) / 1.055
    dark = float(12.92 * (6 / 29) ** 3)  # where the cube root of a gray begins
    values = np.array([0.0, 1e-6, dark, KNEE, linear**2.4, 0.5, 1.0])
    points = np.stack(np.meshgrid(values, values, values), -1).reshape(-1, 3)
    jacobian = jax.vmap(jax.jacfwd(color.rgb_to_lab))(jnp.asarray(points, jnp.float32))
    assert np.isfinite(jacobian).all()
    backward = jax.vmap(jax.jacrev(color.rgb_to_lab))(jnp.asarray(points, jnp.float32))
    np.testing.assert_allclose(jacobian, backward, rtol=1e-3, atol=1e-2)
    lab = jnp.concatenate([color.rgb_to_lab(jnp.asarray(points)), jnp.zeros((1, 3))])
    for function in (jax.jacfwd, jax.jacrev):
        assert np.isfinite(jax.vmap(function(color.lab_to_rgb))(lab)).all()

    smooth = np.array([[0.2, 0.5, 0.8], [0.01, 0.02, 0.03], [0.0, 0.3, 1.0]])
    found = jax.vmap(jax.jacfwd(color.rgb_to_lab))(jnp.asarray(smooth, jnp.float32))
    steps = 1e-6 * np.eye(3)
    for row, point in enumerate(smooth):
        expected = [(numpy_lab(point + step) - numpy_lab(point - step)) / 2e-6 for step in steps]
        np.testing.assert_allclose(found[row], np.stack(expected, -1), rtol=2e-3, atol=2e-2)


@pytest.mark.parametrize("shape", [(3,), (0, 3), (2, 4, 5, 3)])
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16, jnp.float16])
def test_shapes_and_types(shape, dtype):
    for function in (color.rgb_to_lab, color.lab_to_rgb):
        found = jax.eval_shape(function, jnp.zeros(shape, dtype))
        assert (found.shape, found.dtype) == (shape, jnp.float32)
