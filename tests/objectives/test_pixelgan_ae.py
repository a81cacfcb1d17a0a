"""The PixelGAN autoencoder: who moves, in what order, what is paid for."""

import dataclasses
import functools
import itertools

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from tiny_games import update_key

from jaxgen.core import Layout, Nets, Spec, by_phase, key_for, optimise
from jaxgen.core.schedule import trace
from jaxgen.objectives import pixelgan_ae
from jaxgen.objectives.parts.priors import draw_code

pytestmark = pytest.mark.core

SIDE, BATCH, K = 2, 6, 3
PIXELS = SIDE * SIDE
ENCODER_PHASES = ("reconstruction", "adversarial", "supervised")


class Encoder(nn.Module):
    """Linear; its statistics count the calls and keep the mean of every input."""

    outputs: int

    @nn.compact
    def __call__(self, image, *, train):
        calls = self.variable("batch_stats", "calls", jnp.zeros, ())
        seen = self.variable("batch_stats", "seen", jnp.zeros, (8,))
        if train:
            seen.value = seen.value.at[calls.value.astype(int)].set(jnp.mean(image))
            calls.value = calls.value + 1
        flat = image.reshape(image.shape[0], -1)
        kernel = self.param("kernel", nn.initializers.normal(0.7), (flat.shape[1], self.outputs))
        return flat @ kernel


class Decoder(nn.Module):
    """An autoregressive model: logits of a pixel are linear in those before it and in the code."""

    codes: int

    def setup(self):
        self.causal = self.param("causal", nn.initializers.normal(0.5), (PIXELS, PIXELS))
        self.bias = self.param("bias", nn.initializers.normal(0.5), (self.codes, PIXELS))

    def _logits(self, flat, code):
        return flat @ jnp.triu(self.causal, 1) + code @ self.bias

    def __call__(self, image, code, *, train):
        del train
        return self._logits(image.reshape(-1, PIXELS), code).reshape(image.shape)

    def sample(self, noise, code, known, image, temperature):
        assert known is image is None
        assert temperature == 1.0
        uniform = noise.reshape(-1, PIXELS)
        flat = jnp.zeros_like(uniform)
        for i in range(PIXELS):
            on = uniform[:, i] < jax.nn.sigmoid(self._logits(flat, code)[:, i])
            flat = flat.at[:, i].set(jnp.where(on, 1.0, -1.0))
        return flat.reshape(noise.shape)


class Discriminator(nn.Module):
    """Quadratic in the code, so that it can tell spreads apart; counts as the encoder does."""

    @nn.compact
    def __call__(self, code, *, train):
        seen = self.variable("batch_stats", "seen", jnp.zeros, (8,))
        calls = self.variable("batch_stats", "calls", jnp.zeros, ())
        if train:
            seen.value = seen.value.at[calls.value.astype(int)].set(jnp.mean(jnp.square(code)))
            calls.value = calls.value + 1
        features = jnp.concatenate([code, jnp.square(code)], axis=1)
        return features @ self.param("kernel", nn.initializers.normal(0.7), (features.shape[1],))


def spec_of(tx=None, **hparams):
    hparams = {
        "image_size": SIDE,
        "code_size": K,
        "posterior": "deterministic",
        "input_noise_level": 0.2,
        **hparams,
    }
    hparams = pixelgan_ae.Hparams(**hparams)
    outputs = hparams.code_size * (2 if hparams.posterior == "gaussian" else 1)
    plain = {name: optax.sgd(0.1) for name in pixelgan_ae.NETWORKS}
    return Spec(
        nets={
            "encoder": Encoder(outputs),
            "decoder": Decoder(hparams.code_size),
            "discriminator": Discriminator(),
        },
        tx={**plain, **(tx or {})},
        hparams=hparams,
    )


def setup(tx=None, **hparams):
    spec = spec_of(tx, **hparams)
    key_image, key_labelled = jax.random.split(jax.random.key(9))
    shape = (BATCH, SIDE, SIDE, 1)
    batch = {
        "image": jnp.where(jax.random.bernoulli(key_image, 0.5, shape), 1.0, -1.0),
        "labelled_image": jnp.where(jax.random.bernoulli(key_labelled, 0.5, shape), 1.0, -1.0),
        "labelled_label": jnp.arange(BATCH) % K,
    }
    return spec, pixelgan_ae.create_state(spec, jax.random.key(0), batch), batch


