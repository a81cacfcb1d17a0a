"""The GAN family's steps: who moves, how often, in what order, on what."""

import dataclasses
import functools

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from tiny_games import update_key

from jaxgen.core import Spec, key_for, optimise, resolve
from jaxgen.objectives import cgan, ebgan, gan, lsgan, wgan, wgan_gp
from jaxgen.objectives.parts.latents import draw_code

pytestmark = pytest.mark.core

M, SIDE, BATCH, CLASSES = 4, 3, 6, 3
PIXELS = SIDE * SIDE
OBJECTIVES = {module.__name__.split(".")[-1]: module for module in (gan, cgan, lsgan, ebgan, wgan)}
OBJECTIVES["wgan_gp"] = wgan_gp


class Player(nn.Module):
    """A linear network; its statistics count its calls and record the mean of every input."""

    kind: str  # "generator", "scores" or "autoencoder"
    counts: bool = True

    @nn.compact
    def __call__(self, x, label=None, *, train):
        if self.counts:
            calls = self.variable("batch_stats", "calls", jnp.zeros, (), jnp.int32)
            seen = self.variable("batch_stats", "seen", jnp.zeros, (64,))
            if train:
                seen.value = seen.value.at[calls.value].set(jnp.mean(x))
                calls.value = calls.value + 1
        flat = x.reshape(x.shape[0], -1)
        if label is not None:
            flat = jnp.concatenate([flat, jax.nn.one_hot(label, CLASSES)], axis=1)
        out = {"generator": PIXELS, "scores": 1, "autoencoder": M}[self.kind]
        y = flat @ self.param("kernel", nn.initializers.normal(0.5), (flat.shape[1], out))
        if self.kind == "generator":
            return jnp.tanh(y).reshape(-1, SIDE, SIDE, 1)
        if self.kind == "scores":
            return y[:, 0]
        decoder = self.param("decoder", nn.initializers.normal(0.5), (M, PIXELS))
        return (y @ decoder).reshape(-1, SIDE, SIDE, 1), y


def spec_of(name, *, rates=(0.1, 0.1), counts=True, **hparams):
    objective = OBJECTIVES[name]
    adversary = objective.NETWORKS[1]
    kind = "autoencoder" if name == "ebgan" else "scores"
    if name == "cgan":
        hparams["num_classes"] = CLASSES
    return Spec(
        nets={
            "generator": Player("generator"),
            adversary: Player(kind, counts=counts and name != "wgan_gp"),
        },
        tx={"generator": optax.sgd(rates[0]), adversary: optax.sgd(rates[1])},
        hparams=objective.Hparams(latent_size=M, **hparams),
    )


def setup(name, **options):
    spec = spec_of(name, **options)
    count = BATCH * resolve(OBJECTIVES[name], spec.hparams).batches
    batch = {
        "image": jax.random.uniform(jax.random.key(9), (count, SIDE, SIDE, 1), minval=-1.0),
        "label": jnp.arange(count) % CLASSES,
    }
    return spec, OBJECTIVES[name].create_state(spec, jax.random.key(0), batch), batch


@pytest.mark.parametrize("name", OBJECTIVES)
def test_each_player_moves_only_its_own_network(name):
    adversary = OBJECTIVES[name].NETWORKS[1]
    for rates, still, moving in (
        ((0, 0.1), "generator", adversary),
        ((0.1, 0), adversary, "generator"),
    ):
        options = {"clip": 10.0} if name == "wgan" else {}
        spec, state, batch = setup(name, rates=rates, **options)
        after, _ = OBJECTIVES[name].train_step(spec, state, batch, jax.random.key(1))
        assert np.array_equal(after.params[still]["kernel"], state.params[still]["kernel"])
        assert not np.array_equal(after.params[moving]["kernel"], state.params[moving]["kernel"])
        assert int(after.step) == 1


