"""Priors on codes against their definitions, the same on any device."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgen.core import Layout, Spec
from jaxgen.objectives.parts import priors

pytestmark = pytest.mark.core


@dataclasses.dataclass(frozen=True)
class Numbers:
    code_prior: str = "gaussian"
    code_size: int = 2
    prior_scale: float = 5.0
    components: int = 8


def spec_of(layout=None, **numbers):
    return Spec(nets={}, tx={}, hparams=Numbers(**numbers), layout=layout or Layout())


def test_gaussian_has_its_scale():
    codes = np.asarray(priors.draw_code(spec_of(code_size=3), jax.random.key(0), 4000))
    assert codes.shape == (4000, 3)
    np.testing.assert_allclose(codes.std(0), 5.0, rtol=0.05)
    np.testing.assert_allclose(codes.mean(0), 0.0, atol=0.4)


def test_categorical_is_one_hot_and_balanced():
    spec = spec_of(code_prior="categorical", code_size=5)
    codes = np.asarray(priors.draw_code(spec, jax.random.key(0), 5000))
    np.testing.assert_array_equal(np.sort(codes, 1), [[0, 0, 0, 0, 1]] * 5000)
    np.testing.assert_allclose(codes.mean(0), 0.2, atol=0.03)


def test_components_lie_on_a_circle_stretched_along_their_radius():
    count, each = 6, 2000
    component = jnp.repeat(jnp.arange(count), each)
    points = np.asarray(priors.mixture(Layout(), jax.random.key(0), component, count))
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
    codes = np.asarray(priors.draw_code(spec, jax.random.key(0), 4000)) / 10.0
    assert np.square(codes).sum(1).mean() == pytest.approx(1.4**2 + 0.5**2 + 0.1**2, rel=0.05)
    axis = np.abs(codes).min(1)  # distance from the nearest of the four axes
    assert np.median(axis) < 0.1
    quadrant = np.round(np.arctan2(codes[:, 1], codes[:, 0]) / (np.pi / 2)).astype(int) % 4
    np.testing.assert_allclose(np.bincount(quadrant) / 4000, 0.25, atol=0.05)


@pytest.mark.parametrize("prior", priors.PRIORS)
def test_draws_do_not_depend_on_devices(prior):
    whole = priors.draw_code(spec_of(code_prior=prior), jax.random.key(1), 8)
    split = spec_of(Layout("data"), code_prior=prior)
    shards = jax.vmap(
        lambda _: priors.draw_code(split, jax.random.key(1), 2), axis_name="data", axis_size=4
    )(jnp.arange(4))
    np.testing.assert_allclose(shards.reshape(8, -1), whole, rtol=1e-6, atol=1e-7)


def test_a_component_is_drawn_for_each_that_is_asked_for():
    """Scaled as draws of the whole mixture are, and each where its own component lies."""
    spec = spec_of(code_prior="mixture", prior_scale=10.0, components=4)
    asked = jnp.arange(2000) % 4
    codes = np.asarray(priors.of_component(spec, jax.random.key(0), asked)) / 10.0
    for k, centre in enumerate([(1.4, 0.0), (0.0, 1.4), (-1.4, 0.0), (0.0, -1.4)]):
        np.testing.assert_allclose(codes[k::4].mean(0), centre, atol=0.1)
    assert np.square(codes).sum(1).mean() == pytest.approx(1.4**2 + 0.5**2 + 0.1**2, rel=0.05)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"code_prior": "uniform"}, 'code_prior="uniform" is not one of gaussian, mixture'),
        ({"code_prior": "categorical"}, "code_prior"),  # not of those that are allowed here
        ({"code_size": 0}, "code_size"),
        ({"components": 0}, "components"),
        ({"prior_scale": -1.0}, "prior_scale"),
        ({"code_prior": "mixture", "code_size": 3}, "code_size=3 must be 2"),
    ],
)
def test_bad_numbers_are_refused(bad, message):
    priors.check(Numbers(code_prior="mixture"), "gaussian", "mixture")
    with pytest.raises(ValueError, match=message):
        priors.check(Numbers(**bad), "gaussian", "mixture")
