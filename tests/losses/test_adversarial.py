"""The adversarial losses against numpy in float64 and against values known in closed form."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgen.losses import adversarial

pytestmark = pytest.mark.core


def scores(seed, shape=(6,)):
    return np.random.default_rng(seed).normal(0.5, 2.0, shape)


def sigmoid(t):
    return 1 / (1 + np.exp(-t))


@pytest.mark.parametrize("shape", [(6,), (4, 3, 3)])
def test_gan_is_the_cross_entropy_of_the_probabilities(shape):
    real, fake = scores(0, shape), scores(1, shape)
    expected = -np.log(sigmoid(real)).mean() - np.log(1 - sigmoid(fake)).mean()
    np.testing.assert_allclose(
        adversarial.gan_discriminator(jnp.asarray(real), jnp.asarray(fake)), expected, rtol=1e-5
    )
    smooth = -(0.9 * np.log(sigmoid(real)) + 0.1 * np.log(1 - sigmoid(real))).mean()
    smooth -= (0.2 * np.log(sigmoid(fake)) + 0.8 * np.log(1 - sigmoid(fake))).mean()
    np.testing.assert_allclose(
        adversarial.gan_discriminator(
            jnp.asarray(real), jnp.asarray(fake), real_label=0.9, fake_label=0.2
        ),
        smooth,
        rtol=1e-5,
    )
    np.testing.assert_allclose(
        adversarial.gan_generator(jnp.asarray(fake)), -np.log(sigmoid(fake)).mean(), rtol=1e-5
    )
    np.testing.assert_allclose(
        adversarial.gan_generator(jnp.asarray(fake), form="minimax"),
        np.log(1 - sigmoid(fake)).mean(),
        rtol=1e-5,
    )


def test_gan_at_known_logits():
    two, minus_one, zero = jnp.array([2.0]), jnp.array([-1.0]), jnp.zeros(1)
    assert float(adversarial.gan_discriminator(two, minus_one)) == pytest.approx(0.44019, abs=1e-5)
    assert float(adversarial.gan_generator(minus_one)) == pytest.approx(1.31326, abs=1e-5)
    minimax = adversarial.gan_generator(minus_one, form="minimax")
    assert float(minimax) == pytest.approx(-0.31326, abs=1e-5)
    assert float(adversarial.gan_discriminator(zero, zero)) == pytest.approx(2 * np.log(2))


def test_gan_is_finite_far_out():
    far = jnp.array([-1e4, 1e4])
    for form in ("non_saturating", "minimax"):
        value, gradient = jax.value_and_grad(
            lambda t, form=form: adversarial.gan_generator(t, form=form)
        )(far)
        assert np.isfinite(value)
        assert np.all(np.isfinite(gradient))


def test_unknown_form_is_refused():
    with pytest.raises(ValueError, match="non_saturating, minimax"):
        adversarial.gan_generator(jnp.zeros(1), form="minmax")


def test_lsgan():
    real, fake = jnp.array([0.8]), jnp.array([0.3])
    assert float(adversarial.lsgan_discriminator(real, fake)) == pytest.approx(0.0650)
    assert float(adversarial.lsgan_generator(fake)) == pytest.approx(0.2450)
    chi_square = adversarial.lsgan_discriminator(real, fake, a=-1.0, b=1.0)
    assert float(chi_square) == pytest.approx(0.8650)
    assert float(adversarial.lsgan_generator(fake, c=0.0)) == pytest.approx(0.0450)
    # The mean of squares, not the square of the mean.
    assert float(adversarial.lsgan_generator(jnp.array([0.0, 2.0]))) == pytest.approx(0.5)


def test_wgan():
    real, fake = scores(0), scores(1)
    critic = adversarial.wgan_critic(jnp.asarray(real), jnp.asarray(fake))
    np.testing.assert_allclose(critic, fake.mean() - real.mean(), rtol=1e-5)
    np.testing.assert_allclose(
        adversarial.wgan_generator(jnp.asarray(fake)), -fake.mean(), rtol=1e-5
    )


def test_penalty_of_a_linear_critic_is_known_everywhere():
    weights = np.random.default_rng(0).normal(size=(3, 2))
    real, fake = scores(1, (5, 3, 2)), scores(2, (5, 3, 2))

    def critic(u):
        return jnp.sum(u * jnp.asarray(weights)[None], axis=(1, 2))

    found = adversarial.gradient_penalty(
        critic, jnp.asarray(real), jnp.asarray(fake), jax.random.key(0), weight=10.0
    )
    norm = np.sqrt((weights**2).sum())
    np.testing.assert_allclose(found, 10 * (norm - 1) ** 2, rtol=1e-5)


def test_penalty_of_a_quadratic_critic_sample_by_sample():
    """f(u) = |u|^2 / 2 has gradient u, so the penalty shows the points: one share a sample."""
    real, fake = scores(1, (5, 2, 2)), scores(2, (5, 2, 2))
    shares = np.asarray(jax.random.uniform(jax.random.key(3), (5,)), np.float64)
    found = adversarial.gradient_penalty(
        lambda u: jnp.sum(jnp.square(u), axis=(1, 2)) / 2,
        jnp.asarray(real),
        jnp.asarray(fake),
        jax.random.key(3),
        weight=1.0,
    )
    norms = [
        np.sqrt(((share * x + (1 - share) * y) ** 2).sum())
        for share, x, y in zip(shares, real, fake)
    ]
    np.testing.assert_allclose(found, np.mean((np.array(norms) - 1) ** 2), rtol=1e-5)
    assert len(set(shares)) == 5


def test_penalty_of_a_critic_of_zeros_has_a_finite_gradient():
    x = jnp.asarray(scores(1, (4, 3)))

    def penalty(w):
        return adversarial.gradient_penalty(lambda u: u @ w, x, x + 1, jax.random.key(0))

    value, gradient = jax.value_and_grad(penalty)(jnp.zeros(3))
    assert float(value) == pytest.approx(10.0, rel=1e-4)
    assert np.all(np.isfinite(gradient))


def test_penalty_needs_pairs():
    with pytest.raises(ValueError, match="one shape"):
        adversarial.gradient_penalty(
            lambda u: u, jnp.zeros((4, 2)), jnp.zeros((3, 2)), jax.random.key(0)
        )


def test_ebgan_hinge_is_of_each_sample():
    real, fake = jnp.array([0.5, 1.5]), jnp.array([0.0, 4.0])
    # Margin 2: hinges 2 and 0, whereas the hinge of the mean energy would be 0.
    assert float(adversarial.ebgan_discriminator(real, fake, margin=2.0)) == pytest.approx(1 + 1)
    assert float(adversarial.ebgan_generator(fake)) == pytest.approx(2.0)
    gradient = jax.grad(lambda f: adversarial.ebgan_discriminator(real, f, margin=2.0))(fake)
    np.testing.assert_allclose(gradient, [-0.5, 0.0])


def test_pulling_away():
    v = np.array([3.0, 4.0])
    assert float(adversarial.pulling_away(jnp.array([v, v, 2 * v]))) == pytest.approx(1, rel=1e-5)
    assert float(adversarial.pulling_away(jnp.array([v, -v]))) == pytest.approx(1, rel=1e-5)
    assert float(adversarial.pulling_away(jnp.eye(4))) == pytest.approx(0, abs=1e-6)
    codes = scores(0, (7, 3))
    unit = codes / np.linalg.norm(codes, axis=1, keepdims=True)
    pairs = [(unit[i] @ unit[j]) ** 2 for i in range(7) for j in range(7) if i != j]
    np.testing.assert_allclose(
        adversarial.pulling_away(jnp.asarray(codes)), np.mean(pairs), rtol=1e-5
    )
    random = np.random.default_rng(0).normal(size=(400, 100))
    assert float(adversarial.pulling_away(jnp.asarray(random))) == pytest.approx(0.01, rel=0.03)
    assert np.all(np.isfinite(jax.grad(adversarial.pulling_away)(jnp.zeros((2, 3)))))
    with pytest.raises(ValueError, match="b >= 2"):
        adversarial.pulling_away(jnp.zeros((1, 3)))


def test_losses_of_bfloat16_scores_are_float32():
    x = jnp.asarray(scores(0), jnp.bfloat16)
    for value in (
        adversarial.gan_discriminator(x, x),
        adversarial.lsgan_discriminator(x, x),
        adversarial.wgan_critic(x, x),
        adversarial.ebgan_discriminator(x, x, margin=1.0),
    ):
        assert value.dtype == jnp.float32
