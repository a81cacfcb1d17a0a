"""VAE/GAN: what reaches which player, and when one of them pauses."""

import dataclasses
import functools

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from tiny_games import CODE, PIXELS, SIDE, Features, setup

from jaxgen.core import Layout, key_for, optimise
from jaxgen.objectives import vaegan

pytestmark = pytest.mark.core

PLAYERS = vaegan.NETWORKS
FREE = {"margin": 0.0}


def step_of(spec, state, batch):
    return vaegan.train_step(spec, state, batch, jax.random.key(1))


def move(after, before, network):
    """By how much each weight of a network has moved, in one vector."""
    pairs = jax.tree.map(
        lambda a, b: np.ravel(a - b), after.params[network], before.params[network]
    )
    return np.concatenate(jax.tree.leaves(pairs))


def with_scores(state, factor):
    """The state with the weights between the discriminator's features and its score multiplied."""
    discriminator = dict(state.params["discriminator"])
    discriminator["score"] = jax.tree.map(lambda x: factor * x, discriminator["score"])
    return state.replace(params={**state.params, "discriminator": discriminator})


def test_nothing_of_the_gan_reaches_the_encoder():
    """It moves by KL and features alone, whatever the discriminator makes of those."""
    spec, state, batch = setup("vaegan", **FREE)
    moves = [
        move(step_of(spec, start, batch)[0], start, "encoder")
        for start in (state, with_scores(state, -3.0), with_scores(state, 0.0))
    ]
    assert np.linalg.norm(moves[0]) > 1e-3
    np.testing.assert_array_equal(moves[0], moves[1])
    np.testing.assert_array_equal(moves[0], moves[2])


def test_nothing_of_the_reconstruction_reaches_the_discriminator():
    """Where its score does not depend on the features, these stay, however wrong they are."""
    spec, state, batch = setup("vaegan", feature_weight=1.0, **FREE)
    start = with_scores(state, 0.0)
    after, metrics = step_of(spec, start, batch)
    assert float(metrics["encoder/features"]) > 3 * np.log(2 * np.pi) / 2 + 0.05
    hidden = [s.params["discriminator"]["hidden"]["kernel"] for s in (after, start)]
    np.testing.assert_array_equal(*hidden)
    assert np.any(move(after, start, "discriminator"))
    assert np.linalg.norm(move(after, start, "encoder")) > 1e-3


def test_the_features_error_reaches_the_generator_times_its_weight_and_the_encoder_whole():
    moves = {}
    for weight in (0.0, 0.2, 0.4):
        spec, state, batch = setup("vaegan", feature_weight=weight, **FREE)
        start = with_scores(state, 0.0)  # no game
        after, _ = step_of(spec, start, batch)
        moves[weight] = [move(after, start, player) for player in ("generator", "encoder")]
    assert not np.any(moves[0.0][0])
    assert np.linalg.norm(moves[0.2][0]) > 1e-4
    np.testing.assert_allclose(moves[0.4][0], 2 * moves[0.2][0], rtol=1e-3, atol=1e-6)
    np.testing.assert_array_equal(moves[0.0][1], moves[0.4][1])


def test_players_move_from_one_point_on_the_same_draws():
    spec, state, batch = setup("vaegan", feature_weight=0.3, **FREE)
    after, metrics = step_of(spec, state, batch)
    for player in PLAYERS:
        key = key_for(jax.random.fold_in(jax.random.key(1), 0), "both")
        loss = getattr(vaegan, f"{player}_loss")
        alone, found = optimise(spec, state, player, loss, batch["image"], key)
        np.testing.assert_allclose(
            move(after, state, player), move(alone, state, player), rtol=1e-5, atol=1e-7
        )
        assert metrics[f"{player}/loss"] == pytest.approx(float(found[f"{player}/loss"]), rel=1e-5)
    assert float(metrics["encoder/features"]) == float(metrics["generator/features"])
    assert int(after.step) == 1


def test_players_in_turn_see_what_the_others_have_become():
    """Otherwise of the same step, as the first of them sees no difference."""
    moves = {}
    for order in ("simultaneous", "alternating"):
        spec, state, batch = setup("vaegan", order=order, feature_weight=0.3, **FREE)
        after, _ = step_of(spec, state, batch)
        moves[order] = np.concatenate([move(after, state, p) for p in PLAYERS[1:]])
    assert not np.allclose(*moves.values(), rtol=1e-2)


