"""GAN: generative adversarial networks; a generator against a discriminator.

I. Goodfellow, J. Pouget-Abadie, M. Mirza, B. Xu, D. Warde-Farley, S. Ozair, A. Courville and
Y. Bengio, "Generative Adversarial Nets", NeurIPS 2014, arXiv:1406.2661. With D(x) the probability
that x is real, the players minimise

    discriminator:  -E log D(x) - E log(1 - D(G(z)))                                      (eq. 1)
    generator:      -E log D(G(z))  ("non_saturating"), or  E log(1 - D(G(z)))  ("minimax")

Also the objective of DCGAN (A. Radford, L. Metz, S. Chintala, 2015, arXiv:1511.06434), whose
contribution is its networks.

Deviations: the paper's Algorithm 1 alternates; its published code
(github.com/goodfeli/adversarial) moves both players at once, on the same z: `order` chooses. That
code halves the discriminator's sum, which Adam does not see; with SGD the same update is that of
half its rate on the whole sum, as in configs/gan_mnist.py. Real and generated images pass the
discriminator as separate batches.
"""

import dataclasses

import jax

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
TITLES = adversary.PROBABILITIES


@dataclasses.dataclass(frozen=True)
class Hparams:
    """Numbers of the game; the defaults are the published MNIST recipe.

    Attributes:
      latent_size: length of a latent.
      latent_prior: "normal", or uniform: "uniform" in [-1,1], "uniform_unit" in [-sqrt 3, sqrt 3],
        "unit_hypercube" in [0,1].
      form: of the generator's loss, "non_saturating" or "minimax".
      order: "simultaneous" (both players move from where they are, on the same latents) or
        "alternating" (the discriminator's updates, then the generator's).
      discriminator_updates: a step, each on a batch of its own.
      generator_updates: a step.
      real_label: what the discriminator should say of real images, 0.9 for one-sided smoothing.
    """

    latent_size: int = 100
    latent_prior: str = "uniform_unit"
    form: str = "non_saturating"
    order: str = "simultaneous"
    discriminator_updates: int = 1
    generator_updates: int = 1
    real_label: float = 1.0

    def __post_init__(self):
        require_choice(
            self,
            latent_prior=latents.PRIORS,
            form=("non_saturating", "minimax"),
            order=("simultaneous", "alternating"),
        )
        require_at_least(1, self, "latent_size", "discriminator_updates", "generator_updates")
        updates = max(self.discriminator_updates, self.generator_updates)
        if self.order == "simultaneous" and updates > 1:
            raise ValueError('order="simultaneous" takes one update of each player, not more.')


def discriminator_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """The discriminator's loss on images f32[b,h,w,c] and as many generated ones."""
    fake, on_real, on_fake = adversary.on_real_and_fake(nets, spec, "discriminator", image, key)
    loss = adversarial.gan_discriminator(on_real, on_fake, real_label=spec.hparams.real_label)
    real, generated = jax.nn.sigmoid(on_real), jax.nn.sigmoid(on_fake)
    return loss, adversary.metrics(spec, loss, real, generated, image, fake)


def generator_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """The generator's loss; of `image` f32[b,h,w,c] only b matters."""
    _, logits = adversary.on_fake(nets, spec, "discriminator", image.shape[0], key)
    loss = adversarial.gan_generator(logits, form=spec.hparams.form)
    return loss, {"generator/loss": loss}


def turns(hparams: Hparams) -> tuple[Turn, ...]:
    """Algorithm 1: the discriminator's updates, then the generator's."""
    updates = hparams.discriminator_updates, hparams.generator_updates
    return adversary.alternate("discriminator", discriminator_loss, generator_loss, *updates)


def create_state(spec: Spec, key: Key, batch: Batch) -> TrainState:
    """Initial state; `batch["image"]` f32[b,h,w,c] gives the image size."""
    return adversary.create_pair("discriminator", spec, key, batch)


def train_step(spec: Spec, state: TrainState, batch: Batch, key: Key) -> tuple[TrainState, Metrics]:
    """One step of the game. batch["image"]: f32[k b,h,w,c] with k the discriminator's updates."""
    if spec.hparams.order == "simultaneous":
        return adversary.move_together(spec, state, batch, key, turns(spec.hparams))
    return take_turns(spec, state, batch, key, turns(spec.hparams))
