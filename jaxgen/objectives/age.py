"""AGE: adversarial generator-encoder networks; two networks and no discriminator.

D. Ulyanov, A. Vedaldi, V. Lempitsky, "It Takes (Only) Two: Adversarial Generator-Encoder
Networks", AAAI 2018, arXiv:1704.02304. With codes e(x) and a prior on the unit sphere, D the
divergence of a batch of codes to the prior, the players minimise

    encoder:    D(e(x)) - D(e(g(z))) + mu |x - g(e(x))|          (image_weight = mu)
    generator:  D(e(g(z))) + lambda (z, e(g(z)))                 (latent_weight = lambda)

The encoder pulls the codes of real images onto the prior and pushes those of generated ones off
it; the generator pulls them back. Neither is trained with the other's reconstruction term.

Deviations: none from the published code (github.com/DmitryUlyanov/AGE, commit 46979476), whose
`KL` has the variance in the place of the standard deviation; `kl_form="textbook"` corrects it
(double the three KL weights to keep the game's strength). The paper's text writes norms where the
code has means, and L2 where the code has the cosine for codes: `latent_match` chooses. Networks
are evaluated with the running variances of `models.layers.batch_norm`. A `margin` above 0 makes
the encoder's game max(-margin, D(e(x)) - D(e(g(z)))), which keeps it from winning for good: A.
Heljakka, A. Solin, J. Kannala, "Towards Photographic Image Manipulation with Balanced Growing of
Generative Autoencoders", 2019, arXiv:1904.06145, as in its code (AaltoVision/balanced-pioneer).
"""

import dataclasses

import jax.numpy as jnp

from jaxgen.core.errors import require_at_least, require_choice
from jaxgen.core.nets import Nets
from jaxgen.core.spec import Spec
from jaxgen.core.state import TrainState, create, evaluating
from jaxgen.core.step import Turn, take_turns
from jaxgen.core.types import Array, Batch, Key, Metrics
from jaxgen.losses import moments, reconstruction
from jaxgen.objectives.parts import age_codes
from jaxgen.objectives.parts.adversary import SPREAD
from jaxgen.objectives.parts.age_codes import MATCH, divergence, draw_code, project

__all__ = ["draw_code"]  # shared with the colorizer by AGE

NETWORKS = ("encoder", "generator")
_DIVERGENCE = "nats a dimension, up to a constant"
TITLES = {
    "encoder/loss": (
        "Encoder's loss",
        "the weighted game and image term; its level says little, for the game has no end",
    ),
    "encoder/kl_real": (
        "Divergence of codes of real images",
        f"to the prior, {_DIVERGENCE}; lower is better, below that of generated ones in a healthy "
        "game",
    ),
    "encoder/kl_fake": (
        "Divergence of codes of generated images",
        f"to the prior, {_DIVERGENCE}, after the generator's last update; healthy not far above "
        "that of real ones, with a margin that far; growing for good, the encoder has won",
    ),
    "encoder/image": (
        "Reconstruction error",
        "of training images, on the scale [-1, 1]; lower is better",
    ),
    "encoder/latent": (
        "Latent error",
        "of latents and the codes of their images, in the encoder's loss; lower is better",
    ),
    "encoder/code_mean": ("Mean of codes", "over images and dimensions; toward 0"),
    "encoder/code_var": (
        "Variance of codes",
        "over images, a mean of dimensions; toward 1/M on the sphere, 1 without; near 0, codes "
        "have collapsed",
    ),
    "generator/loss": (
        "Generator's loss",
        "the weighted divergence and latent error; lower is better, but the cosine's constant "
        "hides how far it has come: see the cosine of latents",
    ),
    "generator/kl_fake": (
        "Divergence of codes of generated images",
        f"to the prior, {_DIVERGENCE}; lower is better",
    ),
    "generator/latent": (
        "Latent error",
        "of latents and the codes of their images; lower is better. Of the published cosine form "
        "2 is unrelated and 2 - 1/M perfect",
    ),
    "generator/latent_cosine": (
        "Latents found again",
        "cosine of z and e(g(z)); 1 is right, near 0 for good nothing is learned; with a margin it "
        "may fall again",
    ),
    "generator/image": (
        "Reconstruction error",
        "in the generator's loss, on the scale [-1, 1]; lower is better",
    ),
    "objective/image_l1": (
        "Reconstruction error",
        "mean |x - g(e(x))| on the scale [-1, 1]; lower is better",
    ),
    "objective/image_l2": (
        "Squared reconstruction error",
        "on the scale [-1, 1]; lower is better",
    ),
    "objective/latent_cosine": ("Latents found again", "cosine of z and e(g(z)); 1 is right"),
    "objective/kl_real": (
        "Divergence of codes of real images",
        f"to the prior, {_DIVERGENCE}; lower is better",
    ),
    "objective/kl_fake": (
        "Divergence of codes of generated images",
        f"to the prior, {_DIVERGENCE}; lower is better",
    ),
    **{
        f"objective/{kind}/{name}": (f"{title} of {what} images", good)
        for kind, what in (("real", "real"), ("fake", "generated"))
        for name, title, good in (
            ("code_mean", "Mean of codes", "over images and dimensions; 0 is right"),
            ("code_var", "Variance of codes", "1/M is right on the sphere, 1 without"),
        )
    },
    **SPREAD,
}


