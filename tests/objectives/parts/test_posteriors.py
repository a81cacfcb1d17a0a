"""Posteriors: their noise, their moments, and what is measured of codes, on any device."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgen.core import Layout, Spec
from jaxgen.objectives.parts import posteriors

pytestmark = pytest.mark.core


@dataclasses.dataclass(frozen=True)
class Numbers:
    code_prior: str = "gaussian"
    code_size: int = 2
    posterior: str = "implicit"
    input_noise: str = "dropout"
    input_noise_level: float = 0.2


def spec_of(layout=None, **numbers):
    return Spec(nets={}, tx={}, hparams=Numbers(**numbers), layout=layout or Layout())


def test_dropout_makes_pixels_black_and_keeps_the_mean():
    image = jnp.full((400, 8, 8, 1), 0.5)
    noisy = np.asarray(posteriors.corrupt(spec_of(), image, jax.random.key(0)))
    black = noisy == -1.0
    assert black.mean() == pytest.approx(0.2, abs=0.01)
    np.testing.assert_allclose(noisy[~black], 1.5 / 0.8 - 1.0, rtol=1e-6)
    assert noisy.mean() == pytest.approx(0.5, abs=0.02)


def test_gaussian_input_noise_is_on_the_scale_of_zero_to_one():
    spec = spec_of(input_noise="gaussian", input_noise_level=0.3)
    noisy = posteriors.corrupt(spec, jnp.zeros((400, 8, 8, 1)), jax.random.key(0))
    assert float(noisy.std()) == pytest.approx(0.6, rel=0.02)


def test_gaussian_posterior_has_the_networks_moments():
    spec = spec_of(posterior="gaussian")
    output = jnp.tile(jnp.array([[1.0, -2.0, np.log(0.5), np.log(3.0)]]), (4000, 1))
    codes = np.asarray(posteriors.to_real_code(spec, output, jax.random.key(0)))
    np.testing.assert_allclose(codes.mean(0), [1.0, -2.0], atol=0.15)
    np.testing.assert_allclose(codes.std(0), [0.5, 3.0], rtol=0.05)
    np.testing.assert_array_equal(posteriors.to_real_code(spec, output)[0], [1.0, -2.0])


def test_entropies_of_certain_balanced_and_of_collapsed_codes():
    spec = spec_of(code_prior="categorical", code_size=4)
    balanced = posteriors.code_metrics(spec, jnp.eye(4))
    assert float(balanced["usage_entropy"]) == pytest.approx(np.log(4), rel=1e-6)
    assert float(balanced["assignment_entropy"]) == 0.0
    collapsed = posteriors.code_metrics(spec, jnp.eye(4)[jnp.zeros(6, jnp.int32)])
    assert float(collapsed["usage_entropy"]) == 0.0
    undecided = posteriors.code_metrics(spec, jnp.full((6, 4), 0.25))
    assert float(undecided["assignment_entropy"]) == pytest.approx(np.log(4), rel=1e-6)


@pytest.mark.parametrize("prior", ["categorical", "gaussian"])
def test_metrics_are_of_the_global_batch(prior):
    codes = jax.random.dirichlet(jax.random.key(0), jnp.ones(4), (8,))
    whole = posteriors.code_metrics(spec_of(code_prior=prior, code_size=4), codes)
    split = spec_of(Layout("data"), code_prior=prior, code_size=4)
    measure = jax.vmap(lambda x: posteriors.code_metrics(split, x), axis_name="data")
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
        posteriors.check(Numbers(**bad))
