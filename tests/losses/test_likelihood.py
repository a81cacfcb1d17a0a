"""Likelihoods against float64 numpy written from the papers' formulas, and their sums to one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgen.losses import likelihood

pytestmark = pytest.mark.core

GRID = np.arange(256) / 127.5 - 1


def sigmoid(x):
    return 0.5 * (1 + np.tanh(x / 2))


def draws(shape, seed=0, scale=1.0):
    return np.random.default_rng(seed).normal(0, scale, shape)


def f32(x):
    return jnp.asarray(x, jnp.float32)


def test_bernoulli_against_numpy():
    logits, x = draws((3, 4, 5, 1), scale=3.0), np.sign(draws((3, 4, 5, 1), 1))
    p = sigmoid(logits)
    expected = -np.where(x > 0, np.log(p), np.log(1 - p)).sum((1, 2, 3))
    np.testing.assert_allclose(likelihood.bernoulli_nll(f32(logits), f32(x)), expected, rtol=1e-5)


def test_bernoulli_takes_gray_targets_as_probabilities():
    value = likelihood.bernoulli_nll(f32([[0.7]]), f32([[0.5]]))
    expected = -0.75 * np.log(sigmoid(0.7)) - 0.25 * np.log(1 - sigmoid(0.7))
    np.testing.assert_allclose(value, [expected], rtol=1e-6)


def test_bernoulli_is_finite_at_large_logits():
    value, gradient = jax.value_and_grad(
        lambda z: likelihood.bernoulli_nll(z, -jnp.ones((1, 1)))[0]
    )(jnp.full((1, 1), 500.0))
    assert float(value) == pytest.approx(500.0)
    assert float(gradient[0, 0]) == pytest.approx(1.0)


def slopes(function, *arrays, step=1e-6):
    """Central differences of a sum, by each number of each float64 array."""
    found = []
    for array in arrays:
        slope = np.zeros_like(array)
        for i in np.ndindex(array.shape):
            here, sides = array[i], []
            for array[i] in (here + step, here - step):
                sides.append(function(*arrays).sum())
            array[i] = here
            slope[i] = (sides[0] - sides[1]) / (2 * step)
        found.append(slope)
    return found


def gaussian(mean, x, scale):
    """-log of the density, each number's written out, summed for each row."""
    density = np.exp(-((x - mean) ** 2) / (2 * scale**2)) / np.sqrt(2 * np.pi * scale**2)
    return -np.log(density).reshape(len(x), -1).sum(1)


@pytest.mark.parametrize("scale", [0.1, 1.0, 3.0])
@pytest.mark.parametrize("shape", [(3, 2, 2, 1), (3, 5)])
def test_gaussian_against_numpy(shape, scale):
    mean = draws(shape)
    x = mean + scale * draws(shape, 1)
    value = likelihood.gaussian_nll(f32(mean), f32(x), scale=scale)
    np.testing.assert_allclose(value, gaussian(mean, x, scale), rtol=1e-4, atol=1e-4)
    gradients = jax.grad(
        lambda *args: likelihood.gaussian_nll(*args, scale=scale).sum(), argnums=(0, 1)
    )(f32(mean), f32(x))
    expected = slopes(lambda mean, x: gaussian(mean, x, scale), mean, x)
    for found, slope in zip(gradients, expected):
        np.testing.assert_allclose(found, slope, rtol=1e-3, atol=1e-4 / scale)


def test_gaussian_integrates_to_one_and_takes_a_mask():
    x = np.linspace(-6.0, 6.0, 2001)
    nats = likelihood.gaussian_nll(jnp.full((2001, 1), 0.3), f32(x)[:, None], scale=0.8)
    assert float(np.exp(-np.asarray(nats)).sum() * (x[1] - x[0])) == pytest.approx(1.0, abs=1e-4)
    image = f32(draws((1, 2, 2, 3)))
    where = jnp.array([[[True, False], [False, False]]])
    one = likelihood.gaussian_nll(0.0 * image[:, :1, :1], image[:, :1, :1])
    masked = likelihood.gaussian_nll(0.0 * image, image, where=where)
    np.testing.assert_allclose(masked, one, rtol=1e-6)


def kl(mean, log_sigma):
    """As an integral of q log q / p over a fine grid, summed over dimensions."""
    noise = np.linspace(-9.0, 9.0, 4001)
    weight = np.exp(-(noise**2) / 2) / np.sqrt(2 * np.pi) * (noise[1] - noise[0])
    z = mean[..., None] + np.exp(log_sigma)[..., None] * noise
    log_ratio = -(noise**2) / 2 - log_sigma[..., None] + z**2 / 2
    return (weight * log_ratio).sum(-1).sum(-1)


