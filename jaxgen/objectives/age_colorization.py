"""Colorization by a conditional AGE: diverse colorings of one gray image, without a discriminator.

D. Ulyanov, A. Vedaldi, V. Lempitsky, "It Takes (Only) Two: Adversarial Generator-Encoder
Networks", AAAI 2018, arXiv:1704.02304, which colors photographs of cars by a conditional AGE and
compares it with pix2pix. With lightness s, chroma c, codes e(c, s) on the unit sphere, made chroma
g(z, s), and D the divergence of a batch of codes to the uniform distribution there, the players
minimise

    encoder:    D(e(c, s)) - D(e(g(z, s), s)) + mu |c - g(e(c, s), s)|
    generator:  D(e(g(z, s), s)) + lambda (z, e(g(z, s), s))

as in `objectives.age`, mu = chroma_weight and lambda = latent_weight; s is that of the step's
images in every term. The generator can only be given back z from what it makes if different z make
different colors: that is what keeps the colorings of one image apart.

Deviations: neither code nor networks, weights or data preparation of this experiment were
published; that both networks also see the gray image is all that is known. The defaults are the
published recipe for CIFAR-10, which lets codes be of s alone: they match the prior, no chroma
changes them, and no z is found again. So ended our runs; with encoder_latent_weight the encoder,
too, minimises the latent term, and its codes are of the chroma. That codes match the prior over all
images, not those of one image, the networks (AGE's encoder, of lightness and chroma, and pix2pix's
U-Net, given z at every pixel) and the margin of `objectives.age`, are ours.
"""

import dataclasses

import jax.numpy as jnp

from jaxgen.core.errors import require_at_least, require_choice
from jaxgen.core.keys import key_for
from jaxgen.core.nets import Nets
from jaxgen.core.spec import Spec
from jaxgen.core.state import TrainState, create, evaluating
from jaxgen.core.step import Turn, take_turns
from jaxgen.core.types import Array, Batch, Key, Metrics
from jaxgen.losses import reconstruction
from jaxgen.objectives.parts import age_codes, colors

NETWORKS = ("encoder", "generator")
_DIVERGENCE = "nats a dimension, up to a constant"
TITLES = {
    "encoder/loss": (
        "Encoder's loss",
        "the weighted game, chroma and latent terms; its level says little: the game has no end",
    ),
    "encoder/kl_real": (
        "Divergence of codes of true colors",
        f"to the prior, {_DIVERGENCE}; lower is better",
    ),
    "encoder/kl_fake": (
        "Divergence of codes of made colors",
        f"to the prior, {_DIVERGENCE}, after the generator's last update; healthy not far above "
        "that of true ones; growing for good, the encoder has won",
    ),
    "encoder/reconstruction": (
        "Reconstruction error of the chroma",
        "mean absolute, of ab / 110; lower is better",
    ),
    "encoder/latent": (
        "Latent error",
        "of latents and the codes of their colorings, in the encoder's loss; lower is better",
    ),
    "encoder/code_mean": ("Mean of codes", "over images and dimensions; toward 0"),
    "encoder/code_var": (
        "Variance of codes",
        "over images, a mean of dimensions; toward 1/M on the sphere, 1 without",
    ),
    "generator/loss": (
        "Generator's loss",
        "the weighted divergence and latent error; lower is better",
    ),
    "generator/kl_fake": (
        "Divergence of codes of made colors",
        f"to the prior, {_DIVERGENCE}; lower is better",
    ),
    "generator/latent": (
        "Latent error",
        "of latents and the codes of their colorings; lower is better. Of the published cosine "
        "form 2 is unrelated and 2 - 1/M perfect",
    ),
    "generator/latent_cosine": (
        "Latents found again",
        "cosine of z and e(g(z, s), s); higher is better, near 0 for good z is ignored",
    ),
    "generator/chroma": colors.TITLES["chroma"],
    "objective/diversity": (
        "Difference of two colorings",
        "of one image, mean |g(z, s) - g(z', s)|, of ab / 110; higher is more diverse, 0 ignores z",
    ),
    "objective/reconstruction_l1": (
        "Reconstruction error of the chroma",
        "mean |c - g(e(c, s), s)|, of ab / 110; lower is better",
    ),
    "objective/latent_cosine": ("Latents found again", "cosine of z and e(g(z, s), s); 1 is right"),
    **{f"objective/{name}": title for name, title in colors.TITLES.items()},
}


