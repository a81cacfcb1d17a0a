"""Colorizers: who sees the gray image, who moves on what, and what is random when."""

import functools

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from tiny_games import BATCH, CODE, SIDE, setup, update_key

from jaxgen.core import Nets, Spec, evaluating, key_for, resolve
from jaxgen.losses import reconstruction
from jaxgen.models import ebgan, patch_discriminator, unet
from jaxgen.objectives import age_colorization, colorization
from jaxgen.objectives.parts import age_codes, colors

pytestmark = [pytest.mark.core, pytest.mark.usefixtures("quick_compilation")]

GAMES = [kind for kind in colorization.ADVERSARIAL if kind != "none"]
KEY = jax.random.key(1)


def pair_of(adversarial, **hparams):
    """(spec, state, batch) with networks as configs have them, small."""
    generator = hparams.pop("generator", {})
    judge = patch_discriminator.Discriminator(
        receptive_field=16, features=2, batch_norm=adversarial != "wgan_gp"
    )
    if adversarial == "ebgan":
        judge = ebgan.ConditionalDiscriminator(features=2, depth=2)
    spec = Spec(
        nets={"generator": unet.Generator(features=2, **generator), "discriminator": judge},
        tx=dict.fromkeys(colorization.NETWORKS, optax.sgd(0.1)),
        hparams=colorization.Hparams(adversarial=adversarial, **hparams),
    )
    lightness, chroma = (
        jax.random.uniform(jax.random.key(i), (6, 8, 8, i), minval=-1.0) for i in (1, 2)
    )
    batch = {"lightness": lightness, "chroma": chroma}
    return spec, jax.jit(functools.partial(colorization.create_state, spec))(KEY, batch), batch


def outputs(spec, state, lightness, chroma):
    found = Nets(spec, state.params, state.model_state)("discriminator", lightness, chroma)
    if isinstance(found, tuple):
        return jnp.mean(jnp.square(found[0] - chroma), axis=(1, 2, 3))
    return found


@pytest.mark.parametrize("adversarial", GAMES)
def test_the_discriminator_sees_the_gray_image(adversarial):
    """With the chroma as it is; the study author's EBGAN did not, see the module's docstring."""
    spec, state, batch = pair_of(adversarial)
    given, chroma = batch["lightness"], batch["chroma"]
    judge = jax.jit(functools.partial(outputs, spec, state))
    there, elsewhere = (judge(x, chroma) for x in (given, jnp.roll(given, 1, axis=0)))
    assert float(jnp.min(jnp.max(jnp.abs(there - elsewhere).reshape(6, -1), axis=1))) > 1e-9


def test_the_energy_is_of_the_chroma_alone():
    """However wrong lightness is, it is only seen."""
    spec, state, batch = setup("colorization", adversarial="ebgan")[:3]
    output = evaluating(spec, state)(
        "discriminator", batch["lightness"], batch["chroma"], train=False
    )
    assert output[0].shape == batch["chroma"].shape
    _, metrics = colorization.discriminator_loss(
        Nets(spec, state.params, {"generator": {}, "discriminator": {}}),
        spec,
        batch["lightness"],
        batch["chroma"],
        KEY,
    )
    trained = Nets(spec, state.params, state.model_state)(
        "discriminator", batch["lightness"], batch["chroma"]
    )
    expected = np.mean(np.square(np.asarray(trained[0] - batch["chroma"])))
    np.testing.assert_allclose(metrics["discriminator/real"], expected, rtol=1e-6)


def changed(before, after, name):
    leaves = zip(jax.tree.leaves(before.params[name]), jax.tree.leaves(after.params[name]))
    return any(np.any(np.asarray(a) != np.asarray(b)) for a, b in leaves)