def test_gaussian_kl_is_the_integral_and_so_is_its_gradient():
    mean, log_sigma = draws((4, 3)), draws((4, 3), 1, 0.7)
    value = likelihood.gaussian_kl(f32(mean), f32(log_sigma))
    np.testing.assert_allclose(value, kl(mean, log_sigma), rtol=1e-5)
    gradients = jax.grad(lambda *args: likelihood.gaussian_kl(*args).sum(), argnums=(0, 1))(
        f32(mean), f32(log_sigma)
    )
    for found, slope in zip(gradients, slopes(kl, mean, log_sigma, step=1e-5)):
        np.testing.assert_allclose(found, slope, rtol=1e-3, atol=1e-4)


def test_gaussian_kl_is_exact_near_the_prior():
    """There 1 + log sigma^2 - sigma^2 is a difference of like numbers."""
    assert float(likelihood.gaussian_kl(jnp.zeros((1, 9)), jnp.zeros((1, 9)))[0]) == 0.0
    for log_sigma in (1e-3, -1e-3, 1e-2):
        exact = (np.expm1(2 * log_sigma) - 2 * log_sigma) / 2  # in float64
        found = likelihood.gaussian_kl(jnp.zeros((1, 1)), jnp.full((1, 1), log_sigma))
        assert float(found[0]) == pytest.approx(exact, rel=1e-3)


def test_categorical_against_numpy():
    logits = draws((2, 3, 2, 3, 256), scale=2.0)
    levels = np.random.default_rng(1).integers(0, 256, (2, 3, 2, 3))
    log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    expected = -np.take_along_axis(log_p, levels[..., None], -1).sum((1, 2, 3, 4))
    value = likelihood.categorical_nll(f32(logits), f32(levels / 127.5 - 1))
    np.testing.assert_allclose(value, expected, rtol=1e-5)


def test_all_256_values_survive_the_scale():
    np.testing.assert_array_equal(likelihood.to_levels(f32(GRID)), np.arange(256))
    np.testing.assert_allclose(likelihood.from_levels(jnp.arange(256)), GRID, atol=1e-7)
    pixels = jnp.arange(256).astype(jnp.uint8).astype(jnp.float32) / 127.5 - 1.0
    np.testing.assert_array_equal(likelihood.to_levels(pixels), np.arange(256))


def test_layout_of_a_mixture():
    """Logits, then for each channel all means, all log scales and, for three, all coefficients."""
    params = 2 - 0.5 * jnp.arange(20.0)[None]
    logits, means, log_scales, coefficients = likelihood.mixture_parts(params, 3)
    table = np.asarray(params[0, 2:]).reshape(3, 3, 2)
    np.testing.assert_array_equal(logits, [[2.0, 1.5]])
    np.testing.assert_array_equal(means[0], table[:, 0])
    np.testing.assert_array_equal(log_scales[0], np.maximum(table[:, 1], -7.0))
    np.testing.assert_allclose(coefficients[0], np.tanh(table[:, 2]), atol=1e-6)
    logits, means, log_scales, _ = likelihood.mixture_parts(params[:, :6], 1)
    np.testing.assert_array_equal(logits, [[2.0, 1.5]])
    np.testing.assert_array_equal(means, [[[1.0, 0.5]]])
    np.testing.assert_array_equal(log_scales, [[[0.0, -0.5]]])
    assert [likelihood.mixture_size(channels) for channels in (1, 3)] == [3, 10]


def mixture(params, x):
    """p(x) of one pixel x [c] in float64: sum over components of products of masses of bins."""
    channels = len(x)
    kinds = 3 if channels == 3 else 2
    mixtures = len(params) // (1 + channels * kinds)
    weights = np.exp(params[:mixtures])
    weights /= weights.sum()
    table = params[mixtures:].reshape(channels, kinds, mixtures)
    total = 0.0
    for k in range(mixtures):
        mass = weights[k]
        for c in range(channels):
            mean, scale = table[c, 0, k], np.exp(max(table[c, 1, k], -7.0))
            if c == 1:
                mean += np.tanh(table[0, 2, k]) * x[0]
            if c == 2:
                mean += np.tanh(table[1, 2, k]) * x[0] + np.tanh(table[2, 2, k]) * x[1]
            above = 1.0 if x[c] > 0.999 else sigmoid((x[c] + 1 / 255 - mean) / scale)
            below = 0.0 if x[c] < -0.999 else sigmoid((x[c] - 1 / 255 - mean) / scale)
            mass *= above - below
        total += mass
    return total