def numpy_params(state):
    return jax.tree.map(lambda x: np.asarray(x, np.float64), state.params)


def softmax(x):
    e = np.exp(x - x.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def nats_of(params, flat, code):
    """-log p(x|z), from the definition of a product of Bernoullis."""
    logits = flat @ np.triu(params["decoder"]["causal"], 1) + code @ params["decoder"]["bias"]
    probability = 1 / (1 + np.exp(-logits))
    return -np.log(np.where(flat > 0, probability, 1 - probability)).sum(1)


def loss_of(function, spec, state, *args):
    nets = Nets(spec, state.params, state.model_state)
    return getattr(pixelgan_ae, function)(nets, spec, *args)


RATES = {  # of encoder by phase, of decoder, of discriminator -> what may move
    "reconstruction": ((0.1, 0.0, 0.0), 0.1, 0.0, {"encoder", "decoder"}),
    "discriminator": ((0.0, 0.0, 0.0), 0.0, 0.1, {"discriminator"}),
    "generator": ((0.0, 0.1, 0.0), 0.0, 0.0, {"encoder"}),
    "supervised": ((0.0, 0.0, 0.1), 0.0, 0.0, {"encoder"}),
}


@pytest.mark.parametrize("phase", RATES)
def test_each_phase_moves_only_its_own_networks(phase):
    encoder, decoder, discriminator, moving = RATES[phase]
    tx = {
        "encoder": by_phase({p: optax.sgd(r) for p, r in zip(ENCODER_PHASES, encoder)}),
        "decoder": optax.sgd(decoder),
        "discriminator": optax.sgd(discriminator),
    }
    spec, state, batch = setup(tx)
    after, _ = pixelgan_ae.train_step(spec, state, batch, jax.random.key(1))
    for name in pixelgan_ae.NETWORKS:
        for before, now in zip(
            jax.tree.leaves(state.params[name]), jax.tree.leaves(after.params[name])
        ):
            assert np.array_equal(before, now) == (name not in moving), name


def test_phases_run_in_order_each_from_what_the_others_became():
    spec, state, batch = setup()
    key = jax.random.key(1)
    after, _ = pixelgan_ae.train_step(spec, state, batch, key)
    purposes = ("encoder+decoder/reconstruction", "discriminator/adversarial")
    purposes += ("encoder/adversarial", "encoder/supervised")
    keys = [update_key(key, purpose) for purpose in purposes]
    image = batch["image"]
    steps = [
        (("encoder", "decoder"), pixelgan_ae.reconstruction_loss, (image, keys[0])),
        ("discriminator", pixelgan_ae.discriminator_loss, (image, keys[1])),
        ("encoder", pixelgan_ae.encoder_loss, (image, keys[2])),
        (
            "encoder",
            pixelgan_ae.supervised_loss,
            (batch["labelled_image"], batch["labelled_label"], keys[3]),
        ),
    ]
    expected = state
    for names, loss, args in steps:
        expected, _ = optimise(spec, expected, names, loss, *args)
    for a, b in zip(jax.tree.leaves(after.params), jax.tree.leaves(expected.params)):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)
    assert int(after.step) == 1
    encoder, judge = (after.model_state[n]["batch_stats"] for n in ("encoder", "discriminator"))
    assert int(encoder["calls"]) == 4
    assert int(judge["calls"]) == 3
    means = [float(jnp.mean(batch[name])) for name in ("image", "labelled_image")]
    np.testing.assert_allclose(encoder["seen"][:4], [*means[:1] * 3, means[1]], atol=1e-6)
    prior, in_2a, in_2b = np.asarray(judge["seen"][:3])
    assert prior == pytest.approx(1 / K)
    # Each time encoded by the encoder of then: of after phase 1, both in 2a and in 2b.
    middle, _ = optimise(spec, state, *steps[0][:2], image, jax.random.key(0))
    code = pixelgan_ae.encode(spec, middle, image)
    assert in_2a == pytest.approx(float(jnp.mean(jnp.square(code))), rel=1e-5)
    assert in_2a == in_2b
    first = pixelgan_ae.encode(spec, state, image)
    assert in_2a != pytest.approx(float(jnp.mean(jnp.square(first))), rel=1e-5)


