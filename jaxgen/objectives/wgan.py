"""WGAN: a critic with clipped weights in the place of a discriminator.

M. Arjovsky, S. Chintala, L. Bottou, "Wasserstein GAN", ICML 2017, arXiv:1701.07875, Algorithm 1.
With f the critic, all of whose parameters are kept in [-clip, clip], the players minimise

    critic:     E f(G(z)) - E f(x)
    generator:  -E f(G(z))

Deviations: the algorithm clips after each update of the critic, the authors' code before it:
`clip_order` chooses. That code has both signs turned round, the same game. Its schedule, 100
updates of the critic instead of 5 for the first 25 steps and at every 500th, is `long_updates`.
Every parameter is clipped, also those of batch normalisation, as in that code.
"""

import dataclasses
import functools
from typing import Any

import jax.numpy as jnp

from jaxgen.core.errors import require_at_least, require_choice
from jaxgen.core.nets import Nets
from jaxgen.core.spec import Spec
from jaxgen.core.state import TrainState
from jaxgen.core.step import Turn, optimise, take_turns
from jaxgen.core.types import Array, Batch, Key, Metrics
from jaxgen.losses import adversarial
from jaxgen.losses.moments import relative_spread
from jaxgen.objectives.parts import adversary, latents
from jaxgen.objectives.parts.latents import arcs, decode, draw_code, sample

__all__ = ["arcs", "decode", "draw_code", "sample"]  # shared with every generator of latents

NETWORKS = ("generator", "critic")
ADVERSARIES = ("critic",)
TITLES = {
    "critic/loss": ("Critic's loss", "minus the distance; toward 0 as samples improve"),
    **adversary.DISTANCE,
}
_LONG_UNTIL, _LONG_EVERY = 25, 500


@dataclasses.dataclass(frozen=True)
class Hparams:
    """Numbers of the game; the defaults are the paper's.

    Attributes:
      latent_size: length of a latent.
      latent_prior: "normal", or uniform: "uniform" in [-1,1], "uniform_unit" in [-sqrt 3, sqrt 3],
        "unit_hypercube" in [0,1].
      clip: largest size of any parameter of the critic.
      clip_order: "after" or "before" an update of the critic.
      critic_updates: a step, each on a batch of its own.
      long_updates: if not 0, as many (100 in the authors' code) in the first 25 steps and every
        500th; a step is then given the images for so many, used or not.
      generator_updates: a step.
    """

    latent_size: int = 100
    latent_prior: str = "normal"
    clip: float = 0.01
    clip_order: str = "after"
    critic_updates: int = 5
    long_updates: int = 0
    generator_updates: int = 1

    def __post_init__(self):
        require_choice(self, latent_prior=latents.PRIORS, clip_order=("after", "before"))
        require_at_least(1, self, "latent_size", "critic_updates", "generator_updates")
        if not self.clip > 0:
            raise ValueError(f"clip={self.clip} must be above 0.")
        if self.long_updates and self.long_updates < self.critic_updates:
            raise ValueError(
                f"long_updates={self.long_updates} must be 0 or at least critic_updates="
                f"{self.critic_updates}."
            )


def critic_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """The critic's loss on images f32[b,h,w,c] and as many generated ones.

    "critic/distance" estimates the Wasserstein distance, up to the critic's Lipschitz constant.
    """
    fake, on_real, on_fake = adversary.on_real_and_fake(nets, spec, "critic", image, key)
    loss = adversarial.wgan_critic(on_real, on_fake)
    return loss, {
        "critic/loss": loss,
        "critic/distance": -loss,
        "generator/spread": relative_spread(fake, image, mean=spec.layout.mean),
    }


def generator_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """The generator's loss; of `image` f32[b,h,w,c] only b matters."""
    _, scores = adversary.on_fake(nets, spec, "critic", image.shape[0], key)
    loss = adversarial.wgan_generator(scores)
    return loss, {"generator/loss": loss}


def turns(hparams: Hparams) -> tuple[Turn, ...]:
    """Algorithm 1: the critic's updates, clipped, then the generator's against the new critic."""
    critic = Turn(
        "critic",
        critic_loss,
        updates=hparams.long_updates or hparams.critic_updates,
        fresh=True,
        update=update_and_clip,
        count=functools.partial(_updates_at, hparams) if hparams.long_updates else None,
    )
    return critic, Turn("generator", generator_loss, updates=hparams.generator_updates)


def create_state(spec: Spec, key: Key, batch: Batch) -> TrainState:
    """Initial state; `batch["image"]` f32[b,h,w,c] gives the image size."""
    return adversary.create_pair("critic", spec, key, batch)


def train_step(spec: Spec, state: TrainState, batch: Batch, key: Key) -> tuple[TrainState, Metrics]:
    """One step of the game. batch["image"]: f32[k b,h,w,c] with k the critic's updates."""
    return take_turns(spec, state, batch, key, turns(spec.hparams))


def update_and_clip(
    spec: Spec, state: TrainState, names: Any, loss: Any, *args: Array, phase: str | None = None
) -> tuple[TrainState, Metrics]:
    """`optimise`, with the critic's parameters clipped before or after it."""
    if spec.hparams.clip_order == "after":
        return adversary.update_and_clip(spec, state, names, loss, *args, phase=phase)
    clipped = adversary.clip(spec, state, names)
    return optimise(spec, clipped, names, loss, *args, phase=phase)


def _updates_at(hparams: Hparams, step: Array) -> Array:
    long = (step < _LONG_UNTIL) | (step % _LONG_EVERY == 0)
    return jnp.where(long, hparams.long_updates, hparams.critic_updates)


def evaluate(spec: Spec, state: TrainState, batch: Batch, key: Key) -> Metrics:
    """`parts.adversary.critic_distance` of one batch of held-out images."""
    return adversary.critic_distance(spec, state, batch["image"], key)
