"""Priors on codes that an adversary compares an aggregated posterior with: draws of p(z).

- "gaussian": N(0, s^2 I) in m dimensions.
- "mixture": K narrow 2-D Gaussians on a circle, each stretched along its radius.
- "categorical": one-hot vectors, uniform over K categories.

A. Makhzani, J. Shlens, N. Jaitly, I. Goodfellow, B. Frey, "Adversarial Autoencoders", 2015,
arXiv:1511.05644, figures 2, 4 and 8; the same priors in A. Makhzani, B. Frey, "PixelGAN
Autoencoders", NeurIPS 2017, arXiv:1706.00531.

Deviations: the paper draws the mixture and gives no numbers. Radius and deviations are those of two
public implementations (musyoku/adversarial-autoencoder, hwalsuklee/tensorflow-mnist-AAE).
"""

import jax
import jax.numpy as jnp

from jaxgen.core.errors import require_at_least, require_choice
from jaxgen.core.keys import key_for
from jaxgen.core.layout import Layout
from jaxgen.core.spec import Spec
from jaxgen.core.types import Array, Key

PRIORS = ("gaussian", "mixture", "categorical")

RADIUS = 1.4  # of the circle that the centres of a mixture lie on
ALONG, ACROSS = 0.5, 0.1  # standard deviations of a component, along its radius and across


def check(hparams, *allowed: str) -> None:
    """Raises ValueError unless code_prior is allowed and its numbers are possible."""
    require_choice(hparams, code_prior=allowed)
    require_at_least(1, hparams, "code_size", "components")
    require_at_least(0, hparams, "prior_scale")
    if hparams.code_prior == "mixture" and hparams.code_size != 2:
        raise ValueError(f'code_size={hparams.code_size} must be 2, as code_prior="mixture".')


def draw_code(spec: Spec, key: Key, num: int) -> Array:
    """`num` draws f32[num,m] from the prior that `spec.hparams.code_prior` names.

    m is `hparams.code_size`, for "categorical" the number of categories; `hparams.prior_scale`
    multiplies Gaussian and mixture; `hparams.components` are those of the mixture.
    """
    hparams, layout = spec.hparams, spec.layout
    if hparams.code_prior == "gaussian":
        return hparams.prior_scale * layout.normal(key, (num, hparams.code_size))
    if hparams.code_prior == "categorical":
        return jax.nn.one_hot(draw_category(layout, key, num, hparams.code_size), hparams.code_size)
    component = draw_category(layout, key_for(key, "component"), num, hparams.components)
    return of_component(spec, key_for(key, "place"), component)


def of_component(spec: Spec, key: Key, component: Array) -> Array:
    """A draw f32[num,2] of the given component i32[num] of the mixture for each."""
    hparams = spec.hparams
    return hparams.prior_scale * mixture(spec.layout, key, component, hparams.components)


def draw_category(layout: Layout, key: Key, num: int, categories: int) -> Array:
    """`num` categories i32[num], uniform over 0 to categories - 1."""

    def sampler(key, shape):
        return jax.random.randint(key, shape, 0, categories)

    return layout.draw(sampler, key, (num,))


def mixture(layout: Layout, key: Key, component: Array, components: int) -> Array:
    """A point f32[num,2] of each given component i32[num] of `components` on the circle.

    Component k is centred at angle 2 pi k / components.
    """
    noise = layout.normal(key, (component.shape[0], 2))
    along, across = RADIUS + ALONG * noise[:, 0], ACROSS * noise[:, 1]
    angle = 2.0 * jnp.pi * component / components
    cosine, sine = jnp.cos(angle), jnp.sin(angle)
    return jnp.stack([along * cosine - across * sine, along * sine + across * cosine], axis=1)