def test_without_labelled_images_there_is_no_supervised_phase():
    spec, state, batch = setup()
    after, metrics = pixelgan_ae.train_step(
        spec, state, {"image": batch["image"]}, jax.random.key(1)
    )
    assert int(after.model_state["encoder"]["batch_stats"]["calls"]) == 3
    assert "encoder/supervised" not in metrics


def test_phases_have_optimiser_states_of_their_own():
    momenta = by_phase({p: optax.chain(trace(0.9), optax.scale(-0.1)) for p in ENCODER_PHASES})
    spec, state, batch = setup({"encoder": momenta})
    after, _ = pixelgan_ae.train_step(spec, state, batch, jax.random.key(1))
    kernels = [after.opt_state["encoder"][p][0]["kernel"] for p in ENCODER_PHASES]
    moved = state.params["encoder"]["kernel"] - 0.1 * sum(kernels)
    np.testing.assert_allclose(after.params["encoder"]["kernel"], moved, rtol=1e-5, atol=1e-7)
    for one, other in itertools.combinations(kernels, 2):
        assert not np.allclose(one, other)
    again, _ = pixelgan_ae.train_step(spec, after, {"image": batch["image"]}, jax.random.key(1))
    untouched = again.opt_state["encoder"]["supervised"][0]["kernel"]
    np.testing.assert_array_equal(untouched, kernels[2])


def test_a_split_batch_gives_the_same_step():
    """Draws, noise and statistics of labelled and other images are those of the global batch."""
    spec, state, batch = setup(posterior="implicit", discriminator_noise=0.3)
    expected, metrics = pixelgan_ae.train_step(spec, state, batch, jax.random.key(1))
    split = spec.on(Layout("data"))
    shards = jax.tree.map(lambda x: x.reshape(2, -1, *x.shape[1:]), batch)
    step = jax.vmap(
        lambda part: pixelgan_ae.train_step(split, state, part, jax.random.key(1)),
        axis_name="data",
    )
    after, measured = step(shards)
    for a, b in zip(jax.tree.leaves(after.params), jax.tree.leaves(expected.params)):
        np.testing.assert_allclose(a[0], b, rtol=1e-4, atol=1e-6)
    for name, value in metrics.items():
        np.testing.assert_allclose(measured[name], [value] * 2, rtol=1e-4, atol=1e-6)


class Table(nn.Module):
    """An encoder that gives row i of a table to image i, whatever it shows."""

    @nn.compact
    def __call__(self, image, *, train):
        del train
        return self.param("rows", nn.initializers.zeros, (image.shape[0], K))


def test_the_marginal_is_penalised_and_not_the_information():
    """Deterministic, certain codes whose aggregate is the prior cost what the prior itself does."""
    spec, state, batch = setup()
    spec = dataclasses.replace(spec, nets={**spec.nets, "encoder": Table()})
    key = jax.random.key(3)
    prior = draw_code(spec, key_for(key, "prior"), BATCH)
    assert len(np.unique(prior, axis=0)) == K
    permuted = jnp.roll(prior, 2, axis=0)  # a code for each image, the same codes all together
    collapsed = jnp.tile(prior[:1], (BATCH, 1))  # no information at all
    model_state = {**state.model_state, "encoder": {}}

    def adversary(codes):
        """Loss of discriminators, as a function of their kernel."""

        def loss(kernel):
            players = {"discriminator": {"kernel": kernel}, "encoder": {"rows": 200.0 * codes}}
            nets = Nets(spec, {**state.params, **players}, model_state)
            args = (batch["image"], jax.random.clone(key))
            return pixelgan_ae.discriminator_loss(nets, spec, *args)[0]

        return loss

    even, undecided = 2 * np.log(2), jnp.zeros(2 * K)
    value, gradient = jax.value_and_grad(adversary(permuted))(undecided)
    assert float(value) == pytest.approx(even, rel=1e-6)
    np.testing.assert_allclose(gradient, 0.0, atol=1e-7)  # nothing to learn: the optimum
    kernels = jax.random.normal(jax.random.key(8), (20, 2 * K))
    assert float(jax.vmap(adversary(permuted))(kernels).min()) >= even - 1e-6
    gradient = jax.grad(adversary(collapsed))(undecided)
    assert float(adversary(collapsed)(-gradient)) < even - 0.05


