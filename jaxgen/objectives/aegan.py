"""AEGAN: a generator and an encoder, each with a discriminator, are one another's inverses.

C. Lazarou, "Autoencoding Generative Adversarial Networks", 2020, arXiv:2004.05472. With G the
generator, E the encoder, Dx and Dz discriminators of images and of latents, and z from N(0, I)

    Dx, Dz  maximise  the values of four games, E log D(real) + E log(1 - D(fake)):
                      Dx on x and G(z) (eq. 2), on x and G(E(x)) (eq. 3),
                      Dz on z and E(x) (eq. 4), on z and E(G(z)) (eq. 5)
    G, E    minimise  them, and image_weight |G(E(x)) - x|_1 + latent_weight |E(G(z)) - z|_2 (eq. 6)

`model` leaves terms, and the networks that only they need, out, as the authors' code:

    "gan"   G on G(z) against Dx
    "ae"    G and E on the image term
    "aae"   G and E on the image term and on E(x) against Dz
    "egan"  G and E on the image term and on G(E(x)) against Dx, which is shown G(z) as well

Deviations: the defaults are those of the authors' code (github.com/ConorLazarou/AEGAN-keras), not
of the paper, which gives no weights: the norms of eq. 6 are means, |.| and squares over all
elements, of weights 10 and 5 (`reconstruction`; with norms such weights would be some ten thousand
times as heavy at 64 px); G and E minimise -log D(fake) (`adversarial_form`); a discriminator's
labels are 0.95 and 0.05 (`real_label`, `fake_label`), those of G and E are not smoothed; and one
training step is a block of its algorithm (`blocks`): updates of Dx by a batch of real images, of
G(z), of real images and of G(E(x)), updates of Dz likewise, each kind alone, of fakes without the
networks' noise, then as many updates of G and E by batches of their own, with it, also that of the
discriminators. Its counter of steps rises by 4 in such a block ("gan", "aae": 2, "ae": 1), so that
its 300,000 steps are `num_steps=75_000`. Without `blocks` each player moves once a step, on one
batch, a discriminator on all kinds at once, real ones counted twice as in the sum of the games. The
paper's own form is reconstruction="norms", adversarial_form="minimax", labels of 1 and 0, and
blocks=False. Constant weights are the code's; the paper names annealing as unexplored
(`annealing_steps`). One optimiser over G and E is the same as one each, where Adam and the clipping
act on every parameter by itself, as in the code: `clip_parameter_norm` of an optimiser.
"""

import dataclasses
import functools
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
from jaxgen.losses import adversarial, reconstruction
from jaxgen.losses.moments import relative_spread
from jaxgen.objectives.parts import adversary, latents
from jaxgen.objectives.parts.latents import arcs, decode, draw_code, sample

__all__ = ["arcs", "decode", "draw_code", "sample"]  # shared with every generator of latents

NETWORKS = ("generator", "encoder", "image_discriminator", "latent_discriminator")
ADVERSARIES = ("image_discriminator", "latent_discriminator")
# Of each model the fakes that Dx and Dz are shown, and those that G and E are to pass off as real.
_GAMES = {
    "aegan": (("generated", "reconstructed"), ("encoded", "recoded")),
    "egan": (("generated", "reconstructed"), ()),
    "gan": (("generated",), ()),
    "aae": ((), ("encoded",)),
    "ae": ((), ()),
}
_PLAYED = {kind: fakes[0] + fakes[1] for kind, fakes in _GAMES.items()} | {
    "egan": ("reconstructed",)
}
MODELS = tuple(_GAMES)
_FAKES = {
    "generated": "images of latents",
    "reconstructed": "reconstructed images",
    "encoded": "codes of images",
    "recoded": "codes of generated images",
}
_ALONE = (
    "nats, of a batch of one kind; healthy around 0.69, at 0.199, the least with labels of 0.95 "
    "and 0.05, the discriminator has won"
)
_PROBABILITY = "mean probability; toward 0.5; near {} for good, the discriminator has won"
TITLES = {
    **{
        f"{player}_discriminator/{kind}{end}": (
            f"{'Loss of' if end else 'Taken for real:'} {what}",
            _ALONE if end else _PROBABILITY.format(1 if kind == "real" else 0),
        )
        for player, real, fakes in zip(
            ("image", "latent"), ("real images", "draws of the prior"), _GAMES["aegan"]
        )
        for kind, what in {"real": real, **{kind: _FAKES[kind] for kind in fakes}}.items()
        for end in ("", "_loss")
    },
    **{
        f"generator/{kind}": (
            f"Adversarial term of {what}",
            "nats; 0.69 at equal strength (-0.69 if minimax); growing for good, the discriminator "
            "has won",
        )
        for kind, what in _FAKES.items()
    },
    "generator/loss": (
        "Loss of generator and encoder",
        "weighted errors and adversarial terms; lower is better, but only against one adversary",
    ),
    "generator/image": (
        "Reconstruction error",
        'mean |x - G(E(x))| on the scale [-1, 1] (the sum over an image if "norms"); lower is '
        "better",
    ),
    "encoder/latent": (
        "Latent error",
        'mean square of E(G(z)) - z (its norm if "norms"); lower is better, 1 for codes that are 0',
    ),
    "objective/image_l1": (
        "Reconstruction error",
        "mean |x - G(E(x))| on the scale [-1, 1]; lower is better",
    ),
    "objective/latent_l2": (
        "Latent error",
        "mean square of E(G(z)) - z; lower is better, 1 for codes that are 0",
    ),
    "objective/latent_auc": (
        "Codes told from the prior",
        "area under the latent discriminator's ROC curve; 0.5 is right, at 1 it tells every one",
    ),
    **adversary.SPREAD,
}


