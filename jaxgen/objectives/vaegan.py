"""VAE/GAN: a VAE whose reconstructions are compared in the features of a GAN's discriminator.

A. Larsen, S. Sonderby, H. Larochelle, O. Winther, "Autoencoding beyond pixels using a learned
similarity metric", ICML 2016, arXiv:1512.09300. With z = mu(x) + sigma(x) n and zp from N(0, I),
D(.) the probability of being real and f(.) the discriminator's features (eqs. 5 to 8, algorithm 1),

    L_prior  =  E KL(q(z|x) || N(0, I))
    L_like   =  E [-log N(f(x); f(G(z)), s^2 I)],  s = 1
    L_GAN    =  -E log D(x) - E log(1 - D(G(z))) - E log(1 - D(G(zp)))

and the players minimise, each by its own weights alone, all from the same point and draws,

    encoder:        L_prior + L_like
    generator:      gamma L_like - (1 - gamma) L_GAN
    discriminator:  L_GAN

So nothing of the GAN reaches the encoder and nothing of the reconstruction the discriminator, and
the features' error reaches the generator times gamma, but the encoder whole. KL and L_like are sums
over their dimensions, averaged over the batch: gamma is small, for features are many (16,384 at 64
px); where they are few, a smaller deviation s, `feature_scale`, keeps codes from telling nothing.

Balance (of the code; not in the paper): a step moves the discriminator only unless its mean loss of
real or of generated images is below `equilibrium` - `margin`, the generator only unless one of
them is above `equilibrium` + `margin`; where that would move neither, both move.

Deviations: the paper's generator minimises gamma L_like - L_GAN; the form here is its code's
(github.com/andersbll/autoencoding_beyond_pixels), which is that of gamma / (1 - gamma), but for its
length, which RMSProp does not see. L_GAN has three like terms in the paper and by default here; in
the code the two of generated images together weigh as much as that of real ones, or less
(`real_weight`, by default 2 there), and its last CelebA script leaves reconstructions out
(`reconstructed_weight` 0). The code's GAN losses have log(D + 0.001), here exact from logits; it
passes real and generated images through the discriminator as one batch, whose normalisations they
share, here each kind is a batch of its own. Running statistics move with every player's pass.
`order` "alternating", each player after the other has moved, and `adversarial_form`
"non_saturating", which maximises log D of generated images, are those of public implementations.
"""

import dataclasses
from collections.abc import Callable
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
from jaxgen.losses import adversarial, likelihood, reconstruction
from jaxgen.losses.moments import relative_spread
from jaxgen.objectives.parts import adversary, latents, posteriors
from jaxgen.objectives.parts.latents import decode
from jaxgen.objectives.parts.latents import draw_normal as draw_code

__all__ = ["decode", "draw_code"]  # shared with other generators of latents

NETWORKS = ("encoder", "generator", "discriminator")
ADVERSARIES = ("discriminator",)
_PROBABILITY = "mean probability; toward 0.5; near {} for good, the discriminator has won"
_ALONE = "nats; healthy around 0.69; near 0 the discriminator has won"
_FEATURES = (
    "nats an image of a density, so of any sign; lower is better, but only in the features of one "
    "discriminator"
)
_KL = "nats an image; toward 0 codes tell nothing of their images, which is collapse"
TITLES = {
    "encoder/loss": ("Encoder's loss", "KL and error in features; lower is better"),
    "encoder/kl": ("KL of codes to the prior", _KL),
    "encoder/features": ("Reconstruction in features", _FEATURES),
    "generator/loss": (
        "Generator's loss",
        "weighted error in features and game; its level says nothing, for the discriminator moves",
    ),
    "generator/features": ("Reconstruction in features", _FEATURES),
    "generator/game": (
        "Generator's loss in the game",
        "nats; -2.08 at equal strength, near 0 the discriminator has won (if non-saturating 1.39, "
        "growing for good)",
    ),
    "generator/moved": (
        "Steps that moved the generator",
        "share; 1 is healthy, below it the discriminator is too weak",
    ),
    "discriminator/loss": (
        "Discriminator's loss",
        "nats, three cross-entropies; healthy around 2.08, near 0 it has won",
    ),
    "discriminator/real_loss": ("Loss of real images", _ALONE),
    "discriminator/fake_loss": ("Loss of generated images", _ALONE),
    "discriminator/real": ("Real images taken for real", _PROBABILITY.format(1)),
    "discriminator/rebuilt": ("Reconstructions taken for real", _PROBABILITY.format(0)),
    "discriminator/fake": ("Generated images taken for real", _PROBABILITY.format(0)),
    "discriminator/moved": (
        "Steps that moved the discriminator",
        "share; 1 is healthy, below it the discriminator is too strong",
    ),
    "objective/kl_nats": ("KL of codes to the prior", _KL),
    "objective/feature_nats": ("Reconstruction in features", _FEATURES),
    "objective/image_l1": (
        "Reconstruction error",
        "mean absolute difference on the scale [-1, 1]; lower is better",
    ),
    **adversary.SPREAD,
}