def test_probabilities_of_all_images_sum_to_one():
    spec, state, _ = setup()
    images = np.array(list(itertools.product([-1.0, 1.0], repeat=PIXELS)), np.float32)
    every = jnp.asarray(images.reshape(-1, SIDE, SIDE, 1))
    nats = np.asarray(pixelgan_ae.marginal_nats(spec, state, every, jnp.eye(K)), np.float64)
    assert np.exp(-nats).sum() == pytest.approx(1.0, rel=1e-5)
    params = numpy_params(state)
    each = [np.exp(-nats_of(params, images, np.eye(K)[[k] * len(images)])) for k in range(K)]
    np.testing.assert_allclose(np.exp(-nats), np.mean(each, 0), rtol=1e-4)


def test_importance_estimate_is_the_mean_over_draws_of_the_prior():
    """... and so a distribution over images itself, whatever was drawn."""
    spec, state, _ = setup(code_prior="gaussian", code_size=2, prior_scale=2.0)
    images = np.array(list(itertools.product([-1.0, 1.0], repeat=PIXELS)), np.float32)
    every = jnp.asarray(images.reshape(-1, SIDE, SIDE, 1))
    draws = draw_code(spec, jax.random.key(7), 50)
    nats = np.asarray(pixelgan_ae.marginal_nats(spec, state, every, draws), np.float64)
    assert np.exp(-nats).sum() == pytest.approx(1.0, rel=1e-5)
    params, draws = numpy_params(state), np.asarray(draws, np.float64)
    assert 1.5 < draws.std() < 2.5
    each = [np.exp(-nats_of(params, images, np.tile(z, (len(images), 1)))) for z in draws]
    np.testing.assert_allclose(np.exp(-nats), np.mean(each, 0), rtol=1e-4)


def test_exact_likelihood_is_beyond_the_bound_of_a_certain_code():
    """-log p(x) <= R + log K with R at the best code of each image, and >= R."""
    spec, state, batch = setup()
    params = numpy_params(state)
    flat = np.asarray(batch["image"], np.float64).reshape(BATCH, -1)
    best = np.min([nats_of(params, flat, np.eye(K)[[k] * BATCH]) for k in range(K)], 0)
    nats = np.asarray(pixelgan_ae.marginal_nats(spec, state, batch["image"], jnp.eye(K)))
    assert np.all(nats <= best + np.log(K) + 1e-5)
    assert np.all(nats >= best - 1e-5)


def test_metrics_of_a_decoder_that_pays_no_attention_to_codes():
    spec, state, batch = setup()
    figures = pixelgan_ae.evaluate(spec, state, batch, jax.random.key(0))
    assert abs(float(figures["code_nats"])) > 1e-3
    deaf = {**state.params["decoder"], "bias": jnp.zeros((K, PIXELS))}
    state = state.replace(params={**state.params, "decoder": deaf})
    figures = pixelgan_ae.evaluate(spec, state, batch, jax.random.key(0))
    assert float(figures["code_nats"]) == pytest.approx(0.0, abs=1e-6)
    np.testing.assert_allclose(figures["exact_nats"], figures["reconstruction_nats"], rtol=1e-5)


def test_samples_follow_their_clusters():
    spec, state, _ = setup()
    strong = {
        **state.params["decoder"],
        "bias": 20 * jnp.array([[1.0] * 4, [-1.0] * 4, [1, 1, -1, -1]]),
    }
    state = state.replace(params={**state.params, "decoder": strong})
    asked = pixelgan_ae.sample(spec, state, jax.random.key(0), 3, jnp.array([1, 0, 2]))
    np.testing.assert_array_equal(asked.reshape(3, 4), [[-1] * 4, [1] * 4, [1, 1, -1, -1]])
    every = pixelgan_ae.sample(spec, state, jax.random.key(0), 6)
    np.testing.assert_array_equal(every[:3], every[3:])
    np.testing.assert_array_equal(every[:3].reshape(3, 4)[:, 2], [1, -1, -1])