@dataclasses.dataclass(frozen=True)
class Hparams:
    """Numbers of the game; the defaults are the code's, and the paper's length of a latent.

    Attributes:
      model: "aegan", or a part of it: "gan", "ae", "aae" or "egan".
      latent_size: length of a latent and of a code.
      latent_prior: "normal", or a uniform one, see `parts.latents`.
      image_weight: of the error of G(E(x)).
      latent_weight: of the error of E(G(z)).
      image_adversarial_weight: of the terms of Dx in the loss of G and E.
      latent_adversarial_weight: of the terms of Dz in the loss of G and E.
      reconstruction: "means" (|.| and squares over all elements) or "norms" (L1 and L2 of each).
      adversarial_form: of G and E, "non_saturating" or "minimax".
      real_label: a discriminator's target for what is real.
      fake_label: a discriminator's target for what is not.
      blocks: whether discriminators are shown one kind of batch an update, see above.
      generator_updates: of generator and encoder a step; 0: as many as a discriminator has.
      annealing_steps: training steps over which both reconstruction weights go, in a line, to
        `annealed_share` of themselves; 0: they stay.
      annealed_share: see `annealing_steps`, 0 or more.
    """

    model: str = "aegan"
    latent_size: int = 32
    latent_prior: str = "normal"
    image_weight: float = 10.0
    latent_weight: float = 5.0
    image_adversarial_weight: float = 1.0
    latent_adversarial_weight: float = 1.0
    reconstruction: str = "means"
    adversarial_form: str = "non_saturating"
    real_label: float = 0.95
    fake_label: float = 0.05
    blocks: bool = True
    generator_updates: int = 0
    annealing_steps: int = 0
    annealed_share: float = 0.0

    def __post_init__(self):
        require_choice(
            self,
            model=MODELS,
            latent_prior=latents.PRIORS,
            reconstruction=("means", "norms"),
            adversarial_form=("non_saturating", "minimax"),
        )
        require_at_least(1, self, "latent_size")
        weights = [field.name for field in dataclasses.fields(self) if "weight" in field.name]
        require_at_least(0, self, *weights, "fake_label", "generator_updates")
        require_at_least(0, self, "annealing_steps", "annealed_share")
        if not self.fake_label < self.real_label <= 1.0:
            raise ValueError(
                f"fake_label={self.fake_label} must be below real_label={self.real_label}, and "
                "that at most 1."
            )


def lacks(hparams: Hparams) -> tuple[str, ...]:
    """Abilities that the model does not have: a GAN's encoder is not trained."""
    return ("encode", "reconstruct", "evaluate") if hparams.model == "gan" else ()


def real_image_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """Dx on x, images f32[b,h,w,c]; of this and the next six, each of a discriminator alone."""
    return _judged(nets, spec, ADVERSARIES[0], "real", image, key)


def generated_image_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """Dx on G(z), of as many latents as there are images."""
    generated = _generated(nets, spec, image, key)
    return _judged(nets, spec, ADVERSARIES[0], "generated", generated, key)


def reconstructed_image_loss(
    nets: Nets, spec: Spec, image: Array, key: Key
) -> tuple[Array, Metrics]:
    """Dx on G(E(x))."""
    reconstructed = nets("generator", nets("encoder", image, train=False), train=False)
    return _judged(nets, spec, ADVERSARIES[0], "reconstructed", reconstructed, key)


def real_latent_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """Dz on z, as many as there are images."""
    latent = draw_code(spec, key_for(key, "latent"), image.shape[0])
    return _judged(nets, spec, ADVERSARIES[1], "real", latent, key)


