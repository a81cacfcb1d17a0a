"""What games against one adversary share: passes with noise of their own, metrics, turns."""

import dataclasses

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxgen.core import Nets, Spec, Turn, key_for
from jaxgen.objectives.parts import adversary, latents

pytestmark = pytest.mark.core

M = 3


@dataclasses.dataclass(frozen=True)
class Numbers:
    latent_prior: str = "normal"
    latent_size: int = M


class Noisy(nn.Module):
    """The inputs, scaled, plus one draw of the layers' noise a pass; in order it counts passes."""

    image: bool
    noise: float = 1.0

    @nn.compact
    def __call__(self, x, label=None, *, train):
        seen = self.variable("batch_stats", "seen", jnp.zeros, (4,))
        if train:
            seen.value = jnp.concatenate([seen.value[1:], jnp.mean(x)[None]])
        y = x * self.param("scale", nn.initializers.constant(2.0), ())
        if label is not None:
            y = y + 100.0 * label.reshape(-1, *[1] * (y.ndim - 1))
        if self.noise and train:
            y = y + self.noise * jax.random.normal(self.make_rng("dropout"), ())
        return y[:, None, :, None] if self.image else y.reshape(len(y), -1)[:, 0]


def setup(*condition, noise=1.0):
    nets = {"generator": Noisy(image=True, noise=noise), "critic": Noisy(image=False, noise=noise)}
    spec = Spec(nets=nets, tx=dict.fromkeys(nets, optax.sgd(1.0)), hparams=Numbers())
    image = jax.random.normal(jax.random.key(9), (5, 1, M, 1))
    state = adversary.create_pair("critic", spec, jax.random.key(0), {"image": image}, *condition)
    return spec, state, image


def test_real_and_generated_images_pass_the_adversary_one_after_the_other():
    spec, state, image = setup(noise=0.0)
    nets, key = Nets(spec, state.params, state.model_state), jax.random.key(1)
    fake, on_real, on_fake = adversary.on_real_and_fake(nets, spec, "critic", image, key)
    z = latents.draw_code(spec, key_for(key, "latent"), 5)
    np.testing.assert_allclose(fake[:, 0, :, 0], 2.0 * z, rtol=1e-6)
    np.testing.assert_allclose(on_real, 2.0 * image[:, 0, 0, 0], rtol=1e-6)
    np.testing.assert_allclose(on_fake, 2.0 * fake[:, 0, 0, 0], rtol=1e-6)
    seen = nets.model_state["critic"]["batch_stats"]["seen"][-2:]
    np.testing.assert_allclose(seen, [image.mean(), fake.mean()], rtol=1e-5)
    nets = Nets(spec, state.params, state.model_state)
    again, scores = adversary.on_fake(nets, spec, "critic", 5, key)
    np.testing.assert_array_equal(again, fake)
    np.testing.assert_array_equal(scores, on_fake)


def test_both_players_are_given_the_condition():
    label = jnp.arange(5)
    spec, state, image = setup(label[:1], noise=0.0)
    nets, key = Nets(spec, state.params, state.model_state), jax.random.key(1)
    fake, on_real, on_fake = adversary.on_real_and_fake(nets, spec, "critic", image, key, label)
    z = latents.draw_code(spec, key_for(key, "latent"), 5)
    np.testing.assert_allclose(fake[:, 0, :, 0], 2.0 * z + 100.0 * label[:, None], rtol=1e-6)
    np.testing.assert_allclose(on_real, 2.0 * image[:, 0, 0, 0] + 100.0 * label, rtol=1e-6)
    np.testing.assert_allclose(on_fake, 2.0 * fake[:, 0, 0, 0] + 100.0 * label, rtol=1e-6)


def test_every_pass_has_noise_of_its_own():
    spec, state, image = setup()
    nets, key = Nets(spec, state.params, state.model_state), jax.random.key(1)
    fake, on_real, on_fake = adversary.on_real_and_fake(nets, spec, "critic", image, key)
    z = latents.draw_code(spec, key_for(key, "latent"), 5)
    noise = [fake[0, 0, 0, 0] - 2 * z[0, 0]]
    noise += [on_real[0] - 2 * image[0, 0, 0, 0], on_fake[0] - 2 * fake[0, 0, 0, 0]]
    gaps = np.abs(np.subtract.outer(noise, noise))[np.triu_indices(3, 1)]
    assert gaps.min() > 1e-3


def test_metrics_against_numpy():
    spec, _, image = setup()
    real, fake = jnp.array([1.0, 2.0]), jnp.array([5.0, 6.0, 7.0])
    found = adversary.metrics(spec, jnp.asarray(3.0), real, fake, image, 0.5 * image)
    expected = {"discriminator/loss": 3.0, "discriminator/real": 1.5, "discriminator/fake": 6.0}
    expected["generator/spread"] = 0.5
    assert {name: float(value) for name, value in found.items()} == pytest.approx(expected)


def test_the_adversary_has_fresh_batches_and_the_generator_its_turn_after():
    first, second = object(), object()
    turns = adversary.alternate("critic", first, second, 5, 2, entries=("image", "label"))
    assert turns == (
        Turn("critic", first, ("image", "label"), updates=5, fresh=True),
        Turn("generator", second, ("image", "label"), updates=2, fresh=False),
    )
