"""Supervised adversarial autoencoder: the decoder is told the class, and the code is the style.

A. Makhzani, J. Shlens, N. Jaitly, I. Goodfellow, B. Frey, "Adversarial Autoencoders", 2015,
arXiv:1511.05644, section 4. The phases are those of `aae`; the decoder is given (y, z), y the
one-hot label of the image, so z, kept to a Gaussian prior, need not and does not hold the class.

Deviations: the authors published no code. From memory, not recovered from the paper: a prior
N(0, I) of 15 dimensions for MNIST. The rest as in `aae`.
"""

import dataclasses

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
    create,
    require_at_least,
    require_choice,
)
from jaxgen.core import posterior as posteriors
from jaxgen.core.code_prior import draw_code
from jaxgen.core.generator import balanced_labels
from jaxgen.core.posterior import evaluating
from jaxgen.objectives.aae import (
    discriminator_loss,
    encode,
    encoder_loss,
    nats,
    play,
    to_image,
)

__all__ = ["discriminator_loss", "encode", "encoder_loss"]  # as without labels

NETWORKS = ("encoder", "decoder", "discriminator")


@dataclasses.dataclass(frozen=True)
class Hparams:
    """Numbers of the game, as in `aae.Hparams`; labels are 0 to num_classes - 1."""

    num_classes: int = 10
    code_prior: str = "gaussian"
    code_size: int = 15
    prior_scale: float = 1.0
    posterior: str = "deterministic"
    input_noise: str = "gaussian"
    input_noise_level: float = 0.3
    likelihood: str = "bernoulli"
    discriminator_noise: float = 0.0

    def __post_init__(self):
        require_choice(self, code_prior=("gaussian",), likelihood=("bernoulli", "squared"))
        posteriors.check(self)
        require_at_least(1, self, "num_classes", "code_size")
        require_at_least(0, self, "prior_scale", "discriminator_noise")


def batch_entries(hparams: Hparams) -> tuple[str, ...]:
    """A step reads images and their labels."""
    del hparams
    return ("image", "label")


def reconstruction_loss(
    nets: Nets, spec: Spec, image: Array, label: Array, key: Key
) -> tuple[Array, Metrics]:
    """Phase 1 on images f32[b,h,w,c] with labels i32[b]: nats, summed over pixels."""
    key_code, key_decoder = jax.random.split(key)
    style = posteriors.infer(nets, spec, image, key_code)
    output = nets("decoder", _with_class(spec, label, style), key=key_decoder)
    loss = jnp.mean(nats(spec, output, image))
    codes = {f"encoder/{name}": x for name, x in posteriors.code_metrics(spec, style).items()}
    return loss, {"decoder/nats": loss, **codes}


def create_state(spec: Spec, key: Key, batch: Batch) -> TrainState:
    """Initial state; `batch` has "image" f32[b,h,w,c] and "label" i32[b]."""
    style = jnp.zeros((1, spec.hparams.code_size))
    code = _with_class(spec, jnp.zeros(1, jnp.int32), style)
    inputs = {"encoder": (batch["image"][:1],), "decoder": (code,), "discriminator": (style,)}
    return create(spec, key, inputs)


def train_step(spec: Spec, state: TrainState, batch: Batch, key: Key) -> tuple[TrainState, Metrics]:
    """Phases 1, 2a and 2b on batch["image"] f32[b,h,w,c] with batch["label"] i32[b].

    key: constant over a run.
    """
    image, keys = batch["image"], jax.random.split(jax.random.fold_in(key, state.step), 3)
    known = (image, batch["label"], keys[0])
    return play(
        spec,
        state,
        (("encoder", "decoder"), reconstruction_loss, known, "reconstruction"),
        ("discriminator", discriminator_loss, (image, keys[1]), "adversarial"),
        ("encoder", encoder_loss, (image, keys[2]), "adversarial"),
    )


def decode(spec: Spec, state: TrainState, label: Array, style: Array) -> Array:
    """Mean images f32[b,h,w,c] in [-1,1] of labels i32[b] and styles f32[b,m]."""
    code = _with_class(spec, label, style)
    return to_image(spec, evaluating(spec, state)("decoder", code, train=False))


def sample(
    spec: Spec, state: TrainState, key: Key, num: int, condition: Array | None = None
) -> Array:
    """`num` images f32[num,h,w,c]; condition: labels i32[num] (default: all classes in turn)."""
    if condition is None:
        condition = balanced_labels(num, spec.hparams.num_classes)
    return decode(spec, state, condition, draw_code(spec, key, num))


def restyle(spec: Spec, state: TrainState, image: Array, label: Array) -> Array:
    """The styles of images f32[b,h,w,c], drawn as the classes i32[b]."""
    return decode(spec, state, label, encode(spec, state, image))


def evaluate(spec: Spec, state: TrainState, batch: Batch, key: Key) -> Metrics:
    """Of one batch of held-out images with their labels: reconstruction_nats, moments of styles.

    restyled_nats: what it costs to draw an image with the style of another, label kept; how much
    more than reconstruction_nats is what styles tell.
    """
    image, label = batch["image"], batch["label"]
    style = encode(spec, state, image)
    own, other = (_with_class(spec, label, z) for z in (style, jax.random.permutation(key, style)))
    decoder = evaluating(spec, state)
    figures = {
        name: jnp.mean(nats(spec, decoder("decoder", code, train=False), image))
        for name, code in (("reconstruction_nats", own), ("restyled_nats", other))
    }
    return figures | posteriors.code_metrics(spec, style)


def _with_class(spec, label, style):
    return jnp.concatenate([jax.nn.one_hot(label, spec.hparams.num_classes), style], axis=1)