@pytest.mark.parametrize("adversarial", GAMES)
@pytest.mark.parametrize("updates", [(1, 1), (3, 2)])
def test_the_discriminator_moves_first_on_batches_of_its_own(adversarial, updates):
    discriminator_updates, generator_updates = updates
    spec, state, batch = setup(
        "colorization",
        adversarial=adversarial,
        discriminator_updates=discriminator_updates,
        generator_updates=generator_updates,
        clip=0.3,
    )
    game = resolve(colorization, spec.hparams)
    assert game.batches == discriminator_updates
    assert len(batch["chroma"]) == BATCH * discriminator_updates
    expected, entries = state, ("lightness", "chroma")
    for name, count in (("discriminator", updates[0]), ("generator", updates[1])):
        loss = getattr(colorization, f"{name}_loss")
        (turn,) = (turn for turn in game.turns if turn.players == (name,))
        for number in range(count):
            part = number if name == "discriminator" else 0
            arrays = [batch[entry][part :: updates[0]] for entry in entries]
            before = expected
            expected, _ = turn.update(
                spec, expected, (name,), loss, *arrays, update_key(KEY, name, number)
            )
            other = "generator" if name == "discriminator" else "discriminator"
            assert changed(before, expected, name)
            assert not changed(before, expected, other)
    after, _ = colorization.train_step(spec, state, batch, KEY)
    for a, b in zip(jax.tree.leaves(after.params), jax.tree.leaves(expected.params)):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("adversarial", ["gan", "wgan"])
def test_wgan_clips_all_of_the_discriminator_and_nothing_else(adversarial):
    """Also its normalisations; other objectives clip nothing."""
    spec, state, batch = pair_of(adversarial, clip=0.004)
    after, _ = jax.jit(functools.partial(colorization.train_step, spec))(state, batch, KEY)
    largest = {
        name: [float(jnp.max(jnp.abs(x))) for x in jax.tree.leaves(after.params[name])]
        for name in colorization.NETWORKS
    }
    assert max(largest["generator"]) > 0.1
    if adversarial == "wgan":
        assert max(largest["discriminator"]) <= np.float32(0.004)
        assert (
            sum(size > 0.0039 for size in largest["discriminator"])
            > len(largest["discriminator"]) / 2
        )
    else:
        assert max(largest["discriminator"]) > 0.004


@pytest.mark.parametrize("hparams", [{"adversarial": "none"}, {"adversarial_weight": 0.0}])
def test_without_an_adversary_the_discriminator_stays_and_is_not_asked(hparams):
    spec, state, batch = setup("colorization", **hparams)
    broken = jax.tree.map(lambda x: jnp.full_like(x, jnp.nan), state.params["discriminator"])
    state = state.replace(params={**state.params, "discriminator": broken})
    after, metrics = colorization.train_step(spec, state, batch, KEY)
    assert changed(state, after, "generator")
    assert np.isfinite(float(metrics["generator/loss"]))
    assert set(metrics) == {f"generator/{name}" for name in ("loss", "l1", "l2", "chroma")}


def test_the_penalty_is_of_an_images_mean_score_by_its_chroma():
    """Of a sum it would grow with the grid of patches."""
    spec, state, batch = pair_of("wgan_gp", penalty_weight=3.0)
    given, chroma = batch["lightness"], batch["chroma"]
    nets = Nets(spec, state.params, state.model_state)
    loss = jax.jit(lambda *given: colorization.discriminator_loss(nets, spec, *given)[1])
    metrics = loss(given, chroma, KEY)
    made = jax.jit(lambda x: nets("generator", x, key=key_for(KEY, "generator")))(given)
    share = jax.random.uniform(key_for(KEY, "share"), (6,)).reshape(6, 1, 1, 1)

    def mean_score(between, row):
        patches = nets("discriminator", given[row][None], between[None])
        assert patches.shape[1] * patches.shape[2] > 1
        return jnp.mean(patches)

    between = share * chroma + (1.0 - share) * made
    slope = jax.jit(jax.grad(mean_score))
    slopes = [slope(between[r], r) for r in range(6)]
    norms = np.array([np.linalg.norm(np.float64(x)) for x in slopes])
    expected = 3.0 * np.mean(np.square(norms - 1.0))
    np.testing.assert_allclose(metrics["discriminator/penalty"], expected, rtol=1e-5)


def test_both_errors_count_when_both_have_a_weight():
    spec, state, batch = setup("colorization", adversarial="none", l1_weight=2.0, l2_weight=3.0)
    nets = Nets(spec, state.params, state.model_state)
    loss, metrics = colorization.generator_loss(
        nets, spec, batch["lightness"], batch["chroma"], KEY
    )
    total = 2.0 * metrics["generator/l1"] + 3.0 * metrics["generator/l2"]
    np.testing.assert_allclose(loss, total, rtol=1e-6)
    made = nets("generator", batch["lightness"])
    np.testing.assert_allclose(metrics["generator/l1"], reconstruction.l1(made, batch["chroma"]))


