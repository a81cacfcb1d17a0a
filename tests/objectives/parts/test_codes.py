"""What adversarial autoencoders share, against numpy: scores, likelihoods, labels."""

import dataclasses

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxgen.core import Nets, Spec, create, key_for
from jaxgen.objectives.parts import codes

pytestmark = pytest.mark.core

M = 3


@dataclasses.dataclass(frozen=True)
class Numbers:
    likelihood: str = "bernoulli"
    discriminator_noise: float = 0.0


@pytest.mark.parametrize("num", [2, 3, 50])
def test_every_code_goes_to_another_image(num):
    code = jnp.arange(float(num))[:, None]
    dealt = [np.asarray(codes.of_another(jax.random.key(i), code))[:, 0] for i in range(20)]
    for one in dealt:
        np.testing.assert_array_equal(np.sort(one), np.arange(num))
        assert np.all(one != np.arange(num))
    # Whatever the order of the images, neighbours and images far apart are as likely.
    if num == 50:
        apart = np.abs(np.stack(dealt) - np.arange(num))
        assert 10 < apart.mean() < 24


class Sum(nn.Module):
    """The sum of a row, plus noise of the layers of size `noise`."""

    noise: float = 0.0

    @nn.compact
    def __call__(self, code, *, train):
        y = jnp.sum(code, axis=1) + self.param("bias", nn.initializers.zeros, ())
        if self.noise and train:
            y += self.noise * jax.random.normal(self.make_rng("dropout"), y.shape)
        return y


def nets_of(layers=0.0, **numbers):
    spec = Spec(
        nets={"judge": Sum(layers)}, tx={"judge": optax.sgd(0.1)}, hparams=Numbers(**numbers)
    )
    state = create(spec, jax.random.key(0), {"judge": (jnp.zeros((1, M)),)})
    return Nets(spec, state.params, state.model_state), spec


CODE = jnp.arange(12.0).reshape(4, M)


def test_a_score_is_of_the_code_with_noise_and_its_condition():
    nets, spec = nets_of()
    key = jax.random.key(1)
    np.testing.assert_allclose(codes.score(nets, spec, "judge", CODE, key), CODE.sum(1))
    condition = jnp.array([[10.0], [20.0], [30.0], [40.0]])
    given = codes.score(nets, spec, "judge", CODE, key, condition)
    np.testing.assert_allclose(given, CODE.sum(1) + condition[:, 0])
    nets, spec = nets_of(discriminator_noise=0.3)
    noise = 0.3 * jax.random.normal(key_for(key, "noise"), CODE.shape)
    noisy = codes.score(nets, spec, "judge", CODE, key, condition)
    np.testing.assert_allclose(noisy, given + noise.sum(1), rtol=1e-5)


def test_layers_have_noise_of_their_own():
    nets, spec = nets_of(layers=1.0)
    found = [
        np.asarray(codes.score(nets, spec, "judge", CODE, jax.random.key(i)) - CODE.sum(1))
        for i in (1, 1, 2)
    ]
    np.testing.assert_array_equal(found[0], found[1])
    assert np.all(np.abs(found[0] - found[2]) > 1e-3)


def test_likelihoods_of_independent_pixels():
    output = np.random.default_rng(0).normal(size=(4, 2, 2, 1))
    image = np.sign(np.random.default_rng(1).normal(size=(4, 2, 2, 1)))
    probability = 1 / (1 + np.exp(-output))
    expected = {
        "bernoulli": -np.log(np.where(image > 0, probability, 1 - probability)).sum((1, 2, 3)),
        "squared": ((output - image) ** 2).sum((1, 2, 3)) / 2,
    }
    mean = {"bernoulli": 2 * probability - 1, "squared": output}
    assert set(expected) == set(codes.LIKELIHOODS)
    args = (jnp.asarray(output, jnp.float32), jnp.asarray(image, jnp.float32))
    for kind in codes.LIKELIHOODS:
        _, spec = nets_of(likelihood=kind)
        found = codes.independent_nll(spec, *args)
        np.testing.assert_allclose(found, expected[kind], rtol=1e-5)
        np.testing.assert_allclose(codes.to_image(spec, args[0]), mean[kind], rtol=1e-5, atol=1e-6)


def test_labels_cost_the_nats_of_their_own_class():
    logits = np.random.default_rng(0).normal(size=(6, M))
    label = np.array([0, 1, 2, 2, 1, 0])
    loss, metrics = codes.label_loss(jnp.asarray(logits, jnp.float32), jnp.asarray(label))
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    expected = -np.log(probabilities[np.arange(6), label]).mean()
    np.testing.assert_allclose(loss, expected, rtol=1e-5)
    np.testing.assert_allclose(metrics["encoder/supervised"], expected, rtol=1e-5)
    right = np.mean(logits.argmax(1) == label)
    assert 0 < right < 1
    np.testing.assert_allclose(metrics["encoder/labelled_accuracy"], right, rtol=1e-6)


def test_a_discriminators_metrics_are_probabilities():
    real, fake = jnp.array([0.0, 0.0]), jnp.log(jnp.array([3.0, 1.0 / 3.0, 1.0]))
    found = codes.discriminator_metrics("judge", jnp.asarray(2.0), real, fake)
    expected = {"judge/loss": 2.0, "judge/real": 0.5, "judge/fake": 0.5}
    assert {name: float(value) for name, value in found.items()} == pytest.approx(expected)
    assert codes.named("encoder", {"a": 1, "b": 2}) == {"encoder/a": 1, "encoder/b": 2}
