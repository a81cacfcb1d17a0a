"""InfoGAN: its latents, its bound, and whom that teaches."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tiny_games import BATCH, CLASSES, CODE, PIXELS, setup, spec_of

from jaxgen.core import Nets
from jaxgen.objectives import infogan

pytestmark = pytest.mark.core

CONTINUOUS = 2
MOST = math.log(CLASSES)
# Of Gaussians of deviation 1 whose means are right.
MOST_CONTINUOUS = CONTINUOUS * (math.log(2) - math.log(2 * math.pi) / 2)


def test_latents_are_noise_a_category_and_numbers():
    spec = spec_of("infogan", noise_size=3)
    latent = np.asarray(infogan.draw_code(spec, jax.random.key(0), 3000))
    noise, category, continuous = np.split(latent, [3, 3 + CLASSES], axis=1)
    assert continuous.shape == (3000, CONTINUOUS)
    np.testing.assert_allclose(category.mean(0), 1 / CLASSES, atol=0.03)
    np.testing.assert_array_equal(np.sort(category, axis=1), np.eye(CLASSES)[[CLASSES - 1] * 3000])
    for part in (noise, continuous):  # uniform in [-1, 1]
        np.testing.assert_allclose([part.min(), part.max()], [-1, 1], atol=0.01)
        np.testing.assert_allclose([part.mean(), part.var()], [0, 1 / 3], atol=0.02)
    every = np.concatenate([noise, continuous, category[:, :1]], axis=1)
    correlation = np.corrcoef(every.T) - np.eye(every.shape[1])
    assert np.abs(correlation).max() < 0.06


def found(output, latent):
    spec = spec_of("infogan")
    metrics = infogan.information(spec, latent, jnp.asarray(output, jnp.float32))
    return {name: float(value) for name, value in metrics.items()}


def test_the_bound_is_at_most_the_entropy_and_that_for_a_perfect_recogniser():
    spec = spec_of("infogan")
    latent = infogan.draw_code(spec, jax.random.key(0), 200)
    code = np.asarray(latent)[:, CODE:]
    perfect = code * np.where(np.arange(CLASSES + CONTINUOUS) < CLASSES, 60.0, 1.0)
    best = found(perfect, latent)
    assert best["category_information"] == pytest.approx(MOST, abs=1e-6)
    assert best["continuous_information"] == pytest.approx(MOST_CONTINUOUS, abs=1e-6)
    assert best["continuous_error"] == 0.0
    rng = np.random.default_rng(0)
    for scale in (0.1, 1.0, 10.0):
        for output in (scale * rng.normal(size=code.shape), perfect + rng.normal(size=code.shape)):
            some = found(output, latent)
            assert some["category_information"] <= MOST + 1e-6
            assert some["continuous_information"] < MOST_CONTINUOUS
    nothing = found(0 * code, latent)
    assert nothing["category_information"] == pytest.approx(0.0, abs=1e-6)
    assert nothing["continuous_error"] == pytest.approx(np.square(code[:, CLASSES:]).mean())
    wrong = found(np.roll(perfect, 1, axis=0), latent)
    assert wrong["category_information"] < -5.0


def test_the_bound_is_never_above_the_information():
    """Of a category that is seen wrong in one image of five, however Q answers."""
    spec = spec_of("infogan")
    seen = np.arange(300) % CLASSES
    true = np.where(np.arange(300) % 5 == 0, (seen + 1) % CLASSES, seen)
    latent = jnp.zeros((300, CODE + CLASSES + CONTINUOUS)).at[jnp.arange(300), CODE + true].set(1.0)
    right = np.full((CLASSES, CLASSES), 1e-9) + 0.8 * np.eye(CLASSES)
    right += 0.2 * np.roll(np.eye(CLASSES), 1, axis=1)
    truth = MOST + 0.8 * math.log(0.8) + 0.2 * math.log(0.2)
    for temperature in (1.0, 0.5, 3.0):
        output = np.zeros((300, CLASSES + CONTINUOUS))
        output[:, :CLASSES] = np.log(right[seen]) / temperature
        metrics = infogan.information(spec, latent, jnp.asarray(output, jnp.float32))
        bound = float(metrics["category_information"])
        assert bound <= truth + 1e-5
        assert (bound == pytest.approx(truth, abs=1e-4)) == (temperature == 1.0)


def gradients(loss, **hparams):
    """Of every network by a loss, on the same parameters and noise."""
    spec, state, batch = setup("infogan", **hparams)

    def value(params):
        nets = Nets(spec, params, state.model_state)
        return getattr(infogan, loss)(nets, spec, batch["image"], jax.random.key(3))[0]

    return jax.grad(value)(state.params)


def norm(tree):
    return math.sqrt(sum(float(jnp.sum(jnp.square(x))) for x in jax.tree.leaves(tree)))


ALONE = {"info_weight": 0.0, "continuous_weight": 0.0}


@pytest.mark.parametrize("information", ["both", "generator"])
@pytest.mark.parametrize("weights", [{"info_weight": 1.0}, {"continuous_weight": 1.0}])
def test_whom_the_bound_teaches(information, weights):
    """In D's loss the trunk and Q, never the logit's layer; in the generator's whoever is before.

    That is the generator, and all it passes through: trunk and Q, but the logit's layer as in a
    game without the bound.
    """
    given = {"information": information}
    for loss in ("discriminator_loss", "generator_loss"):
        game = gradients(loss, **given, **ALONE)
        both = gradients(loss, **given, **{**ALONE, **weights})
        bound = jax.tree.map(jnp.subtract, both, game)
        felt = information == "both" or loss == "generator_loss"
        for part in (bound["discriminator"]["hidden"], bound["recogniser"], bound["generator"]):
            assert norm(part) > 1e-3 if felt else norm(part) == 0.0
        assert norm(bound["discriminator"]["score"]) < 1e-6
        assert norm(game["recogniser"]) == 0.0


@pytest.mark.parametrize("information", ["both", "generator"])
def test_the_bound_is_subtracted_with_its_weights(information):
    def value(loss, **weights):
        spec, state, batch = setup("infogan", information=information, **weights)
        nets, key = Nets(spec, state.params, state.model_state), jax.random.key(3)
        found, metrics = getattr(infogan, loss)(nets, spec, batch["image"], key)
        return float(found), {name: float(x) for name, x in metrics.items()}

    _, metrics = value("generator_loss")
    category = metrics["recogniser/category_information"]
    continuous = metrics["recogniser/continuous_information"]
    assert abs(category) > 0.01
    for loss in ("discriminator_loss", "generator_loss"):
        alone, logged = value(loss, **ALONE)
        with_bound, same = value(loss, info_weight=2.0, continuous_weight=0.5)
        felt = information == "both" or loss == "generator_loss"
        expected = 2.0 * category + 0.5 * continuous if felt else 0.0
        assert alone - with_bound == pytest.approx(expected, abs=1e-5)
        # What is logged is the game's own.
        player = f"{loss.partition('_')[0]}/loss"
        assert logged[player] == same[player] == pytest.approx(alone)


@pytest.mark.parametrize("information", ["both", "generator"])
def test_who_moves_by_the_bound(information):
    """Without the game: what a step changes is what the bound teaches there."""
    moved = {}
    for name, weights in {
        "with": {"info_weight": 1.0, "continuous_weight": 0.5},
        "without": ALONE,
    }.items():
        spec, state, batch = setup("infogan", information=information, **weights)
        after, _ = infogan.train_step(spec, state, batch, jax.random.key(1))
        moved[name] = jax.tree.map(jnp.subtract, after.params, state.params)
    difference = jax.tree.map(jnp.subtract, moved["with"], moved["without"])
    assert norm(difference["generator"]) > 1e-4
    assert norm(difference["recogniser"]) > 1e-4
    assert norm(moved["without"]["recogniser"]) == 0.0
    trunk, head = (norm(difference["discriminator"][part]) for part in ("hidden", "score"))
    assert head < 1e-6
    assert trunk > 1e-4 if information == "both" else trunk < 1e-6


def test_figures_of_held_out_and_of_generated_images():
    spec, state, batch = setup("infogan", trained=False)
    figures = infogan.evaluate(spec, state, batch, jax.random.key(3))
    w = jax.tree.map(lambda x: np.asarray(x, np.float64), state.params)
    latent = np.asarray(infogan.draw_code(spec, jax.random.key(3), BATCH), np.float64)

    def recognised(image):
        trunk = np.tanh(image @ w["discriminator"]["hidden"]["kernel"])
        logits, mean = np.split(trunk @ w["recogniser"]["kernel"], [CLASSES], axis=1)
        return np.exp(logits) / np.exp(logits).sum(1, keepdims=True), mean

    q, mean = recognised(np.tanh(latent @ w["generator"]["kernel"]))
    real, _ = recognised(np.asarray(batch["image"]).reshape(BATCH, PIXELS))
    _, category, continuous = np.split(latent, [CODE, CODE + CLASSES], axis=1)
    gaussian = -np.square(continuous - mean) / 2 - math.log(2 * math.pi) / 2
    expected = {
        "category_information": MOST + np.log((q * category).sum(1)).mean(),
        "continuous_information": CONTINUOUS * math.log(2) + gaussian.sum(1).mean(),
        "continuous_error": np.square(continuous - mean).mean(),
        "usage_entropy": -(real.mean(0) * np.log(real.mean(0))).sum(),
        "assignment_entropy": -(real * np.log(real)).sum(1).mean(),
    }
    assert {k: float(v) for k, v in figures.items()} == pytest.approx(expected, rel=1e-4)
    assigned = jax.nn.softmax(infogan.assignments(spec, state, batch["image"]))
    np.testing.assert_allclose(assigned, real, rtol=1e-4)


def test_samples_of_a_category_have_it_in_their_latents():
    spec, state, _ = setup("infogan")
    category = jnp.array([2, 0, 2, 1])
    images = infogan.sample(spec, state, jax.random.key(5), 4, category)
    seen = []

    def decode(spec, state, code):
        seen.append(np.asarray(code))
        return code

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(infogan, "decode", decode)
        infogan.sample(spec, state, jax.random.key(5), 4, category)
        infogan.sample(spec, state, jax.random.key(5), 4)
    asked, in_turn = (code[:, CODE : CODE + CLASSES].argmax(1).tolist() for code in seen)
    assert (asked, in_turn) == ([2, 0, 2, 1], [0, 1, 2, 0])
    np.testing.assert_array_equal(seen[0][:, :CODE], seen[1][:, :CODE])
    np.testing.assert_array_equal(infogan.decode(spec, state, jnp.asarray(seen[0])), images)


def test_categories_alone_are_a_code():
    spec, state, batch = setup("infogan", continuous_size=0)
    assert infogan.draw_code(spec, jax.random.key(0), 5).shape == (5, CODE + CLASSES)
    after, metrics = infogan.train_step(spec, state, batch, jax.random.key(1))
    assert [name for name in metrics if name.startswith("recogniser")] == [
        "recogniser/category_information"
    ]
    assert norm(jax.tree.map(jnp.subtract, after.params, state.params)["recogniser"]) > 0


@pytest.mark.parametrize(
    ("hparams", "message"),
    [
        ({"information": "discriminator"}, 'information="discriminator" is not one of both, gen'),
        ({"num_classes": 1}, "num_classes=1"),
        ({"continuous_size": -1}, "continuous_size=-1"),
        ({"noise_size": 0}, "noise_size=0"),
        ({"info_weight": -1.0}, "info_weight=-1.0"),
    ],
)
def test_numbers_that_are_no_game(hparams, message):
    with pytest.raises(ValueError, match=message):
        infogan.Hparams(**hparams)