@dataclasses.dataclass(frozen=True)
class Hparams:
    """Numbers of the game; the defaults are AGE's published CIFAR-10 recipe.

    Attributes:
      latent_size: M, the length of a code.
      latent_prior: "sphere" (unit norm codes and noise) or "normal" (neither is projected).
      divergence: of codes to the prior, "moments" or "nearest_neighbour".
      kl_direction: "qp" or "pq", see `losses.moments.kl_to_standard_normal`; "qp" of neighbours.
      kl_form: "published" (variance in the place of the standard deviation) or "textbook".
      chroma_match: of chroma and its reconstruction, "l1" or "l2".
      latent_match: of latents and the codes of their colorings, "l1", "l2" or "cosine".
      encoder_updates: a step, each on a batch of its own.
      generator_updates: a step, all with the step's first lightness.
      margin: lead of the divergence of made colors beyond which the encoder plays no further; 0
        for no such limit, as published.
      chroma_weight: mu, of the chroma match, in the encoder's loss.
      generator_chroma_weight: of the chroma match, in the generator's loss; 0 as published.
      latent_weight: lambda, of the latent match, in the generator's loss.
      encoder_latent_weight: of the latent match, in the encoder's loss; 0 as published.
    """

    latent_size: int = 128
    latent_prior: str = "sphere"
    divergence: str = "moments"
    kl_direction: str = "qp"
    kl_form: str = "published"
    chroma_match: str = "l1"
    latent_match: str = "cosine"
    encoder_updates: int = 1
    generator_updates: int = 2
    margin: float = 0.0
    chroma_weight: float = 10.0
    generator_chroma_weight: float = 0.0
    latent_weight: float = 1000.0
    encoder_latent_weight: float = 0.0

    def __post_init__(self):
        age_codes.check(self)
        require_choice(self, chroma_match=("l1", "l2"))
        require_at_least(1, self, "latent_size", "encoder_updates", "generator_updates")
        require_at_least(0, self, "margin", "chroma_weight", "generator_chroma_weight")
        require_at_least(0, self, "latent_weight", "encoder_latent_weight")


def encoder_loss(
    nets: Nets, spec: Spec, lightness: Array, chroma: Array, key: Key
) -> tuple[Array, Metrics]:
    """The encoder's loss on lightness f32[b,h,w,1] and true chroma f32[b,h,w,2]."""
    hparams = spec.hparams
    codes = _codes(nets, spec, lightness, chroma)
    kl_real = age_codes.divergence(spec, codes)
    match = _chroma_match(nets, spec, lightness, chroma, codes, key)
    z = age_codes.draw_code(spec, key_for(key, "latent"), lightness.shape[0])
    fake = nets("generator", lightness, z, key=key_for(key, "made"))
    fake_codes = _codes(nets, spec, lightness, fake)
    kl_fake = age_codes.divergence(spec, fake_codes)
    game = kl_real - kl_fake
    game = jnp.maximum(game, -hparams.margin) if hparams.margin else game
    latent_term, found = age_codes.encoder_latent_term(spec, fake_codes, z)
    loss = game + hparams.chroma_weight * match + latent_term
    return loss, {
        "encoder/loss": loss,
        "encoder/kl_real": kl_real,
        "encoder/kl_fake": kl_fake,
        "encoder/reconstruction": match,
        **age_codes.moments("encoder", spec, codes),
        "generator/chroma": colors.chroma_ratio(spec, chroma, fake),
        **found,
    }


