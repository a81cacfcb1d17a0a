"""Reconstruction losses against numpy and closed forms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgen.losses import reconstruction

pytestmark = pytest.mark.core

CROSS = jnp.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])


def pair(*shape):
    rng = np.random.default_rng(1)
    return rng.normal(size=shape), rng.normal(size=shape)


@pytest.mark.parametrize("shape", [(4, 6), (2, 3, 3, 5)])
def test_against_numpy(shape):
    x, y = pair(*shape)
    xj, yj = jnp.asarray(x, jnp.float32), jnp.asarray(y, jnp.float32)
    np.testing.assert_allclose(reconstruction.l1(xj, yj), np.mean(np.abs(x - y)), rtol=1e-5)
    np.testing.assert_allclose(reconstruction.l2(xj, yj), np.mean((x - y) ** 2), rtol=1e-5)
    unit = [a / np.linalg.norm(a, axis=-1, keepdims=True) for a in (x, y)]
    np.testing.assert_allclose(
        reconstruction.cosine(xj, yj), 2 - np.mean(unit[0] * unit[1]), rtol=1e-5
    )


def test_worked_by_hand():
    shifted = jnp.roll(CROSS, 1, axis=0)
    assert float(reconstruction.l1(CROSS, shifted)) == 1.0
    assert float(reconstruction.l2(CROSS, shifted)) == 1.0
    assert float(reconstruction.cosine(CROSS, shifted)) == 2.0


@pytest.mark.parametrize("size", [2, 64, 128])
def test_perfect_cosine_match(size):
    x = jnp.asarray(np.random.default_rng(0).normal(size=(8, size)), jnp.float32)
    assert float(reconstruction.cosine(x, 3.0 * x)) == pytest.approx(2 - 1 / size, abs=1e-6)


def test_on_the_sphere_l2_has_twice_the_gradient_of_cosine():
    """With u = x/|x|: |u-z|^2 = 2 - 2 u.z, so the means' gradients differ by exactly 2."""
    from jaxgen.losses.moments import project_to_sphere

    x, z = (jnp.asarray(a, jnp.float32) for a in pair(4, 8))
    z = project_to_sphere(z)
    l2 = jax.grad(lambda x: reconstruction.l2(project_to_sphere(x), z))(x)
    cosine = jax.grad(lambda x: reconstruction.cosine(project_to_sphere(x), z))(x)
    np.testing.assert_allclose(l2, 2 * cosine, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("name", ["l1", "l2", "cosine"])
def test_losses_of_bfloat16_arrays_are_computed_in_float32(name):
    x, y = (jnp.asarray(a, jnp.bfloat16) for a in pair(4, 8))
    loss = getattr(reconstruction, name)
    value = loss(x, y)
    assert value.dtype == jnp.float32
    np.testing.assert_array_equal(value, loss(x.astype(jnp.float32), y.astype(jnp.float32)))


@pytest.mark.parametrize("name", ["l1", "l2", "cosine"])
def test_shapes_that_would_broadcast_are_refused(name):
    with pytest.raises(ValueError, match="equal shapes"):
        getattr(reconstruction, name)(jnp.zeros((4, 8)), jnp.zeros((4, 8, 1, 1)))