@pytest.mark.parametrize("name", ["cgan", "lsgan", "ebgan", "wgan", "gan"])
def test_number_and_order_of_passes(name):
    """Adversary: real, fake for each of its updates, then one fake an update of the generator."""
    own = OBJECTIVES[name].NETWORKS[1]
    options = {f"{own}_updates": 2, "generator_updates": 3}
    if name == "gan":
        options["order"] = "alternating"
    spec, state, batch = setup(name, **options)
    after, _ = OBJECTIVES[name].train_step(spec, state, batch, jax.random.key(1))
    stats = {player: after.model_state[player]["batch_stats"] for player in ("generator", own)}
    assert int(stats[own]["calls"]) == 2 * 2 + 3
    assert int(stats["generator"]["calls"]) == 2 + 3
    seen = np.asarray(stats[own]["seen"])
    # Fresh images for each update: alternate rows of the step's batch.
    for update in range(2):
        images = batch["image"][update::2]
        assert seen[2 * update] == pytest.approx(float(jnp.mean(images)), abs=1e-6)
    assert len(set(seen[[1, 3, 4, 5, 6]])) == 5  # every generated batch has noise of its own


@pytest.mark.parametrize("name", ["gan", "lsgan", "ebgan", "cgan", "wgan_gp"])
def test_generator_plays_against_the_updated_adversary(name):
    objective = OBJECTIVES[name]
    own = objective.NETWORKS[1]
    options = {"order": "alternating"} if name == "gan" else {f"{own}_updates": 1}
    spec, state, batch = setup(name, **options)
    key = jax.random.key(1)
    after, _ = objective.train_step(spec, state, batch, key)
    entries = [batch[entry] for entry in resolve(objective, spec.hparams).entries]
    args = (*entries, update_key(key, own))
    middle, _ = optimise(spec, state, own, getattr(objective, f"{own}_loss"), *args)
    args = (*entries, update_key(key, "generator"))
    end, _ = optimise(spec, middle, "generator", objective.generator_loss, *args)
    again = jax.random.clone(args[-1])
    stale, _ = optimise(spec, state, "generator", objective.generator_loss, *entries, again)
    for player in objective.NETWORKS:
        np.testing.assert_allclose(
            after.params[player]["kernel"], end.params[player]["kernel"], rtol=1e-5, atol=1e-7
        )
    kernels = (one.params["generator"]["kernel"] for one in (after, stale))
    assert not np.allclose(*kernels, rtol=1e-3)


def test_simultaneous_players_move_from_one_point_on_the_same_noise():
    spec, state, batch = setup("gan")
    key = jax.random.key(1)
    after, _ = gan.train_step(spec, state, batch, key)
    for player in gan.NETWORKS:
        args = (batch["image"], key_for(jax.random.fold_in(key, 0), "both"))
        alone, _ = optimise(spec, state, player, getattr(gan, f"{player}_loss"), *args)
        np.testing.assert_allclose(
            after.params[player]["kernel"], alone.params[player]["kernel"], rtol=1e-5
        )
    stats = after.model_state["discriminator"]["batch_stats"]
    assert int(stats["calls"]) == 3
    assert stats["seen"][1] == stats["seen"][2]


def test_simultaneous_takes_one_update_each():
    with pytest.raises(ValueError, match="one update of each"):
        gan.Hparams(discriminator_updates=2)


@pytest.mark.parametrize("order", ["after", "before"])
def test_weights_of_the_critic_are_clipped(order):
    spec, state, batch = setup("wgan", clip=0.05, clip_order=order, critic_updates=2, counts=False)
    assert float(jnp.max(jnp.abs(state.params["critic"]["kernel"]))) > 0.05
    after, _ = wgan.train_step(spec, state, batch, jax.random.key(1))
    largest = float(jnp.max(jnp.abs(after.params["critic"]["kernel"])))
    if order == "after":
        assert largest <= np.float32(0.05)
    else:
        assert 0.05 < largest < 0.15  # the last update is not clipped before the next step
    assert float(jnp.max(jnp.abs(after.params["generator"]["kernel"]))) > 0.05


def test_long_updates_at_the_start_and_every_five_hundredth_step():
    spec, state, batch = setup("wgan", critic_updates=2, long_updates=4)
    assert len(batch["image"]) == 4 * BATCH
    step = jax.jit(functools.partial(wgan.train_step, spec))
    for number, updates in ((0, 4), (24, 4), (25, 2), (499, 2), (500, 4), (501, 2)):
        after, metrics = step(state.replace(step=jnp.asarray(number)), batch, jax.random.key(1))
        assert int(after.model_state["critic"]["batch_stats"]["calls"]) == 2 * updates + 1, number
        assert np.isfinite(metrics["critic/loss"])


