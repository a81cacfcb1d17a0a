"""ALI: all players move from one point, and what its encoder and evaluation give."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tiny_games import BATCH, CODE, Player, module_of, setup, spec_of

from jaxgen.core import Nets, Spec, key_for, optimise
from jaxgen.objectives import ali

pytestmark = pytest.mark.core


def test_players_move_from_one_point_on_the_same_draws():
    spec, state, batch = setup("ali")
    key = jax.random.key(1)
    after, metrics = ali.train_step(spec, state, batch, key)
    together = key_for(jax.random.fold_in(key, 0), "both")
    pair = (
        ("discriminator", ali.discriminator_loss),
        (("generator", "encoder"), ali.generator_loss),
    )
    for players, loss in pair:
        alone, _ = optimise(spec, state, players, loss, batch["image"], jax.random.clone(together))
        for player in (players,) if isinstance(players, str) else players:
            moved = jax.tree.map(np.asarray, alone.params[player])
            jax.tree.map(
                lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5),
                after.params[player],
                moved,
            )
    assert int(after.step) == 1
    # Alternating, the pair meets another discriminator.
    other = spec_of("ali", order="alternating")
    assert module_of("ali").turns(other.hparams)[1].players == ("generator", "encoder")
    nets = Nets(spec, state.params, state.model_state)
    loss, _ = ali.generator_loss(nets, spec, batch["image"], jax.random.clone(together))
    np.testing.assert_allclose(metrics["generator/loss"], loss, rtol=1e-6)


def test_codes_are_means_and_drawn_in_training_alone():
    spec, state, batch = setup("ali", posterior="gaussian")
    nets = {**spec.nets, "encoder": Player((2 * CODE,))}
    spec = Spec(nets=nets, tx=spec.tx, hparams=spec.hparams)
    state = ali.create_state(spec, jax.random.key(0), batch)
    flat = batch["image"].reshape(len(batch["image"]), -1)
    mean = flat @ state.params["encoder"]["kernel"][:, :CODE]
    np.testing.assert_allclose(ali.encode(spec, state, batch["image"]), mean, rtol=1e-5, atol=1e-6)
    losses = [
        ali.discriminator_loss(
            Nets(spec, state.params, state.model_state), spec, batch["image"], jax.random.key(seed)
        )[1]["encoder/code_var"]
        for seed in range(2)
    ]
    assert losses[0] != losses[1]


def test_evaluation_is_of_both_ways_around():
    spec, state, batch = setup("ali")
    encoder, generator = (np.asarray(state.params[n]["kernel"]) for n in ("encoder", "generator"))
    key = jax.random.key(3)
    found = ali.evaluate(spec, state, batch, key)
    image = np.asarray(batch["image"]).reshape(BATCH, -1)
    z = np.asarray(ali.draw_code(spec, jax.random.clone(key), BATCH))
    again = np.tanh(z @ generator) @ encoder
    np.testing.assert_allclose(found["latent_l2"], np.square(again - z).mean(), rtol=1e-4)
    rebuilt = np.tanh(image @ encoder @ generator)
    np.testing.assert_allclose(found["image_l1"], np.abs(rebuilt - image).mean(), rtol=1e-4)
    made = ali.reconstruct(spec, state, batch, jax.random.key(0))
    np.testing.assert_allclose(made.reshape(BATCH, -1), rebuilt, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found["code_var"], (image @ encoder).var(0).mean(), rtol=1e-4)


@pytest.mark.parametrize(
    ("hparams", "message"),
    [
        ({"posterior": "implicit"}, 'posterior="implicit" is not one of gaussian, deterministic'),
        ({"reduction": "max"}, 'reduction="max" is not one of sum, mean'),
        ({"order": "random"}, 'order="random" is not one of simultaneous, alternating'),
        ({"latent_size": 0}, "latent_size=0"),
    ],
)
def test_what_is_no_game(hparams, message):
    with pytest.raises(ValueError, match=message):
        ali.Hparams(**hparams)


def test_nothing_is_cut_between_the_players():
    """The encoder's gradient goes through the discriminator, the generator's through both sums."""
    spec, state, batch = setup("ali", posterior="deterministic")

    def loss(params):
        nets = Nets(spec, {**state.params, **params}, state.model_state)
        return ali.generator_loss(nets, spec, batch["image"], jax.random.key(0))[0]

    gradient = jax.grad(loss)({n: state.params[n] for n in ("generator", "encoder")})
    assert all(float(jnp.linalg.norm(x)) > 1e-3 for x in jax.tree.leaves(gradient))


def test_pairs_of_both_kinds_are_normalised_together():
    """A discriminator that takes the mean of its batch away is given one batch of both."""

    class Centered(nn.Module):
        @nn.compact
        def __call__(self, image, code, *, train):
            scores = Player(())(image, code, train=train)
            return scores - jnp.mean(scores)

    spec, _, batch = setup("ali")
    spec = Spec(nets={**spec.nets, "discriminator": Centered()}, tx=spec.tx, hparams=spec.hparams)
    state = ali.create_state(spec, jax.random.key(0), batch)
    key = jax.random.key(0)
    nets = Nets(spec, state.params, state.model_state)
    _, metrics = ali.discriminator_loss(nets, spec, batch["image"], key)
    kernels = {name: np.asarray(jax.tree.leaves(tree)[0]) for name, tree in state.params.items()}
    image = np.asarray(batch["image"]).reshape(BATCH, -1)
    z = np.asarray(ali.draw_code(spec, key_for(key, "latent"), BATCH))
    made = np.tanh(z @ kernels["generator"] + 0.25)
    pairs = [[image, image @ kernels["encoder"] + 0.25], [made, z]]
    scores = np.array([np.concatenate(x, axis=1) @ kernels["discriminator"] for x in pairs])[..., 0]
    taken = 1 / (1 + np.exp(scores.mean() - scores))
    np.testing.assert_allclose(metrics["discriminator/real"], taken[0].mean(), rtol=1e-5)
    np.testing.assert_allclose(metrics["discriminator/fake"], taken[1].mean(), rtol=1e-5)
