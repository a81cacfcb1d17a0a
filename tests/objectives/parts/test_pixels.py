"""Models of pixels: how images become binary, whose likelihood is meant, and samples' noise."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgen.core import Layout, Spec
from jaxgen.losses import likelihood
from jaxgen.objectives.parts import pixels

pytestmark = pytest.mark.core


@dataclasses.dataclass(frozen=True)
class Numbers:
    output: str = "bernoulli"
    image_size: int = 4
    channels: int = 1
    binarise: str = "threshold"


def spec_of(layout=None, **numbers):
    return Spec(nets={}, tx={}, hparams=Numbers(**numbers), layout=layout or Layout())


GRAY = np.float32(np.linspace(-1, 1, 5).repeat(4000).reshape(5, -1, 1, 1))


def test_binarisation():
    binary = {
        how: np.asarray(pixels.binarise(spec_of(binarise=how), GRAY, jax.random.key(0)))
        for how in pixels.BINARISE
    }
    np.testing.assert_array_equal(binary["threshold"], np.where(GRAY > 0, 1, -1))
    np.testing.assert_array_equal(binary["none"], GRAY)
    assert set(np.unique(binary["sample"])) == {-1.0, 1.0}
    share = (binary["sample"] > 0).mean((1, 2, 3))
    np.testing.assert_allclose(share, [0, 0.25, 0.5, 0.75, 1], atol=0.03)
    assert share[0] == 0.0
    assert share[4] == 1.0


def test_without_a_key_nothing_is_random():
    found = pixels.binarise(spec_of(binarise="sample"), GRAY)
    np.testing.assert_array_equal(found, np.where(GRAY > 0, 1, -1))


@pytest.mark.parametrize("how", pixels.BINARISE)
@pytest.mark.parametrize("output", ["categorical", "logistic_mixture"])
def test_only_models_of_binary_pixels_make_them_binary(output, how):
    spec = spec_of(output=output, binarise=how)
    np.testing.assert_array_equal(pixels.binarise(spec, GRAY, jax.random.key(0)), GRAY)


@pytest.mark.parametrize(
    ("output", "parameters", "expected"),
    [
        ("bernoulli", (1,), likelihood.bernoulli_nll),
        ("categorical", (1, 256), likelihood.categorical_nll),
        ("logistic_mixture", (6,), likelihood.discretized_logistic_mixture_nll),
    ],
)
def test_likelihood_is_that_of_the_output(output, parameters, expected):
    found = jax.random.normal(jax.random.key(0), (3, 2, 2, *parameters))
    image = jnp.where(jax.random.bernoulli(jax.random.key(1), 0.5, (3, 2, 2, 1)), 1.0, -1.0)
    nats = pixels.nll(spec_of(output=output), found, image)
    np.testing.assert_array_equal(nats, expected(found, image))


@pytest.mark.parametrize(
    ("output", "channels", "size"),
    [
        ("bernoulli", 1, 1),
        ("categorical", 1, 1),
        ("categorical", 3, 3),
        ("logistic_mixture", 1, 2),
        ("logistic_mixture", 3, 4),
    ],
)
def test_noise_is_uniform_and_belongs_to_the_image_wherever_it_is(output, channels, size):
    spec = spec_of(output=output, channels=channels)
    noise = np.asarray(pixels.draw_noise(spec, jax.random.key(0), 8))
    assert noise.shape == (8, 4, 4, size)
    assert noise.min() >= 0
    assert noise.max() < 1
    assert noise.mean() == pytest.approx(0.5, abs=0.1)
    shards = jax.vmap(
        lambda _: pixels.draw_noise(spec.on(Layout("data")), jax.random.key(0), 2),
        axis_name="data",
        axis_size=4,
    )(jnp.arange(4))
    np.testing.assert_array_equal(shards.reshape(noise.shape), noise)
