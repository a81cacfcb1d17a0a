"""AGE's divergences against numpy in float64 and against values known in closed form."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgen.losses import moments

pytestmark = pytest.mark.core

# Rows of four unit codes in the plane: mean 0, variance 1/2 in both dimensions.
CROSS = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])


def codes(rows, columns, seed=0):
    return np.random.default_rng(seed).normal(0.3, 1.7, (rows, columns))


def on_sphere(x):
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def numpy_kl(c, direction, form):
    """Per dimension, the KL divergence of two normals with standard deviation s."""
    m, v = c.mean(0), ((c - c.mean(0)) ** 2).mean(0)
    s = v if form == "published" else np.sqrt(v)
    if direction == "qp":
        return np.mean(0.5 * (s * s + m * m) - np.log(s) - 0.5)
    return np.mean((1 + m * m) / (2 * s * s) + np.log(s) - 0.5)


def test_moments_are_biased_and_of_the_batch():
    c = codes(6, 3)
    mean, var = moments.batch_moments(jnp.asarray(c, jnp.float32))
    np.testing.assert_allclose(mean, c.mean(0), rtol=1e-5)
    np.testing.assert_allclose(var, c.var(0), rtol=1e-5)


def test_moments_of_bfloat16_codes_are_accumulated_in_float32():
    mean, _ = moments.batch_moments(jnp.ones((4096, 1), jnp.bfloat16))
    assert mean.dtype == jnp.float32
    assert float(mean[0]) == 1.0


@pytest.mark.parametrize("direction", ["qp", "pq"])
@pytest.mark.parametrize("form", ["published", "textbook"])
def test_kl_against_numpy(direction, form):
    c = codes(32, 5)
    mean, var = moments.batch_moments(jnp.asarray(c, jnp.float32))
    value = moments.kl_to_standard_normal(mean, var, direction=direction, form=form)
    np.testing.assert_allclose(value, numpy_kl(c, direction, form), rtol=2e-5)


@pytest.mark.parametrize(
    ("direction", "form", "known"),
    [
        ("qp", "published", 0.318147),
        ("qp", "textbook", 0.096574),
        ("pq", "published", 0.806853),
        ("pq", "textbook", 0.153426),
    ],
)
def test_kl_of_four_codes_worked_by_hand(direction, form, known):
    mean, var = moments.batch_moments(jnp.asarray(CROSS, jnp.float32))
    value = moments.kl_to_standard_normal(mean, var, direction=direction, form=form)
    assert float(value) == pytest.approx(known, abs=2e-6)


@pytest.mark.parametrize(
    ("size", "form", "floor"),
    [
        (64, "published", 3.65901),
        (128, "published", 4.35206),
        (64, "textbook", 1.58725),
        (128, "textbook", 1.92992),
    ],
)
def test_floor_on_the_unit_sphere(size, form, floor):
    value = moments.kl_to_standard_normal(jnp.zeros(size), jnp.full(size, 1 / size), form=form)
    assert float(value) == pytest.approx(floor, abs=1e-5)


@pytest.mark.parametrize(("rows", "size", "known"), [(64, 64, 3.690), (256, 64, 3.667)])
def test_uniform_codes_reach_the_expected_value_of_a_finite_batch(rows, size, known):
    values = []
    for seed in range(60):
        c = on_sphere(np.random.default_rng(seed).normal(size=(rows, size)))
        values.append(
            float(
                moments.kl_to_standard_normal(
                    *moments.batch_moments(jnp.asarray(c, jnp.float32)), form="published"
                )
            )
        )
    assert np.mean(values) == pytest.approx(known, abs=2e-3)


def test_published_gradient_is_twice_the_textbook_one_through_the_sphere():
    """On the sphere sum(var + mean^2) is 1, which leaves minus the mean log-variance, once or half.

    Codes of unequal deviations, because at equal ones both gradients vanish.
    """
    deviations = np.geomspace(0.3, 3.0, 64)
    x = jnp.asarray(np.random.default_rng(0).normal(size=(64, 64)) * deviations, jnp.float32)

    def kl(x, form):
        mean, var = moments.batch_moments(moments.project_to_sphere(x))
        return moments.kl_to_standard_normal(mean, var, form=form)

    published = np.asarray(jax.grad(kl)(x, "published"), np.float64).ravel()
    textbook = np.asarray(jax.grad(kl)(x, "textbook"), np.float64).ravel()
    assert np.linalg.norm(published) / np.linalg.norm(textbook) == pytest.approx(2.0, rel=1e-3)
    cosine = published @ textbook / np.linalg.norm(published) / np.linalg.norm(textbook)
    assert cosine > 0.999999


def test_nearest_neighbour_kl():
    assert float(moments.nearest_neighbour_kl(jnp.asarray(CROSS, jnp.float32))) == pytest.approx(
        -1.136394, abs=1e-5
    )
    c = codes(9, 4)
    squares = ((c[:, None] - c[None]) ** 2).sum(-1) + np.diag(np.full(9, np.inf))
    expected = (c**2).mean() / 2 - 4 * np.mean(np.log(squares.min(1) + 1e-4))
    value = moments.nearest_neighbour_kl(jnp.asarray(c, jnp.float32))
    np.testing.assert_allclose(value, expected, rtol=1e-5)
    gradient = jax.grad(moments.nearest_neighbour_kl)(jnp.asarray(c, jnp.float32))
    assert bool(jnp.all(jnp.isfinite(gradient)))


def test_relative_spread():
    x = jnp.asarray(codes(8, 4).reshape(8, 2, 2, 1), jnp.float32)
    assert float(moments.relative_spread(3 * x + 5, x)) == pytest.approx(3, rel=1e-5)
    same = jnp.broadcast_to(x[:1], x.shape)
    assert float(moments.relative_spread(same, x)) == pytest.approx(0, abs=1e-6)


def test_projection_to_the_sphere():
    x = codes(5, 7)
    np.testing.assert_allclose(
        moments.project_to_sphere(jnp.asarray(x, jnp.float32)), on_sphere(x), rtol=1e-5
    )
    # The Jacobian at x is (I - u u^T) / |x|.
    row = jnp.asarray(x[0], jnp.float32)
    jacobian = jax.jacrev(moments.project_to_sphere)(row)
    u, norm = on_sphere(x)[0], np.linalg.norm(x[0])
    np.testing.assert_allclose(jacobian, (np.eye(7) - np.outer(u, u)) / norm, atol=1e-6)


def test_projection_at_zero_is_zero_with_a_finite_gradient():
    zero = jnp.zeros((2, 3))
    assert not np.any(moments.project_to_sphere(zero))
    gradient = jax.grad(lambda x: jnp.sum(moments.project_to_sphere(x)))(zero)
    assert bool(jnp.all(jnp.isfinite(gradient)))


@pytest.mark.parametrize("options", [{"direction": "pp"}, {"form": "official"}])
def test_unknown_options_are_refused(options):
    with pytest.raises(ValueError, match="is not one of"):
        moments.kl_to_standard_normal(jnp.zeros(2), jnp.ones(2), **options)


def test_wrong_shapes_are_refused():
    with pytest.raises(ValueError, match="codes must be"):
        moments.batch_moments(jnp.zeros((4, 1, 1, 8)))
    with pytest.raises(ValueError, match="mean and var"):
        moments.kl_to_standard_normal(jnp.zeros(2), jnp.ones(3))
    with pytest.raises(ValueError, match="b >= 2"):
        moments.nearest_neighbour_kl(jnp.zeros((1, 8)))