def encoded_latent_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """Dz on E(x)."""
    return _judged(nets, spec, ADVERSARIES[1], "encoded", nets("encoder", image, train=False), key)


def recoded_latent_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """Dz on E(G(z)), of as many latents as there are images."""
    code = nets("encoder", _generated(nets, spec, image, key), train=False)
    return _judged(nets, spec, ADVERSARIES[1], "recoded", code, key)


_SHOWS = {
    "generated": generated_image_loss,
    "reconstructed": reconstructed_image_loss,
    "encoded": encoded_latent_loss,
    "recoded": recoded_latent_loss,
}


def image_discriminator_loss(
    nets: Nets, spec: Spec, image: Array, key: Key
) -> tuple[Array, Metrics]:
    """Dx on every kind of batch, x once for every kind of fake."""
    return _all_kinds(nets, spec, image, key, real_image_loss, _GAMES[spec.hparams.model][0])


def latent_discriminator_loss(
    nets: Nets, spec: Spec, image: Array, key: Key
) -> tuple[Array, Metrics]:
    """Dz on every kind of batch, z once for every kind of fake."""
    return _all_kinds(nets, spec, image, key, real_latent_loss, _GAMES[spec.hparams.model][1])


def generator_loss(
    nets: Nets, spec: Spec, image: Array, key: Key, step: Array | int = 0
) -> tuple[Array, Metrics]:
    """The loss of generator and encoder on images f32[b,h,w,c], at a training step i32[]."""
    hparams = spec.hparams
    played, share = _PLAYED[hparams.model], _annealed(hparams, step)
    loss, metrics, made = jnp.zeros(()), {}, {}
    if hparams.model != "gan":
        made["encoded"] = nets("encoder", image, key=key_for(key, "encoded"))
        made["reconstructed"] = nets("generator", made["encoded"], key=key_for(key, "decoded"))
        error = _error(hparams, made["reconstructed"], image, order=1)
        loss += share * hparams.image_weight * error
        metrics["generator/image"] = error
    if "generated" in played:
        latent = draw_code(spec, key_for(key, "latent"), image.shape[0])
        made["generated"] = nets("generator", latent, key=key_for(key, "generator"))
        spread = relative_spread(made["generated"], image, mean=spec.layout.mean)
        metrics["generator/spread"] = spread
    if "recoded" in played:
        made["recoded"] = nets("encoder", made["generated"], key=key_for(key, "recoded"))
        error = _error(hparams, made["recoded"], latent, order=2)
        loss += share * hparams.latent_weight * error
        metrics["encoder/latent"] = error
    for kind in played:
        of_images = kind in _GAMES["aegan"][0]
        logits = nets(ADVERSARIES[not of_images], made[kind], key=key_for(key, f"judged {kind}"))
        term = adversarial.gan_generator(logits, form=hparams.adversarial_form)
        weight = hparams.image_adversarial_weight
        loss += (weight if of_images else hparams.latent_adversarial_weight) * term
        metrics[f"generator/{kind}"] = term
    return loss, metrics | {"generator/loss": loss}


def turns(hparams: Hparams) -> tuple[Turn, ...]:
    """The discriminators' updates, Dx first, then those of generator and encoder."""
    found, games = [], _GAMES[hparams.model]
    real = (real_image_loss, real_latent_loss)
    every = (image_discriminator_loss, latent_discriminator_loss)
    for index, (name, fakes) in enumerate(zip(ADVERSARIES, games)):
        if fakes and not hparams.blocks:
            found.append(Turn(name, every[index]))
        for kind in fakes if hparams.blocks else ():
            before = f"{name}/real before {kind}"
            found.append(Turn(name, real[index], fresh=index == 0, name=before))
            of_images = kind in ("reconstructed", "encoded")
            found.append(Turn(name, _SHOWS[kind], fresh=of_images, name=f"{name}/{kind}"))
    alone = hparams.model == "gan"
    as_many = max(1, 2 * max(map(len, games))) if hparams.blocks else 1
    last = Turn(
        "generator" if alone else ("generator", "encoder"),
        generator_loss,
        updates=hparams.generator_updates or as_many,
        fresh=hparams.blocks and not alone,
        update=_optimise_at_step if hparams.annealing_steps else optimise,
    )
    return (*found, last)


def create_state(spec: Spec, key: Key, batch: Batch) -> TrainState:
    """Initial state; `batch["image"]` f32[b,h,w,c] gives the image size.

    Of every network, also of those that `hparams.model` has no use for.
    """
    image, latent = batch["image"][:1], latents.example(spec)
    inputs = {
        "generator": (latent,),
        "encoder": (image,),
        "image_discriminator": (image,),
        "latent_discriminator": (latent,),
    }
    return create(spec, key, inputs)