@dataclasses.dataclass(frozen=True)
class Hparams:
    """Numbers of the game; the defaults are the published CIFAR-10 recipe.

    A weight of 0 leaves the term, and the passes that only it needs, out.

    Attributes:
      latent_size: M, the length of a code.
      latent_prior: "sphere" (unit norm codes and noise) or "normal" (neither is projected).
      divergence: of codes to the prior, "moments" or "nearest_neighbour".
      kl_direction: "qp" or "pq", see `losses.moments.kl_to_standard_normal`; "qp" of neighbours.
      kl_form: "published" (variance in the place of the standard deviation) or "textbook".
      image_match: of images and their reconstructions, "l1", "l2" or "cosine".
      latent_match: of latents and the codes of their images, "l1", "l2" or "cosine".
      encoder_updates: a step, each on a batch of its own.
      generator_updates: a step.
      encoder_real_weight: of the divergence of codes of real images, in the encoder's loss.
      encoder_fake_weight: of the divergence of codes of generated images, in the encoder's loss.
      margin: lead, of the second of these weighted divergences over the first, beyond which the
        encoder plays no further; 0 for no such limit, as published.
      image_weight: mu, of the image match, in the encoder's loss.
      encoder_latent_weight: of the latent match, in the encoder's loss.
      generator_fake_weight: of the divergence of codes of generated images, in the generator's
        loss.
      latent_weight: lambda, of the latent match, in the generator's loss.
      generator_image_weight: of the image match, in the generator's loss; its updates then have
        batches of their own.
    """

    latent_size: int = 128
    latent_prior: str = "sphere"
    divergence: str = "moments"
    kl_direction: str = "qp"
    kl_form: str = "published"
    image_match: str = "l1"
    latent_match: str = "cosine"
    encoder_updates: int = 1
    generator_updates: int = 2
    encoder_real_weight: float = 1.0
    encoder_fake_weight: float = 1.0
    margin: float = 0.0
    image_weight: float = 10.0
    encoder_latent_weight: float = 0.0
    generator_fake_weight: float = 1.0
    latent_weight: float = 1000.0
    generator_image_weight: float = 0.0

    def __post_init__(self):
        age_codes.check(self)
        require_choice(self, image_match=tuple(MATCH))
        require_at_least(1, self, "latent_size", "encoder_updates", "generator_updates")
        require_at_least(0, self, "margin")


def arcs(hparams: Hparams) -> bool:
    """Walks between codes are arcs, on the sphere great circles."""
    del hparams
    return True


def encoder_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """The encoder's loss on images f32[b,h,w,c] in [-1,1]; real and fake pass it separately."""
    hparams = spec.hparams
    codes = project(spec, nets("encoder", image))
    kl_real = divergence(spec, codes)
    metrics = {"encoder/kl_real": kl_real, **age_codes.moments("encoder", spec, codes)}
    image_term = 0.0
    if hparams.image_weight:
        match = MATCH[hparams.image_match](nets("generator", codes), image)
        image_term = hparams.image_weight * match
        metrics["encoder/image"] = match
    z = draw_code(spec, key, image.shape[0])
    fake = nets("generator", z)
    fake_codes = project(spec, nets("encoder", fake))
    kl_fake = divergence(spec, fake_codes)
    game = hparams.encoder_real_weight * kl_real - hparams.encoder_fake_weight * kl_fake
    loss = image_term + (jnp.maximum(game, -hparams.margin) if hparams.margin else game)
    spread = moments.relative_spread(fake, image, mean=spec.layout.mean)
    latent_term, found = age_codes.encoder_latent_term(spec, fake_codes, z)
    loss += latent_term
    metrics |= {"encoder/kl_fake": kl_fake, "generator/spread": spread, **found}
    return loss, metrics | {"encoder/loss": loss}