@dataclasses.dataclass(frozen=True)
class Hparams:
    """Numbers of the game.

    Attributes:
      latent_size: length of a code; the encoder gives twice as many numbers, mu and log sigma.
      feature_scale: s, the deviation of features that are right; a smaller one weighs their error
        more, against the KL and in the generator.
      feature_weight: gamma, of the features' error in the generator's loss; the game has 1 - gamma.
      real_weight: of real images in the discriminator's loss, where drawn ones have 1.
      reconstructed_weight: of reconstructions in the game, where drawn images have 1; 0 leaves them
        out.
      adversarial_form: of the generator, "minimax" or "non_saturating".
      equilibrium: mean loss of real, and of generated images that is even.
      margin: how far from it they may be until a player pauses; 0: no player ever does.
      order: "simultaneous" (all players move from where they are, on the same draws) or
        "alternating" (each after the other).
    """

    latent_size: int = 128
    feature_scale: float = 1.0
    feature_weight: float = 1e-6
    real_weight: float = 1.0
    reconstructed_weight: float = 1.0
    adversarial_form: str = "minimax"
    equilibrium: float = 0.68
    margin: float = 0.35
    order: str = "simultaneous"

    def __post_init__(self):
        require_choice(
            self,
            adversarial_form=("minimax", "non_saturating"),
            order=("simultaneous", "alternating"),
        )
        require_at_least(1, self, "latent_size")
        weights = ("feature_weight", "real_weight", "reconstructed_weight")
        require_at_least(0, self, *weights, "equilibrium", "margin")
        if not self.feature_scale > 0:
            raise ValueError(f"feature_scale={self.feature_scale} must be above 0.")
        if self.feature_weight > 1:
            raise ValueError(f"feature_weight={self.feature_weight} must be at most 1.")


def encoder_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """The encoder's loss on images f32[b,h,w,c], by generator and features as they are."""
    rebuilt, mean, log_sigma = _rebuilt(nets, spec, image, key)
    _, of_real = nets("discriminator", image, key=key_for(key, "real"))
    _, of_rebuilt = nets("discriminator", rebuilt, key=key_for(key, "rebuilt"))
    error = _feature_nats(spec.hparams, of_rebuilt, of_real)
    kl = jnp.mean(likelihood.gaussian_kl(mean, log_sigma))
    loss = kl + error
    return loss, {"encoder/loss": loss, "encoder/kl": kl, "encoder/features": error}


def generator_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """The generator's loss on images f32[b,h,w,c] and as many draws of the prior."""
    hparams = spec.hparams
    drawn, (real, rebuilt, fake), metrics = _judged(nets, spec, image, key)
    error = _feature_nats(hparams, rebuilt[1], real[1])
    if hparams.adversarial_form == "minimax":
        game = -_gan_loss(hparams, real[0], rebuilt[0], fake[0])
    else:
        game = adversarial.gan_generator(fake[0])
        game += hparams.reconstructed_weight * adversarial.gan_generator(rebuilt[0])
    loss = hparams.feature_weight * error + (1.0 - hparams.feature_weight) * game
    return loss, metrics | {
        "generator/loss": loss,
        "generator/features": error,
        "generator/game": game,
        "generator/spread": relative_spread(drawn, image, mean=spec.layout.mean),
    }


def discriminator_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """The discriminator's loss on images f32[b,h,w,c], reconstructions and draws of the prior."""
    _, (real, rebuilt, fake), metrics = _judged(nets, spec, image, key)
    loss = _gan_loss(spec.hparams, real[0], rebuilt[0], fake[0])
    return loss, metrics | {"discriminator/loss": loss}


def _rebuilt(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Array, Array]:
    """Reconstructions f32[b,h,w,c] of draws of q, whose mu and log sigma f32[b,m] are beside."""
    mean, log_sigma = posteriors.gaussian(nets, image, key_for(key, "encoder"))
    code = posteriors.draw(spec, mean, log_sigma, key_for(key, "code"))
    return nets("generator", code, key=key_for(key, "generator")), mean, log_sigma


def _judged(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, list, Metrics]:
    """(Drawn images, logits and features of real, rebuilt and drawn ones, their metrics)."""
    rebuilt, *_ = _rebuilt(nets, spec, image, key)
    latent = draw_code(spec, key_for(key, "latent"), image.shape[0])
    drawn = nets("generator", latent, key=key_for(key, "drawn generator"))
    kinds = {"real": image, "rebuilt": rebuilt, "drawn": drawn}
    found = [nets("discriminator", x, key=key_for(key, kind)) for kind, x in kinds.items()]
    (real, _), (of_rebuilt, _), (fake, _) = found
    shown = [fake, of_rebuilt] if spec.hparams.reconstructed_weight else [fake]
    metrics = {
        "discriminator/real_loss": adversarial.cross_entropy(real, 1.0),
        "discriminator/fake_loss": adversarial.cross_entropy(jnp.concatenate(shown), 0.0),
        "discriminator/real": jnp.mean(jax.nn.sigmoid(real)),
        "discriminator/rebuilt": jnp.mean(jax.nn.sigmoid(of_rebuilt)),
        "discriminator/fake": jnp.mean(jax.nn.sigmoid(fake)),
    }
    return drawn, found, metrics