def train_step(spec: Spec, state: TrainState, batch: Batch, key: Key) -> tuple[TrainState, Metrics]:
    """One block; key: constant over a run.

    batch["image"]: f32[k b,h,w,c], with k the updates that have images of their own: 8 of "aegan".
    """
    return take_turns(spec, state, batch, key, turns(spec.hparams))


def encode(spec: Spec, state: TrainState, image: Array) -> Array:
    """Codes f32[b,m] of images f32[b,h,w,c], without noise."""
    return evaluating(spec, state)("encoder", image, train=False)


def reconstruct(spec: Spec, state: TrainState, batch: Batch, key: Key) -> Array:
    """G(E(x)) f32[b,h,w,c] of batch["image"]; deterministic, so `key` is unused."""
    del key
    return decode(spec, state, encode(spec, state, batch["image"]))


def evaluate(spec: Spec, state: TrainState, batch: Batch, key: Key) -> Metrics:
    """Metrics of one batch of held-out images, without noise.

    image_l1: mean |x - G(E(x))| on the scale [-1,1]. latent_l2: mean (E(G(z)) - z)^2. latent_auc:
    the share of pairs of a draw of the prior and an image's code of which the latent discriminator,
    where there is one, takes the draw rather for one.
    """
    image = batch["image"]
    code, latent = encode(spec, state, image), draw_code(spec, key, image.shape[0])
    found = {"image_l1": reconstruction.l1(decode(spec, state, code), image)}
    if "recoded" in _PLAYED[spec.hparams.model]:
        recoded = encode(spec, state, decode(spec, state, latent))
        found["latent_l2"] = reconstruction.l2(recoded, latent)
    if "encoded" in _PLAYED[spec.hparams.model]:
        nets = evaluating(spec, state)
        real, fake = (nets("latent_discriminator", x, train=False) for x in (latent, code))
        above = real.reshape(-1, 1) - fake.reshape(1, -1)
        found["latent_auc"] = jnp.mean((1.0 + jnp.sign(above)) / 2.0)
    return found


def _judged(
    nets: Nets, spec: Spec, name: str, kind: str, x: Array, key: Key
) -> tuple[Array, Metrics]:
    """The loss of a discriminator on a batch of one kind, which is no fake if "real"."""
    hparams = spec.hparams
    logits = nets(name, x, key=key_for(key, kind))
    label = hparams.real_label if kind == "real" else hparams.fake_label
    loss = adversarial.cross_entropy(logits, label)
    taken = jnp.mean(jax.nn.sigmoid(logits))
    return loss, {f"{name}/{kind}": taken, f"{name}/{kind}_loss": loss}


def _all_kinds(
    nets: Nets, spec: Spec, image: Array, key: Key, real_loss: Callable, kinds: tuple[str, ...]
) -> tuple[Array, Metrics]:
    loss, metrics = real_loss(nets, spec, image, key)
    loss *= len(kinds)
    for kind in kinds:
        on_fake, found = _SHOWS[kind](nets, spec, image, key_for(key, f"{kind} loss"))
        loss, metrics = loss + on_fake, metrics | found
    return loss, metrics


def _generated(nets: Nets, spec: Spec, image: Array, key: Key) -> Array:
    """As many images as `image` has, made as they are in evaluation."""
    latent = draw_code(spec, key_for(key, "latent"), image.shape[0])
    return nets("generator", latent, train=False)


def _optimise_at_step(
    spec: Spec, state: TrainState, names: Any, loss: Callable, *args: Array, phase: str | None
) -> tuple[TrainState, Metrics]:
    """`optimise` on a loss that is told the training step."""
    return optimise(
        spec, state, names, functools.partial(loss, step=state.step), *args, phase=phase
    )


def _error(hparams: Hparams, x: Array, y: Array, *, order: int) -> Array:
    if hparams.reconstruction == "means":
        return (reconstruction.l1 if order == 1 else reconstruction.l2)(x, y)
    if order == 1:
        return jnp.mean(jnp.sum(jnp.abs(x - y).reshape(x.shape[0], -1), axis=1))
    return jnp.mean(adversary.energy("euclidean", x, y))


def _annealed(hparams: Hparams, step: Array | int) -> Array | float:
    """What share of the reconstruction weights is left at a training step."""
    if not hparams.annealing_steps:
        return 1.0
    passed = jnp.minimum(step / hparams.annealing_steps, 1.0)
    return 1.0 - (1.0 - hparams.annealed_share) * passed
