"""EBGAN: the discriminator is an autoencoder, and its reconstruction error the energy.

J. Zhao, M. Mathieu, Y. LeCun, "Energy-based Generative Adversarial Networks", ICLR 2017,
arXiv:1609.03126. With D(x) = |Dec(Enc(x)) - x| and a margin m the players minimise

    discriminator:  E D(x) + E max(0, m - D(G(z)))                                        (eq. 1)
    generator:      E D(G(z)) + pulling_away_weight * PT(Enc(G(z)))                  (eq. 2, eq. 5)

The pulling-away term PT, the mean squared cosine between codes, is what makes it EBGAN-PT.

Deviations: no code is published. |.| in the formula is either the mean squared error of an image
("mean_squared", whose scale does not depend on the image's size) or its Euclidean norm
("euclidean", to which published margins such as 20 at 64 px belong, as public reimplementations
read them): `energy` chooses, and `margin` is on that scale. The hinge is of each image. Nothing is
detached: both occurrences of G(z) in the energy carry gradient.
"""

import dataclasses

import jax.numpy as jnp

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
    """Numbers of the game; the defaults are the published CelebA setting (margin 20, weight 0.1).

    margin: energy up to which generated images are pushed. energy: "euclidean" | "mean_squared".
    A pulling_away_weight of 0 is plain EBGAN. latent_prior: see `core.generator.draw_latent`.
    """

    latent_size: int = 100
    latent_prior: str = "uniform"
    energy: str = "euclidean"
    margin: float = 20.0
    pulling_away_weight: float = 0.1
    discriminator_updates: int = 1
    generator_updates: int = 1

    def __post_init__(self):
        require_choice(self, latent_prior=PRIORS, energy=("euclidean", "mean_squared"))
        require_at_least(1, self, "latent_size", "discriminator_updates", "generator_updates")
        require_at_least(0, self, "margin", "pulling_away_weight")


def batches_per_step(hparams: Hparams) -> int:
    """Every update of the discriminator has a batch of its own."""
    return hparams.discriminator_updates


def energy(spec: Spec, reconstruction: Array, image: Array) -> Array:
    """Reconstruction error of each image f32[b,h,w,c]: f32[b], 0 or more."""
    squares = jnp.square(reconstruction - image).reshape(image.shape[0], -1)
    if spec.hparams.energy == "mean_squared":
        return jnp.mean(squares, axis=1)
    # A square root has no gradient at 0, which a perfect reconstruction reaches.
    return jnp.sqrt(jnp.sum(squares, axis=1) + 1e-12)


def discriminator_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """The discriminator's loss on images f32[b,h,w,c] and as many generated ones."""
    key_generated, key_real, key_fake = split_keys(key)
    fake = generate(nets, spec, key_generated, image.shape[0])
    real_energy = energy(spec, nets("discriminator", image, key=key_real)[0], image)
    fake_energy = energy(spec, nets("discriminator", fake, key=key_fake)[0], fake)
    margin = spec.hparams.margin
    loss = adversarial.ebgan_discriminator(real_energy, fake_energy, margin=margin)
    return loss, {
        "discriminator/loss": loss,
        "discriminator/real": real_energy.mean(),
        "discriminator/fake": fake_energy.mean(),
        "generator/spread": relative_spread(fake, image, mean=spec.layout.mean),
    }


def generator_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """The generator's loss; of `image` f32[b,h,w,c] only b, 2 or more, matters."""
    key_generated, _, key_fake = split_keys(key)
    fake = generate(nets, spec, key_generated, image.shape[0])
    reconstruction, codes = nets("discriminator", fake, key=key_fake)
    loss = adversarial.ebgan_generator(energy(spec, reconstruction, fake))
    metrics = {}
    if spec.hparams.pulling_away_weight:
        together = adversarial.pulling_away(spec.layout.gather(codes))
        loss += spec.hparams.pulling_away_weight * together
        metrics["generator/pulling_away"] = together
    return loss, metrics | {"generator/loss": loss}


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
