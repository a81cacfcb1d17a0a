"""Supervised adversarial autoencoder: the decoder is given the class, and the code is the style.

A. Makhzani, J. Shlens, N. Jaitly, I. Goodfellow, B. Frey, "Adversarial Autoencoders", 2015,
arXiv:1511.05644, section 4. The phases are those of `aae`; the decoder is given (y, z), y the
one-hot label of the image, so z, kept to a Gaussian prior, need not and does not hold the class.

Deviations: the authors published no code. From memory, not recovered from the paper: a prior
N(0, I) of 15 dimensions for MNIST. The rest as in `aae`, `reduction` included.
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
from jaxgen.objectives.parts import codes, posteriors
from jaxgen.objectives.parts.codes import discriminator_loss, encoder_loss
from jaxgen.objectives.parts.latents import balanced_labels
from jaxgen.objectives.parts.priors import draw_code

# Phases 2a and 2b as in every adversarial autoencoder; draws of the prior.
__all__ = ["discriminator_loss", "draw_code", "encoder_loss"]

NETWORKS = ("encoder", "decoder", "discriminator")
ADVERSARIES = ("discriminator",)
TITLES = {
    **codes.DECODER,
    **codes.ADVERSARY,
    **posteriors.titles(posteriors.MOMENTS),
    "objective/restyled_nats": (
        "Reconstruction, other styles",
        "nats an image, with the style of another; higher is more that styles tell, equal to "
        "reconstruction nothing",
    ),
}


@dataclasses.dataclass(frozen=True)
class Hparams:
    """Numbers of the game, as in `aae`.

    Attributes:
      num_classes: labels are 0 to num_classes - 1.
      code_prior: of the style, "gaussian".
      code_size: length of a style.
      prior_scale: multiplies draws of the prior.
      posterior: "deterministic", "gaussian" or "implicit", see `parts.posteriors`.
      input_noise: "dropout" or "gaussian", on the encoder's input where it is implicit.
      input_noise_level: share of the pixels that is dropped, or standard deviation on [0,1].
      likelihood: "bernoulli" (the decoder's outputs are logits of pixels) or "squared" (half the
        squared error of its outputs).
      reduction: of -log p over pixels, "sum" or "mean".
      discriminator_noise: standard deviation of what is added to the discriminator's input.
    """

    num_classes: int = 10
    code_prior: str = "gaussian"
    code_size: int = 15
    prior_scale: float = 1.0
    posterior: str = "deterministic"
    input_noise: str = "gaussian"
    input_noise_level: float = 0.3
    likelihood: str = "bernoulli"
    reduction: str = "sum"
    discriminator_noise: float = 0.0

    def __post_init__(self):
        kinds = {"likelihood": codes.LIKELIHOODS, "reduction": codes.REDUCTIONS}
        require_choice(self, code_prior=("gaussian",), **kinds)
        posteriors.check(self)
        require_at_least(1, self, "num_classes", "code_size")
        require_at_least(0, self, "prior_scale", "discriminator_noise")


def num_classes(hparams: Hparams) -> int:
    """Classes that the decoder is given."""
    return hparams.num_classes


def reconstruction_loss(
    nets: Nets, spec: Spec, image: Array, label: Array, key: Key
) -> tuple[Array, Metrics]:
    """Phase 1 on images f32[b,h,w,c] with labels i32[b]: nats, mean over the batch."""
    style = posteriors.infer(nets, spec, image, key_for(key, "posterior"))
    output = nets("decoder", _with_class(spec, label, style), key=key_for(key, "decoder"))
    loss = jnp.mean(codes.independent_nll(spec, output, image))
    found = codes.named("encoder", posteriors.code_metrics(spec, style))
    return codes.reduced(spec, loss, image), {"decoder/nats": loss, **found}


def turns(hparams: Hparams) -> tuple[Turn, ...]:
    """Phases 1, 2a and 2b, on one batch."""
    del hparams
    autoencoder, labelled = ("encoder", "decoder"), ("image", "label")
    return (
        Turn(autoencoder, reconstruction_loss, labelled, phase="reconstruction"),
        Turn("discriminator", discriminator_loss, phase="adversarial"),
        Turn("encoder", encoder_loss, phase="adversarial"),
    )


def create_state(spec: Spec, key: Key, batch: Batch) -> TrainState:
    """Initial state; `batch["image"]` f32[b,h,w,c] gives the image size."""
    style = jnp.zeros((1, spec.hparams.code_size))
    code = _with_class(spec, jnp.zeros(1, jnp.int32), style)
    inputs = {"encoder": (batch["image"][:1],), "decoder": (code,), "discriminator": (style,)}
    return create(spec, key, inputs)


def train_step(spec: Spec, state: TrainState, batch: Batch, key: Key) -> tuple[TrainState, Metrics]:
    """Phases 1, 2a and 2b on batch["image"] f32[b,h,w,c] with batch["label"] i32[b].

    key: constant over a run.
    """
    return take_turns(spec, state, batch, key, turns(spec.hparams))


def encode(spec: Spec, state: TrainState, image: Array) -> Array:
    """Styles f32[b,m] of images f32[b,h,w,c], without noise."""
    return posteriors.infer(evaluating(spec, state), spec, image, train=False)


def decode(
    spec: Spec,
    state: TrainState,
    code: Array,
    condition: Array | None = None,
    key: Key | None = None,
) -> Array:
    """Mean images f32[b,h,w,c] in [-1,1] of styles f32[b,m] and classes i32[b].

    By default of all classes in turn; nothing is random, so `key` is unused.
    """
    del key
    if condition is None:
        condition = balanced_labels(code.shape[0], spec.hparams.num_classes)
    code = _with_class(spec, condition, code)
    return codes.to_image(spec, evaluating(spec, state)("decoder", code, train=False))


def sample(
    spec: Spec, state: TrainState, key: Key, num: int, condition: Array | None = None
) -> Array:
    """`num` images f32[num,h,w,c]; condition: labels i32[num] (default: all classes in turn)."""
    return decode(spec, state, draw_code(spec, key, num), condition)


def reconstruct(spec: Spec, state: TrainState, batch: Batch, key: Key) -> Array:
    """Mean images f32[b,h,w,c] of batch["image"] by their styles and batch["label"] i32[b]."""
    del key
    return decode(spec, state, encode(spec, state, batch["image"]), batch["label"])


def evaluate(spec: Spec, state: TrainState, batch: Batch, key: Key) -> Metrics:
    """Of one batch of held-out images with their labels: reconstruction_nats, moments of styles.

    restyled_nats: what it costs to draw an image with the style of another, label kept; how much
    more than reconstruction_nats is what styles tell.
    """
    image, label = batch["image"], batch["label"]
    style = encode(spec, state, image)
    own, other = (_with_class(spec, label, z) for z in (style, codes.of_another(key, style)))
    decoder = evaluating(spec, state)
    metrics = {
        name: jnp.mean(codes.independent_nll(spec, decoder("decoder", code, train=False), image))
        for name, code in (("reconstruction_nats", own), ("restyled_nats", other))
    }
    return metrics | posteriors.code_metrics(spec, style)


def _with_class(spec, label, style):
    return jnp.concatenate([jax.nn.one_hot(label, spec.hparams.num_classes), style], axis=1)