def generator_loss(
    nets: Nets, spec: Spec, lightness: Array, chroma: Array, key: Key
) -> tuple[Array, Metrics]:
    """The generator's loss on lightness f32[b,h,w,1]; of true chroma if it has that term."""
    hparams = spec.hparams
    z = age_codes.draw_code(spec, key_for(key, "latent"), lightness.shape[0])
    fake = nets("generator", lightness, z, key=key_for(key, "made"))
    codes = _codes(nets, spec, lightness, fake)
    kl_fake = age_codes.divergence(spec, codes)
    match = age_codes.MATCH[hparams.latent_match](codes, z)
    loss = kl_fake + hparams.latent_weight * match
    if hparams.generator_chroma_weight:
        true = _codes(nets, spec, lightness, chroma)
        error = _chroma_match(nets, spec, lightness, chroma, true, key)
        loss += hparams.generator_chroma_weight * error
    return loss, {
        "generator/loss": loss,
        "generator/kl_fake": kl_fake,
        "generator/latent": match,
        "generator/latent_cosine": age_codes.cosine(z, codes),
    }


def turns(hparams: Hparams) -> tuple[Turn, ...]:
    """`encoder_updates` of the encoder, then `generator_updates` against the new encoder."""
    entries = ("lightness", "chroma")
    return (
        Turn("encoder", encoder_loss, entries, hparams.encoder_updates, fresh=True),
        Turn("generator", generator_loss, entries, hparams.generator_updates),
    )


def create_state(spec: Spec, key: Key, batch: Batch) -> TrainState:
    """Initial state; batch["lightness"] f32[b,h,w,1] and batch["chroma"] give the image size."""
    lightness, chroma = batch["lightness"][:1], batch["chroma"][:1]
    z = jnp.zeros((1, spec.hparams.latent_size))
    both = jnp.concatenate([lightness, chroma], axis=-1)
    return create(spec, key, {"encoder": (both,), "generator": (lightness, z)})


def train_step(spec: Spec, state: TrainState, batch: Batch, key: Key) -> tuple[TrainState, Metrics]:
    """One step of the game; key: constant over a run.

    batch: "lightness" f32[k b,h,w,1] and "chroma" f32[k b,h,w,2], k the encoder's updates.
    """
    return take_turns(spec, state, batch, key, turns(spec.hparams))


def colorize(spec: Spec, state: TrainState, lightness: Array, key: Key) -> Array:
    """Chroma f32[b,h,w,2] of lightness f32[b,h,w,1] and drawn codes, with running statistics."""
    key_code, key_made = key_for(key, "latent"), key_for(key, "made")
    z = age_codes.draw_code(spec, key_code, lightness.shape[0])
    return evaluating(spec, state)("generator", lightness, z, train=False, key=key_made)


def evaluate(spec: Spec, state: TrainState, batch: Batch, key: Key) -> Metrics:
    """Metrics of one batch of held-out images, with running statistics.

    `parts.colors.errors` of drawn colorings; diversity: mean |g(z, s) - g(z', s)| of two draws;
    reconstruction_l1: mean |c - g(e(c, s), s)|; latent_cosine: mean cosine similarity of z and
    e(g(z, s), s).
    """
    lightness, chroma = batch["lightness"], batch["chroma"]
    nets = evaluating(spec, state)
    key_code, key_made = key_for(key, "latent"), key_for(key, "made")
    z = age_codes.draw_code(spec, key_code, lightness.shape[0])
    made = nets("generator", lightness, z, train=False, key=key_made)
    z_other = age_codes.draw_code(spec, key_for(key, "other"), lightness.shape[0])
    other = nets("generator", lightness, z_other, train=False, key=key_made)
    codes = _codes(nets, spec, lightness, chroma, train=False)
    again = nets("generator", lightness, codes, train=False, key=key_made)
    found = _codes(nets, spec, lightness, made, train=False)
    return {
        **colors.errors(spec, chroma, made),
        "diversity": reconstruction.l1(made, other),
        "reconstruction_l1": reconstruction.l1(again, chroma),
        "latent_cosine": age_codes.cosine(z, found),
    }


def _codes(nets: Nets, spec: Spec, lightness: Array, chroma: Array, *, train: bool = True) -> Array:
    both = jnp.concatenate([lightness, chroma], axis=-1)
    return age_codes.project(spec, nets("encoder", both, train=train))


def _chroma_match(
    nets: Nets, spec: Spec, lightness: Array, chroma: Array, codes: Array, key: Key
) -> Array:
    again = nets("generator", lightness, codes, key=key_for(key, "again"))
    return age_codes.MATCH[spec.hparams.chroma_match](again, chroma)
