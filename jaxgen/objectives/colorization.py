"""Colorization by conditional GANs: a generator colors a gray image, and both players see it.

P. Isola, J.-Y. Zhu, T. Zhou, A. A. Efros, "Image-to-Image Translation with Conditional Adversarial
Networks" (pix2pix), CVPR 2017, arXiv:1611.07004, eq. 1 to 4, with the adversarial term of any
objective, as compared by the author of github.com/cameronfabbri/Colorizing-Images-Using-
Adversarial-Networks. With s the lightness, c the true chroma and G(s) the one that is made:

    generator:  adversarial_weight * A_G + l1_weight E |c - G(s)| + l2_weight E (c - G(s))^2

    adversarial   the discriminator's loss A_D                              A_G
    "gan"         -(E log D(c|s) + E log(1 - D(G(s)|s))) / 2                -E log D(G(s)|s)
    "lsgan"       (E (D(c|s) - 1)^2 + E D(G(s)|s)^2) / 2                    E (D(G(s)|s) - 1)^2 / 2
    "ebgan"       E E(c|s) + E max(0, margin - E(G(s)|s))                   E E(G(s)|s)
    "wgan"        E D(G(s)|s) - E D(c|s), then |parameters| <= clip         -E D(G(s)|s)
    "wgan_gp"     E D(G(s)|s) - E D(c|s) + penalty_weight * penalty         -E D(G(s)|s)
    "none"        no adversary: the discriminator stays as it began         0

Means are over images, and over patches, pixels and channels. EBGAN's energy E is the error of an
autoencoder that encodes lightness and chroma and decodes the chroma, so that the lightness, which
is always right, cannot hide the error. The gradient penalty is that of WGAN-GP, of an image's mean
score, between true and made chroma under the same lightness. Lightness is L / 50 - 1, chroma
ab / 110, see `core.color`.

Training and evaluation: in training every network normalises by its batch, and dropout drops: it is
pix2pix's only noise. `colorize` has two ways. statistics="running": by running statistics, so that
what is made of an image depends on it alone, and dropout only where the network has
dropout_at_evaluation. statistics="image", pix2pix's own: as in training, with dropout, and by the
statistics of each image alone. With latent_size above 0 the generator also sees a normal latent, in
training as in evaluation; without it, and without dropout, an image has one coloring.

Deviations: the paper halves the cross-entropies of the discriminator (halved=False: as its Torch
code, and the study's author, have them; Adam's steps are the same but for its epsilon). The paper's
generator does not minimise E log(1 - D), nor does this one. The discriminator is updated first on
the batch that the generator then has; the Torch code moves the generator on the output of the
discriminator before its update. The author's L1 and L2 are sums: his L2 of weight 1, tf.nn.l2_loss
over a batch of 4 of 256 px, is l2_weight=262144, which drowns the adversary; his settings of L1 are
means, and setting both made his code forget L1, while here both count. His LSGAN has a sigmoid, his
EBGAN an energy of the whole batch and a margin of 80 without the lightness, his WGAN clips at 0.005
(0.05 in the report) and rectifies scores; these are mistakes, and not reproduced. Nor are his
critic's 100 updates in the first ten steps and at every 500th. EBGAN's pulling-away term is neither
there nor here.
"""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp

from jaxgen.core.errors import require_at_least, require_choice
from jaxgen.core.keys import key_for
from jaxgen.core.nets import Nets
from jaxgen.core.spec import Spec
from jaxgen.core.state import TrainState, create, evaluating
from jaxgen.core.step import Turn, optimise, take_turns
from jaxgen.core.types import Array, Batch, Key, Metrics
from jaxgen.losses import adversarial, reconstruction
from jaxgen.objectives.parts import adversary, colors

