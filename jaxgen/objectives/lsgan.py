"""LSGAN: least squares in the place of cross-entropy, on a discriminator without a sigmoid.

X. Mao, Q. Li, H. Xie, R. Y. K. Lau, Z. Wang, S. P. Smolley, "Least Squares Generative Adversarial
Networks", ICCV 2017, arXiv:1611.04076. The players minimise (eq. 2)

    discriminator:  E (D(x) - b)^2 / 2 + E (D(G(z)) - a)^2 / 2
    generator:      E (D(G(z)) - c)^2 / 2

(a, b, c) = (0, 1, 1) is what the paper trains images with (eq. 9); (-1, 1, 0) makes the generator's
loss a Pearson chi-square divergence (eq. 8).

Deviations: means over the batch, as in the paper; the authors' code sums, which Adam does not see.
That code uses one z for both players of a step; here each has its own.
"""

import dataclasses

from jaxgen.core import (
    Array,
    Batch,
    Key,
    Metrics,
    Nets,
    Spec,
    TrainState,
    Turn,
    finish,
    require_at_least,
    require_choice,
    take_turns,
)
from jaxgen.core.generator import PRIORS, decode, draw_latent, generate, sample, split_keys
from jaxgen.losses import adversarial
from jaxgen.losses.moments import relative_spread
from jaxgen.objectives.gan import create_state

__all__ = ["create_state", "decode", "draw_latent", "sample"]  # as in every GAN

NETWORKS = ("generator", "discriminator")


@dataclasses.dataclass(frozen=True)
class Hparams:
    """Numbers of the game; the defaults are the published LSUN recipe.

    a, b: what the discriminator should say of generated and of real images; c: what the generator
    wants it to say. latent_prior: see `core.generator.draw_latent`.
    """

    latent_size: int = 1024
    latent_prior: str = "uniform"
    a: float = 0.0
    b: float = 1.0
    c: float = 1.0
    discriminator_updates: int = 1
    generator_updates: int = 1

    def __post_init__(self):
        require_choice(self, latent_prior=PRIORS)
        require_at_least(1, self, "latent_size", "discriminator_updates", "generator_updates")


def batches_per_step(hparams: Hparams) -> int:
    """Every update of the discriminator has a batch of its own."""
    return hparams.discriminator_updates


def discriminator_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """The discriminator's loss on images f32[b,h,w,c] and as many generated ones."""
    key_generated, key_real, key_fake = split_keys(key)
    fake = generate(nets, spec, key_generated, image.shape[0])
    real_scores = nets("discriminator", image, key=key_real)
    fake_scores = nets("discriminator", fake, key=key_fake)
    a, b = spec.hparams.a, spec.hparams.b
    loss = adversarial.lsgan_discriminator(real_scores, fake_scores, a=a, b=b)
    return loss, {
        "discriminator/loss": loss,
        "discriminator/real": real_scores.mean(),
        "discriminator/fake": fake_scores.mean(),
        "generator/spread": relative_spread(fake, image, mean=spec.layout.mean),
    }


def generator_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """The generator's loss; of `image` f32[b,h,w,c] only b matters."""
    key_generated, _, key_fake = split_keys(key)
    fake = generate(nets, spec, key_generated, image.shape[0])
    scores = nets("discriminator", fake, key=key_fake)
    loss = adversarial.lsgan_generator(scores, c=spec.hparams.c)
    return loss, {"generator/loss": loss}


def train_step(spec: Spec, state: TrainState, batch: Batch, key: Key) -> tuple[TrainState, Metrics]:
    """The discriminator's updates, then the generator's against the new discriminator.

    batch["image"]: f32[k b,h,w,c] with k the discriminator's updates; key: constant over a run.
    """
    turns = (
        Turn("discriminator", discriminator_loss, spec.hparams.discriminator_updates),
        Turn("generator", generator_loss, spec.hparams.generator_updates, fresh=False),
    )
    state, metrics = take_turns(spec, state, (batch["image"],), key, turns)
    return finish(spec, state), metrics
