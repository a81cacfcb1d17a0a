"""AGE's step: who is updated, how often, in what order, on what."""

import functools

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from tiny_games import update_key

from jaxgen.core import Spec, optimise, resolve
from jaxgen.objectives import age

pytestmark = pytest.mark.core

M, SIDE, BATCH = 4, 3, 6


class Probe(nn.Module):
    """A linear network whose statistics record, in order, the mean of every input it was given."""

    features: int
    image: bool

    @nn.compact
    def __call__(self, x, *, train):
        calls = self.variable("batch_stats", "calls", jnp.zeros, (), jnp.int32)
        seen = self.variable("batch_stats", "seen", jnp.zeros, (16,))
        if train:
            seen.value = seen.value.at[calls.value].set(jnp.mean(x))
            calls.value = calls.value + 1
        kernel = self.param(
            "kernel", nn.initializers.normal(0.5), (x.size // x.shape[0], self.features)
        )
        y = x.reshape(x.shape[0], -1) @ kernel
        return jnp.tanh(y).reshape(-1, SIDE, SIDE, 1) if self.image else y


def spec_of(encoder_rate=0.1, generator_rate=0.1, **hparams):
    return Spec(
        nets={"encoder": Probe(M, image=False), "generator": Probe(SIDE * SIDE, image=True)},
        tx={"encoder": optax.sgd(encoder_rate), "generator": optax.sgd(generator_rate)},
        hparams=age.Hparams(latent_size=M, **hparams),
    )


def setup(seed=0, **options):
    spec = spec_of(**options)
    count = BATCH * resolve(age, spec.hparams).batches
    image = jax.random.uniform(jax.random.key(9), (count, SIDE, SIDE, 1), minval=-1.0)
    state = age.create_state(spec, jax.random.key(seed), {"image": image})
    return spec, state, {"image": image}


def numpy_networks(state):
    kernels = {n: np.asarray(p["kernel"], np.float64) for n, p in state.params.items()}

    def encoder(x):
        codes = x.reshape(len(x), -1) @ kernels["encoder"]
        return codes / np.linalg.norm(codes, axis=1, keepdims=True)

    def generator(z):
        return np.tanh(z @ kernels["generator"]).reshape(-1, SIDE, SIDE, 1)

    return encoder, generator


def numpy_kl(c):
    m, v = c.mean(0), c.var(0)
    return np.mean((v**2 + m**2) / 2 - np.log(v) - 0.5)


def test_noise_lies_on_the_sphere_or_not():
    z = age.draw_code(spec_of(), jax.random.key(0), 50)
    np.testing.assert_allclose(jnp.linalg.norm(z, axis=1), 1.0, rtol=1e-5)
    z = age.draw_code(spec_of(latent_prior="normal"), jax.random.key(0), 4000)
    assert float(jnp.std(z)) == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize("frozen", ["encoder", "generator"])
def test_each_player_moves_only_its_own_network(frozen):
    other = {"encoder": "generator", "generator": "encoder"}[frozen]
    spec, state, batch = setup(**{f"{frozen}_rate": 0.0})
    after, _ = age.train_step(spec, state, batch, jax.random.key(1))
    assert np.array_equal(after.params[frozen]["kernel"], state.params[frozen]["kernel"])
    assert not np.array_equal(after.params[other]["kernel"], state.params[other]["kernel"])


def test_order_and_number_of_passes():
    """Encoder: real, fake, then one fake a generator update; generator: g(e(x)), g(z), g(z), ..."""
    spec, state, batch = setup(generator_updates=3)
    after, _ = age.train_step(spec, state, batch, jax.random.key(1))
    stats = {name: after.model_state[name]["batch_stats"] for name in age.NETWORKS}
    assert int(stats["encoder"]["calls"]) == 2 + 3
    assert int(stats["generator"]["calls"]) == 2 + 3
    seen = np.asarray(stats["encoder"]["seen"])
    assert seen[0] == pytest.approx(float(jnp.mean(batch["image"])), abs=1e-6)
    assert len(set(seen[1:5])) == 4  # every fake batch has noise of its own


def test_passes_that_no_term_needs_are_left_out():
    spec, state, batch = setup(image_weight=0.0)
    after, metrics = age.train_step(spec, state, batch, jax.random.key(1))
    assert int(after.model_state["generator"]["batch_stats"]["calls"]) == 1 + 2
    assert "encoder/image" not in metrics


def test_generator_plays_against_the_updated_encoder():
    spec, state, batch = setup(generator_updates=1)
    key = jax.random.key(1)
    after, _ = age.train_step(spec, state, batch, key)
    image, generator_key = batch["image"], update_key(key, "generator")
    middle, _ = optimise(
        spec, state, "encoder", age.encoder_loss, image, update_key(key, "encoder")
    )
    end, _ = optimise(spec, middle, "generator", age.generator_loss, image, generator_key)
    # A clone: the suite's key-reuse check rightly dislikes what is done on purpose here.
    again = jax.random.clone(generator_key)
    stale, _ = optimise(spec, state, "generator", age.generator_loss, image, again)
    kernel = after.params["generator"]["kernel"]
    np.testing.assert_allclose(kernel, end.params["generator"]["kernel"], rtol=1e-6)
    assert not np.allclose(kernel, stale.params["generator"]["kernel"], rtol=1e-3)


def test_image_term_in_the_generator_draws_fresh_batches():
    spec, state, batch = setup(generator_image_weight=1.0)
    assert resolve(age, spec.hparams).batches == 1 + 2
    after, _ = age.train_step(spec, state, batch, jax.random.key(1))
    stats = after.model_state["encoder"]["batch_stats"]
    assert int(stats["calls"]) == 2 + 2 * 2
    means = np.asarray(jnp.mean(batch["image"].reshape(BATCH, 3, -1), axis=(0, 2)))
    np.testing.assert_allclose(np.asarray(stats["seen"])[[0, 3, 5]], means, atol=1e-6)


def test_step_is_a_function_of_seed_and_step():
    spec, state, batch = setup()
    step = jax.jit(functools.partial(age.train_step, spec))
    first, _ = step(state, batch, jax.random.key(1))
    again, _ = step(state, batch, jax.random.key(1))
    later, _ = step(state.replace(step=state.step + 1), batch, jax.random.key(1))
    kernel = first.params["generator"]["kernel"]
    assert np.array_equal(kernel, again.params["generator"]["kernel"])
    assert not np.array_equal(kernel, later.params["generator"]["kernel"])
    assert int(first.step) == 1


def test_reconstructions_are_images_of_codes_and_codes_lie_on_the_sphere():
    spec, state, batch = setup()
    encoder, generator = numpy_networks(state)
    codes = age.encode(spec, state, batch["image"])
    expected = encoder(np.asarray(batch["image"], np.float64))
    np.testing.assert_allclose(codes, expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(codes, axis=1), 1.0, rtol=1e-5)
    images = age.reconstruct(spec, state, batch, jax.random.key(0))
    np.testing.assert_allclose(images, generator(expected), rtol=1e-4, atol=1e-6)


def test_held_out_figures_against_numpy():
    spec, state, batch = setup()
    figures = age.evaluate(spec, state, batch, jax.random.key(3))
    encoder, generator = numpy_networks(state)
    x = np.asarray(batch["image"], np.float64)
    z = np.asarray(age.draw_code(spec, jax.random.key(3), BATCH), np.float64)
    codes, fake = encoder(x), encoder(generator(z))
    expected = {
        "image_l1": np.mean(np.abs(generator(codes) - x)),
        "image_l2": np.mean((generator(codes) - x) ** 2),
        "latent_cosine": np.mean(np.sum(z * fake, axis=1)),
        "kl_real": numpy_kl(codes),
        "kl_fake": numpy_kl(fake),
        "real/code_var": codes.var(0).mean(),
    }
    for name, value in expected.items():
        np.testing.assert_allclose(figures[name], value, rtol=1e-4, err_msg=name)


@pytest.mark.parametrize(
    "options",
    [
        {"latent_prior": "cube"},
        {"kl_form": "official"},
        {"image_match": "cos"},
        {"generator_updates": 0},
        {"divergence": "knn"},
    ],
)
def test_bad_hparams_are_refused(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        age.Hparams(**options)
