"""ALI and BiGAN: a generator and an encoder against a discriminator of pairs (image, code).

V. Dumoulin, I. Belghazi, B. Poole, O. Mastropietro, A. Lamb, M. Arjovsky, A. Courville,
"Adversarially Learned Inference", ICLR 2017, arXiv:1606.00704. With D(x, z) the probability that x
is an image and z its code, and not z a draw of the prior and x its image, the players minimise

    discriminator:       -E log D(x, E(x)) - E log(1 - D(G(z), z))
    generator, encoder:  -E log(1 - D(x, E(x))) - E log D(G(z), z)

on the same draws and by one gradient, neither side seeing what the other becomes. The encoder is a
Gaussian, E(x) = mu(x) + sigma(x) n. Where it is a function (`posterior="deterministic"`), this is
BiGAN: J. Donahue, P. Krähenbühl, T. Darrell, "Adversarial Feature Learning", ICLR 2017,
arXiv:1605.09782, which halves the sums (`reduction="mean"`) and has uniform latents.

Deviations: none in the losses, which are those that ALI calls non-saturating. Both players' passes
are made twice, for the discriminator's gradient and for that of the others, so that running
statistics move twice in a step, by the same batch. Pairs of both kinds pass the discriminator as
one batch, as in ALI's code (from memory): normalised apart, by layers that are not convolutions,
they could not be told from one another.
"""

import dataclasses

import jax
import jax.numpy as jnp

from jaxgen.core.errors import require_at_least, require_choice
from jaxgen.core.keys import key_for
from jaxgen.core.nets import Nets
from jaxgen.core.spec import Spec
from jaxgen.core.state import TrainState, create, evaluating
from jaxgen.core.step import Turn, take_turns
from jaxgen.core.types import Array, Batch, Key, Metrics
from jaxgen.losses import adversarial, reconstruction
from jaxgen.losses.moments import relative_spread
from jaxgen.objectives.parts import adversary, codes, latents, posteriors
from jaxgen.objectives.parts.latents import arcs, decode, draw_code, sample

__all__ = ["arcs", "decode", "draw_code", "sample"]  # shared with every generator of latents

NETWORKS = ("generator", "encoder", "discriminator")
ADVERSARIES = ("discriminator",)
TITLES = {
    "discriminator/loss": (
        "Discriminator's loss",
        'nats, two cross-entropies (half their sum if "mean"); healthy between 0.5 and 1.39, where '
        "it cannot tell pairs apart; near 0 it has won",
    ),
    "discriminator/real": (
        "Images with their codes taken for such",
        "mean probability; 0.5 at equal strength; near 1 for good, the discriminator has won",
    ),
    "discriminator/fake": (
        "Latents with their images taken for images with their codes",
        "mean probability; 0.5 at equal strength; near 0 for good, the discriminator has won",
    ),
    "generator/loss": (
        "Loss of generator and encoder",
        'nats; 1.39 at equal strength (half of it if "mean"); growing for good, the discriminator '
        "has won",
    ),
    "objective/image_l1": (
        "Reconstruction error",
        "mean |x - G(E(x))| on the scale [-1, 1]; lower is better",
    ),
    "objective/latent_l2": (
        "Latent error",
        "mean square of E(G(z)) - z; lower is better",
    ),
    **posteriors.titles(posteriors.MOMENTS),
    **adversary.SPREAD,
}


@dataclasses.dataclass(frozen=True)
class Hparams:
    """Numbers of the game; the defaults are ALI's on CIFAR-10.

    Attributes:
      latent_size: length of a latent and of a code.
      latent_prior: "normal", or a uniform one, see `parts.latents`.
      posterior: "gaussian" (the encoder has twice `latent_size` outputs: means and log deviations)
        or "deterministic".
      reduction: of the two terms of a loss, "sum" or "mean".
      order: "simultaneous" (all players move from where they are, on the same draws) or
        "alternating" (the discriminator, then the others).
    """

    latent_size: int = 64
    latent_prior: str = "normal"
    posterior: str = "gaussian"
    reduction: str = "sum"
    order: str = "simultaneous"

    def __post_init__(self):
        require_choice(
            self,
            latent_prior=latents.PRIORS,
            posterior=("gaussian", "deterministic"),
            reduction=codes.REDUCTIONS,
            order=("simultaneous", "alternating"),
        )
        require_at_least(1, self, "latent_size")