def test_the_authors_sum_of_squares_has_the_weight_that_is_said():
    """tf.nn.l2_loss, half the sum, over 4 images of 256 px and 2 channels."""
    difference = np.random.default_rng(0).normal(size=(4, 256, 256, 2))
    zeros = np.zeros_like(difference)
    half_sum = np.sum(np.square(difference)) / 2
    np.testing.assert_allclose(262144 * reconstruction.l2(difference, zeros), half_sum, rtol=1e-5)
    assert "l2_weight=262144" in colorization.__doc__


def colored(spec, state, lightness, key=KEY):
    return jax.jit(functools.partial(colorization.colorize, spec))(state, lightness, key)


def trained_pair(**options):
    spec, state, batch = pair_of("gan", **options)
    step = jax.jit(functools.partial(colorization.train_step, spec))
    for number in range(3):
        state, _ = step(state, batch, jax.random.key(number))
    return spec, state, batch["lightness"]


def test_running_statistics_make_an_image_independent_of_its_batch_and_of_the_key():
    spec, state, lightness = trained_pair()
    together = colored(spec, state, lightness)
    for row in range(2):
        alone = colored(spec, state, lightness[row : row + 1], jax.random.key(9))
        np.testing.assert_allclose(alone[0], together[row], atol=1e-6)


def test_statistics_of_the_image_are_those_of_training_on_it_alone():
    """As pix2pix: with dropout, so the key matters, and whatever else is in the batch does not."""
    spec, state, lightness = trained_pair(statistics="image")
    found = colored(spec, state, lightness)
    nets = evaluating(spec, state)
    key = jax.random.split(key_for(KEY, "generator"), len(lightness))[2]
    expected = nets("generator", lightness[2:3], train=True, key=key)
    np.testing.assert_allclose(found[2], expected[0], atol=1e-6)
    assert np.any(np.abs(found - colored(spec, state, lightness, jax.random.key(5))) > 1e-3)
    running, *_ = trained_pair()
    assert np.any(np.abs(found - colored(running, state, lightness)) > 1e-3)


