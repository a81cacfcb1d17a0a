"""Adversarial autoencoder: a discriminator, not a divergence, keeps the codes to a prior.

A. Makhzani, J. Shlens, N. Jaitly, I. Goodfellow, B. Frey, "Adversarial Autoencoders", 2015,
arXiv:1511.05644. With f(x, n) the code of an image and D the probability that a code is a draw of
the prior, every minibatch takes one update of each phase, the images encoded anew in each:

    1  reconstruction  encoder, decoder:  -log p(x | f(x, n)), pixels independent
    2a adversarial     discriminator:     -E log D(z) - E log(1 - D(f(x, n))),  z from p(z)
    2b adversarial     encoder:           -E log D(f(x, n))

`label_informed` (section 2.3; mixture prior): D is also told a class, one of K or "unknown".
Codes of labelled images are compared with draws of their class's component, codes of the others
with draws of the whole mixture.

Style (`aae_supervised`) and categories (`aae_semisupervised`, also clusters) have other networks
and are objectives of their own; `pixelgan_ae` has the same adversarial phases.

Deviations: the authors published no code. From memory, not recovered from the paper: the defaults
below, of its MNIST likelihood experiment; that the encoder's loss does not saturate; an optimiser
for each phase (`core.by_phase`). `discriminator_noise` is a public implementation's
(musyoku/adversarial-autoencoder, 0.3). Labelled and other images count alike in D's loss.
"""

import dataclasses
from collections.abc import Sequence

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
    code_prior,
    create,
    finish,
    optimise,
    require_at_least,
    require_choice,
)
from jaxgen.core import posterior as posteriors
from jaxgen.core.code_prior import draw_code, mixture
from jaxgen.core.posterior import evaluating
from jaxgen.losses import adversarial, likelihood

NETWORKS = ("encoder", "decoder", "discriminator")


@dataclasses.dataclass(frozen=True)
class Hparams:
    """Numbers of the game.

    code_prior: "gaussian" | "mixture", see `core.code_prior`, with code_size, prior_scale and
    components. posterior: "deterministic" | "gaussian" | "implicit", see `core.posterior`, with
    input_noise and input_noise_level. likelihood: "bernoulli", the decoder's outputs are logits of
    pixels, or "squared", half the squared error of its outputs. discriminator_noise: standard
    deviation of what is added to D's inputs.
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
    discriminator_noise: float = 0.0

    def __post_init__(self):
        code_prior.check(self, "gaussian", "mixture")
        posteriors.check(self)
        require_choice(self, likelihood=("bernoulli", "squared"))
        require_at_least(0, self, "discriminator_noise")
        if self.label_informed and self.code_prior != "mixture":
            raise ValueError('label_informed=True needs code_prior="mixture", a component a class.')


def batch_entries(hparams: Hparams) -> tuple[str, ...]:
    """A step reads images, and labelled ones (`config.data.labelled`) if it is `label_informed`."""
    return ("image", *(("labelled_image", "labelled_label") if hparams.label_informed else ()))


def nats(spec: Spec, output: Array, image: Array) -> Array:
    """-log p(x|z) f32[b] of what the decoder returns; "squared" leaves a constant out.

    Of gray pixels, which "bernoulli" takes for probabilities, a cross-entropy and no likelihood.
    """
    if spec.hparams.likelihood == "bernoulli":
        return likelihood.bernoulli_nll(output, image)
    return jnp.sum(jnp.square(output - image), axis=(1, 2, 3)) / 2


def to_image(spec: Spec, output: Array) -> Array:
    """The mean image f32[b,h,w,c] in [-1,1] of what the decoder returns."""
    return jnp.tanh(output / 2) if spec.hparams.likelihood == "bernoulli" else output


def reconstruction_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """Phase 1 on images f32[b,h,w,c]: nats, summed over pixels, mean over the batch."""
    key_code, key_decoder = jax.random.split(key)
    code = posteriors.infer(nets, spec, image, key_code)
    loss = jnp.mean(nats(spec, nets("decoder", code, key=key_decoder), image))
    codes = {f"encoder/{name}": x for name, x in posteriors.code_metrics(spec, code).items()}
    return loss, {"decoder/nats": loss, **codes}


def discriminator_loss(nets: Nets, spec: Spec, image: Array, *labelled_and_key: Array):
    """Phase 2a: (loss, metrics) on images f32[b,h,w,c] and as many draws of the prior.

    Where label_informed, labelled images f32[n,h,w,c] and labels i32[n] stand before the key.
    """
    *labelled, key = labelled_and_key
    key_prior, key_code, key_real, key_fake = jax.random.split(key, 4)
    draws = _draws(spec, key_prior, image, *labelled)
    codes = _codes(nets, spec, key_code, image, *labelled)
    real_logits = judge(nets, spec, draws, key_real)
    fake_logits = judge(nets, spec, codes, key_fake)
    loss = adversarial.gan_discriminator(real_logits, fake_logits)
    return loss, {
        "discriminator/loss": loss,
        "discriminator/real": jax.nn.sigmoid(real_logits).mean(),
        "discriminator/fake": jax.nn.sigmoid(fake_logits).mean(),
    }


def encoder_loss(nets: Nets, spec: Spec, image: Array, *labelled_and_key: Array):
    """Phase 2b: (loss, metrics), with the arguments of `discriminator_loss`."""
    *labelled, key = labelled_and_key
    key_code, key_judge = jax.random.split(key)
    codes = _codes(nets, spec, key_code, image, *labelled)
    loss = adversarial.gan_generator(judge(nets, spec, codes, key_judge))
    return loss, {"encoder/loss": loss}


def judge(nets: Nets, spec: Spec, groups: Sequence[tuple], key: Key) -> Array:
    """D's logits of groups of (codes f32[b,m], classes i32[b] or None), joined."""
    logits = []
    for (code, kind), key_group in zip(groups, jax.random.split(key, len(groups))):
        told = None if kind is None else jax.nn.one_hot(kind, spec.hparams.components + 1)
        logits.append(posteriors.judge(nets, spec, "discriminator", code, key_group, told))
    return jnp.concatenate(logits)


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
    image, keys = batch["image"], jax.random.split(jax.random.fold_in(key, state.step), 3)
    labelled = ()
    if spec.hparams.label_informed:
        if "labelled_image" not in batch:
            raise ValueError("label_informed=True needs labelled images; set config.data.labelled")
        labelled = (batch["labelled_image"], batch["labelled_label"])
    return play(
        spec,
        state,
        (("encoder", "decoder"), reconstruction_loss, (image, keys[0]), "reconstruction"),
        ("discriminator", discriminator_loss, (image, *labelled, keys[1]), "adversarial"),
        ("encoder", encoder_loss, (image, *labelled, keys[2]), "adversarial"),
    )


