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

import jax
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
    create,
    eval_params,
    finish,
    optimise,
    require_at_least,
    require_choice,
    take_turns,
)
from jaxgen.core.generator import (
    PRIORS,
    decode,
    draw_latent,
    generate,
    latent_example,
    sample,
    split_keys,
)
from jaxgen.losses import adversarial
from jaxgen.losses.moments import relative_spread

__all__ = ["decode", "draw_latent", "sample"]  # shared with every generator of latents

NETWORKS = ("generator", "critic")
_LONG_UNTIL, _LONG_EVERY = 25, 500


@dataclasses.dataclass(frozen=True)
class Hparams:
    """Numbers of the game; the defaults are the paper's.

    clip: largest size of any parameter of the critic. clip_order: "after" | "before" an update.
    critic_updates: a step. long_updates: if not 0, as many (100 in the authors' code) in the first
    25 steps and every 500th; a step is then handed the images for so many, used or not.
    latent_prior: see `core.generator.draw_latent`.
    """

    latent_size: int = 100
    latent_prior: str = "normal"
    clip: float = 0.01
    clip_order: str = "after"
    critic_updates: int = 5
    long_updates: int = 0
    generator_updates: int = 1

    def __post_init__(self):
        require_choice(self, latent_prior=PRIORS, clip_order=("after", "before"))
        require_at_least(1, self, "latent_size", "critic_updates", "generator_updates")
        if not self.clip > 0:
            raise ValueError(f"clip={self.clip} must be above 0.")
        if self.long_updates and self.long_updates < self.critic_updates:
            raise ValueError(
                f"long_updates={self.long_updates} must be 0 or at least critic_updates="
                f"{self.critic_updates}."
            )


def batches_per_step(hparams: Hparams) -> int:
    """Every update of the critic has a batch of its own."""
    return hparams.long_updates or hparams.critic_updates


def critic_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """The critic's loss on images f32[b,h,w,c] and as many generated ones.

    "critic/distance" estimates the Wasserstein distance, up to the critic's Lipschitz constant.
    """
    key_generated, key_real, key_fake = split_keys(key)
    fake = generate(nets, spec, key_generated, image.shape[0])
    real_scores = nets("critic", image, key=key_real)
    fake_scores = nets("critic", fake, key=key_fake)
    loss = adversarial.wgan_critic(real_scores, fake_scores)
    return loss, {
        "critic/loss": loss,
        "critic/distance": -loss,
        "generator/spread": relative_spread(fake, image, mean=spec.layout.mean),
    }


def generator_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """The generator's loss; of `image` f32[b,h,w,c] only b matters."""
    key_generated, _, key_fake = split_keys(key)
    fake = generate(nets, spec, key_generated, image.shape[0])
    loss = adversarial.wgan_generator(nets("critic", fake, key=key_fake))
    return loss, {"generator/loss": loss}


def create_state(spec: Spec, key: Key, batch: Batch) -> TrainState:
    """Initial state; `batch["image"]` f32[b,h,w,c] gives the image size."""
    inputs = {"generator": (latent_example(spec),), "critic": (batch["image"][:1],)}
    return create(spec, key, inputs)


def train_step(spec: Spec, state: TrainState, batch: Batch, key: Key) -> tuple[TrainState, Metrics]:
    """The critic's updates, then the generator's against the new critic.

    batch["image"]: f32[k b,h,w,c] with k = `batches_per_step(hparams)`; key: constant over a run.
    """
    hparams = spec.hparams
    turns = (
        Turn(
            "critic",
            critic_loss,
            batches_per_step(hparams),
            update=update_and_clip,
            count=functools.partial(_updates_at, hparams) if hparams.long_updates else None,
        ),
        Turn("generator", generator_loss, hparams.generator_updates, fresh=False),
    )
    state, metrics = take_turns(spec, state, (batch["image"],), key, turns)
    return finish(spec, state), metrics


def update_and_clip(spec: Spec, state: TrainState, names: Any, loss: Any, *args: Array):
    """`optimise`, with the critic's parameters clipped before or after it."""
    if spec.hparams.clip_order == "before":
        state = _clip(spec, state)
    state, metrics = optimise(spec, state, names, loss, *args)
    return state if spec.hparams.clip_order == "before" else _clip(spec, state), metrics


def _clip(spec: Spec, state: TrainState) -> TrainState:
    limit = spec.hparams.clip
    critic = jax.tree.map(lambda x: jnp.clip(x, -limit, limit), state.params["critic"])
    return state.replace(params={**state.params, "critic": critic})


def _updates_at(hparams: Hparams, step: Array) -> Array:
    long = (step < _LONG_UNTIL) | (step % _LONG_EVERY == 0)
    return jnp.where(long, hparams.long_updates, hparams.critic_updates)


def evaluate(spec: Spec, state: TrainState, batch: Batch, key: Key) -> Metrics:
    """critic_distance: E f(x) - E f(G(z)) on held-out images, with running statistics.

    Far below the "critic/distance" of training, the critic has learnt the training images by heart.
    """
    nets = Nets(spec, eval_params(state), state.model_state)
    fake = sample(spec, state, key, batch["image"].shape[0])
    scores = [nets("critic", image, train=False) for image in (batch["image"], fake)]
    return {"critic_distance": -adversarial.wgan_critic(*scores)}