NETWORKS = ("generator", "discriminator")
ADVERSARIES = ("discriminator",)
ADVERSARIAL = ("gan", "lsgan", "ebgan", "wgan", "wgan_gp", "none")
TITLES = {
    "discriminator/loss": (
        "Discriminator's loss",
        "gan: nats, healthy between 0.3 and 0.69, where it cannot tell true from made (twice that "
        "if not halved); lsgan: 0.25 there; ebgan: the margin there; near 0 it has won",
    ),
    "discriminator/real": (
        "True colors",
        "gan: mean probability of being true, 0.5 at equal strength; lsgan: mean score, 0.5 there; "
        "ebgan: mean energy, lower is better",
    ),
    "discriminator/fake": (
        "Made colors",
        "gan: mean probability of being true, 0.5 at equal strength; lsgan: mean score, 0.5 there; "
        "ebgan: mean energy, toward that of true colors",
    ),
    "discriminator/distance": (
        "Critic's distance",
        "wgan: mean score of true less that of made colors; lower is better once the critic keeps "
        "up",
    ),
    "discriminator/penalty": (
        "Gradient penalty",
        "weight times the mean of (|gradient| - 1)^2; toward 0",
    ),
    "generator/loss": (
        "Generator's loss",
        "the weighted adversarial, L1 and L2 terms; lower is better, but only of one adversary",
    ),
    "generator/adversarial": (
        "Adversarial term",
        "unweighted; gan: 0.69 nats at equal strength, lsgan: 0.125; growing for good, the "
        "discriminator has won",
    ),
    "generator/l1": colors.TITLES["l1"],
    "generator/l2": colors.TITLES["l2"],
    "generator/chroma": colors.TITLES["chroma"],
    **{f"objective/{name}": title for name, title in colors.TITLES.items()},
}


@dataclasses.dataclass(frozen=True)
class Hparams:
    """Numbers of the game; the defaults are pix2pix's.

    A weight of 0 leaves the term, and the passes that only it needs, out.

    Attributes:
      adversarial: the adversary's objective, "gan", "lsgan", "ebgan", "wgan", "wgan_gp" or "none".
      adversarial_weight: of the generator's adversarial term.
      l1_weight: of the mean absolute error of the chroma.
      l2_weight: of the mean squared error of the chroma.
      halved: whether the discriminator's loss of "gan" is halved.
      energy: of "ebgan", "mean_squared" or "euclidean" error of an image's chroma.
      margin: of "ebgan", the energy up to which made colors are pushed.
      clip: of "wgan", largest size of any parameter of the discriminator.
      penalty_weight: of "wgan_gp", of the gradient penalty.
      discriminator_updates: a step, each on a batch of its own.
      generator_updates: a step.
      latent_size: length of a normal latent that the generator is given, or 0 for none.
      statistics: by which `colorize` normalises, "running", or "image": as in training, one image
        at a time.
    """

    adversarial: str = "gan"
    adversarial_weight: float = 1.0
    l1_weight: float = 100.0
    l2_weight: float = 0.0
    halved: bool = True
    energy: str = "mean_squared"
    margin: float = 0.05
    clip: float = 0.01
    penalty_weight: float = 10.0
    discriminator_updates: int = 1
    generator_updates: int = 1
    latent_size: int = 0
    statistics: str = "running"

    def __post_init__(self):
        require_choice(
            self,
            adversarial=ADVERSARIAL,
            energy=("mean_squared", "euclidean"),
            statistics=("running", "image"),
        )
        require_at_least(1, self, "discriminator_updates", "generator_updates")
        weights = ("adversarial_weight", "l1_weight", "l2_weight", "penalty_weight")
        require_at_least(0, self, *weights, "margin", "latent_size")
        if not self.clip > 0:
            raise ValueError(f"clip={self.clip} must be above 0.")
        if not (plays(self) or self.l1_weight or self.l2_weight):
            raise ValueError(
                "Nothing trains the generator: give l1_weight or l2_weight, or an adversary and "
                "adversarial_weight, a number above 0."
            )


def plays(hparams: Hparams) -> bool:
    """Whether there is an adversary."""
    return hparams.adversarial != "none" and hparams.adversarial_weight > 0


