"""Adversarial autoencoders of three kinds: who moves, what each is given, what is measured."""

import dataclasses

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxgen.core import Layout, Spec, by_phase
from jaxgen.objectives import aae, aae_semisupervised, aae_supervised
from jaxgen.objectives.parts import codes
from jaxgen.objectives.parts.priors import of_component

pytestmark = pytest.mark.core

SIDE, BATCH, K, M = 2, 6, 3, 2
PIXELS = SIDE * SIDE
OBJECTIVES = {"aae": aae, "supervised": aae_supervised, "semisupervised": aae_semisupervised}
PHASES = ("reconstruction", "adversarial", "supervised")


class Linear(nn.Module):
    """A matrix; its statistics keep the mean of the squares of every input."""

    outputs: int
    image: bool = False

    @nn.compact
    def __call__(self, x, *, train):
        calls = self.variable("batch_stats", "calls", jnp.zeros, ())
        seen = self.variable("batch_stats", "seen", jnp.zeros, (8,))
        if train:
            seen.value = seen.value.at[calls.value.astype(int)].set(jnp.mean(jnp.square(x)))
            calls.value = calls.value + 1
        flat = x.reshape(x.shape[0], -1)
        y = flat @ self.param("kernel", nn.initializers.normal(0.7), (flat.shape[1], self.outputs))
        if self.image:
            return y.reshape(-1, SIDE, SIDE, 1)
        return y[:, 0] if self.outputs == 1 else y


def spec_of(name, tx=None, **hparams):
    objective = OBJECTIVES[name]
    sizes = {
        "aae": {"code_size": M, "components": K, "prior_scale": 2.0},
        "supervised": {"code_size": M, "num_classes": K},
        "semisupervised": {"style_size": M, "num_classes": K},
    }[name]
    outputs = {"encoder": M + K if name == "semisupervised" else M, "decoder": PIXELS}
    return Spec(
        nets={n: Linear(outputs.get(n, 1), n == "decoder") for n in objective.NETWORKS},
        tx={**{n: optax.sgd(0.1) for n in objective.NETWORKS}, **(tx or {})},
        hparams=objective.Hparams(**{**sizes, **hparams}),
    )


def setup(name, tx=None, **hparams):
    spec = spec_of(name, tx, **hparams)
    images = jax.random.uniform(jax.random.key(9), (2, BATCH, SIDE, SIDE, 1), minval=-1.0)
    label = jnp.arange(BATCH, dtype=jnp.int32) % K
    batch = {"image": images[0], "label": label}
    batch |= {"labelled_image": images[1], "labelled_label": label}
    return spec, OBJECTIVES[name].create_state(spec, jax.random.key(0), batch), batch


def kernels(state):
    return {n: np.asarray(p["kernel"], np.float64) for n, p in state.params.items()}


def flat(image):
    return np.asarray(image, np.float64).reshape(len(image), -1)