def test_fewer_long_updates_equal_short_ones():
    """At a step with two of four updates, the result is that of two updates on the same images."""
    spec, state, batch = setup("wgan", critic_updates=2, long_updates=4)
    late = state.replace(step=jnp.asarray(30))
    after, metrics = wgan.train_step(spec, late, batch, jax.random.key(1))
    expected, losses = late, []
    for update in range(2):
        args = (batch["image"][update::4], update_key(jax.random.key(1), "critic", update, 30))
        expected, measured = wgan.update_and_clip(spec, expected, "critic", wgan.critic_loss, *args)
        losses.append(float(measured["critic/loss"]))
    np.testing.assert_allclose(
        after.params["critic"]["kernel"], expected.params["critic"]["kernel"], rtol=1e-5
    )
    assert float(metrics["critic/loss"]) == pytest.approx(np.mean(losses), rel=1e-4)


def test_a_critic_with_batch_statistics_has_no_gradient_penalty():
    spec = Spec(
        nets={"generator": Player("generator"), "critic": Player("scores")},
        tx={"generator": optax.sgd(0.1), "critic": optax.sgd(0.1)},
        hparams=wgan_gp.Hparams(latent_size=M),
    )
    image = jnp.zeros((1, SIDE, SIDE, 1))
    with pytest.raises(ValueError, match="turn it off in the critic"):
        wgan_gp.create_state(spec, jax.random.key(0), {"image": image})


def test_conditional_samples_follow_their_labels():
    spec, state, _ = setup("cgan")
    images = cgan.sample(spec, state, jax.random.key(0), 4)
    asked = cgan.sample(spec, state, jax.random.key(0), 4, jnp.array([0, 1, 2, 0]))
    np.testing.assert_array_equal(images, asked)
    other = cgan.sample(spec, state, jax.random.key(0), 4, jnp.array([1, 1, 2, 0]))
    changed = np.any(np.asarray(images) != np.asarray(other), axis=(1, 2, 3))
    np.testing.assert_array_equal(changed, [True, False, False, False])


@pytest.mark.parametrize("name", ["wgan", "wgan_gp"])
def test_distance_on_held_out_images_against_numpy(name):
    """With the averaged networks, on images drawn with the key that is given."""
    spec, state, batch = setup(name, counts=False)
    spec = dataclasses.replace(spec, ema={"generator": 0.9})
    average = 0.5 * state.params["generator"]["kernel"]
    state = state.replace(ema={"generator": {"kernel": average}})
    metrics = OBJECTIVES[name].evaluate(spec, state, batch, jax.random.key(3))
    x = np.asarray(batch["image"], np.float64).reshape(len(batch["image"]), -1)
    z = np.asarray(draw_code(spec, jax.random.key(3), len(x)), np.float64)
    critic = np.asarray(state.params["critic"]["kernel"], np.float64)
    fake = np.tanh(z @ np.asarray(average, np.float64))
    expected = (x @ critic).mean() - (fake @ critic).mean()
    np.testing.assert_allclose(metrics["critic_distance"], expected, rtol=1e-4)
    assert set(metrics) == {"critic_distance"}


@pytest.mark.parametrize(
    ("name", "bad", "message"),
    [
        ("gan", {"latent_prior": "gaussian"}, "latent_prior"),
        ("gan", {"form": "wgan"}, "form"),
        ("lsgan", {"latent_size": 0}, "latent_size"),
        ("ebgan", {"margin": -1.0}, "margin"),
        ("ebgan", {"energy": "l1"}, "energy"),
        ("wgan", {"clip": 0.0}, "clip"),
        ("wgan", {"long_updates": 3}, "long_updates"),
        ("wgan_gp", {"critic_updates": 0}, "critic_updates"),
        ("cgan", {"num_classes": 0}, "num_classes"),
    ],
)
def test_bad_hparams_are_refused(name, bad, message):
    with pytest.raises(ValueError, match=message):
        OBJECTIVES[name].Hparams(**bad)
