"""CatGAN: what each player wants, of the whole batch, and what is measured of held-out images."""

import dataclasses
import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tiny_games import BATCH, CLASSES, CODE, PIXELS, SIDE, setup, spec_of

from jaxgen.core import Layout
from jaxgen.objectives import catgan

pytestmark = pytest.mark.core

MOST = math.log(CLASSES)
IN_TURN = jnp.arange(6) % CLASSES
SURE = 60.0  # of a logit: the others' probabilities are nothing
# Logits of six images: of one category or of all in turn, each for sure, or of none.
BALANCED, COLLAPSED = (SURE * jax.nn.one_hot(x, CLASSES) for x in (IN_TURN, 0 * IN_TURN))
UNDECIDED = jnp.zeros((6, CLASSES))


class Known:
    """Players whose answers are given: the discriminator's to real images (zeros) and to others."""

    def __init__(self, real, fake, labelled=UNDECIDED):
        self.answers = {0.0: real, 1.0: fake, 2.0: labelled}

    def __call__(self, name, x, *, key=None, train=True):
        if name == "generator":
            return jnp.ones((len(x), SIDE, SIDE, 1))
        return self.answers[float(x[0, 0, 0, 0])]


def image_of(level):
    return jnp.full((6, SIDE, SIDE, 1), level)


@pytest.mark.parametrize(
    ("real", "fake", "discriminator", "generator"),
    [
        (BALANCED, UNDECIDED, -2 * MOST, 0.0),  # the discriminator has won
        (BALANCED, BALANCED, -MOST, -MOST),  # generated images are as real ones
        (BALANCED, COLLAPSED, -MOST, 0.0),
        (COLLAPSED, UNDECIDED, -MOST, 0.0),
        (UNDECIDED, UNDECIDED, -MOST, 0.0),
        (UNDECIDED, BALANCED, 0.0, -MOST),  # the generator has
        (COLLAPSED, COLLAPSED, 0.0, 0.0),
    ],
)
def test_what_each_player_wants(real, fake, discriminator, generator):
    """Sure and balanced is what each is after of its own images; D wants no category of others."""
    nets, spec = Known(real, fake), spec_of("catgan")
    loss, metrics = catgan.discriminator_loss(nets, spec, image_of(0.0), jax.random.key(0))
    assert float(loss) == pytest.approx(discriminator, abs=1e-5)
    assert metrics["discriminator/loss"] == loss
    loss, metrics = catgan.generator_loss(nets, spec, image_of(0.0), jax.random.key(0))
    assert float(loss) == pytest.approx(generator, abs=1e-5)
    assert metrics["generator/loss"] == loss


@pytest.mark.parametrize(
    ("labelled", "nats", "accuracy"), [(COLLAPSED, 0.0, 1.0), (BALANCED, SURE * 2 / 3, 1 / 3)]
)
def test_labels_are_a_term_beside_the_game(labelled, nats, accuracy):
    """Of labels that are all 0, weighted; the game's own value is in the log as without them."""
    nets, spec = Known(BALANCED, UNDECIDED, labelled), spec_of("catgan", label_weight=0.5)
    args = (image_of(0.0), image_of(2.0), 0 * IN_TURN, jax.random.key(0))
    loss, metrics = catgan.labelled_discriminator_loss(nets, spec, *args)
    own = float(metrics["discriminator/loss"])
    assert own == pytest.approx(-2 * MOST, abs=1e-5)
    assert float(loss) - own == pytest.approx(0.5 * nats, abs=1e-4)
    assert float(metrics["discriminator/labelled_accuracy"]) == pytest.approx(accuracy)


def test_a_split_batch_gives_the_same_step():
    """The use of the categories is that of all shards together."""
    spec, state, batch = setup("catgan", label_weight=0.5)
    key = jax.random.key(1)
    expected, metrics = catgan.train_step(spec, state, batch, key)
    shards = jax.tree.map(lambda x: x.reshape(2, -1, *x.shape[1:]), batch)
    step = functools.partial(catgan.train_step, spec.on(Layout("data")), state)
    after, found = jax.vmap(lambda part: step(part, key), axis_name="data")(shards)
    for a, b in zip(jax.tree.leaves(after.params), jax.tree.leaves(expected.params), strict=True):
        np.testing.assert_allclose(a[0], b, rtol=1e-4, atol=1e-6)
    alone = catgan.assignments(spec, state, shards["image"][0])
    assert _use(alone) < 0.99 * float(metrics["discriminator/usage_entropy"])
    for name in ("discriminator/usage_entropy", "generator/usage_entropy"):
        np.testing.assert_allclose(found[name][0], metrics[name], rtol=1e-5)


def _use(logits):
    mean = np.asarray(jax.nn.softmax(logits), np.float64).mean(0)
    return -(mean * np.log(mean)).sum()


def test_figures_of_held_out_images():
    """Of those that are given and of as many that are drawn with the key, outside of training."""
    spec, state, batch = setup("catgan", trained=False)
    found = catgan.evaluate(spec, state, batch, jax.random.key(3))
    generator, discriminator = (
        np.asarray(state.params[name]["kernel"], np.float64) for name in catgan.NETWORKS
    )
    z = np.asarray(catgan.draw_code(spec, jax.random.key(3), BATCH), np.float64)
    assert z.shape == (BATCH, CODE)
    real, fake = np.asarray(batch["image"]).reshape(BATCH, PIXELS), np.tanh(z @ generator)
    odds = [np.exp(x @ discriminator) for x in (real, fake)]
    own, other = (x / x.sum(1, keepdims=True) for x in odds)
    expected = {
        "usage_entropy": -(own.mean(0) * np.log(own.mean(0))).sum(),
        "assignment_entropy": -(own * np.log(own)).sum(1).mean(),
        "fake_entropy": -(other * np.log(other)).sum(1).mean(),
    }
    assert {k: float(v) for k, v in found.items()} == pytest.approx(expected, rel=1e-4)
    logits = catgan.assignments(spec, state, batch["image"])
    np.testing.assert_allclose(logits, real @ discriminator, rtol=1e-5, atol=1e-6)


def test_labels_are_read_where_they_have_a_weight():
    """And then reach the discriminator: the same step without them is another."""
    spec, state, batch = setup("catgan", label_weight=0.5)
    after, _ = catgan.train_step(spec, state, batch, jax.random.key(1))
    other = {**batch, "labelled_label": (batch["labelled_label"] + 1) % CLASSES}
    moved, _ = catgan.train_step(spec, state, other, jax.random.key(1))
    plain = dataclasses.replace(spec, hparams=dataclasses.replace(spec.hparams, label_weight=0.0))
    without, metrics = catgan.train_step(plain, state, batch, jax.random.key(1))
    kernels = [x.params["discriminator"]["kernel"] for x in (after, moved, without)]
    assert np.any(kernels[0] != kernels[1])
    assert np.any(kernels[0] != kernels[2])
    assert not [name for name in metrics if "label" in name or "supervised" in name]


@pytest.mark.parametrize(
    ("hparams", "message"),
    [
        ({"num_classes": 1}, "num_classes=1"),
        ({"latent_prior": "sphere"}, 'latent_prior="sphere"'),
        ({"label_weight": -0.1}, "label_weight=-0.1"),
        ({"generator_updates": 0}, "generator_updates=0"),
    ],
)
def test_numbers_that_are_no_game(hparams, message):
    with pytest.raises(ValueError, match=message):
        catgan.Hparams(**hparams)