@pytest.mark.parametrize("prior", ["gaussian", "mixture"])
def test_real_codes(prior):
    spec, state, batch = setup(code_prior=prior, code_size=2, prior_scale=5.0, posterior="gaussian")
    step = jax.jit(functools.partial(pixelgan_ae.train_step, spec))
    after, metrics = step(state, {"image": batch["image"]}, jax.random.key(1))
    assert {"encoder/code_mean_error", "encoder/code_var"} < set(metrics)
    assert all(np.isfinite(value) for value in metrics.values())
    mean = batch["image"].reshape(BATCH, -1) @ after.params["encoder"]["kernel"][:, :2]
    np.testing.assert_allclose(
        pixelgan_ae.encode(spec, after, batch["image"]), mean, rtol=1e-5, atol=1e-6
    )
    codes = jnp.array([[0.0, 1.0], [2.0, 3.0]])
    image = pixelgan_ae.sample(spec, state, jax.random.key(0), 2, codes)
    assert image.shape == (2, SIDE, SIDE, 1)
    figures = pixelgan_ae.evaluate(spec, state, batch, jax.random.key(0))
    assert "exact_nats" not in figures
    assert figures["importance_nats"] > 0
    with pytest.raises(ValueError, match="has no categories"):
        pixelgan_ae.assignments(spec, state, batch["image"])


def test_noise_is_the_encoders_alone_and_only_in_training():
    spec, state, batch = setup(posterior="implicit", input_noise_level=0.5)
    first, second = (
        loss_of("reconstruction_loss", spec, state, batch["image"], jax.random.key(i))[0]
        for i in (1, 2)
    )
    assert float(first) != float(second)
    np.testing.assert_array_equal(
        pixelgan_ae.encode(spec, state, batch["image"]),
        pixelgan_ae.encode(spec, state, batch["image"]),
    )
    # A decoder that pays no attention to the code sees clean images, and so does its loss.
    deaf = {**state.params["decoder"], "bias": jnp.zeros((K, PIXELS))}
    state = state.replace(params={**state.params, "decoder": deaf})
    loss, _ = loss_of("reconstruction_loss", spec, state, batch["image"], jax.random.key(3))
    flat = np.asarray(batch["image"], np.float64).reshape(BATCH, -1)
    expected = nats_of(numpy_params(state), flat, np.zeros((BATCH, K))).mean()
    np.testing.assert_allclose(loss, expected, rtol=1e-5)


def of_gray_images(**hparams):
    """(spec, state, batch) of images that are not binary, as bright as before in the mean."""
    spec, state, batch = setup(**hparams)
    gray = {n: 0.3 * batch[n] for n in ("image", "labelled_image")}
    return spec, state, batch | gray