def play(spec: Spec, state: TrainState, *phases: tuple) -> tuple[TrainState, Metrics]:
    """One update of each phase (networks, loss, arguments, name), in order, and the step's end."""
    metrics: Metrics = {}
    for names, loss, args, phase in phases:
        state, measured = optimise(spec, state, names, loss, *args, phase=phase)
        metrics |= measured
    return finish(spec, state), metrics


def encode(spec: Spec, state: TrainState, image: Array) -> Array:
    """Codes f32[b,m] of images f32[b,h,w,c], without noise."""
    return posteriors.infer(evaluating(spec, state), spec, image, train=False)


def decode(spec: Spec, state: TrainState, code: Array) -> Array:
    """Mean images f32[b,h,w,c] in [-1,1] of codes f32[b,m]."""
    return to_image(spec, evaluating(spec, state)("decoder", code, train=False))


def sample(
    spec: Spec, state: TrainState, key: Key, num: int, condition: Array | None = None
) -> Array:
    """`num` images f32[num,h,w,c]; condition: codes f32[num,m] or, of a mixture, i32[num]."""
    if condition is None:
        code = draw_code(spec, key, num)
    elif jnp.issubdtype(condition.dtype, jnp.integer):
        draws = mixture(spec.layout, key, condition, spec.hparams.components)
        code = spec.hparams.prior_scale * draws
    else:
        code = condition
    return decode(spec, state, code)


def reconstruct(spec: Spec, state: TrainState, batch: Batch, key: Key) -> Array:
    """Images f32[b,h,w,c] of the codes of batch["image"]; `key` is unused."""
    del key
    return decode(spec, state, encode(spec, state, batch["image"]))


def evaluate(spec: Spec, state: TrainState, batch: Batch, key: Key) -> Metrics:
    """Figures of one batch of held-out images: reconstruction_nats, and moments of their codes."""
    del key
    code = encode(spec, state, batch["image"])
    output = evaluating(spec, state)("decoder", code, train=False)
    error = jnp.mean(nats(spec, output, batch["image"]))
    return {"reconstruction_nats": error, **posteriors.code_metrics(spec, code)}


def _codes(nets, spec, key, image, *labelled):
    """Groups of (codes, classes): the images', of no known class, and the labelled ones'."""
    if not labelled:
        return [(posteriors.infer(nets, spec, image, key), None)]
    labelled_image, label = labelled
    key_any, key_known = jax.random.split(key)
    known = posteriors.infer(nets, spec, labelled_image, key_known)
    return [(posteriors.infer(nets, spec, image, key_any), _unknown(spec, image)), (known, label)]


def _draws(spec, key, image, *labelled):
    """Groups of (draws, classes) to compare with `_codes`: of the prior, and of components."""
    if not labelled:
        return [(draw_code(spec, key, image.shape[0]), None)]
    _, label = labelled
    key_any, key_known = jax.random.split(key)
    own = spec.hparams.prior_scale * mixture(spec.layout, key_known, label, spec.hparams.components)
    return [(draw_code(spec, key_any, image.shape[0]), _unknown(spec, image)), (own, label)]


def _unknown(spec, image):
    return jnp.full(image.shape[:1], spec.hparams.components)