def discriminator_loss(
    nets: Nets, spec: Spec, lightness: Array, chroma: Array, key: Key
) -> tuple[Array, Metrics]:
    """The discriminator's loss on lightness f32[b,h,w,1] and true chroma f32[b,h,w,2]."""
    hparams = spec.hparams
    fake = _made(nets, spec, lightness, key)
    on_real = nets("discriminator", lightness, chroma, key=key_for(key, "real"))
    on_fake = nets("discriminator", lightness, fake, key=key_for(key, "fake"))
    if hparams.adversarial.startswith("wgan"):
        loss = adversarial.wgan_critic(on_real, on_fake)
        metrics = {"discriminator/distance": -loss}
        if hparams.adversarial == "wgan_gp":
            penalty = _penalty(nets, spec, lightness, chroma, fake, key)
            loss, metrics["discriminator/penalty"] = loss + penalty, penalty
        return loss, {"discriminator/loss": loss, **metrics}
    if hparams.adversarial == "gan":
        loss = adversarial.gan_discriminator(on_real, on_fake) / (2.0 if hparams.halved else 1.0)
        on_real, on_fake = jax.nn.sigmoid(on_real), jax.nn.sigmoid(on_fake)
    elif hparams.adversarial == "lsgan":
        loss = adversarial.lsgan_discriminator(on_real, on_fake)
    else:
        on_real, on_fake = _energy(spec, on_real, chroma), _energy(spec, on_fake, fake)
        loss = adversarial.ebgan_discriminator(on_real, on_fake, margin=hparams.margin)
    return loss, {
        "discriminator/loss": loss,
        "discriminator/real": jnp.mean(on_real),
        "discriminator/fake": jnp.mean(on_fake),
    }


def generator_loss(
    nets: Nets, spec: Spec, lightness: Array, chroma: Array, key: Key
) -> tuple[Array, Metrics]:
    """The generator's loss on lightness f32[b,h,w,1] and true chroma f32[b,h,w,2]."""
    hparams = spec.hparams
    fake = _made(nets, spec, lightness, key)
    l1, l2 = reconstruction.l1(fake, chroma), reconstruction.l2(fake, chroma)
    loss = hparams.l1_weight * l1 + hparams.l2_weight * l2
    metrics = {"generator/l1": l1, "generator/l2": l2}
    metrics["generator/chroma"] = colors.chroma_ratio(spec, chroma, fake)
    if plays(hparams):
        output = nets("discriminator", lightness, fake, key=key_for(key, "fake"))
        term = _adversarial_term(spec, output, fake)
        loss += hparams.adversarial_weight * term
        metrics["generator/adversarial"] = term
    return loss, metrics | {"generator/loss": loss}


def turns(hparams: Hparams) -> tuple[Turn, ...]:
    """The discriminator's updates, then the generator's against the new discriminator."""
    entries = ("lightness", "chroma")
    updates = hparams.discriminator_updates, hparams.generator_updates
    if not plays(hparams):
        return (Turn("generator", generator_loss, entries, hparams.generator_updates, fresh=True),)
    update = adversary.update_and_clip if hparams.adversarial == "wgan" else optimise
    losses = discriminator_loss, generator_loss
    return adversary.alternate(
        "discriminator", *losses, *updates, entries=entries, adversary_update=update
    )


def create_state(spec: Spec, key: Key, batch: Batch) -> TrainState:
    """Initial state; batch["lightness"] f32[b,h,w,1] and batch["chroma"] give the image size.

    Raises ValueError for a discriminator that does not fit the objective: an autoencoder, of
    anything but EBGAN, or none, of it; and batch normalisation in that of WGAN-GP, with which a
    score depends on other images.
    """
    lightness, chroma = batch["lightness"][:1], batch["chroma"][:1]
    inputs = {
        "generator": (lightness, *_latents(spec, key, 1)),
        "discriminator": (lightness, chroma),
    }
    state = create(spec, key, inputs)
    _check_discriminator(spec, state, lightness, chroma)
    return state


