"""CIELAB against float64 numpy from the standards, and against scikit-image's values."""

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
# scikit-image's rounded constants, which jaxgen has as well: not quite those of the standards.
ROUNDED = np.array(
    [[0.412453, 0.35758, 0.180423], [0.212671, 0.71516, 0.072169], [0.019334, 0.119193, 0.950227]]
)
ROUNDED_WHITE = np.array([0.95047, 1, 1.08883])
STANDARD = np.array([0.006, 0.016, 0.009])  # how much L, a, b of either constants differ at most


def xyz_of(chromaticity):
    x, y = np.moveaxis(chromaticity, -1, 0)
    return np.stack([x / y, np.ones_like(x), (1 - x - y) / y], axis=-1)


def numpy_lab(rgb):
    t = linear_of(rgb) @ ROUNDED.T / ROUNDED_WHITE
    return lab_of(np.where(t > 0.008856, np.cbrt(t), 7.787 * t + 4 / 29))


def standard_lab(rgb):
    primaries, white = xyz_of(PRIMARIES).T, xyz_of(WHITE)
    to_xyz = primaries * np.linalg.solve(primaries, white)
    t = linear_of(rgb) @ to_xyz.T / white
    return lab_of(np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29))


def linear_of(rgb):
    return np.where(rgb <= KNEE, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab_of(f):
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


# scikit-image 0.26.0, float64.
@pytest.mark.parametrize(
    ("rgb", "lab"),
    [
        ((255, 255, 255), (100.0, -0.00245, 0.00465)),
        ((119, 119, 119), (50.03444, -0.0014, 0.00265)),
        ((10, 10, 10), (2.74173, -0.00017, 0.00033)),
        ((255, 0, 0), (53.24059, 80.09231, 67.20275)),
        ((0, 255, 0), (87.7351, -86.18303, 83.1797)),
        ((0, 0, 255), (32.29567, 79.18559, -107.8573)),
        ((255, 255, 0), (97.13951, -21.55468, 94.47812)),
        ((0, 255, 255), (91.1133, -48.0906, -14.12633)),
        ((255, 0, 255), (60.32351, 98.23305, -60.82102)),
        ((1, 2, 3), (0.50983, -0.12249, -0.4705)),
        ((25, 12, 200), (25.67753, 63.67234, -87.37101)),
        ((201, 147, 88), (64.95638, 13.76344, 38.92401)),
    ],
    ids=str,
)
def test_values_of_scikit_image(rgb, lab):
    np.testing.assert_allclose(color.rgb_to_lab(jnp.asarray(rgb) / 255), lab, atol=1e-4)


@pytest.mark.parametrize(
    ("lab", "rgb"),
    [
        ((50, 0, 0), (0.46633, 0.46632, 0.46634)),
        ((50, 120, -120), (0.72227, 0.0, 1.0)),
        ((0, 90, -90), (0.0, 0.0, 0.5227)),
        ((20, 0, 110), (0.26181, 0.18188, 0.0)),  # Z is negative, and its root
        ((10, 0, 100), (0.17919, 0.09952, 0.0)),
        ((5, -30, 10), (0.0, 0.11405, 0.0)),
        ((90, -100, 60), (0.0, 1.0, 0.39553)),
        ((-20, 0, 0), (0.0, 0.0, 0.0)),
    ],
    ids=str,
)
def test_inverses_of_scikit_image(lab, rgb):
    np.testing.assert_allclose(color.lab_to_rgb(jnp.asarray(lab, float)), rgb, atol=2e-5)


@pytest.mark.filterwarnings("ignore:Conversion from CIE-LAB:UserWarning")  # negative Z
def test_equal_to_scikit_image_over_and_outside_of_the_gamut():
    reference = pytest.importorskip("skimage.color")
    levels = np.arange(0, 256, 5) / 255
    rgb = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), -1)
    found = jax.jit(color.rgb_to_lab)(jnp.asarray(rgb))
    np.testing.assert_allclose(found, reference.rgb2lab(rgb), rtol=0, atol=1e-4)
    lab = np.random.default_rng(0).uniform([0, -110, -110], [100, 110, 110], (1, 50000, 3))
    found = jax.jit(color.lab_to_rgb)(jnp.asarray(lab))
    np.testing.assert_allclose(found, reference.lab2rgb(lab), rtol=0, atol=1e-4)


