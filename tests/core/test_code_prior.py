"""Priors on codes against their definitions; posteriors' noise; both the same on any device."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgen.core import Layout, Spec, code_prior, posterior

pytestmark = pytest.mark.core


@dataclasses.dataclass(frozen=True)
class Numbers:
    code_prior: str = "gaussian"
    code_size: int = 2
    prior_scale: float = 5.0
    components: int = 8
    posterior: str = "implicit"
    input_noise: str = "dropout"
    input_noise_level: float = 0.2


def spec_of(layout=None, **numbers):
    return Spec(nets={}, tx={}, hparams=Numbers(**numbers), layout=layout or Layout())


def test_gaussian_has_its_scale():
    codes = np.asarray(code_prior.draw_code(spec_of(code_size=3), jax.random.key(0), 4000))
    assert codes.shape == (4000, 3)
    np.testing.assert_allclose(codes.std(0), 5.0, rtol=0.05)
    np.testing.assert_allclose(codes.mean(0), 0.0, atol=0.4)


def test_categorical_is_one_hot_and_balanced():
    spec = spec_of(code_prior="categorical", code_size=5)
    codes = np.asarray(code_prior.draw_code(spec, jax.random.key(0), 5000))
    np.testing.assert_array_equal(np.sort(codes, 1), [[0, 0, 0, 0, 1]] * 5000)
    np.testing.assert_allclose(codes.mean(0), 0.2, atol=0.03)


def test_components_lie_on_a_circle_stretched_along_their_radius():
    count, each = 6, 2000
    component = jnp.repeat(jnp.arange(count), each)
    points = np.asarray(code_prior.mixture(Layout(), jax.random.key(0), component, count))
    for k, part in enumerate(points.reshape(count, each, 2)):
        angle = 2 * np.pi * k / count
        along, across = (
            np.array([np.cos(angle), np.sin(angle)]),
            np.array([-np.sin(angle), np.cos(angle)]),
        )
        np.testing.assert_allclose(part.mean(0), 1.4 * along, atol=0.05)
        assert (part @ along).std() == pytest.approx(0.5, rel=0.06)
        assert (part @ across).std() == pytest.approx(0.1, rel=0.06)


def test_mixture_is_a_component_each_scaled():
    spec = spec_of(code_prior="mixture", prior_scale=10.0, components=4)
    codes = np.asarray(code_prior.draw_code(spec, jax.random.key(0), 4000)) / 10.0
    assert np.square(codes).sum(1).mean() == pytest.approx(1.4**2 + 0.5**2 + 0.1**2, rel=0.05)
    axis = np.abs(codes).min(1)  # distance from the nearest of the four axes
    assert np.median(axis) < 0.1
    quadrant = np.round(np.arctan2(codes[:, 1], codes[:, 0]) / (np.pi / 2)).astype(int) % 4
    np.testing.assert_allclose(np.bincount(quadrant) / 4000, 0.25, atol=0.05)


@pytest.mark.parametrize("prior", code_prior.PRIORS)
def test_draws_do_not_depend_on_devices(prior):
    whole = code_prior.draw_code(spec_of(code_prior=prior), jax.random.key(1), 8)
    split = spec_of(Layout("data"), code_prior=prior)
    shards = jax.vmap(
        lambda _: code_prior.draw_code(split, jax.random.key(1), 2), axis_name="data", axis_size=4
    )(jnp.arange(4))
    np.testing.assert_allclose(shards.reshape(8, -1), whole, rtol=1e-6, atol=1e-7)


def test_dropout_makes_pixels_black_and_keeps_the_mean():
    image = jnp.full((400, 8, 8, 1), 0.5)
    noisy = np.asarray(posterior.corrupt(spec_of(), image, jax.random.key(0)))
    black = noisy == -1.0
    assert black.mean() == pytest.approx(0.2, abs=0.01)
    np.testing.assert_allclose(noisy[~black], 1.5 / 0.8 - 1.0, rtol=1e-6)
    assert noisy.mean() == pytest.approx(0.5, abs=0.02)


def test_gaussian_input_noise_is_on_the_scale_of_zero_to_one():
    spec = spec_of(input_noise="gaussian", input_noise_level=0.3)
    noisy = posterior.corrupt(spec, jnp.zeros((400, 8, 8, 1)), jax.random.key(0))
    assert float(noisy.std()) == pytest.approx(0.6, rel=0.02)


def test_gaussian_posterior_has_the_networks_moments():
    spec = spec_of(posterior="gaussian")
    output = jnp.tile(jnp.array([[1.0, -2.0, np.log(0.5), np.log(3.0)]]), (4000, 1))
    codes = np.asarray(posterior.to_real_code(spec, output, jax.random.key(0)))
    np.testing.assert_allclose(codes.mean(0), [1.0, -2.0], atol=0.15)
    np.testing.assert_allclose(codes.std(0), [0.5, 3.0], rtol=0.05)
    np.testing.assert_array_equal(posterior.to_real_code(spec, output)[0], [1.0, -2.0])


def test_entropies_of_certain_balanced_and_of_collapsed_codes():
    spec = spec_of(code_prior="categorical", code_size=4)
    balanced = posterior.code_metrics(spec, jnp.eye(4))
    assert float(balanced["usage_entropy"]) == pytest.approx(np.log(4), rel=1e-6)
    assert float(balanced["assignment_entropy"]) == 0.0
    collapsed = posterior.code_metrics(spec, jnp.eye(4)[jnp.zeros(6, jnp.int32)])
    assert float(collapsed["usage_entropy"]) == 0.0
    undecided = posterior.code_metrics(spec, jnp.full((6, 4), 0.25))
    assert float(undecided["assignment_entropy"]) == pytest.approx(np.log(4), rel=1e-6)


@pytest.mark.parametrize("prior", ["categorical", "gaussian"])
def test_metrics_are_of_the_global_batch(prior):
    codes = jax.random.dirichlet(jax.random.key(0), jnp.ones(4), (8,))
    whole = posterior.code_metrics(spec_of(code_prior=prior, code_size=4), codes)
    split = spec_of(Layout("data"), code_prior=prior, code_size=4)
    measure = jax.vmap(lambda x: posterior.code_metrics(split, x), axis_name="data")
    for name, value in measure(codes.reshape(4, 2, 4)).items():
        np.testing.assert_allclose(value, [whole[name]] * 4, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"posterior": "normal"}, "posterior"),
        ({"input_noise": "salt"}, "input_noise"),
        ({"input_noise_level": -0.1}, "input_noise_level"),
        ({"input_noise_level": 1.0}, "below 1"),
    ],
)
def test_bad_numbers_are_refused(bad, message):
    with pytest.raises(ValueError, match=message):
        posterior.check(Numbers(**bad))
