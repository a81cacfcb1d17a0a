"""Adversarial autoencoder: a discriminator, not a divergence, keeps the codes to a prior.

A. Makhzani, J. Shlens, N. Jaitly, I. Goodfellow, B. Frey, "Adversarial Autoencoders", 2015,
arXiv:1511.05644. With f(x, n) the code of an image and D the probability that a code is a draw of
the prior, every minibatch takes one update of each phase, the images encoded again in each:

    1  reconstruction  encoder, decoder:  -log p(x | f(x, n)), pixels independent
    2a adversarial     discriminator:     -E log D(z) - E log(1 - D(f(x, n))),  z from p(z)
    2b adversarial     encoder:           -E log D(f(x, n))

`label_informed` (section 2.3; mixture prior): D is also given a class, one of K or "unknown".
Codes of labelled images are compared with draws of their class's component, codes of the others
with draws of the whole mixture.

Style (`aae_supervised`) and categories (`aae_semisupervised`, also clusters) have other networks
and are objectives of their own; `pixelgan_ae` has the same adversarial phases.

Deviations: the authors published no code. From memory, not recovered from the paper: the defaults
below, of its MNIST likelihood experiment; that the encoder's loss does not saturate; an optimiser
for each phase (`core.by_phase`). Not recovered at all: whether -log p is summed over pixels or
averaged (`reduction`): under SGD a factor of 784 between phase 1 and the others on MNIST. Summed is
ours; a replication (github.com/1henrypage/adversarial-autoencoders) averages, with the same rate of
0.01. `discriminator_noise` is a public implementation's (musyoku/adversarial-autoencoder, 0.3).
Labelled and other images count alike in D's loss.
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
from jaxgen.losses import adversarial
from jaxgen.objectives.parts import codes, posteriors, priors
from jaxgen.objectives.parts.codes import discriminator_loss, encoder_loss
from jaxgen.objectives.parts.priors import draw_code

# Phases 2a and 2b as in every adversarial autoencoder; draws of the prior.
__all__ = ["discriminator_loss", "draw_code", "encoder_loss"]

NETWORKS = ("encoder", "decoder", "discriminator")
ADVERSARIES = ("discriminator",)
TITLES = {**codes.DECODER, **codes.ADVERSARY, **posteriors.titles(posteriors.MOMENTS)}
_LABELLED = ("image", "labelled_image", "labelled_label")


@dataclasses.dataclass(frozen=True)
class Hparams:
    """Numbers of the game.

    Attributes:
      code_prior: "gaussian" or "mixture", see `parts.priors`.
      code_size: length of a code; 2 of a mixture.
      prior_scale: multiplies draws of the prior.
      components: of the mixture; with label_informed one a class.
      label_informed: whether the discriminator is given classes, of labelled images.
      posterior: "deterministic", "gaussian" or "implicit", see `parts.posteriors`.
      input_noise: "dropout" or "gaussian", on the encoder's input where it is implicit.
      input_noise_level: share of the pixels that is dropped, or standard deviation on [0,1].
      likelihood: "bernoulli" (the decoder's outputs are logits of pixels) or "squared" (half the
        squared error of its outputs).
      reduction: of -log p over pixels, "sum" or "mean".
      discriminator_noise: standard deviation of what is added to the discriminator's input.
    """

    code_prior: str = "gaussian"
    code_size: int = 8
    prior_scale: float = 5.0
    components: int = 10
    label_informed: bool = False
    posterior: str = "deterministic"
    input_noise: str = "gaussian"
    input_noise_level: float = 0.3
    likelihood: str = "bernoulli"
    reduction: str = "sum"
    discriminator_noise: float = 0.0

    def __post_init__(self):
        priors.check(self, "gaussian", "mixture")
        posteriors.check(self)
        require_choice(self, likelihood=codes.LIKELIHOODS, reduction=codes.REDUCTIONS)
        require_at_least(0, self, "discriminator_noise")
        if self.label_informed and self.code_prior != "mixture":
            raise ValueError('label_informed=True needs code_prior="mixture", a component a class.')


def num_classes(hparams: Hparams) -> int:
    """Components of a mixture: what samples can be asked to be of, and labels tell."""
    return hparams.components if hparams.code_prior == "mixture" else 0


def reconstruction_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """Phase 1 on images f32[b,h,w,c]: nats, mean over the batch."""
    code = posteriors.infer(nets, spec, image, key_for(key, "posterior"))
    output = nets("decoder", code, key=key_for(key, "decoder"))
    loss = jnp.mean(codes.independent_nll(spec, output, image))
    found = codes.named("encoder", posteriors.code_metrics(spec, code))
    return codes.reduced(spec, loss, image), {"decoder/nats": loss, **found}


def informed_discriminator_loss(
    nets: Nets, spec: Spec, image: Array, labelled_image: Array, label: Array, key: Key
) -> tuple[Array, Metrics]:
    """Phase 2a where label_informed, on images f32[b,h,w,c] and labelled ones f32[n,h,w,c].

    Codes of labelled images are compared with draws of their class's component (label i32[n]),
    those of the others, of class "unknown", with draws of the whole mixture.
    """
    anywhere = draw_code(spec, key_for(key, "prior"), image.shape[0])
    own = priors.of_component(spec, key_for(key, "component"), label)
    fake = _informed_logits(nets, spec, image, labelled_image, label, key_for(key, "fake"))
    real = jnp.concatenate(
        [
            _logits(nets, spec, anywhere, _unknown(spec, image), key_for(key, "real")),
            _logits(nets, spec, own, label, key_for(key, "labelled_real")),
        ]
    )
    loss = adversarial.gan_discriminator(real, fake)
    return loss, codes.discriminator_metrics("discriminator", loss, real, fake)


def informed_encoder_loss(
    nets: Nets, spec: Spec, image: Array, labelled_image: Array, label: Array, key: Key
) -> tuple[Array, Metrics]:
    """Phase 2b where label_informed, with the arguments of `informed_discriminator_loss`."""
    logits = _informed_logits(nets, spec, image, labelled_image, label, key)
    loss = adversarial.gan_generator(logits)
    return loss, {"encoder/loss": loss}


def _informed_logits(nets, spec, image, labelled_image, label, key):
    """D's logits of the codes of images of no known class, and of labelled ones, joined."""
    unknown = posteriors.infer(nets, spec, image, key_for(key, "posterior"))
    known = posteriors.infer(nets, spec, labelled_image, key_for(key, "labelled_posterior"))
    return jnp.concatenate(
        [
            _logits(nets, spec, unknown, _unknown(spec, image), key_for(key, "unknown")),
            _logits(nets, spec, known, label, key_for(key, "known")),
        ]
    )