def train_step(spec: Spec, state: TrainState, batch: Batch, key: Key) -> tuple[TrainState, Metrics]:
    """One step of the game.

    batch: "lightness" f32[k b,h,w,1] and "chroma" f32[k b,h,w,2], with k the discriminator's
    updates, or without an adversary the generator's.
    """
    return take_turns(spec, state, batch, key, turns(spec.hparams))


def colorize(spec: Spec, state: TrainState, lightness: Array, key: Key) -> Array:
    """Chroma f32[b,h,w,2] of lightness f32[b,h,w,1], with averaged parameters.

    `hparams.statistics` chooses running statistics or those of each image, see the module's
    docstring. What is random, if anything, follows `key`.
    """
    nets = evaluating(spec, state)
    latent = _latents(spec, key, lightness.shape[0])
    key = key_for(key, "generator")
    if spec.hparams.statistics == "running":
        return nets("generator", lightness, *latent, train=False, key=key)

    def one(key, lightness, *latent):
        # What it learns of running statistics ends here.
        alone = evaluating(spec, state)
        return alone("generator", lightness[None], *(z[None] for z in latent), key=key)[0]

    return jax.vmap(one)(jax.random.split(key, len(lightness)), lightness, *latent)


def evaluate(spec: Spec, state: TrainState, batch: Batch, key: Key) -> Metrics:
    """`parts.colors.errors` of one batch of held-out images."""
    return colors.errors(spec, batch["chroma"], colorize(spec, state, batch["lightness"], key))


def _made(nets: Nets, spec: Spec, lightness: Array, key: Key) -> Array:
    """Chroma f32[b,h,w,2], in training mode."""
    latent = _latents(spec, key, lightness.shape[0])
    return nets("generator", lightness, *latent, key=key_for(key, "generator"))


def _latents(spec: Spec, key: Key, num: int) -> tuple[Array, ...]:
    """(latents f32[num,m],), or () where the generator has none."""
    size = spec.hparams.latent_size
    return (spec.layout.normal(key_for(key, "latent"), (num, size)),) if size else ()


def _adversarial_term(spec: Spec, output: Any, fake: Array) -> Array:
    kind = spec.hparams.adversarial
    if kind == "gan":
        return adversarial.gan_generator(output)
    if kind == "lsgan":
        return adversarial.lsgan_generator(output)
    if kind == "ebgan":
        return adversarial.ebgan_generator(_energy(spec, output, fake))
    return adversarial.wgan_generator(output)


def _energy(spec: Spec, output: tuple[Array, Array], chroma: Array) -> Array:
    return adversary.energy(spec.hparams.energy, output[0], chroma)


def _penalty(
    nets: Nets, spec: Spec, lightness: Array, chroma: Array, fake: Array, key: Key
) -> Array:
    def score(between):
        patches = nets("discriminator", lightness, between, key=key_for(key, "between"))
        return jnp.mean(patches.reshape(len(patches), -1), axis=1)

    return adversarial.gradient_penalty(
        score,
        chroma,
        fake,
        key_for(key, "share"),
        weight=spec.hparams.penalty_weight,
        uniform=spec.layout.uniform,
    )


def _check_discriminator(spec: Spec, state: TrainState, lightness: Array, chroma: Array) -> None:
    kind, nets = spec.hparams.adversarial, evaluating(spec, state)
    output = jax.eval_shape(lambda: nets("discriminator", lightness, chroma, train=False))
    if (kind == "ebgan") != isinstance(output, tuple) and kind != "none":
        wants = "an autoencoder, such as ebgan.ConditionalDiscriminator"
        if kind != "ebgan":
            wants = "one with scores, such as patch_discriminator.Discriminator"
        raise ValueError(f'adversarial="{kind}" needs another discriminator: {wants}.')
    if kind == "wgan_gp" and state.model_state["discriminator"]:
        raise ValueError(
            'The discriminator of adversarial="wgan_gp" has batch normalisation, with which the '
            "gradient penalty has no meaning; turn it off in the discriminator."
        )
