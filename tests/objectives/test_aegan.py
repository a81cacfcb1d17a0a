"""AEGAN: annealing, the parts of it, and what its evaluation says of known players."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tiny_games import setup, spec_of

from jaxgen.core import Nets, resolve
from jaxgen.objectives import aegan

pytestmark = pytest.mark.core


def loss_at(step, **hparams):
    spec, state, batch = setup("aegan", model="ae", image_weight=3.0, **hparams)
    nets = Nets(spec, state.params, state.model_state)
    loss, metrics = aegan.generator_loss(nets, spec, batch["image"], jax.random.key(0), step)
    return float(loss / metrics["generator/image"])


def test_weights_of_reconstruction_are_annealed_in_a_line():
    assert loss_at(100) == pytest.approx(3.0)
    annealed = {"annealing_steps": 10, "annealed_share": 0.2}
    found = [loss_at(step, **annealed) for step in (0, 5, 10, 1000)]
    assert found == pytest.approx([3.0, 3.0 * 0.6, 3.0 * 0.2, 3.0 * 0.2])
    assert loss_at(10, annealing_steps=10) == 0.0


def test_a_step_knows_its_number():
    """Without any weight left an autoencoder stays as it is."""
    spec, state, batch = setup("aegan", model="ae", annealing_steps=10)
    moved, _ = aegan.train_step(spec, state, batch, jax.random.key(0))
    assert np.any(moved.params["encoder"]["kernel"] != state.params["encoder"]["kernel"])
    late = state.replace(step=jnp.asarray(10))
    stays, _ = aegan.train_step(spec, late, batch, jax.random.key(0))
    jax.tree.map(np.testing.assert_array_equal, stays.params, state.params)


@pytest.mark.parametrize(
    ("model", "metrics"),
    [
        ("aegan", {"image_l1", "latent_l2", "latent_auc"}),
        ("egan", {"image_l1"}),
        ("aae", {"image_l1", "latent_auc"}),
        ("ae", {"image_l1"}),
    ],
)
def test_metrics_are_of_what_a_model_has(model, metrics):
    spec, state, batch = setup("aegan", model=model)
    assert aegan.evaluate(spec, state, batch, jax.random.key(0)).keys() == metrics


def test_a_gan_has_no_codes():
    offered = resolve(aegan, aegan.Hparams(model="gan"))
    assert offered.encode is offered.reconstruct is offered.evaluate is None
    assert offered.decode is aegan.decode
    assert resolve(aegan, aegan.Hparams(model="ae")).encode is aegan.encode


def test_evaluation_of_players_whose_answers_are_known():
    """Codes are 2 and of image 0.5: an error of |x - 0.5|, and Dz by sign tells all or none."""
    spec, state, batch = setup("aegan")
    for sign, auc in ((-1.0, 1.0), (0.0, 0.5), (1.0, 0.0)):

        class Known:
            def __call__(self, name, x, *, train, sign=sign):
                assert not train
                if name == "encoder":
                    return jnp.full((len(x), 2), 200.0)
                if name == "generator":
                    return jnp.full((len(x), 2, 2, 1), 0.5)
                return sign * x[:, 0]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(aegan, "evaluating", lambda spec, state: Known())
            patch.setattr("jaxgen.objectives.parts.latents.evaluating", lambda *_: Known())
            key = jax.random.key(3)
            found = aegan.evaluate(spec, state, batch, jax.random.clone(key))
        assert found["image_l1"] == pytest.approx(np.abs(batch["image"] - 0.5).mean())
        assert found["latent_auc"] == pytest.approx(auc)
        latent = aegan.draw_code(spec, key, len(batch["image"]))
        expected = np.square(200.0 - latent).mean()
        assert found["latent_l2"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("hparams", "message"),
    [
        ({"model": "vae"}, 'model="vae" is not one of aegan, egan, gan, aae, ae'),
        ({"fake_label": 0.95}, "fake_label=0.95 must be below real_label=0.95"),
        ({"real_label": 1.2}, "real_label=1.2, and that at most 1"),
        ({"latent_weight": -1.0}, "latent_weight=-1.0"),
        ({"annealing_steps": -1}, "annealing_steps=-1"),
    ],
)
def test_numbers_that_are_no_game(hparams, message):
    with pytest.raises(ValueError, match=message):
        aegan.Hparams(**hparams)


def test_noise_of_training_reaches_every_player_that_has_any():
    """Each is called with a key of its own in the pair's turn; fakes are made without noise."""
    spec = spec_of("aegan")
    calls = []

    class Recorded(Nets):
        def __call__(self, name, *inputs, train=True, key=None, method=None):
            calls.append((name, train, None if key is None else jax.random.key_data(key).tolist()))
            return super().__call__(name, *inputs, train=train, key=key, method=method)

    _, state, batch = setup("aegan")
    for turn in aegan.turns(spec.hparams):
        calls.clear()
        nets = Recorded(spec, state.params, state.model_state)
        turn.loss(nets, spec, batch["image"], jax.random.key(0))
        trained = [(name, key) for name, train, key in calls if train]
        assert all(key is not None for _, key in trained)
        assert len({str(key) for _, key in trained}) == len(trained)
        made = [name for name, train, _ in calls if not train]
        assert not made or turn.players[0] not in ("generator", "encoder")
        if turn.players == ("generator", "encoder"):
            assert len(trained) == 8