# (loss of real images, of generated ones, whether generator and discriminator move): 0.68 +- 0.35.
REGIMES = [
    (0.68, 0.68, True, True),
    (0.34, 1.02, True, True),
    (0.32, 0.68, True, False),
    (0.68, 0.32, True, False),
    (0.01, 0.01, True, False),
    (1.04, 0.68, False, True),
    (0.68, 1.04, False, True),
    (9.0, 9.0, False, True),
    (0.1, 2.0, True, True),
    (2.0, 0.1, True, True),
]


@pytest.mark.parametrize(("real", "fake", "generator", "discriminator"), REGIMES)
def test_who_moves_in_which_balance(real, fake, generator, discriminator):
    """Too strong a discriminator pauses, too weak a one lets the generator pause, never both."""
    moves = vaegan.who_moves(vaegan.Hparams(), jnp.asarray(real), jnp.asarray(fake))
    assert tuple(map(bool, moves)) == (generator, discriminator)


def momentum():
    return dict.fromkeys(PLAYERS, optax.sgd(0.05, momentum=0.9))


@pytest.mark.parametrize("order", ["simultaneous", "alternating"])
@pytest.mark.parametrize("pausing", ["discriminator", "generator", None, "both would"])
def test_a_player_that_pauses_keeps_weights_and_optimiser(order, pausing):
    """The others move as they would without the rule."""
    game = {"order": order, "feature_weight": 0.3}
    spec, state, batch = setup("vaegan", momentum(), **game, **FREE)
    state = with_scores(state, 3.0)
    free, metrics = step_of(spec, state, batch)
    assert not [name for name in metrics if name.endswith("moved")]
    losses = [float(metrics[f"discriminator/{kind}_loss"]) for kind in ("real", "fake")]
    low, high = min(losses), max(losses)
    assert high > 1.2 * low
    rule = {
        "discriminator": {"equilibrium": high + 1.0, "margin": 0.5},
        "generator": {"equilibrium": max(0.0, low - 0.02), "margin": 0.01},
        None: {"equilibrium": high, "margin": 100.0},
        "both would": {"equilibrium": (low + high) / 2, "margin": (high - low) / 4},
    }[pausing]
    spec, *_ = setup("vaegan", momentum(), **game, **rule)
    after, metrics = step_of(spec, state, batch)
    for player in PLAYERS:
        stays = player == pausing
        assert np.any(move(after, state, player)) != stays, player
        same = jax.tree.map(np.array_equal, after.opt_state[player], state.opt_state[player])
        assert all(jax.tree.leaves(same)) == stays, player
        if order == "simultaneous" and not stays:
            moves = (move(s, state, player) for s in (after, free))
            np.testing.assert_allclose(*moves, rtol=1e-4, atol=1e-7)
        if player != "encoder":
            assert float(metrics[f"{player}/moved"]) == float(not stays)


def test_the_rule_is_part_of_the_compiled_step():
    """One program for every balance."""
    spec, state, batch = setup("vaegan", equilibrium=0.68, margin=0.35)
    traces = []

    @jax.jit
    def step(state):
        traces.append(None)
        return step_of(spec, state, batch)

    found = set()
    for factor in (0.0, 20.0, -20.0):
        _, metrics = step(with_scores(state, factor))
        found.add(tuple(float(metrics[f"{p}/moved"]) for p in ("generator", "discriminator")))
    assert len(traces) == 1
    assert {(1.0, 1.0), (0.0, 1.0)} <= found


class Counting(nn.Module):
    """`Features` that counts its passes in training."""

    @nn.compact
    def __call__(self, image, *, train):
        calls = self.variable("batch_stats", "calls", jnp.zeros, ())
        calls.value = calls.value + train
        return Features(name="features")(image, train=train)


def test_running_statistics_move_with_every_pass_also_of_a_player_that_pauses():
    """Of the discriminator two in the encoder's loss, three in each of the others."""
    spec, _, batch = setup("vaegan", equilibrium=100.0, margin=1.0)
    spec = dataclasses.replace(spec, nets={**spec.nets, "discriminator": Counting()})
    state = vaegan.create_state(spec, jax.random.key(0), batch)
    after, metrics = step_of(spec, state, batch)
    assert float(metrics["discriminator/moved"]) == 0.0
    assert float(after.model_state["discriminator"]["batch_stats"]["calls"]) == 8.0


def test_without_reconstructions_the_game_is_of_drawn_images_alone():
    """Then codes do not matter to the discriminator, nor the rule."""
    spec, state, batch = setup("vaegan", reconstructed_weight=0.0, **FREE)
    encoder = jax.tree.map(lambda x: 3.0 * x, state.params["encoder"])
    other = state.replace(params={**state.params, "encoder": encoder})
    (one, metrics), (two, others) = (step_of(spec, start, batch) for start in (state, other))
    np.testing.assert_array_equal(
        move(one, state, "discriminator"), move(two, other, "discriminator")
    )
    assert metrics["discriminator/fake_loss"] == others["discriminator/fake_loss"]
    assert metrics["discriminator/rebuilt"] != others["discriminator/rebuilt"]


