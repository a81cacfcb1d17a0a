"""WGAN-GP: the critic's gradient is held near norm 1 between real and generated images.

I. Gulrajani, F. Ahmed, M. Arjovsky, V. Dumoulin, A. Courville, "Improved Training of Wasserstein
GANs", NeurIPS 2017, arXiv:1704.00028, Algorithm 1. The players minimise

    critic:     E f(G(z)) - E f(x) + penalty_weight E (|grad f(u)| - 1)^2                 (eq. 3)
    generator:  -E f(G(z))

with u = e x + (1 - e) G(z) and e uniform in [0, 1], drawn for each sample.

Deviations: the authors' code moves the generator before the critic from the second step on, which
is the algorithm shifted by one update. Under the square root of the norm stands 1e-12.
"""

import dataclasses

from jaxgen.core.errors import require_at_least, require_choice
from jaxgen.core.keys import key_for
from jaxgen.core.nets import Nets
from jaxgen.core.spec import Spec
from jaxgen.core.state import TrainState
from jaxgen.core.step import Turn, take_turns
from jaxgen.core.types import Array, Batch, Key, Metrics
from jaxgen.losses import adversarial
from jaxgen.losses.moments import relative_spread
from jaxgen.objectives.parts import adversary, latents
from jaxgen.objectives.parts.latents import arcs, decode, draw_code, sample

__all__ = ["arcs", "decode", "draw_code", "sample"]  # shared with every generator of latents

NETWORKS = ("generator", "critic")
ADVERSARIES = ("critic",)
TITLES = {
    "critic/loss": ("Critic's loss", "the penalty less the distance; toward 0 as samples improve"),
    "critic/penalty": (
        "Gradient penalty",
        "weight times the mean of (|gradient| - 1)^2; toward 0",
    ),
    **adversary.DISTANCE,
}


@dataclasses.dataclass(frozen=True)
class Hparams:
    """Numbers of the game; the defaults are the paper's for images (0.1 is its weight for toys).

    Attributes:
      latent_size: length of a latent.
      latent_prior: "normal", or uniform: "uniform" in [-1,1], "uniform_unit" in [-sqrt 3, sqrt 3],
        "unit_hypercube" in [0,1].
      penalty_weight: of the gradient penalty.
      critic_updates: a step, each on a batch of its own.
      generator_updates: a step.
    """

    latent_size: int = 128
    latent_prior: str = "normal"
    penalty_weight: float = 10.0
    critic_updates: int = 5
    generator_updates: int = 1

    def __post_init__(self):
        require_choice(self, latent_prior=latents.PRIORS)
        require_at_least(1, self, "latent_size", "critic_updates", "generator_updates")
        require_at_least(0, self, "penalty_weight")


def critic_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """The critic's loss on images f32[b,h,w,c] and as many generated ones.

    "critic/distance" estimates the Wasserstein distance.
    """
    fake, on_real, on_fake = adversary.on_real_and_fake(nets, spec, "critic", image, key)
    distance = -adversarial.wgan_critic(on_real, on_fake)
    penalty = adversarial.gradient_penalty(
        lambda u: nets("critic", u, key=key_for(key, "between")),
        image,
        fake,
        key_for(key, "share"),
        weight=spec.hparams.penalty_weight,
        uniform=spec.layout.uniform,
    )
    loss = penalty - distance
    return loss, {
        "critic/loss": loss,
        "critic/distance": distance,
        "critic/penalty": penalty,
        "generator/spread": relative_spread(fake, image, mean=spec.layout.mean),
    }


def generator_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """The generator's loss; of `image` f32[b,h,w,c] only b matters."""
    _, scores = adversary.on_fake(nets, spec, "critic", image.shape[0], key)
    loss = adversarial.wgan_generator(scores)
    return loss, {"generator/loss": loss}


def turns(hparams: Hparams) -> tuple[Turn, ...]:
    """Algorithm 1: the critic's updates, then the generator's against the new critic."""
    updates = hparams.critic_updates, hparams.generator_updates
    return adversary.alternate("critic", critic_loss, generator_loss, *updates)


def create_state(spec: Spec, key: Key, batch: Batch) -> TrainState:
    """Initial state; `batch["image"]` f32[b,h,w,c] gives the image size.

    Raises ValueError for a critic with batch normalisation: its score of one image depends on the
    others, and so its gradient is not that image's alone.
    """
    state = adversary.create_pair("critic", spec, key, batch)
    if state.model_state["critic"]:
        raise ValueError(
            "The critic of wgan_gp has batch normalisation, with which the gradient penalty has no "
            "meaning; turn it off in the critic."
        )
    return state


def train_step(spec: Spec, state: TrainState, batch: Batch, key: Key) -> tuple[TrainState, Metrics]:
    """One step of the game. batch["image"]: f32[k b,h,w,c] with k the critic's updates."""
    return take_turns(spec, state, batch, key, turns(spec.hparams))


def evaluate(spec: Spec, state: TrainState, batch: Batch, key: Key) -> Metrics:
    """`parts.adversary.critic_distance` of one batch of held-out images."""
    return adversary.critic_distance(spec, state, batch["image"], key)