def generator_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """The generator's loss; of `image` f32[b,h,w,c] only b matters unless it has an image term."""
    hparams = spec.hparams
    z = draw_code(spec, key, image.shape[0])
    codes = project(spec, nets("encoder", nets("generator", z)))
    kl_fake = divergence(spec, codes)
    match = MATCH[hparams.latent_match](codes, z)
    loss = hparams.generator_fake_weight * kl_fake + hparams.latent_weight * match
    metrics = {
        "generator/kl_fake": kl_fake,
        "generator/latent": match,
        "generator/latent_cosine": age_codes.cosine(z, codes),
    }
    if hparams.generator_image_weight:
        real_codes = project(spec, nets("encoder", image))
        match = MATCH[hparams.image_match](nets("generator", real_codes), image)
        loss += hparams.generator_image_weight * match
        metrics["generator/image"] = match
    return loss, metrics | {"generator/loss": loss}


def create_state(spec: Spec, key: Key, batch: Batch) -> TrainState:
    """Initial state; `batch["image"]` f32[b,h,w,c] gives the image size."""
    z = jnp.zeros((1, spec.hparams.latent_size))
    return create(spec, key, {"encoder": (batch["image"][:1],), "generator": (z,)})


def turns(hparams: Hparams) -> tuple[Turn, ...]:
    """`encoder_updates` of the encoder, then `generator_updates` against the new encoder."""
    fresh = bool(hparams.generator_image_weight)
    return (
        Turn("encoder", encoder_loss, updates=hparams.encoder_updates, fresh=True),
        Turn("generator", generator_loss, updates=hparams.generator_updates, fresh=fresh),
    )


def train_step(spec: Spec, state: TrainState, batch: Batch, key: Key) -> tuple[TrainState, Metrics]:
    """One step of the game; key: constant over a run.

    batch["image"]: f32[k b,h,w,c] with k the updates that have batches of their own.
    """
    return take_turns(spec, state, batch, key, turns(spec.hparams))


def encode(spec: Spec, state: TrainState, image: Array) -> Array:
    """Codes f32[b,M] of images f32[b,h,w,c], with running statistics."""
    return project(spec, evaluating(spec, state)("encoder", image, train=False))


def decode(
    spec: Spec, state: TrainState, code: Array, condition: None = None, key: Key | None = None
) -> Array:
    """Images f32[b,h,w,c] in [-1,1] of codes f32[b,M], with running statistics.

    Any code will do: on the sphere it is projected first. There is no condition and nothing random.
    """
    del condition, key
    return evaluating(spec, state)("generator", project(spec, code), train=False)


def sample(spec: Spec, state: TrainState, key: Key, num: int, condition: None = None) -> Array:
    """`num` generated images f32[num,h,w,c] in [-1,1]. AGE takes no condition."""
    return decode(spec, state, draw_code(spec, key, num), condition)


def reconstruct(spec: Spec, state: TrainState, batch: Batch, key: Key) -> Array:
    """g(e(x)) f32[b,h,w,c] of batch["image"]; deterministic, so `key` is unused."""
    del key
    return decode(spec, state, encode(spec, state, batch["image"]))


def evaluate(spec: Spec, state: TrainState, batch: Batch, key: Key) -> Metrics:
    """Metrics of one batch of held-out images, with running statistics.

    image_l1, image_l2: mean |x - g(e(x))| and its square, on the scale [-1,1]. latent_cosine: mean
    cosine similarity of z and e(g(z)). kl_real, kl_fake, real/code_mean, real/code_var, fake/...:
    of the codes of real and of generated images (mean over dimensions; the sphere's ideal is mean 0
    and variance 1/M).
    """
    image = batch["image"]
    z = draw_code(spec, key, image.shape[0])
    codes, fake_codes = encode(spec, state, image), encode(spec, state, decode(spec, state, z))
    reconstruction_ = decode(spec, state, codes)
    return {
        "image_l1": reconstruction.l1(reconstruction_, image),
        "image_l2": reconstruction.l2(reconstruction_, image),
        "latent_cosine": age_codes.cosine(z, fake_codes),
        "kl_real": divergence(spec, codes),
        "kl_fake": divergence(spec, fake_codes),
        **age_codes.moments("real", spec, codes),
        **age_codes.moments("fake", spec, fake_codes),
    }
