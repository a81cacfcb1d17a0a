"""The variational autoencoder: its bound and its likelihood of a model whose own is known."""

import math

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from tiny_games import PIXELS, SIDE, setup

from jaxgen.core import Nets, Spec
from jaxgen.losses import likelihood
from jaxgen.objectives import vae

pytestmark = pytest.mark.core

M, SCALE = 2, 0.3
SHAPE = (-1, SIDE, SIDE, 1)
# Columns that are orthogonal, so that the posterior has no correlations.
W = np.linalg.qr(np.random.default_rng(0).normal(size=(PIXELS, M)))[0] * np.array([0.8, 0.4])
OFFSET = np.array([0.1, -0.2, 0.3, 0.0])


class LinearDecoder(nn.Module):
    """W z + b."""

    @nn.compact
    def __call__(self, code, *, train):
        w = self.param("w", lambda key: jnp.asarray(W, jnp.float32))
        return (code @ w.T + jnp.asarray(OFFSET, jnp.float32)[None]).reshape(SHAPE)


class LinearEncoder(nn.Module):
    """The exact posterior of `LinearDecoder`, its deviations multiplied and its means moved."""

    wider: float = 1.0
    moved: float = 0.0

    @nn.compact
    def __call__(self, image, *, train):
        precision = 1.0 + np.sum(W**2, axis=0) / SCALE**2
        gain = self.param("gain", lambda key: jnp.asarray(W / SCALE**2 / precision, jnp.float32))
        flat = image.reshape(len(image), -1) - jnp.asarray(OFFSET, jnp.float32)[None]
        log_sigma = jnp.asarray(np.log(self.wider / np.sqrt(precision)), jnp.float32)
        mean = flat @ gain + self.moved
        return jnp.concatenate([mean, jnp.broadcast_to(log_sigma, mean.shape)], axis=1)


def linear_gaussian(draws, **encoder):
    """(metrics of held-out images of the model, their exact mean -log p(x))."""
    spec = Spec(
        nets={"encoder": LinearEncoder(**encoder), "decoder": LinearDecoder()},
        tx=dict.fromkeys(vae.NETWORKS, optax.sgd(0.1)),
        hparams=vae.Hparams(
            latent_size=M, likelihood="gaussian", pixel_scale=SCALE, importance_samples=draws
        ),
    )
    rng = np.random.default_rng(1)
    x = rng.normal(size=(64, M)) @ W.T + OFFSET + SCALE * rng.normal(size=(64, PIXELS))
    batch = {"image": jnp.asarray(x.reshape(SHAPE), jnp.float32)}
    state = vae.create_state(spec, jax.random.key(0), batch)
    covariance = W @ W.T + SCALE**2 * np.eye(PIXELS)
    centred = x - OFFSET
    mahalanobis = np.einsum("bi,ij,bj->b", centred, np.linalg.inv(covariance), centred)
    logdet = np.linalg.slogdet(2 * np.pi * covariance)[1]
    return vae.evaluate(spec, state, batch, jax.random.key(2)), (mahalanobis + logdet).mean() / 2


def test_by_the_exact_posterior_one_draw_gives_the_likelihood():
    """Its weight is p(x), whatever the draw; the bound is p(x) but for the draws' noise."""
    found, exact = linear_gaussian(1)
    assert float(found["importance_nats"]) == pytest.approx(exact, abs=1e-4)
    found, exact = linear_gaussian(2000)
    assert float(found["importance_nats"]) == pytest.approx(exact, abs=1e-4)
    assert float(found["elbo_nats"]) == pytest.approx(exact, abs=0.01)


@pytest.mark.parametrize("encoder", [{"wider": 1.5}, {"moved": 0.3}])
def test_importance_weights_take_the_bound_to_the_likelihood(encoder):
    """The gap of the bound is the KL to the exact posterior, here known."""
    precision = 1.0 + np.sum(W**2, axis=0) / SCALE**2
    wider, moved = encoder.get("wider", 1.0), encoder.get("moved", 0.0)
    gap = np.sum((wider**2 + moved**2 * precision - 1) / 2 - math.log(wider))
    few, exact = linear_gaussian(2, **encoder)
    many, _ = linear_gaussian(4000, **encoder)
    assert gap > 0.2
    assert float(many["elbo_nats"]) == pytest.approx(exact + gap, abs=0.02)
    assert float(many["importance_nats"]) == pytest.approx(exact, abs=0.01)
    assert exact + 0.05 < float(few["importance_nats"]) < exact + gap


def test_the_parts_of_the_bound_add_up_whatever_the_weight():
    spec, state, batch = setup("vae", kl_weight=7.0, likelihood="gaussian")
    found = vae.evaluate(spec, state, batch, jax.random.key(3))
    parts = found["reconstruction_nats"] + found["kl_nats"]
    assert float(found["elbo_nats"]) == pytest.approx(float(parts), rel=1e-6)
    flat = np.asarray(batch["image"], np.float64).reshape(-1, PIXELS)
    mean, log_sigma = np.split(flat @ np.asarray(state.params["encoder"]["kernel"]), 2, axis=1)
    kl = (np.exp(2 * log_sigma) + mean**2 - 1 - 2 * log_sigma).sum(1).mean() / 2
    assert float(found["kl_nats"]) == pytest.approx(kl, rel=1e-4)
    assert float(found["importance_nats"]) < float(found["elbo_nats"])


def test_a_posterior_that_is_the_prior_says_nothing():
    spec, state, batch = setup("vae")
    state.params["encoder"] = jax.tree.map(jnp.zeros_like, state.params["encoder"])
    found = vae.evaluate(spec, state, batch, jax.random.key(3))
    assert float(found["kl_nats"]) == 0.0
    assert float(found["elbo_nats"]) == float(found["reconstruction_nats"])


