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
    finish,
    require_at_least,
    require_choice,
    take_turns,
)
from jaxgen.core.generator import PRIORS, decode, draw_latent, generate, sample, split_keys
from jaxgen.losses import adversarial
from jaxgen.losses.moments import relative_spread
from jaxgen.objectives import wgan
from jaxgen.objectives.wgan import evaluate, generator_loss

__all__ = ["decode", "draw_latent", "evaluate", "generator_loss", "sample"]  # as in every WGAN

NETWORKS = ("generator", "critic")


@dataclasses.dataclass(frozen=True)
class Hparams:
    """Numbers of the game; the defaults are the paper's for images (0.1 is its weight for toys).

    latent_prior: see `core.generator.draw_latent`.
    """

    latent_size: int = 128
    latent_prior: str = "normal"
    penalty_weight: float = 10.0
    critic_updates: int = 5
    generator_updates: int = 1

    def __post_init__(self):
        require_choice(self, latent_prior=PRIORS)
        require_at_least(1, self, "latent_size", "critic_updates", "generator_updates")
        require_at_least(0, self, "penalty_weight")


def batches_per_step(hparams: Hparams) -> int:
    """Every update of the critic has a batch of its own."""
    return hparams.critic_updates


def critic_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """The critic's loss on images f32[b,h,w,c] and as many generated ones.

    "critic/distance" estimates the Wasserstein distance.
    """
    key_generated, key_real, key_fake = split_keys(key)
    key_share, key_real, key_points = jax.random.split(key_real, 3)
    fake = generate(nets, spec, key_generated, image.shape[0])
    real_scores = nets("critic", image, key=key_real)
    fake_scores = nets("critic", fake, key=key_fake)
    distance = -adversarial.wgan_critic(real_scores, fake_scores)
    penalty = adversarial.gradient_penalty(
        lambda u: nets("critic", u, key=key_points),
        image,
        fake,
        key_share,
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


def create_state(spec: Spec, key: Key, batch: Batch) -> TrainState:
    """Initial state; `batch["image"]` f32[b,h,w,c] gives the image size.

    Raises ValueError for a critic with batch normalisation: its score of one image depends on the
    others, and so its gradient is not that image's alone.
    """
    state = wgan.create_state(spec, key, batch)
    if state.model_state["critic"]:
        raise ValueError(
            "The critic of wgan_gp has batch normalisation, with which the gradient penalty has no "
            "meaning; turn it off in the critic."
        )
    return state


def train_step(spec: Spec, state: TrainState, batch: Batch, key: Key) -> tuple[TrainState, Metrics]:
    """The critic's updates, then the generator's against the new critic.

    batch["image"]: f32[k b,h,w,c] with k the critic's updates; key: constant over a run.
    """
    turns = (
        Turn("critic", critic_loss, spec.hparams.critic_updates),
        Turn("generator", generator_loss, spec.hparams.generator_updates, fresh=False),
    )
    state, metrics = take_turns(spec, state, (batch["image"],), key, turns)
    return finish(spec, state), metrics
