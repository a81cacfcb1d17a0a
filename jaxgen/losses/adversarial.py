"""The adversarial losses of the GAN family: scores of batches in, one number to minimise out.

Scores are what a discriminator or critic returns before any squashing, f[b,...]: one a sample or a
map of patches; every mean is over all elements. All are computed in float32 or better.

- gan: I. Goodfellow et al., "Generative Adversarial Nets", NeurIPS 2014, arXiv:1406.2661.
- lsgan: X. Mao et al., "Least Squares Generative Adversarial Networks", ICCV 2017,
  arXiv:1611.04076.
- wgan: M. Arjovsky, S. Chintala, L. Bottou, "Wasserstein GAN", ICML 2017, arXiv:1701.07875.
- gradient_penalty: I. Gulrajani et al., "Improved Training of Wasserstein GANs", NeurIPS 2017,
  arXiv:1704.00028.
- ebgan, pulling_away: J. Zhao, M. Mathieu, Y. LeCun, "Energy-based Generative Adversarial
  Networks", ICLR 2017, arXiv:1609.03126.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from jaxgen.core.types import Array, Key
from jaxgen.losses.moments import project_to_sphere
from jaxgen.losses.precision import at_least_float32


def cross_entropy(logits: Array, label: float) -> Array:
    """Mean of -label log D - (1 - label) log(1 - D) in nats, D the logistic function of logits.

    Logits f[b,...] -> f[]. The loss of a batch of one kind, all real or all generated.
    """
    logits = at_least_float32(logits)
    return jnp.mean(jax.nn.softplus(logits) - label * logits)


def gan_discriminator(
    real_logits: Array, fake_logits: Array, *, real_label: float = 1.0, fake_label: float = 0.0
) -> Array:
    """Sum of the two mean cross-entropies, in nats: -E log D(x) - E log(1 - D(G(z))), eq. 1.

    Logits f[b,...] each, of any batch sizes -> f[]. 2 log 2 where the players are even. The labels
    are D's targets: real_label 0.9 is one-sided smoothing.

    >>> import jax.numpy as jnp
    >>> round(float(gan_discriminator(jnp.zeros(4), jnp.zeros(4))), 4)
    1.3863
    """
    return cross_entropy(real_logits, real_label) + cross_entropy(fake_logits, fake_label)


def gan_generator(fake_logits: Array, *, form: str = "non_saturating") -> Array:
    """-E log D(G(z)) ("non_saturating", section 3) or E log(1 - D(G(z))) ("minimax", eq. 1)."""
    if form == "non_saturating":
        return cross_entropy(fake_logits, 1.0)
    if form == "minimax":
        return -cross_entropy(fake_logits, 0.0)
    raise ValueError(f'form="{form}" is not one of non_saturating, minimax.')


def lsgan_discriminator(real: Array, fake: Array, *, a: float = 0.0, b: float = 1.0) -> Array:
    """E (D(x) - b)^2 / 2 + E (D(G(z)) - a)^2 / 2, eq. 2: f[], 0 or more."""
    real, fake = at_least_float32(real), at_least_float32(fake)
    return jnp.mean(jnp.square(real - b)) / 2 + jnp.mean(jnp.square(fake - a)) / 2


def lsgan_generator(fake: Array, *, c: float = 1.0) -> Array:
    """E (D(G(z)) - c)^2 / 2, eq. 2: f[].

    (a, b, c) = (-1, 1, 0) makes the pair a Pearson chi-square divergence (eq. 8), (0, 1, 1) is what
    the paper trains images with (eq. 9).
    """
    return jnp.mean(jnp.square(at_least_float32(fake) - c)) / 2


def wgan_critic(real: Array, fake: Array) -> Array:
    """E f(G(z)) - E f(x): f[]. Its negative estimates the Wasserstein distance, up to a factor."""
    return jnp.mean(at_least_float32(fake)) - jnp.mean(at_least_float32(real))


def wgan_generator(fake: Array) -> Array:
    """-E f(G(z)): f[]."""
    return -jnp.mean(at_least_float32(fake))


def gradient_penalty(
    critic: Callable[[Array], Array],
    real: Array,
    fake: Array,
    key: Key,
    *,
    weight: float = 10.0,
    uniform: Callable[[Key, tuple[int, ...]], Array] = jax.random.uniform,
) -> Array:
    """Penalty weight E (|grad f(u)| - 1)^2 at u = e x + (1 - e) G(z), e uniform, eq. 3: f[].

    critic: f[b,...] -> scores f[b] or f[b,...], a function of each sample alone (no batch
    statistics, for then the gradient is not one sample's). real, fake f[b,...] of one shape. e is
    drawn for each sample; the norm is over all axes but the batch's. `uniform` draws e laid out
    like data (`Layout.uniform`). The gradient is finite where that of f is 0.
    """
    if real.shape != fake.shape:
        raise ValueError(f"real and fake must have one shape; got {real.shape} and {fake.shape}.")
    share = uniform(key, (len(real),)).reshape(-1, *[1] * (real.ndim - 1))
    points = share * real + (1 - share) * fake
    gradient = jax.grad(lambda u: jnp.sum(at_least_float32(critic(u))))(points)
    squares = jnp.sum(jnp.square(gradient.reshape(len(real), -1)), axis=1)
    # A square root has no gradient at 0, where a critic of zeros is.
    return weight * jnp.mean(jnp.square(jnp.sqrt(squares + 1e-12) - 1.0))


def ebgan_discriminator(real_energy: Array, fake_energy: Array, *, margin: float) -> Array:
    """E D(x) + E max(0, margin - D(G(z))), eq. 1, energies f[b] of samples, 0 or more -> f[].

    The hinge is taken of each sample and then averaged.
    """
    real, fake = at_least_float32(real_energy), at_least_float32(fake_energy)
    return jnp.mean(real) + jnp.mean(jax.nn.relu(margin - fake))


def ebgan_generator(fake_energy: Array) -> Array:
    """E D(G(z)), eq. 2: f[]."""
    return jnp.mean(at_least_float32(fake_energy))


def pulling_away(codes: Array) -> Array:
    """Mean squared cosine between the codes f[b,m] of different samples, b >= 2, eq. 5: f[].

    In [0,1]: 1 where all codes point along one line, about 1/m for random ones. Under a named axis
    pass the gathered codes of all shards (`Layout.gather`). Zero codes are orthogonal to all.
    """
    if codes.ndim != 2 or codes.shape[0] < 2:
        raise ValueError(f"codes must be f[b,m] with b >= 2; got shape {codes.shape}.")
    unit = project_to_sphere(at_least_float32(codes))
    cosines = jnp.square(unit @ unit.T)
    count = codes.shape[0]
    return (jnp.sum(cosines) - jnp.trace(cosines)) / (count * (count - 1))