def test_draws_pass_the_decoder_one_batch_at_a_time():
    """So that any number of them takes the memory of one."""
    spec, state, batch = setup("vae", importance_samples=300)
    shapes = []

    class Recorded(Nets):
        def __call__(self, name, *inputs, **options):
            shapes.append((name, inputs[0].shape))
            return super().__call__(name, *inputs, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vae, "evaluating", lambda spec, s: Recorded(spec, s.params, s.model_state))
        program = jax.make_jaxpr(lambda s: vae.evaluate(spec, s, batch, jax.random.key(0)))(state)
    assert shapes == [("encoder", batch["image"].shape), ("decoder", (len(batch["image"]), M))]
    sizes = [v.aval.size for eqn in program.jaxpr.eqns for v in eqn.outvars]
    assert max(sizes) <= 300 * len(batch["image"])  # a number a draw and image


@pytest.mark.parametrize("channels", [1, 3])
def test_a_discretized_logistic_is_of_every_channel_alone(channels):
    """Its probabilities of the 256 values of one channel sum to 1, whatever the others are."""
    spec, *_ = setup("vae", likelihood="discretized", pixel_scale=0.05)
    mean = jnp.broadcast_to(jnp.array([0.2, -0.5, 0.6])[:channels], (256, 1, 1, channels))
    levels = jnp.arange(256.0) / 127.5 - 1.0
    for channel in range(channels):
        x = jnp.zeros((256, 1, 1, channels)).at[:, 0, 0, channel].set(levels)
        log_p = -vae.nll(spec, mean, x)
        others = -vae.nll(spec, mean, jnp.zeros_like(x)) + vae.nll(
            spec, mean[..., channel : channel + 1], jnp.zeros((256, 1, 1, 1))
        )
        assert float(jnp.sum(jnp.exp(log_p - others))) == pytest.approx(1.0, abs=1e-4)
        mode = float(levels[jnp.argmax(log_p)])
        assert mode == pytest.approx(float(mean[0, 0, 0, channel]), abs=1 / 127)


@pytest.mark.parametrize("kind", vae.LIKELIHOODS)
def test_decoded_images_are_the_means(kind):
    spec, state, _ = setup("vae", likelihood=kind)
    kernel = 9.0 * np.asarray(state.params["decoder"]["kernel"], np.float64)
    code = jax.random.normal(jax.random.key(1), (5, M))
    output = np.tanh(np.asarray(code, np.float64) @ kernel / 9.0)
    mean = {"bernoulli": 2 / (1 + np.exp(-output)) - 1}.get(kind, output)
    found = vae.decode(spec, state, code)
    np.testing.assert_allclose(found.reshape(5, -1), mean, rtol=1e-4, atol=1e-6)


def test_means_of_a_linear_decoder_stay_images():
    spec, *_ = setup("vae", likelihood="gaussian")
    nets = {**spec.nets, "decoder": LinearDecoder()}
    spec = Spec(nets=nets, tx=spec.tx, hparams=spec.hparams)
    image = jnp.zeros((1, SIDE, SIDE, 1))
    state = vae.create_state(spec, jax.random.key(0), {"image": image})
    far = vae.decode(spec, state, jnp.full((1, M), 100.0))
    assert float(jnp.max(jnp.abs(far))) == 1.0


def test_what_is_encoded_is_what_is_modelled():
    gray = jnp.linspace(-1.0, 1.0, 4 * PIXELS).reshape(SHAPE)
    binary = jnp.where(gray > 0, 1.0, -1.0)
    for how in ("threshold", "sample"):
        spec, state, _ = setup("vae", binarise=how)
        codes = [vae.encode(spec, state, image) for image in (gray, binary)]
        np.testing.assert_array_equal(*codes)
        assert set(np.unique(vae.as_modelled(spec, gray, jax.random.key(0)))) == {-1.0, 1.0}
    for given in ({"binarise": "none"}, {"likelihood": "gaussian"}, {"likelihood": "discretized"}):
        spec, state, _ = setup("vae", **given)
        assert vae.as_modelled(spec, gray, jax.random.key(0)) is gray
        assert np.any(vae.encode(spec, state, gray) != vae.encode(spec, state, binary))


def test_gray_images_are_drawn_again_at_every_step_and_in_every_evaluation():
    spec, state, _ = setup("vae", binarise="sample")
    batch = {"image": jnp.zeros((4, SIDE, SIDE, 1))}
    found = [vae.evaluate(spec, state, batch, jax.random.key(i))["kl_nats"] for i in (0, 0, 1)]
    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize(
    ("hparams", "message"),
    [
        ({"likelihood": "squared"}, 'likelihood="squared" is not one of bernoulli, gaussian, dis'),
        ({"binarise": "no"}, "binarise"),
        ({"pixel_scale": 0.0}, "pixel_scale=0.0 must be above 0"),
        ({"pixel_scale": -1.0, "likelihood": "gaussian"}, "pixel_scale=-1.0 must be above 0"),
        (
            {
                "pixel_scale": math.exp(likelihood.LEAST_LOG_SCALE - 0.1),
                "likelihood": "discretized",
            },
            "must be above 0.000912",
        ),
        ({"kl_weight": -1.0}, "kl_weight=-1.0"),
        ({"importance_samples": 0}, "importance_samples=0"),
        ({"latent_size": 0}, "latent_size=0"),
    ],
)
def test_numbers_that_are_no_model(hparams, message):
    with pytest.raises(ValueError, match=message):
        vae.Hparams(**hparams)
