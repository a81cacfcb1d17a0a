"""Draws against the likelihoods: over evenly spread noise, their frequencies are the masses."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgen.losses import likelihood
from jaxgen.models import pixel_outputs

pytestmark = [pytest.mark.core, pytest.mark.usefixtures("quick_compilation")]

GRID = np.arange(256) / 127.5 - 1


def spread(num):
    """Midpoints of `num` equal parts of [0,1)."""
    return (jnp.arange(num) + 0.5) / num


def frequencies(values, rows=256):
    return np.bincount(np.asarray(likelihood.to_levels(values)).ravel(), minlength=rows) / (
        values.size
    )


def test_bernoulli_frequency():
    drawn = pixel_outputs.draw_bernoulli(jnp.full((1000,), 0.4), spread(1000))
    assert set(np.unique(drawn)) == {-1.0, 1.0}
    assert float(jnp.mean(drawn > 0)) == pytest.approx(1 / (1 + np.exp(-0.4)), abs=1e-3)
    cold = pixel_outputs.draw_bernoulli(jnp.full((1000,), 0.4), spread(1000), 0.5)
    assert float(jnp.mean(cold > 0)) == pytest.approx(1 / (1 + np.exp(-0.8)), abs=1e-3)


@pytest.mark.parametrize("size", [3, 256])
def test_category_frequencies(size):
    num = 40 * size
    logits = 2 * jax.random.normal(jax.random.key(0), (size,))
    drawn = jax.jit(pixel_outputs.draw_category)(jnp.broadcast_to(logits, (num, size)), spread(num))
    found = np.bincount(np.asarray(drawn), minlength=size) / num
    np.testing.assert_allclose(found, jax.nn.softmax(logits), atol=1.5 / num)


def test_category_takes_the_extremes_of_noise():
    logits = jnp.zeros((2, 256))
    noise = jnp.asarray([0.0, np.nextafter(np.float32(1), np.float32(0))])
    assert pixel_outputs.draw_category(logits, noise).tolist() == [0, 255]


@pytest.mark.parametrize("output", ["categorical", "logistic_mixture"])
def test_temperature_zero_is_the_likeliest_or_the_mean_of_the_heaviest_component(output):
    noise = spread(7)
    if output == "categorical":
        logits = jax.random.normal(jax.random.key(0), (256,))
        drawn = pixel_outputs.draw_category(jnp.broadcast_to(logits, (7, 256)), noise, 0.0)
        assert set(drawn.tolist()) == {int(jnp.argmax(logits))}
    else:
        params = jnp.asarray([0.0, 1.0, GRID[3], GRID[200], 0.3, 0.3])
        noise = jnp.stack([noise, noise], axis=-1)
        drawn = pixel_outputs.draw_logistic_mixture(jnp.broadcast_to(params, (7, 6)), noise, 0.0)
        assert set(likelihood.to_levels(drawn).ravel().tolist()) == {200}


def test_mixture_frequencies_are_the_likelihood():
    params = jnp.asarray([0.3, -0.2, -0.7, 0.9, -2.0, -1.0])  # one component spills over 1
    component, logistic = jnp.meshgrid(spread(50), spread(4000))
    noise = jnp.stack([component.ravel(), logistic.ravel()], axis=-1)
    drawn = jax.jit(pixel_outputs.draw_logistic_mixture)(
        jnp.broadcast_to(params, (len(noise), 6)), noise
    )
    nll = likelihood.discretized_logistic_mixture_nll(
        jnp.broadcast_to(params, (256, 1, 1, 6)),
        jnp.asarray(GRID, jnp.float32).reshape(256, 1, 1, 1),
    )
    # The weights of the components are only met to 1/50.
    np.testing.assert_allclose(np.cumsum(frequencies(drawn)), np.cumsum(np.exp(-nll)), atol=0.012)


def test_green_and_blue_follow_the_drawn_channels():
    """At the least scale a draw is its mean, in the bin that has nearly all of the mass."""
    params = np.zeros(10, np.float32)
    params[1:] = [0.3, -20, 0.5, -0.1, -20, -0.8, 0.2, -20, 0.7]  # mean, log scale, coefficient
    noise = jnp.full((1, 4), 0.5)
    drawn = np.asarray(pixel_outputs.draw_logistic_mixture(jnp.asarray(params)[None], noise))[0]
    r, g, b = drawn
    assert r == pytest.approx(0.3, abs=1 / 255)
    assert g == pytest.approx(-0.1 + np.tanh(0.5) * r, abs=1 / 255)
    assert b == pytest.approx(0.2 + np.tanh(-0.8) * r + np.tanh(0.7) * g, abs=1 / 255)
    nll = likelihood.discretized_logistic_mixture_nll(
        jnp.asarray(params).reshape(1, 1, 1, 10), jnp.asarray(drawn).reshape(1, 1, 1, 3)
    )
    assert float(nll[0]) < 1.5