def softmax(x):
    e = np.exp(x - x.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def log_sigmoid(t):
    return -np.log(1 + np.exp(-t))


def cross_entropy(logits, x):
    target = (x + 1) / 2
    return -(target * log_sigmoid(logits) + (1 - target) * log_sigmoid(-logits)).sum(1).mean()


ONE_HOT = np.eye(K)[np.arange(BATCH) % K]


@pytest.mark.parametrize("kind", ["bernoulli", "squared"])
def test_reconstructions_are_mean_images(kind):
    spec, state, batch = setup("aae", likelihood=kind)
    w = kernels(state)
    output = flat(batch["image"]) @ w["encoder"] @ w["decoder"]
    mean = {"bernoulli": np.tanh(output / 2), "squared": output}[kind]
    found = aae.reconstruct(spec, state, batch, jax.random.key(0))
    np.testing.assert_allclose(flat(found), mean, rtol=1e-4, atol=1e-6)


def test_samples_of_components():
    spec, state, _ = setup("aae", code_prior="mixture", likelihood="squared")
    component = jnp.array([0, 1, 2, 0])
    images = aae.sample(spec, state, jax.random.key(3), 4, component)
    codes = of_component(spec, jax.random.key(3), component)
    np.testing.assert_allclose(images, aae.decode(spec, state, codes), rtol=1e-5)
    given = aae.sample(spec, state, jax.random.key(3), 4, codes)
    np.testing.assert_allclose(given, images, rtol=1e-5)


def test_supervised_decoder_is_given_the_class():
    spec, state, batch = setup("supervised")
    w, x = kernels(state), flat(batch["image"])
    output = np.concatenate([ONE_HOT, x @ w["encoder"]], 1) @ w["decoder"]
    style = aae_supervised.encode(spec, state, batch["image"])
    images = aae_supervised.decode(spec, state, style, batch["label"])
    np.testing.assert_allclose(flat(images), np.tanh(output / 2), rtol=1e-4, atol=1e-6)
    # An image is rebuilt as of the class that the batch says, and not of all in turn.
    for label in (batch["label"], batch["label"][::-1]):
        given = {"image": batch["image"], "label": label}
        rebuilt = aae_supervised.reconstruct(spec, state, given, jax.random.key(0))
        expected = aae_supervised.decode(spec, state, style, label)
        np.testing.assert_array_equal(rebuilt, expected)
    assert np.any(rebuilt != images)
    drawn = aae_supervised.sample(spec, state, jax.random.key(0), 6)
    asked = aae_supervised.sample(spec, state, jax.random.key(0), 6, batch["label"])
    np.testing.assert_array_equal(drawn, asked)


def test_metrics_say_what_styles_tell():
    spec, state, batch = setup("supervised")
    figures = aae_supervised.evaluate(spec, state, batch, jax.random.key(5))
    w, x = kernels(state), flat(batch["image"])
    own = x @ w["encoder"]
    others = np.asarray(codes.of_another(jax.random.key(5), jnp.asarray(own)))
    for name, style in (("reconstruction_nats", own), ("restyled_nats", others)):
        output = np.concatenate([ONE_HOT, style], 1) @ w["decoder"]
        np.testing.assert_allclose(figures[name], cross_entropy(output, x), rtol=1e-5)
    assert figures["restyled_nats"] != figures["reconstruction_nats"]
    assert figures["code_var"] > 0


@pytest.mark.parametrize(
    ("name", "options"),
    [
        *((name, {}) for name in OBJECTIVES),
        ("aae", {"code_prior": "mixture", "label_informed": True}),
    ],
)
def test_an_implicit_posterior_has_other_noise_in_every_phase(name, options):
    means = {}
    for posterior in ("deterministic", "implicit"):
        spec, state, batch = setup(name, posterior=posterior, **options)
        batch["image"] = jnp.full((400, SIDE, SIDE, 1), 0.5)
        batch["label"] = jnp.arange(400) % K
        batch |= {"labelled_image": batch["image"], "labelled_label": batch["label"]}
        after, _ = OBJECTIVES[name].train_step(spec, state, batch, jax.random.key(1))
        stats = after.model_state["encoder"]["batch_stats"]
        means[posterior] = np.asarray(stats["seen"])[: int(stats["calls"])]
    supervised = 3 if name == "semisupervised" else None  # which always has noise
    np.testing.assert_allclose(means["deterministic"][:supervised], 0.25, rtol=1e-6)
    np.testing.assert_allclose(means["implicit"], 0.25 + 0.36, atol=0.08)
    assert len(np.unique(means["implicit"])) == len(means["implicit"]) >= 3


@pytest.mark.parametrize("name", ["aae", "supervised"])
def test_a_gaussian_posterior_is_drawn_in_every_phase(name):
    """Codes are the mean and a draw, of deviation 1 here, whoever asks for them."""

    class Certain(nn.Module):
        @nn.compact
        def __call__(self, image, *, train):
            mean = self.param("kernel", nn.initializers.constant(3.0), (M,))
            log_sigma = jnp.zeros((len(image), M))
            return jnp.concatenate([mean[None] + log_sigma, log_sigma], axis=1)

    still = {"encoder": optax.sgd(0.0), "discriminator": optax.sgd(0.0)}
    spec, _, batch = setup(name, still, posterior="gaussian")
    spec = dataclasses.replace(spec, nets={**spec.nets, "encoder": Certain()})
    batch = {"image": jnp.zeros((400, SIDE, SIDE, 1)), "label": jnp.arange(400) % K}
    state = OBJECTIVES[name].create_state(spec, jax.random.key(0), batch)
    after, metrics = OBJECTIVES[name].train_step(spec, state, batch, jax.random.key(1))
    assert float(metrics["encoder/code_var"]) == pytest.approx(1.0, abs=0.15)
    squares = np.asarray(after.model_state["discriminator"]["batch_stats"]["seen"])[1:3]
    np.testing.assert_allclose(squares, 10.0, atol=0.7)
    assert squares[0] != squares[1]
    np.testing.assert_array_equal(OBJECTIVES[name].encode(spec, state, batch["image"]), 3.0)


def test_labelled_images_have_noise_and_the_others_none():
    spec, state, batch = setup("semisupervised")
    batch["labelled_image"] = jax.random.uniform(jax.random.key(8), (400, SIDE, SIDE, 1))
    batch["labelled_label"] = jnp.arange(400) % K
    after, _ = aae_semisupervised.train_step(spec, state, batch, jax.random.key(1))
    seen = np.asarray(after.model_state["encoder"]["batch_stats"]["seen"])
    clean = float(jnp.mean(jnp.square(batch["image"])))
    np.testing.assert_allclose(seen[:3], clean, rtol=1e-5)
    labelled = float(jnp.mean(jnp.square(batch["labelled_image"])))
    assert seen[3] - labelled == pytest.approx(0.36, abs=0.06)  # the noise's variance


MOVES = {
    "aae": [
        ((0.1, 0.0, 0.0), (0.1, 0.0), {"encoder", "decoder"}),
        ((0.0, 0.0, 0.0), (0.0, 0.1), {"discriminator"}),
        ((0.0, 0.1, 0.0), (0.0, 0.0), {"encoder"}),
    ],
    "semisupervised": [
        ((0.1, 0.0, 0.0), (0.1, 0.0), {"encoder", "decoder"}),
        ((0.0, 0.0, 0.0), (0.0, 0.1), {"category_discriminator", "style_discriminator"}),
        ((0.0, 0.1, 0.0), (0.0, 0.0), {"encoder"}),
        ((0.0, 0.0, 0.1), (0.0, 0.0), {"encoder"}),
    ],
}
MOVES["supervised"] = MOVES["aae"]


@pytest.mark.parametrize("name", OBJECTIVES)
def test_each_phase_moves_only_its_own_networks(name):
    for encoder, (decoder, adversary), moving in MOVES[name]:
        networks = OBJECTIVES[name].NETWORKS
        tx = {n: optax.sgd(adversary) for n in networks}
        tx |= {
            "encoder": by_phase({p: optax.sgd(r) for p, r in zip(PHASES, encoder)}),
            "decoder": optax.sgd(decoder),
        }
        spec, state, batch = setup(name, tx)
        after, metrics = OBJECTIVES[name].train_step(spec, state, batch, jax.random.key(1))
        for n in networks:
            same = np.array_equal(state.params[n]["kernel"], after.params[n]["kernel"])
            assert same == (n not in moving), n
        assert int(after.step) == 1
        assert all(metric.split("/")[0] in networks for metric in metrics)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_discriminators_see_codes_of_now(name):
    """2a after reconstruction has moved the encoder; 2b with the encoder of 2a."""
    spec, state, batch = setup(name)
    step = OBJECTIVES[name].train_step
    after, _ = step(spec, state, batch, jax.random.key(1))
    # Of the phases that move the encoder, only the first: what 2a has to see.
    frozen = {"adversarial": 0.0, "supervised": 0.0, "reconstruction": 0.1}
    alone = by_phase({phase: optax.sgd(rate) for phase, rate in frozen.items()})
    moved, _ = step(*setup(name, {"encoder": alone}), jax.random.key(1))
    encoders = [np.asarray(s.params["encoder"]["kernel"]) for s in (state, moved)]
    codes = [flat(batch["image"]) @ encoder for encoder in encoders]
    if name == "semisupervised":
        parts = [(softmax(x[:, :K]), x[:, K:]) for x in codes]
    else:
        parts = [(x,) for x in codes]
    for n, before, now in zip(OBJECTIVES[name].NETWORKS[2:], *parts):
        stats = after.model_state[n]["batch_stats"]
        assert int(stats["calls"]) == 3  # prior and code, then code
        assert stats["seen"][1] == stats["seen"][2]
        np.testing.assert_allclose(stats["seen"][1], np.mean(now**2), rtol=1e-5)
        assert abs(np.mean(now**2) / np.mean(before**2) - 1) > 1e-4
    calls = {"aae": 3, "supervised": 3, "semisupervised": 4}[name]
    assert int(after.model_state["encoder"]["batch_stats"]["calls"]) == calls


@pytest.mark.parametrize("name", OBJECTIVES)
def test_a_split_batch_gives_the_same_step(name):
    """Draws, noise and statistics of labelled and other images are those of the global batch."""
    options = {"discriminator_noise": 0.3, "posterior": "implicit"}
    if name == "aae":
        options |= {"code_prior": "mixture", "label_informed": True}
    spec, state, batch = setup(name, **options)
    expected, _ = OBJECTIVES[name].train_step(spec, state, batch, jax.random.key(1))
    split = spec.on(Layout("data"))
    shards = jax.tree.map(lambda x: x.reshape(2, -1, *x.shape[1:]), batch)
    step = jax.vmap(
        lambda part: OBJECTIVES[name].train_step(split, state, part, jax.random.key(1))[0].params,
        axis_name="data",
    )
    for a, b in zip(jax.tree.leaves(step(shards)), jax.tree.leaves(expected.params)):
        np.testing.assert_allclose(a[0], b, rtol=1e-4, atol=1e-6)


def test_figures_and_samples_of_categories():
    spec, state, batch = setup("semisupervised")
    figures = aae_semisupervised.evaluate(spec, state, batch, jax.random.key(0))
    names = {"reconstruction_nats", "usage_entropy", "assignment_entropy", "code_var"}
    assert names < set(figures)
    every = aae_semisupervised.sample(spec, state, jax.random.key(0), 6)
    asked = aae_semisupervised.sample(spec, state, jax.random.key(0), 6, batch["label"])
    np.testing.assert_array_equal(every, asked)
    found = aae_semisupervised.reconstruct(spec, state, batch, jax.random.key(0))
    assert found.shape == batch["image"].shape


@pytest.mark.parametrize(
    ("name", "bad", "message"),
    [
        ("aae", {"code_prior": "categorical"}, "code_prior"),
        ("aae", {"label_informed": True}, "mixture"),
        ("aae", {"likelihood": "gaussian"}, "likelihood"),
        ("aae", {"code_prior": "mixture", "code_size": 3}, "code_size"),
        ("supervised", {"num_classes": 0}, "num_classes"),
        ("semisupervised", {"posterior": "gaussian"}, "posterior"),
        ("semisupervised", {"style_size": 0}, "style_size"),
    ],
)
def test_bad_hparams_are_refused(name, bad, message):
    with pytest.raises(ValueError, match=message):
        OBJECTIVES[name].Hparams(**bad)