@pytest.mark.parametrize("channels", [1, 3])
def test_mixture_against_numpy(channels):
    size = 4 * (10 if channels == 3 else 3)
    params = draws((2, 3, 2, size), scale=0.7)
    x = GRID[np.random.default_rng(1).integers(0, 256, (2, 3, 2, channels))]
    x[0, 0, 0], x[0, 0, 1] = -1.0, 1.0
    expected = [
        -sum(np.log(mixture(params[b, i, j], x[b, i, j])) for i in range(3) for j in range(2))
        for b in range(2)
    ]
    value = likelihood.discretized_logistic_mixture_nll(f32(params), f32(x))
    np.testing.assert_allclose(value, expected, rtol=2e-4)


def test_mixture_of_one_channel_sums_to_one():
    params = np.broadcast_to(draws(9, scale=1.5), (256, 1, 1, 9))
    nll = likelihood.discretized_logistic_mixture_nll(f32(params), f32(GRID.reshape(256, 1, 1, 1)))
    assert float(jnp.sum(jnp.exp(-nll))) == pytest.approx(1.0, abs=1e-5)


def test_green_and_blue_sum_out():
    """Summed over green and blue, p(r, g, b) is the one-channel mixture of red alone."""
    params = draws(20, scale=0.8)
    red = 77
    levels = np.stack(np.meshgrid([red], np.arange(256), np.arange(256)), -1).reshape(-1, 1, 1, 3)
    many = jnp.broadcast_to(f32(params), (len(levels), 1, 1, 20))
    nll = likelihood.discretized_logistic_mixture_nll(many, f32(levels / 127.5 - 1))
    assert float(jnp.sum(jnp.exp(-nll))) == pytest.approx(
        mixture(params[:6], GRID[red : red + 1]), rel=1e-4
    )


def test_mixture_far_from_the_data_is_finite():
    params = f32([0.0, 30.0, -20.0]).reshape(1, 1, 1, 3)
    x = jnp.zeros((1, 1, 1, 1))
    value, gradient = jax.value_and_grad(
        lambda p: likelihood.discretized_logistic_mixture_nll(p, x)[0]
    )(params)
    assert float(value) == pytest.approx((30 - 1 / 255) * np.exp(7.0), rel=1e-4)
    assert bool(jnp.all(jnp.isfinite(gradient)))


@pytest.mark.parametrize("log_scale", [10.0, 15.99, 16.01, 60.0, 90.0, 1e4])
def test_mixture_of_any_width_is_finite(log_scale):
    """Far out a middle bin has the width 2/255 over 4 scales, the outer two a half each."""
    params = f32([0.0, 0.5, log_scale]).reshape(1, 1, 1, 3)
    for value, expected in ((0.0, log_scale + np.log(4 * 255 / 2)), (-1.0, np.log(2.0))):
        x = jnp.full((1, 1, 1, 1), value)
        nats, gradient = jax.value_and_grad(
            lambda p, x=x: likelihood.discretized_logistic_mixture_nll(p, x)[0]
        )(params)
        assert float(nats) == pytest.approx(expected, rel=1e-4)
        slope = 1.0 if value == 0.0 else 0.0
        np.testing.assert_allclose(gradient.ravel(), [0.0, 0.0, slope], atol=1e-4)


def test_bits_per_dim():
    assert float(likelihood.bits_per_dim(jnp.asarray(28 * 28 * np.log(2.0)), (28, 28, 1))) == (
        pytest.approx(1.0)
    )
    # 256 values alike are 8 bits.
    nll = likelihood.categorical_nll(jnp.zeros((1, 4, 4, 3, 256)), jnp.zeros((1, 4, 4, 3)))
    np.testing.assert_allclose(likelihood.bits_per_dim(nll, (4, 4, 3)), [8.0], rtol=1e-5)


def test_wrong_shapes_are_refused():
    with pytest.raises(ValueError, match="one shape"):
        likelihood.bernoulli_nll(jnp.zeros((2, 4, 4, 1)), jnp.zeros((2, 4, 4)))
    with pytest.raises(ValueError, match="mean and x must be of one shape"):
        likelihood.gaussian_nll(jnp.zeros((2, 4)), jnp.zeros((2, 1)))
    with pytest.raises(ValueError, match="mean and log_sigma must be of one shape"):
        likelihood.gaussian_kl(jnp.zeros((2, 4)), jnp.zeros((2, 1)))
    with pytest.raises(ValueError, match="256"):
        likelihood.categorical_nll(jnp.zeros((2, 4, 4, 1)), jnp.zeros((2, 4, 4, 1)))
    with pytest.raises(ValueError, match="10K parameters"):
        likelihood.discretized_logistic_mixture_nll(
            jnp.zeros((1, 1, 1, 9)), jnp.zeros((1, 1, 1, 3))
        )
    with pytest.raises(ValueError, match="1 or 3 channels, not 2"):
        likelihood.mixture_parts(jnp.zeros((1, 12)), 2)
