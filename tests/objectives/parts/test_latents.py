"""Latents: their priors, and images of them."""

import dataclasses

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxgen.core import Layout, Nets, Spec, create, key_for
from jaxgen.objectives.parts import latents

pytestmark = pytest.mark.core

M = 4


@dataclasses.dataclass(frozen=True)
class Numbers:
    latent_prior: str = "normal"
    latent_size: int = M


class Scale(nn.Module):
    """Images of one pixel a latent, for which training and evaluation differ."""

    @nn.compact
    def __call__(self, latent, label=0, *, train):
        scale = self.param("scale", nn.initializers.constant(2.0), ())
        return (scale * latent + 100.0 * train + label)[:, None, :, None]


def spec_of(layout=None, *, ema=None, **numbers):
    return Spec(
        nets={"generator": Scale()},
        tx={"generator": optax.sgd(1.0)},
        hparams=Numbers(**numbers),
        ema=ema or {},
        layout=layout or Layout(),
    )


def state_of(spec):
    return create(spec, jax.random.key(0), {"generator": (latents.example(spec),)})


@pytest.mark.parametrize(
    ("prior", "low", "high", "std"),
    [
        ("normal", -6, 6, 1.0),
        ("uniform", -1, 1, 3**-0.5),
        ("uniform_unit", -(3**0.5), 3**0.5, 1.0),
        ("unit_hypercube", 0, 1, 12**-0.5),
    ],
)
def test_priors(prior, low, high, std):
    z = np.asarray(latents.draw_code(spec_of(latent_prior=prior), jax.random.key(0), 4000))
    assert z.shape == (4000, M)
    assert low <= z.min() < z.max() <= high
    if prior != "normal":
        assert z.min() - low < 0.02
        assert high - z.max() < 0.02
    assert z.std() == pytest.approx(std, abs=0.02)
    assert z.mean() == pytest.approx((low + high) / 2, abs=0.03)


@pytest.mark.parametrize("prior", latents.PRIORS)
def test_draws_do_not_depend_on_devices(prior):
    whole = latents.draw_code(spec_of(latent_prior=prior), jax.random.key(1), 8)
    split = spec_of(Layout("data"), latent_prior=prior)
    shards = jax.vmap(
        lambda _: latents.draw_code(split, jax.random.key(1), 2), axis_name="data", axis_size=4
    )(jnp.arange(4))
    np.testing.assert_array_equal(shards.reshape(8, -1), whole)


def test_walks_between_normal_latents_alone_are_arcs():
    assert [latents.arcs(Numbers(prior)) for prior in latents.PRIORS] == [True, *[False] * 3]


def test_an_example_has_the_shape_of_a_latent():
    assert latents.example(spec_of()).shape == (1, M)


def test_images_inside_a_loss_are_of_fresh_latents_in_training():
    spec = spec_of()
    state, key = state_of(spec), jax.random.key(3)
    nets = Nets(spec, state.params, state.model_state)
    images = latents.generate(nets, spec, key, 5, 1000.0)
    z = latents.draw_code(spec, key_for(key, "latent"), 5)
    np.testing.assert_allclose(images[:, 0, :, 0], 2.0 * z + 1100.0, rtol=1e-6)


def test_images_outside_are_those_of_the_averaged_generator_in_evaluation():
    spec = spec_of(ema={"generator": 0.9})
    state = state_of(spec).replace(ema={"generator": {"scale": jnp.asarray(7.0)}})
    z = latents.draw_code(spec, jax.random.key(3), 5)
    images = latents.decode(spec, state, z)
    np.testing.assert_allclose(images[:, 0, :, 0], 7.0 * z, rtol=1e-6)
    np.testing.assert_array_equal(latents.sample(spec, state, jax.random.key(3), 5), images)


def test_balanced_labels_are_the_classes_in_turn():
    labels = latents.balanced_labels(7, 3)
    assert labels.dtype == jnp.int32
    np.testing.assert_array_equal(labels, [0, 1, 2, 0, 1, 2, 0])
