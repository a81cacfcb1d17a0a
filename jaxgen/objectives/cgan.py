"""Conditional GAN: both players are given the class.

M. Mirza, S. Osindero, "Conditional Generative Adversarial Nets", 2014, arXiv:1411.1784. With y the
label, the players minimise (eq. 2)

    discriminator:  -E log D(x|y) - E log(1 - D(G(z|y)|y))
    generator:      -E log D(G(z|y)|y)  ("non_saturating"), or  E log(1 - D(G(z|y)|y))  ("minimax")

Deviations: generated images take the labels of the step's real ones, which are draws from the
data's label distribution. The players alternate, as in the GAN paper's Algorithm 1; whether the
authors' code moved both at once, and halved the discriminator's loss, as that of the GAN paper
does, is not known.
"""

import dataclasses

import jax
import jax.numpy as jnp

from jaxgen.core.errors import require_at_least, require_choice
from jaxgen.core.nets import Nets
from jaxgen.core.spec import Spec
from jaxgen.core.state import TrainState, evaluating
from jaxgen.core.step import Turn, take_turns
from jaxgen.core.types import Array, Batch, Key, Metrics
from jaxgen.losses import adversarial
from jaxgen.objectives.parts import adversary, latents
from jaxgen.objectives.parts.latents import arcs, balanced_labels, draw_code

__all__ = ["arcs", "draw_code"]  # shared with every generator of latents

NETWORKS = ("generator", "discriminator")
ADVERSARIES = ("discriminator",)
TITLES = adversary.PROBABILITIES


@dataclasses.dataclass(frozen=True)
class Hparams:
    """Numbers of the game; the defaults are the published MNIST recipe.

    Attributes:
      num_classes: labels are 0 to num_classes - 1.
      latent_size: length of a latent.
      latent_prior: "normal", or uniform: "uniform" in [-1,1], "uniform_unit" in [-sqrt 3, sqrt 3],
        "unit_hypercube" in [0,1].
      form: of the generator's loss, "non_saturating" or "minimax".
      discriminator_updates: a step, each on a batch of its own.
      generator_updates: a step.
    """

    num_classes: int = 10
    latent_size: int = 100
    latent_prior: str = "unit_hypercube"
    form: str = "non_saturating"
    discriminator_updates: int = 1
    generator_updates: int = 1

    def __post_init__(self):
        require_choice(self, latent_prior=latents.PRIORS, form=("non_saturating", "minimax"))
        updates = ("discriminator_updates", "generator_updates")
        require_at_least(1, self, "num_classes", "latent_size", *updates)


def num_classes(hparams: Hparams) -> int:
    """Classes that both players are given."""
    return hparams.num_classes


def discriminator_loss(
    nets: Nets, spec: Spec, image: Array, label: Array, key: Key
) -> tuple[Array, Metrics]:
    """The discriminator's loss on images f32[b,h,w,c] with labels i32[b], and generated ones."""
    fake, on_real, on_fake = adversary.on_real_and_fake(
        nets, spec, "discriminator", image, key, label
    )
    loss = adversarial.gan_discriminator(on_real, on_fake)
    real, generated = jax.nn.sigmoid(on_real), jax.nn.sigmoid(on_fake)
    return loss, adversary.metrics(spec, loss, real, generated, image, fake)


def generator_loss(
    nets: Nets, spec: Spec, image: Array, label: Array, key: Key
) -> tuple[Array, Metrics]:
    """The generator's loss on labels i32[b]; `image` is not used."""
    _, logits = adversary.on_fake(nets, spec, "discriminator", image.shape[0], key, label)
    loss = adversarial.gan_generator(logits, form=spec.hparams.form)
    return loss, {"generator/loss": loss}


def turns(hparams: Hparams) -> tuple[Turn, ...]:
    """The discriminator's updates, then the generator's against the new discriminator."""
    return adversary.alternate(
        "discriminator",
        discriminator_loss,
        generator_loss,
        hparams.discriminator_updates,
        hparams.generator_updates,
        entries=("image", "label"),
    )


def create_state(spec: Spec, key: Key, batch: Batch) -> TrainState:
    """Initial state; `batch` has "image" f32[b,h,w,c], which gives the image size."""
    label = jnp.zeros((1,), jnp.int32)
    return adversary.create_pair("discriminator", spec, key, batch, label)


def train_step(spec: Spec, state: TrainState, batch: Batch, key: Key) -> tuple[TrainState, Metrics]:
    """One step of the game.

    batch: "image" f32[k b,h,w,c] and "label" i32[k b] with k the discriminator's updates.
    """
    return take_turns(spec, state, batch, key, turns(spec.hparams))


def decode(
    spec: Spec,
    state: TrainState,
    code: Array,
    condition: Array | None = None,
    key: Key | None = None,
) -> Array:
    """Images f32[b,h,w,c] of latents f32[b,m] and classes i32[b] (default: all in turn).

    With running statistics and averaged parameters; nothing is random, so `key` is unused.
    """
    del key
    if condition is None:
        condition = balanced_labels(code.shape[0], spec.hparams.num_classes)
    return evaluating(spec, state)("generator", code, condition, train=False)


def sample(
    spec: Spec, state: TrainState, key: Key, num: int, condition: Array | None = None
) -> Array:
    """`num` images f32[num,h,w,c] of the classes `condition` i32[num] (default: all in turn)."""
    return decode(spec, state, draw_code(spec, key, num), condition)