def discriminator_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """The discriminator's loss on images f32[b,h,w,c] and as many latents."""
    real, fake, made = _judged(nets, spec, image, key)
    loss = _weighted(spec, adversarial.gan_discriminator(real, fake))
    metrics = {
        "discriminator/loss": loss,
        "discriminator/real": jnp.mean(jax.nn.sigmoid(real)),
        "discriminator/fake": jnp.mean(jax.nn.sigmoid(fake)),
        "generator/spread": relative_spread(made["image"], image, mean=spec.layout.mean),
        **codes.named("encoder", posteriors.moment_metrics(spec, made["code"])),
    }
    return loss, metrics


def generator_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """The loss of generator and encoder on images f32[b,h,w,c] and as many latents."""
    real, fake, _ = _judged(nets, spec, image, key)
    loss = _weighted(spec, adversarial.gan_discriminator(fake, real))
    return loss, {"generator/loss": loss}


def turns(hparams: Hparams) -> tuple[Turn, ...]:
    """The discriminator, then generator and encoder; "simultaneous" from where they all are."""
    del hparams
    return (
        Turn("discriminator", discriminator_loss, fresh=True),
        Turn(("generator", "encoder"), generator_loss),
    )


def create_state(spec: Spec, key: Key, batch: Batch) -> TrainState:
    """Initial state; `batch["image"]` f32[b,h,w,c] gives the image size."""
    image, latent = batch["image"][:1], latents.example(spec)
    inputs = {"generator": (latent,), "encoder": (image,), "discriminator": (image, latent)}
    return create(spec, key, inputs)


def train_step(spec: Spec, state: TrainState, batch: Batch, key: Key) -> tuple[TrainState, Metrics]:
    """One step of the game; batch["image"]: f32[b,h,w,c], key: constant over a run."""
    players = turns(spec.hparams)
    if spec.hparams.order == "simultaneous":
        return adversary.move_together(spec, state, batch, key, players)
    return take_turns(spec, state, batch, key, players)


def encode(spec: Spec, state: TrainState, image: Array) -> Array:
    """Codes f32[b,m] of images f32[b,h,w,c]: means, with running statistics."""
    output = posteriors.outputs(evaluating(spec, state), spec, image, train=False)
    return posteriors.to_real_code(spec, output)


def reconstruct(spec: Spec, state: TrainState, batch: Batch, key: Key) -> Array:
    """G(E(x)) f32[b,h,w,c] of batch["image"]; deterministic, so `key` is unused."""
    del key
    return decode(spec, state, encode(spec, state, batch["image"]))


def evaluate(spec: Spec, state: TrainState, batch: Batch, key: Key) -> Metrics:
    """Metrics of one batch of held-out images, with running statistics.

    image_l1: mean |x - G(E(x))| on the scale [-1,1]. latent_l2: mean (E(G(z)) - z)^2. And moments
    of the codes of images.
    """
    image = batch["image"]
    code, latent = encode(spec, state, image), draw_code(spec, key, image.shape[0])
    again = encode(spec, state, decode(spec, state, latent))
    return {
        "image_l1": reconstruction.l1(decode(spec, state, code), image),
        "latent_l2": reconstruction.l2(again, latent),
        **posteriors.moment_metrics(spec, code),
    }


def _judged(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Array, dict]:
    """Logits of (x, E(x)) and of (G(z), z); what was made for them."""
    key_code = key_for(key, "posterior")
    output = posteriors.outputs(nets, spec, image, key_code)
    code = posteriors.to_real_code(spec, output, key_code)
    latent = draw_code(spec, key_for(key, "latent"), image.shape[0])
    made = nets("generator", latent, key=key_for(key, "generator"))
    images, codes_ = jnp.concatenate([image, made]), jnp.concatenate([code, latent])
    logits = nets("discriminator", images, codes_, key=key_for(key, "judged"))
    real, fake = jnp.split(logits, 2)
    return real, fake, {"image": made, "code": code}


def _weighted(spec: Spec, loss: Array) -> Array:
    return loss / 2.0 if spec.hparams.reduction == "mean" else loss