def _feature_nats(hparams: Hparams, rebuilt: Array, real: Array) -> Array:
    """L_like f[] of features f32[b,n]."""
    return jnp.mean(likelihood.gaussian_nll(rebuilt, real, scale=hparams.feature_scale))


def _gan_loss(hparams: Hparams, real: Array, rebuilt: Array, fake: Array) -> Array:
    """L_GAN f[] of logits f32[b]."""
    loss = hparams.real_weight * adversarial.cross_entropy(real, 1.0)
    loss += hparams.reconstructed_weight * adversarial.cross_entropy(rebuilt, 0.0)
    return loss + adversarial.cross_entropy(fake, 0.0)


def who_moves(hparams: Hparams, real_loss: Array, fake_loss: Array) -> tuple[Array, Array]:
    """(Whether the generator, whether the discriminator moves), bool[] each, by the balance."""
    losses = jnp.stack([real_loss, fake_loss])
    generator = jnp.all(losses <= hparams.equilibrium + hparams.margin)
    discriminator = jnp.all(losses >= hparams.equilibrium - hparams.margin)
    neither = ~generator & ~discriminator
    return generator | neither, discriminator | neither


def update_in_balance(
    spec: Spec,
    state: TrainState,
    names: Any,
    loss: Callable,
    *args: Array,
    phase: str | None = None,
) -> tuple[TrainState, Metrics]:
    """`optimise`, of which weights and optimiser of a player that pauses keep nothing.

    names: ("generator",) or ("discriminator",), whose loss gives the metrics of the balance.
    """
    moved, metrics = optimise(spec, state, names, loss, *args, phase=phase)
    losses = (metrics[f"discriminator/{kind}_loss"] for kind in ("real", "fake"))
    moves = who_moves(spec.hparams, *losses)[names == ("discriminator",)]

    def chosen(now: dict, before: dict) -> dict:
        return before | {
            name: jax.tree.map(lambda a, b: jnp.where(moves, a, b), now[name], before[name])
            for name in names
        }

    moved = moved.replace(
        params=chosen(moved.params, state.params),
        opt_state=chosen(moved.opt_state, state.opt_state),
    )
    return moved, metrics | {f"{names[0]}/moved": moves.astype(jnp.float32)}


def turns(hparams: Hparams) -> tuple[Turn, ...]:
    """Algorithm 1: an update of each player, all on one batch."""
    update = update_in_balance if hparams.margin else optimise
    return (
        Turn("encoder", encoder_loss),
        Turn("generator", generator_loss, update=update),
        Turn("discriminator", discriminator_loss, update=update),
    )


def create_state(spec: Spec, key: Key, batch: Batch) -> TrainState:
    """Initial state; `batch["image"]` f32[b,h,w,c] gives the image size."""
    image = batch["image"][:1]
    inputs = {"encoder": (image,), "generator": (latents.example(spec),), "discriminator": (image,)}
    return create(spec, key, inputs)


def train_step(spec: Spec, state: TrainState, batch: Batch, key: Key) -> tuple[TrainState, Metrics]:
    """An update of each player. batch["image"]: f32[b,h,w,c]; key: constant over a run."""
    if spec.hparams.order == "simultaneous":
        return adversary.move_together(spec, state, batch, key, turns(spec.hparams))
    return take_turns(spec, state, batch, key, turns(spec.hparams))


def arcs(hparams: Hparams) -> bool:
    """Walks between codes are arcs: the middle of a line is too short to be likely."""
    del hparams
    return True


def encode(spec: Spec, state: TrainState, image: Array) -> Array:
    """The mean mu(x) f32[b,m] of images f32[b,h,w,c]."""
    mean, _ = posteriors.gaussian(evaluating(spec, state), image, train=False)
    return mean


def sample(spec: Spec, state: TrainState, key: Key, num: int, condition: None = None) -> Array:
    """`num` generated images f32[num,h,w,c] in [-1,1]. There is no condition."""
    return decode(spec, state, draw_code(spec, key, num), condition)


def reconstruct(spec: Spec, state: TrainState, batch: Batch, key: Key) -> Array:
    """G(mu(x)) f32[b,h,w,c] of batch["image"]; `key` is unused."""
    del key
    return decode(spec, state, encode(spec, state, batch["image"]))


def evaluate(spec: Spec, state: TrainState, batch: Batch, key: Key) -> Metrics:
    """Metrics of one batch of held-out images: kl_nats; of G(mu(x)) feature_nats and image_l1."""
    del key
    image, nets = batch["image"], evaluating(spec, state)
    mean, log_sigma = posteriors.gaussian(nets, image, train=False)
    rebuilt = nets("generator", mean, train=False)
    (_, of_real), (_, of_rebuilt) = (
        nets("discriminator", x, train=False) for x in (image, rebuilt)
    )
    return {
        "kl_nats": jnp.mean(likelihood.gaussian_kl(mean, log_sigma)),
        "feature_nats": _feature_nats(spec.hparams, of_rebuilt, of_real),
        "image_l1": reconstruction.l1(rebuilt, image),
    }