def test_lab_is_the_standards_over_the_cube():
    near_black = np.linspace(0, 0.1, 300)[:, None] * np.array([[1.0, 0.6, 0.2]])
    for rgb in (GRID, near_black):
        found = jax.jit(color.rgb_to_lab)(jnp.asarray(rgb))
        np.testing.assert_allclose(found, numpy_lab(rgb), rtol=0, atol=1e-4)
        assert (np.abs(found - standard_lab(rgb)) < STANDARD).all()


def test_inverse_over_the_cube():
    back = jax.jit(lambda rgb: color.lab_to_rgb(color.rgb_to_lab(rgb)))(jnp.asarray(GRID))
    np.testing.assert_allclose(back, GRID, atol=1e-4)
    inside = np.linspace(0.3, 0.7, 9)[:, None] + np.array([[0.1, 0.0, -0.1]])
    again = color.rgb_to_lab(color.lab_to_rgb(jnp.asarray(numpy_lab(inside))))
    np.testing.assert_allclose(again, numpy_lab(inside), atol=1e-2)


def test_8_bit_images_survive():
    levels = np.r_[:255:6, 255]
    pixels = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), -1).reshape(-1, 3)
    pixels = np.concatenate([pixels, np.arange(256)[:, None].repeat(3, axis=1)])

    @jax.jit
    def there_and_back(rgb):
        scaled = color.to_lightness_and_chroma(rgb)
        return color.lab_to_rgb(color.rgb_to_lab(rgb)), color.from_lightness_and_chroma(*scaled)

    for back in there_and_back(jnp.asarray(pixels / 255)):
        np.testing.assert_array_equal(np.round(np.asarray(back) * 255), pixels)


def test_networks_see_lightness_and_chroma_of_one_scale():
    lightness, chroma = jax.jit(color.to_lightness_and_chroma)(jnp.asarray(GRID))
    assert (lightness.shape, chroma.shape) == ((18, 18, 18, 1), (18, 18, 18, 2))
    assert (lightness.dtype, chroma.dtype) == (jnp.float32, jnp.float32)
    lab = numpy_lab(GRID)
    np.testing.assert_allclose(lightness, lab[..., :1] / 50 - 1, atol=1e-5)
    np.testing.assert_allclose(chroma, lab[..., 1:] / 110, atol=1e-5)
    found = [float(jnp.min(lightness)), float(jnp.max(lightness))]
    np.testing.assert_allclose(found, [-1, 1], atol=1e-6)
    found = [float(jnp.min(chroma)), float(jnp.max(chroma))]
    np.testing.assert_allclose(found, [-0.9805, 0.8930], atol=1e-4)
    half = color.from_lightness_and_chroma(jnp.zeros((2, 1)), jnp.zeros((2, 2)))
    np.testing.assert_allclose(half, np.full((2, 3), 0.46633), atol=2e-5)


def test_a_loss_in_rgb_has_gradients_at_black_at_the_knots_and_out_of_gamut():
    lightness = np.linspace(-1.2, 1.2, 13)  # -1 is black; L = 8 is where the cube root begins
    lightness = np.append(lightness, 8 / 50 - 1)
    chroma = np.linspace(-1, 1, 9)
    points = np.stack(np.meshgrid(lightness, chroma, chroma), -1).reshape(-1, 3)
    points = jnp.asarray(points, jnp.float32)

    def loss(point):
        rgb = color.from_lightness_and_chroma(point[..., :1], point[..., 1:])
        return jnp.sum(jnp.square(rgb - 0.3))

    gradient = np.asarray(jax.jit(jax.grad(loss))(points))
    assert np.isfinite(gradient).all()
    inside = gradient[np.isclose(points[:, 0], 0) & (np.abs(points[:, 1:]) < 1e-6).all(1)]
    assert inside.shape == (1, 3)
    assert (np.abs(inside) > 1e-3).all()
    back = jax.grad(lambda rgb: sum(jnp.sum(x**2) for x in color.to_lightness_and_chroma(rgb)))
    assert np.isfinite(np.asarray(back(jnp.asarray(GRID, jnp.float32) * 1.4 - 0.2))).all()


def test_grays_have_no_chroma():
    gray = np.repeat(np.linspace(0, 1, 256)[:, None], 3, axis=1)
    lab = np.asarray(color.rgb_to_lab(jnp.asarray(gray)))
    assert np.abs(lab[:, 1:]).max() < 5e-3  # scikit-image's white is not that of its matrix
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