def test_metrics_of_held_out_images_are_of_the_mean_codes():
    spec, state, batch = setup("vaegan")
    kernels = jax.tree.map(lambda x: np.asarray(x, np.float64), state.params)
    x = np.asarray(batch["image"], np.float64).reshape(-1, PIXELS)
    mean, log_sigma = np.split(x @ kernels["encoder"]["kernel"], 2, axis=1)
    rebuilt = np.tanh(mean @ kernels["generator"]["kernel"])
    shown, true = (np.tanh(y @ kernels["discriminator"]["hidden"]["kernel"]) for y in (rebuilt, x))
    found = vaegan.evaluate(spec, state, batch, jax.random.key(0))
    squares = np.square(shown - true).sum(1).mean() / 2
    expected = {
        "kl_nats": (np.exp(2 * log_sigma) + mean**2 - 1 - 2 * log_sigma).sum(1).mean() / 2,
        "feature_nats": squares + 3 * np.log(2 * np.pi) / 2,
        "image_l1": np.abs(rebuilt - x).mean(),
    }
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert float(found[name]) == pytest.approx(value, rel=1e-4), name
    code = vaegan.encode(spec, state, batch["image"])
    np.testing.assert_allclose(code, mean, rtol=1e-4, atol=1e-5)
    images = vaegan.reconstruct(spec, state, batch, jax.random.key(0))
    np.testing.assert_allclose(images.reshape(-1, PIXELS), rebuilt, rtol=1e-4, atol=1e-5)


def test_samples_are_of_normal_codes():
    spec, state, _ = setup("vaegan")
    code = vaegan.draw_code(spec, jax.random.key(0), 4000)
    assert code.shape == (4000, CODE)
    np.testing.assert_allclose([jnp.mean(code), jnp.std(code)], [0.0, 1.0], atol=0.03)
    images = vaegan.sample(spec, state, jax.random.key(0), 4000)
    assert images.shape == (4000, SIDE, SIDE, 1)
    np.testing.assert_array_equal(images, vaegan.decode(spec, state, code))


@pytest.mark.parametrize(
    ("hparams", "message"),
    [
        ({"adversarial_form": "hinge"}, 'adversarial_form="hinge" is not one of minimax, non_sat'),
        ({"order": "random"}, "order"),
        ({"feature_weight": 1.5}, "feature_weight=1.5 must be at most 1"),
        ({"feature_weight": -0.1}, "feature_weight=-0.1"),
        ({"feature_scale": 0.0}, "feature_scale=0.0 must be above 0"),
        ({"reconstructed_weight": -1.0}, "reconstructed_weight=-1.0"),
        ({"margin": -1.0}, "margin=-1.0"),
        ({"latent_size": 0}, "latent_size=0"),
    ],
)
def test_numbers_that_are_no_game(hparams, message):
    with pytest.raises(ValueError, match=message):
        vaegan.Hparams(**hparams)


def test_a_split_batch_pauses_with_the_whole():
    """The rule is of the global batch's losses, where those of the shards disagree."""
    spec, state, batch = setup("vaegan", momentum(), feature_weight=0.3, **FREE)
    state = with_scores(state, 3.0)
    shards = jax.tree.map(lambda x: x.reshape(2, -1, *x.shape[1:]), batch)
    _, metrics = step_of(spec, state, batch)
    _, apart = jax.vmap(functools.partial(step_of, spec, state))(shards)
    whole = min(float(metrics[f"discriminator/{kind}_loss"]) for kind in ("real", "fake"))
    each = np.minimum(*(apart[f"discriminator/{kind}_loss"] for kind in ("real", "fake")))
    assert each.min() < whole
    limit = (each.min() + whole) / 2
    spec, *_ = setup(
        "vaegan", momentum(), feature_weight=0.3, equilibrium=100.0 + limit, margin=100.0
    )
    split = spec.on(Layout("data"))
    after, found = jax.vmap(functools.partial(step_of, split, state), axis_name="data")(shards)
    np.testing.assert_array_equal(found["discriminator/moved"], 1.0)
    expected, _ = step_of(spec, state, batch)
    for a, b in zip(jax.tree.leaves(after.params), jax.tree.leaves(expected.params)):
        np.testing.assert_allclose(a[0], b, rtol=1e-4, atol=1e-6)