def test_dropout_at_evaluation_is_noise_under_running_statistics():
    options = {"dropout_at_evaluation": True}
    spec, state, lightness = trained_pair(generator=options)
    first, again, other = (colored(spec, state, lightness, jax.random.key(i)) for i in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert np.any(np.asarray(first != other))


def test_training_normalises_by_the_batch_and_moves_running_statistics():
    """Those of both networks, by every call: two of the generator, three of the discriminator."""

    class Counting(nn.Module):
        inner: nn.Module

        @nn.compact
        def __call__(self, *arrays, train):
            calls = self.variable("batch_stats", "calls", jnp.zeros, ())
            if train:
                calls.value += 1
            return self.inner(*arrays, train=train)

    spec, _, batch = pair_of("gan")
    spec = Spec(
        nets={name: Counting(net) for name, net in spec.nets.items()},
        tx=spec.tx,
        hparams=spec.hparams,
    )
    state = jax.jit(functools.partial(colorization.create_state, spec))(KEY, batch)
    after, _ = jax.jit(functools.partial(colorization.train_step, spec))(state, batch, KEY)
    calls = {name: float(after.model_state[name]["batch_stats"]["calls"]) for name in spec.nets}
    assert calls == {"generator": 2, "discriminator": 3}


def test_a_latent_makes_colorings_differ():
    spec, state, batch = setup("colorization", latent_size=CODE)
    first, again, other = (
        colorization.colorize(spec, state, batch["lightness"], jax.random.key(i)) for i in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert np.any(np.asarray(first != other))
    plain, state, _ = setup("colorization")
    one, two = (
        colorization.colorize(plain, state, batch["lightness"], jax.random.key(i)) for i in (0, 1)
    )
    np.testing.assert_array_equal(one, two)


def test_colorings_by_age_are_of_the_code_and_of_the_gray_image():
    spec, state, batch = setup("age_colorization")
    given = batch["lightness"]
    first, again, other = (
        age_colorization.colorize(spec, state, given, jax.random.key(i)) for i in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert np.any(np.asarray(first != other))
    assert np.any(np.asarray(first != age_colorization.colorize(spec, state, -given, KEY)))
    turns = age_colorization.turns(age_colorization.Hparams())
    assert [(t.networks, t.updates, t.fresh) for t in turns] == [
        ("encoder", 1, True),
        ("generator", 2, False),
    ]


def test_metrics_of_held_out_images_are_their_formulas():
    spec, state, batch = setup("colorization")
    found = colorization.evaluate(spec, state, batch, KEY)
    made = np.asarray(colorization.colorize(spec, state, batch["lightness"], KEY), np.float64)
    true = np.asarray(batch["chroma"], np.float64)
    lengths = [np.hypot(x[..., 0], x[..., 1]).mean() for x in (made, true)]
    expected = {
        "l1": np.abs(made - true).mean(),
        "l2": np.square(made - true).mean(),
        "chroma": lengths[0] / lengths[1],
    }
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-5, err_msg=name)


def test_metrics_of_age_are_their_formulas():
    spec, state, batch = setup("age_colorization")
    found = age_colorization.evaluate(spec, state, batch, KEY)
    made = age_colorization.colorize(spec, state, batch["lightness"], KEY)
    assert found.items() >= colors.errors(spec, batch["chroma"], made).items()
    kernels = {name: np.asarray(state.params[name]["kernel"], np.float64) for name in spec.nets}

    def codes(chroma):
        both = np.concatenate([batch["lightness"], chroma], axis=-1).reshape(BATCH, -1)
        code = both @ kernels["encoder"]
        return code / np.linalg.norm(code, axis=1, keepdims=True)

    given = np.concatenate(
        [np.reshape(batch["lightness"], (BATCH, -1)), codes(batch["chroma"])], axis=1
    )
    again = np.tanh(given @ kernels["generator"]).reshape(BATCH, SIDE, SIDE, 2)
    error = np.abs(again - np.asarray(batch["chroma"])).mean()
    np.testing.assert_allclose(found["reconstruction_l1"], error, rtol=1e-5)
    z = np.asarray(age_codes.draw_code(spec, key_for(KEY, "latent"), BATCH), np.float64)
    cosine = (z * codes(made)).sum(axis=1).mean()
    np.testing.assert_allclose(found["latent_cosine"], cosine, rtol=1e-4)


def test_diversity_is_nothing_where_the_latent_is_ignored():
    spec, state, batch = setup("age_colorization")
    assert float(age_colorization.evaluate(spec, state, batch, KEY)["diversity"]) > 1e-3
    kernel = state.params["generator"]["kernel"]
    deaf = kernel.at[-spec.hparams.latent_size :].set(0.0)
    state = state.replace(params={**state.params, "generator": {"kernel": deaf}})
    assert float(age_colorization.evaluate(spec, state, batch, KEY)["diversity"]) == 0.0


def test_gray_pixels_leave_the_chroma_ratio_finite():
    spec, *_ = setup("colorization")
    gray = jnp.zeros((2, SIDE, SIDE, 2))
    assert np.isfinite(colors.chroma_ratio(spec, gray, gray))
    slope = jax.grad(lambda x: colors.chroma_ratio(spec, gray + 0.5, x))(gray)
    assert np.all(np.isfinite(slope))


def test_what_cannot_be_played_is_refused():
    for given, message in (
        ({"adversarial": "dcgan"}, r'adversarial="dcgan" is not one of gan, lsgan, ebgan'),
        ({"adversarial": "none", "l1_weight": 0.0}, "Nothing trains the generator"),
        ({"clip": 0.0}, r"clip=0\.0 must be above 0"),
        ({"l2_weight": -1.0}, "l2_weight"),
        ({"statistics": "batch"}, "statistics"),
        ({"discriminator_updates": 0}, "discriminator_updates"),
    ):
        with pytest.raises(ValueError, match=message):
            colorization.Hparams(**given)


@pytest.mark.parametrize(
    ("adversarial", "judge", "message"),
    [
        ("ebgan", patch_discriminator.Discriminator(16, 2), "needs another .*: an autoencoder"),
        ("gan", ebgan.ConditionalDiscriminator(2, 2), "needs another .*: one with scores"),
        ("wgan_gp", patch_discriminator.Discriminator(16, 2), "wgan_gp.* has batch normalisation"),
    ],
)
def test_discriminators_that_do_not_fit_are_refused(adversarial, judge, message):
    spec, _, batch = pair_of(adversarial)
    spec = Spec(
        nets={**spec.nets, "discriminator": judge},
        tx=spec.tx,
        hparams=spec.hparams,
    )
    with pytest.raises(ValueError, match=message):
        colorization.create_state(spec, KEY, batch)
