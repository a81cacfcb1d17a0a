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
code halves the discriminator's sum, which Adam does not see and which halves the rate of SGD. Real
and generated images pass the discriminator as separate batches.
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

NETWORKS = ("generator", "discriminator")


@dataclasses.dataclass(frozen=True)
class Hparams:
    """Numbers of the game; the defaults are the published MNIST recipe.

    latent_prior: see `core.generator.draw_latent`. form: of the generator's loss, "non_saturating"
    | "minimax". order: "simultaneous" (both players move from where they are, on the same z) or
    "alternating" (the discriminator's updates, then the generator's). real_label: what the
    discriminator is told of real images, 0.9 for one-sided smoothing.
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
            latent_prior=PRIORS,
            form=("non_saturating", "minimax"),
            order=("simultaneous", "alternating"),
        )
        updates = ("discriminator_updates", "generator_updates")
        require_at_least(1, self, "latent_size", *updates)
        if self.order == "simultaneous" and (
            self.discriminator_updates,
            self.generator_updates,
        ) != (
            1,
            1,
        ):
            raise ValueError('order="simultaneous" takes one update of each player, not more.')


def batches_per_step(hparams: Hparams) -> int:
    """Every update of the discriminator has a batch of its own."""
    return hparams.discriminator_updates


def discriminator_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """The discriminator's loss on images f32[b,h,w,c] and as many generated ones."""
    key_generated, key_real, key_fake = split_keys(key)
    fake = generate(nets, spec, key_generated, image.shape[0])
    real_logits = nets("discriminator", image, key=key_real)
    fake_logits = nets("discriminator", fake, key=key_fake)
    real_label = spec.hparams.real_label
    loss = adversarial.gan_discriminator(real_logits, fake_logits, real_label=real_label)
    return loss, {
        "discriminator/loss": loss,
        "discriminator/real": jax.nn.sigmoid(real_logits).mean(),
        "discriminator/fake": jax.nn.sigmoid(fake_logits).mean(),
        "generator/spread": relative_spread(fake, image, mean=spec.layout.mean),
    }


def generator_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """The generator's loss; of `image` f32[b,h,w,c] only b matters."""
    key_generated, _, key_fake = split_keys(key)
    fake = generate(nets, spec, key_generated, image.shape[0])
    logits = nets("discriminator", fake, key=key_fake)
    loss = adversarial.gan_generator(logits, form=spec.hparams.form)
    return loss, {"generator/loss": loss}


def create_state(spec: Spec, key: Key, batch: Batch) -> TrainState:
    """Initial state; `batch["image"]` f32[b,h,w,c] gives the image size."""
    inputs = {"generator": (latent_example(spec),), "discriminator": (batch["image"][:1],)}
    return create(spec, key, inputs)


def train_step(spec: Spec, state: TrainState, batch: Batch, key: Key) -> tuple[TrainState, Metrics]:
    """One step of the game. batch["image"]: f32[k b,h,w,c] with k the discriminator's updates."""
    if spec.hparams.order == "simultaneous":
        return _move_together(spec, state, batch["image"], key)
    turns = (
        Turn("discriminator", discriminator_loss, spec.hparams.discriminator_updates),
        Turn("generator", generator_loss, spec.hparams.generator_updates, fresh=False),
    )
    state, metrics = take_turns(spec, state, (batch["image"],), key, turns)
    return finish(spec, state), metrics


def _move_together(spec, state, image, key):
    """Both players move by their gradients at one point: neither sees what the other becomes."""
    key = jax.random.fold_in(key, state.step)
    same = jax.random.clone(key)  # the same noise, on purpose
    moved, discriminator_metrics = optimise(
        spec, state, "discriminator", discriminator_loss, image, key
    )
    old = moved.replace(params=state.params)
    state, generator_metrics = optimise(spec, old, "generator", generator_loss, image, same)
    both = {**state.params, "discriminator": moved.params["discriminator"]}
    return finish(spec, state.replace(params=both)), discriminator_metrics | generator_metrics