def all_equal(one, other):
    pairs = zip(jax.tree.leaves(one.params), jax.tree.leaves(other.params), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


def test_gray_images_are_cut_at_their_middle():
    spec, state, gray = of_gray_images()
    _, _, binary = setup()
    key = jax.random.key(1)
    same, clean = (pixelgan_ae.train_step(spec, state, batch, key)[0] for batch in (gray, binary))
    assert all_equal(same, clean)
    for evaluated in (
        lambda batch: pixelgan_ae.encode(spec, state, batch["image"]),
        lambda batch: pixelgan_ae.evaluate(spec, state, batch, jax.random.key(2)),
        lambda batch: pixelgan_ae.marginal_nats(spec, state, batch["image"], jnp.eye(K)),
    ):
        jax.tree.map(np.testing.assert_array_equal, evaluated(gray), evaluated(binary))


def test_gray_images_stay_as_they_are_where_that_is_asked_for():
    spec, state, gray = of_gray_images(binarise="none")
    codes = pixelgan_ae.encode(spec, state, gray["image"])
    flat = np.asarray(gray["image"], np.float64).reshape(BATCH, -1)
    expected = softmax(flat @ numpy_params(state)["encoder"]["kernel"])
    np.testing.assert_allclose(codes, expected, rtol=1e-5)
    after, _ = pixelgan_ae.train_step(spec, state, gray, jax.random.key(1))
    seen = np.asarray(after.model_state["encoder"]["batch_stats"]["seen"])
    means = [float(jnp.mean(gray[name])) for name in ("image", "labelled_image")]
    np.testing.assert_allclose(seen[:4], [*means[:1] * 3, means[1]], atol=1e-6)


class Witness(nn.Module):
    """An encoder that keeps the images of its last passes."""

    @nn.compact
    def __call__(self, image, *, train):
        seen = self.variable("batch_stats", "images", jnp.zeros, (4, *image.shape))
        if train:
            seen.value = jnp.concatenate([seen.value[1:], image[None]])
        return image.reshape(len(image), -1) @ self.param("w", nn.initializers.ones, (PIXELS, K))


def test_an_implicit_posterior_has_other_noise_in_every_phase():
    """Dropped pixels are black: other ones in each pass of the encoder, a fifth of all."""
    spec = spec_of(posterior="implicit", input_noise_level=0.2)
    spec = dataclasses.replace(spec, nets={**spec.nets, "encoder": Witness()})
    white = {"image": jnp.ones((200, SIDE, SIDE, 1)), "labelled_label": jnp.arange(200) % K}
    white["labelled_image"] = white["image"]
    state = pixelgan_ae.create_state(spec, jax.random.key(0), white)
    empty = {"batch_stats": {"images": jnp.zeros((4, *white["image"].shape))}}
    state = state.replace(model_state={**state.model_state, "encoder": empty})
    after, _ = pixelgan_ae.train_step(spec, state, white, jax.random.key(1))
    images = np.asarray(after.model_state["encoder"]["batch_stats"]["images"])
    black = images == -1.0
    np.testing.assert_allclose(images[~black], 2 / 0.8 - 1, rtol=1e-6)
    np.testing.assert_allclose(black.mean((1, 2, 3, 4)), 0.2, atol=0.06)
    for one, other in itertools.combinations(black, 2):
        assert 0.2 < np.mean(one != other) < 0.45  # 2 * 0.8 * 0.2 where independent


def test_gray_images_are_drawn_in_every_phase_and_step_but_not_in_evaluation():
    """An encoder sees in each of four passes other binary images, of the brightness of the gray."""
    spec = spec_of(binarise="sample")
    spec = dataclasses.replace(spec, nets={**spec.nets, "encoder": Witness()})
    gray = {"image": jnp.full((200, SIDE, SIDE, 1), 0.4), "labelled_label": jnp.arange(200) % K}
    gray["labelled_image"] = gray["image"]
    state = pixelgan_ae.create_state(spec, jax.random.key(0), gray)
    empty = {"batch_stats": {"images": jnp.zeros((4, *gray["image"].shape))}}
    state = state.replace(model_state={**state.model_state, "encoder": empty})

    def seen(state):
        after, _ = pixelgan_ae.train_step(spec, state, gray, jax.random.key(1))
        return np.asarray(after.model_state["encoder"]["batch_stats"]["images"])

    images = np.concatenate([seen(state), seen(state.replace(step=state.step + 1))])
    assert set(np.unique(images)) == {-1.0, 1.0}
    np.testing.assert_allclose(images.mean((1, 2, 3, 4)), 0.4, atol=0.15)
    for one, other in itertools.combinations(images, 2):
        assert 0.3 < np.mean(one != other) < 0.55  # 2 * 0.7 * 0.3 where independent
    codes = pixelgan_ae.encode(spec, state, gray["image"])
    bright = jnp.ones_like(gray["image"])
    np.testing.assert_array_equal(codes, pixelgan_ae.encode(spec, state, bright))


def test_images_that_are_modelled_in_color_are_never_made_binary():
    for binarise in ("threshold", "sample", "none"):
        spec, state, gray = of_gray_images(output="categorical", binarise=binarise)
        flat = np.asarray(gray["image"], np.float64).reshape(BATCH, -1)
        expected = softmax(flat @ numpy_params(state)["encoder"]["kernel"])
        np.testing.assert_allclose(
            pixelgan_ae.encode(spec, state, gray["image"]), expected, rtol=1e-5
        )


def test_published_defaults():
    hparams = pixelgan_ae.Hparams()
    assert (hparams.code_prior, hparams.code_size) == ("categorical", 30)
    assert (hparams.posterior, hparams.input_noise, hparams.input_noise_level) == (
        "implicit",
        "dropout",
        0.2,
    )


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"code_prior": "uniform"}, "code_prior"),
        ({"posterior": "gaussian"}, "categorical"),
        ({"code_prior": "mixture", "code_size": 3}, "code_size"),
        ({"input_noise_level": 1.0}, "input_noise_level"),
        ({"output": "softmax"}, "output"),
        ({"reduction": "none"}, "reduction"),
        ({"binarise": "always"}, "binarise"),
        ({"binarise": True}, "binarise"),  # as an earlier version had it
        ({"code_size": 0}, "code_size"),
    ],
)
def test_bad_hparams_are_refused(bad, message):
    with pytest.raises(ValueError, match=message):
        pixelgan_ae.Hparams(**bad)
