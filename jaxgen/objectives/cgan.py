"""Conditional GAN: both players are told the class.

M. Mirza, S. Osindero, "Conditional Generative Adversarial Nets", 2014, arXiv:1411.1784. With y the
label, the players minimise (eq. 2)

    discriminator:  -E log D(x|y) - E log(1 - D(G(z|y)|y))
    generator:      -E log D(G(z|y)|y)  ("non_saturating"), or  E log(1 - D(G(z|y)|y))  ("minimax")

Deviations: generated images take the labels of the step's real ones, which are draws from the
data's label distribution. The players alternate, as in the GAN paper's Algorithm 1.
"""

import dataclasses

import jax

from jaxgen.core import (
    Array,
    Batch,
    Key,
    Metrics,
    Nets,
    Spec,
    TrainState,
    Turn,
    create,
    finish,
    require_at_least,
    require_choice,
    take_turns,
)
from jaxgen.core.generator import (
    PRIORS,
    balanced_labels,
    decode,
    draw_latent,
    generate,
    latent_example,
    split_keys,
)
from jaxgen.losses import adversarial
from jaxgen.losses.moments import relative_spread

__all__ = ["decode", "draw_latent"]  # shared with every generator of latents

NETWORKS = ("generator", "discriminator")


@dataclasses.dataclass(frozen=True)
class Hparams:
    """Numbers of the game; the defaults are the published MNIST recipe.

    num_classes: labels are 0 to num_classes - 1. latent_prior: see `core.generator.draw_latent`.
    form: of the generator's loss, "non_saturating" | "minimax".
    """

    num_classes: int = 10
    latent_size: int = 100
    latent_prior: str = "uniform"
    form: str = "non_saturating"
    discriminator_updates: int = 1
    generator_updates: int = 1

    def __post_init__(self):
        require_choice(self, latent_prior=PRIORS, form=("non_saturating", "minimax"))
        updates = ("discriminator_updates", "generator_updates")
        require_at_least(1, self, "num_classes", "latent_size", *updates)


def batch_entries(hparams: Hparams) -> tuple[str, ...]:
    """A step reads images and their labels."""
    del hparams
    return ("image", "label")


def batches_per_step(hparams: Hparams) -> int:
    """Every update of the discriminator has a batch of its own."""
    return hparams.discriminator_updates


def discriminator_loss(
    nets: Nets, spec: Spec, image: Array, label: Array, key: Key
) -> tuple[Array, Metrics]:
    """The discriminator's loss on images f32[b,h,w,c] with labels i32[b], and generated ones."""
    key_generated, key_real, key_fake = split_keys(key)
    fake = generate(nets, spec, key_generated, image.shape[0], label)
    real_logits = nets("discriminator", image, label, key=key_real)
    fake_logits = nets("discriminator", fake, label, key=key_fake)
    loss = adversarial.gan_discriminator(real_logits, fake_logits)
    return loss, {
        "discriminator/loss": loss,
        "discriminator/real": jax.nn.sigmoid(real_logits).mean(),
        "discriminator/fake": jax.nn.sigmoid(fake_logits).mean(),
        "generator/spread": relative_spread(fake, image, mean=spec.layout.mean),
    }


def generator_loss(
    nets: Nets, spec: Spec, image: Array, label: Array, key: Key
) -> tuple[Array, Metrics]:
    """The generator's loss on labels i32[b]; `image` is not used."""
    key_generated, _, key_fake = split_keys(key)
    fake = generate(nets, spec, key_generated, image.shape[0], label)
    logits = nets("discriminator", fake, label, key=key_fake)
    loss = adversarial.gan_generator(logits, form=spec.hparams.form)
    return loss, {"generator/loss": loss}


def create_state(spec: Spec, key: Key, batch: Batch) -> TrainState:
    """Initial state; `batch` has "image" f32[b,h,w,c] and "label" i32[b]."""
    image, label = batch["image"][:1], batch["label"][:1]
    inputs = {"generator": (latent_example(spec), label), "discriminator": (image, label)}
    return create(spec, key, inputs)


def train_step(spec: Spec, state: TrainState, batch: Batch, key: Key) -> tuple[TrainState, Metrics]:
    """The discriminator's updates, then the generator's against the new discriminator.

    batch: "image" f32[k b,h,w,c] and "label" i32[k b] with k the discriminator's updates.
    """
    turns = (
        Turn("discriminator", discriminator_loss, spec.hparams.discriminator_updates),
        Turn("generator", generator_loss, spec.hparams.generator_updates, fresh=False),
    )
    entries = (batch["image"], batch["label"])
    state, metrics = take_turns(spec, state, entries, key, turns)
    return finish(spec, state), metrics


def sample(
    spec: Spec, state: TrainState, key: Key, num: int, condition: Array | None = None
) -> Array:
    """`num` images f32[num,h,w,c] of the classes `condition` i32[num]; by default all in turn."""
    if condition is None:
        condition = balanced_labels(num, spec.hparams.num_classes)
    return decode(spec, state, draw_latent(spec, key, num), condition)
