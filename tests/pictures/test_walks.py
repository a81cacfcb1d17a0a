import jax.numpy as jnp
import numpy as np
import pytest

from jaxgen.pictures.walks import (
    arithmetic,
    decoded_arithmetic,
    decoded_walk,
    linear,
    neighbourhood,
    spherical,
    walk,
)

pytestmark = pytest.mark.core


def _decode(latent):
    """Images that show their latent."""
    assert latent.dtype == np.float32
    return latent.reshape(len(latent), 1, 1, -1)


def test_the_arc_between_axes():
    start, end = 2 * np.eye(3)[0], 2 * np.eye(3)[1]
    for share in (0.0, 0.25, 0.5, 1.0):
        angle = share * np.pi / 2
        expected = [2 * np.cos(angle), 2 * np.sin(angle), 0]
        np.testing.assert_allclose(spherical(start, end, share), expected, atol=1e-12)


def test_arcs_keep_the_norm_and_lines_do_not():
    rng = np.random.default_rng(0)
    start, end = rng.normal(size=(2, 5, 100))
    end *= np.linalg.norm(start, axis=1, keepdims=True) / np.linalg.norm(end, axis=1, keepdims=True)
    norm = np.linalg.norm(start, axis=1)
    half = np.full(5, 0.5)
    np.testing.assert_allclose(np.linalg.norm(spherical(start, end, half), axis=1), norm)
    np.testing.assert_allclose(linear(start, end, half), (start + end) / 2)
    assert np.all(np.linalg.norm(linear(start, end, half), axis=1) < 0.85 * norm)


def test_arcs_have_equal_steps():
    points = walk(np.eye(4)[:1], np.eye(4)[1:2], 9)[0]
    angles = np.arccos(np.sum(points[1:] * points[:-1], axis=1))
    np.testing.assert_allclose(angles, np.pi / 16, rtol=1e-4)


def test_parallel_opposite_and_zero_latents_go_straight():
    x = np.array([1.0, 2.0])
    np.testing.assert_allclose(spherical(x, 3 * x, 0.5), 2 * x)
    np.testing.assert_allclose(spherical(x, -x, 0.25), 0.5 * x, atol=1e-12)
    np.testing.assert_allclose(spherical(0 * x, x, 0.25), 0.25 * x)


@pytest.mark.parametrize("along", [linear, spherical])
def test_walks_start_and_end_where_they_should(along):
    rng = np.random.default_rng(1)
    start, end = rng.normal(size=(2, 3, 5))
    found = walk(start, end, 7, along=along)
    assert (found.shape, found.dtype) == ((3, 7, 5), np.float32)
    np.testing.assert_allclose(found[:, 0], start, rtol=1e-6)
    np.testing.assert_allclose(found[:, -1], end, rtol=1e-6)
    np.testing.assert_allclose(found[:, 2], along(start, end, np.full(3, 2 / 6)), rtol=1e-5)
    images = decoded_walk(_decode, start, end, 7, along=along)
    np.testing.assert_array_equal(images.reshape(3, 7, 5), found)


def test_codes_may_be_arrays_of_jax():
    start, end = np.random.default_rng(2).normal(size=(2, 3, 5)).astype(np.float32)
    found = walk(jnp.asarray(start), jnp.asarray(end), 4)
    assert type(found) is np.ndarray
    np.testing.assert_array_equal(found, walk(start, end, 4))


def test_arithmetic_averages_exemplars():
    a, b, c = np.array([[3.0, 0], [5, 0]]), np.array([[1.0, 1]]), np.array([[0.0, 6], [0, 8]])
    np.testing.assert_allclose(arithmetic(a, b, c), [3.0, 6.0])


def test_the_neighbourhood_has_the_latent_in_its_centre():
    latent = np.arange(200.0)
    found = neighbourhood(latent, seed=0)
    assert (found.shape, found.dtype) == ((9, 200), np.float32)
    np.testing.assert_array_equal(found[4], latent)
    noise = np.delete(found, 4, axis=0) - latent
    assert 0.24 < np.abs(noise).max() <= 0.25 + 1e-5
    np.testing.assert_allclose(noise.std(), 0.25 / np.sqrt(3), rtol=0.05)
    assert len(np.unique(noise[:, 0])) == 8
    assert np.array_equal(found, neighbourhood(latent, seed=0))
    assert not np.array_equal(found, neighbourhood(latent, seed=1))


def test_decoded_arithmetic():
    rng = np.random.default_rng(2)
    a, b, c = rng.normal(size=(3, 3, 6))
    shown, result = decoded_arithmetic(_decode, a, b, c, seed=3)
    shown = shown.reshape(3, 4, 6)
    np.testing.assert_allclose(shown[:, :3], [a, b, c], rtol=1e-6)
    np.testing.assert_allclose(shown[:, 3], [a.mean(0), b.mean(0), c.mean(0)], rtol=1e-5)
    result = result.reshape(9, 6)
    expected = shown[0, 3] - shown[1, 3] + shown[2, 3]
    np.testing.assert_allclose(result[4], expected, rtol=1e-4, atol=1e-6)
    assert np.abs(result - result[4]).max() <= 0.25 + 1e-5
