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

from jaxgen.core.errors import require_at_least, require_choice
from jaxgen.core.nets import Nets
from jaxgen.core.spec import Spec
from jaxgen.core.state import TrainState
from jaxgen.core.step import Turn, take_turns
from jaxgen.core.types import Array, Batch, Key, Metrics
from jaxgen.losses import adversarial
from jaxgen.objectives.parts import adversary, latents
from jaxgen.objectives.parts.latents import arcs, decode, draw_code, sample

__all__ = ["arcs", "decode", "draw_code", "sample"]  # shared with every generator of latents

NETWORKS = ("generator", "discriminator")
ADVERSARIES = ("discriminator",)
TITLES = {
    "discriminator/loss": (
        "Discriminator's loss",
        "energy of real images, plus what that of generated ones lacks to the margin; the margin "
        "or a little more at equal strength, near 0 it has won",
    ),
    "discriminator/real": (
        "Energy of real images",
        "their reconstruction error; lower is better",
    ),
    "discriminator/fake": (
        "Energy of generated images",
        "their reconstruction error; toward that of real images; at the margin for good, the "
        "discriminator has won",
    ),
    "generator/loss": (
        "Generator's loss",
        "energy of generated images and the weighted pulling-away term; toward the energy of real "
        "images",
    ),
    "generator/pulling_away": (
        "Pulling-away term",
        "mean squared cosine of the codes of different samples, 0 to 1; lower is better, near 1 "
        "they are alike",
    ),
    **adversary.SPREAD,
}


@dataclasses.dataclass(frozen=True)
class Hparams:
    """Numbers of the game; the defaults are the published CelebA setting (margin 20, weight 0.1).

    Attributes:
      latent_size: length of a latent.
      latent_prior: "normal", or uniform: "uniform" in [-1,1], "uniform_unit" in [-sqrt 3, sqrt 3],
        "unit_hypercube" in [0,1].
      energy: of a reconstruction's error, "euclidean" or "mean_squared".
      margin: energy up to which generated images are pushed.
      pulling_away_weight: of the pulling-away term; 0 is plain EBGAN.
      discriminator_updates: a step, each on a batch of its own.
      generator_updates: a step.
    """

    latent_size: int = 100
    latent_prior: str = "uniform"
    energy: str = "euclidean"
    margin: float = 20.0
    pulling_away_weight: float = 0.1
    discriminator_updates: int = 1
    generator_updates: int = 1

    def __post_init__(self):
        require_choice(self, latent_prior=latents.PRIORS, energy=("euclidean", "mean_squared"))
        require_at_least(1, self, "latent_size", "discriminator_updates", "generator_updates")
        require_at_least(0, self, "margin", "pulling_away_weight")


def energy(spec: Spec, reconstruction: Array, image: Array) -> Array:
    """Reconstruction error of each image f32[b,h,w,c]: f32[b], 0 or more."""
    return adversary.energy(spec.hparams.energy, reconstruction, image)


def discriminator_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """The discriminator's loss on images f32[b,h,w,c] and as many generated ones."""
    fake, on_real, on_fake = adversary.on_real_and_fake(nets, spec, "discriminator", image, key)
    real_energy, fake_energy = energy(spec, on_real[0], image), energy(spec, on_fake[0], fake)
    margin = spec.hparams.margin
    loss = adversarial.ebgan_discriminator(real_energy, fake_energy, margin=margin)
    return loss, adversary.metrics(spec, loss, real_energy, fake_energy, image, fake)


def generator_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """The generator's loss; of `image` f32[b,h,w,c] only b, 2 or more, matters."""
    fake, (reconstruction, codes) = adversary.on_fake(
        nets, spec, "discriminator", image.shape[0], key
    )
    loss = adversarial.ebgan_generator(energy(spec, reconstruction, fake))
    metrics = {}
    if spec.hparams.pulling_away_weight:
        together = adversarial.pulling_away(spec.layout.gather(codes))
        loss += spec.hparams.pulling_away_weight * together
        metrics["generator/pulling_away"] = together
    return loss, metrics | {"generator/loss": loss}


def turns(hparams: Hparams) -> tuple[Turn, ...]:
    """The discriminator's updates, then the generator's against the new discriminator."""
    updates = hparams.discriminator_updates, hparams.generator_updates
    return adversary.alternate("discriminator", discriminator_loss, generator_loss, *updates)


def create_state(spec: Spec, key: Key, batch: Batch) -> TrainState:
    """Initial state; `batch["image"]` f32[b,h,w,c] gives the image size."""
    return adversary.create_pair("discriminator", spec, key, batch)


def train_step(spec: Spec, state: TrainState, batch: Batch, key: Key) -> tuple[TrainState, Metrics]:
    """One step of the game. batch["image"]: f32[k b,h,w,c] with k the discriminator's updates."""
    return take_turns(spec, state, batch, key, turns(spec.hparams))