def _logits(nets, spec, code, label, key):
    condition = jax.nn.one_hot(label, spec.hparams.components + 1)
    return codes.score(nets, spec, "discriminator", code, key, condition)


def _unknown(spec, image):
    return jnp.full(image.shape[:1], spec.hparams.components)


def turns(hparams: Hparams) -> tuple[Turn, ...]:
    """Phases 1, 2a and 2b, on one batch."""
    first = Turn(("encoder", "decoder"), reconstruction_loss, phase="reconstruction")
    if hparams.label_informed:
        discriminator, encoder = informed_discriminator_loss, informed_encoder_loss
        return (
            first,
            Turn("discriminator", discriminator, _LABELLED, phase="adversarial"),
            Turn("encoder", encoder, _LABELLED, phase="adversarial"),
        )
    return (
        first,
        Turn("discriminator", discriminator_loss, phase="adversarial"),
        Turn("encoder", encoder_loss, phase="adversarial"),
    )


def create_state(spec: Spec, key: Key, batch: Batch) -> TrainState:
    """Initial state; `batch["image"]` f32[b,h,w,c] gives the image size."""
    code = jnp.zeros((1, spec.hparams.code_size))
    width = spec.hparams.components + 1 if spec.hparams.label_informed else 0
    judged = jnp.zeros((1, spec.hparams.code_size + width))
    inputs = {"encoder": (batch["image"][:1],), "decoder": (code,), "discriminator": (judged,)}
    return create(spec, key, inputs)


def train_step(spec: Spec, state: TrainState, batch: Batch, key: Key) -> tuple[TrainState, Metrics]:
    """Phases 1, 2a and 2b. batch["image"]: f32[b,h,w,c]; key: constant over a run.

    Where label_informed, also batch["labelled_image"] f32[n,h,w,c], ["labelled_label"] i32[n].
    """
    return take_turns(spec, state, batch, key, turns(spec.hparams))


def encode(spec: Spec, state: TrainState, image: Array) -> Array:
    """Codes f32[b,m] of images f32[b,h,w,c], without noise."""
    return posteriors.infer(evaluating(spec, state), spec, image, train=False)


def decode(
    spec: Spec, state: TrainState, code: Array, condition: None = None, key: Key | None = None
) -> Array:
    """Mean images f32[b,h,w,c] in [-1,1] of codes f32[b,m]; no condition, nothing random."""
    del condition, key
    return codes.to_image(spec, evaluating(spec, state)("decoder", code, train=False))


def sample(
    spec: Spec, state: TrainState, key: Key, num: int, condition: Array | None = None
) -> Array:
    """`num` images f32[num,h,w,c]; condition: codes f32[num,m] or, of a mixture, i32[num]."""
    if condition is None:
        code = draw_code(spec, key, num)
    elif jnp.issubdtype(condition.dtype, jnp.integer):
        code = priors.of_component(spec, key, condition)
    else:
        code = condition
    return decode(spec, state, code)


def reconstruct(spec: Spec, state: TrainState, batch: Batch, key: Key) -> Array:
    """Images f32[b,h,w,c] of the codes of batch["image"]; `key` is unused."""
    del key
    return decode(spec, state, encode(spec, state, batch["image"]))


def evaluate(spec: Spec, state: TrainState, batch: Batch, key: Key) -> Metrics:
    """Metrics of one batch of held-out images: reconstruction_nats, and moments of their codes."""
    del key
    code = encode(spec, state, batch["image"])
    output = evaluating(spec, state)("decoder", code, train=False)
    error = jnp.mean(codes.independent_nll(spec, output, batch["image"]))
    return {"reconstruction_nats": error, **posteriors.code_metrics(spec, code)}
