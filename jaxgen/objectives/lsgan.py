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
        "((b - a) / 2)^2 at equal strength, 0.25 with labels 0 and 1; near 0 it has won",
    ),
    "discriminator/real": (
        "Score of real images",
        "mean, toward the label b; (a + b) / 2 at equal strength",
    ),
    "discriminator/fake": (
        "Score of generated images",
        "mean, toward the label a; (a + b) / 2 at equal strength",
    ),
    "generator/loss": (
        "Generator's loss",
        "half the squared distance of scores to the label c; lower is better, 0.125 at equal "
        "strength with labels 0 and 1",
    ),
    **adversary.SPREAD,
}


@dataclasses.dataclass(frozen=True)
class Hparams:
    """Numbers of the game; the defaults are the published LSUN recipe.

    Attributes:
      latent_size: length of a latent.
      latent_prior: "normal", or uniform: "uniform" in [-1,1], "uniform_unit" in [-sqrt 3, sqrt 3],
        "unit_hypercube" in [0,1].
      a: what the discriminator should say of generated images.
      b: what the discriminator should say of real images.
      c: what the generator wants the discriminator to say of generated images.
      discriminator_updates: a step, each on a batch of its own.
      generator_updates: a step.
    """

    latent_size: int = 1024
    latent_prior: str = "uniform"
    a: float = 0.0
    b: float = 1.0
    c: float = 1.0
    discriminator_updates: int = 1
    generator_updates: int = 1

    def __post_init__(self):
        require_choice(self, latent_prior=latents.PRIORS)
        require_at_least(1, self, "latent_size", "discriminator_updates", "generator_updates")


def discriminator_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """The discriminator's loss on images f32[b,h,w,c] and as many generated ones."""
    fake, on_real, on_fake = adversary.on_real_and_fake(nets, spec, "discriminator", image, key)
    a, b = spec.hparams.a, spec.hparams.b
    loss = adversarial.lsgan_discriminator(on_real, on_fake, a=a, b=b)
    return loss, adversary.metrics(spec, loss, on_real, on_fake, image, fake)


def generator_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """The generator's loss; of `image` f32[b,h,w,c] only b matters."""
    _, scores = adversary.on_fake(nets, spec, "discriminator", image.shape[0], key)
    loss = adversarial.lsgan_generator(scores, c=spec.hparams.c)
    return loss, {"generator/loss": loss}


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
