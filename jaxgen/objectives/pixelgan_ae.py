"""PixelGAN autoencoder: an autoregressive decoder, and a code that an adversary keeps to a prior.

A. Makhzani, B. Frey, "PixelGAN Autoencoders", NeurIPS 2017, arXiv:1706.00531. An encoder gives
z = f(x, n), a PixelCNN models p(x|z) pixel by pixel, and D tells draws of the prior p(z) from
codes. With q(z) the aggregate of q(z|x) over the data, the evidence lower bound is

    E log p(x|z) - KL(q(z) || p(z)) - I_q(z; x)                              (the paper's eq. 2)

and what is trained leaves the mutual information I out: a code that says much of its image costs
nothing as long as the codes of all images together look like the prior. Every minibatch takes one
update of each phase, each from what the others have become, with the images encoded anew:

    1  reconstruction  encoder, decoder:  -log p(x | f(x, n))
    2a adversarial     discriminator:     -E log D(z) - E log(1 - D(f(x, n))),  z from p(z)
    2b adversarial     encoder:           -E log D(f(x, n))
    3  supervised      encoder:           -E log softmax_y f(x, n), where the batch has labelled
                                          images

There is no weight between losses: each phase has an optimiser of its own (`core.by_phase`, phases
"reconstruction", "adversarial", "supervised"), and learning rates set the balance. The sum of
phases 1 and -KL(q(z) || p(z)) is the bound plus I, so no likelihood bound: `evaluate` gives
-log p(x) exactly where the code is categorical, and by draws of the prior where it is real.

Deviations: the authors published no code, and of the paper's body and appendix we had no text.
From memory, not recovered from the paper: one update of each phase a minibatch and the
non-saturating loss of phase 2b (likely, as in adversarial autoencoders); the noise, input dropout
that keeps 0.8, and that the decoder sees and is measured on clean images; separate optimiser
states of encoder and phases; the prior's scale, 5. Not recovered at all, and ours: the batch size;
whether log p(x|z) is summed over pixels or averaged (`reduction`; under SGD a factor of 784 between
the phases on MNIST, under Adam nearly none); how images become binary; the likelihood of those that
do not. Nothing is added to the game unless asked for: `discriminator_noise`, 0.3 in a public
adversarial autoencoder, keeps D from telling exact one-hot vectors from soft ones.
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
    code_prior,
    create,
    require_at_least,
    require_choice,
)
from jaxgen.core import posterior as posteriors
from jaxgen.core.code_prior import PRIORS, draw_code
from jaxgen.core.generator import balanced_labels
from jaxgen.core.posterior import categories, evaluating
from jaxgen.objectives.aae import discriminator_loss, encoder_loss, play
from jaxgen.objectives.pixelcnn import NLL, draw_noise

# As in adversarial autoencoders.
__all__ = ["categories", "discriminator_loss", "encoder_loss"]

NETWORKS = ("encoder", "decoder", "discriminator")
_DRAWS = 256  # of the prior, in `evaluate`


@dataclasses.dataclass(frozen=True)
class Hparams:
    """Numbers of the game; the defaults are those of the paper's 30 clusters of MNIST.

    image_size, channels: of images. code_prior: "categorical" | "gaussian" | "mixture", see
    `core.code_prior`, with code_size, prior_scale and components. posterior: "deterministic" |
    "gaussian" | "implicit", see `core.posterior`, with input_noise and input_noise_level. output:
    what the decoder returns parameters of, "bernoulli" | "categorical" | "logistic_mixture".
    binarise: images become -1 and 1, cut at 0, for encoder and decoder. reduction: of -log p(x|z)
    over pixels, "sum" | "mean". discriminator_noise: standard deviation of what is added to D's
    inputs.
    """

    image_size: int = 28
    channels: int = 1
    code_prior: str = "categorical"
    code_size: int = 30
    prior_scale: float = 1.0
    components: int = 10
    posterior: str = "implicit"
    input_noise: str = "dropout"
    input_noise_level: float = 0.2
    output: str = "bernoulli"
    binarise: bool = True
    reduction: str = "sum"
    discriminator_noise: float = 0.0

    def __post_init__(self):
        code_prior.check(self, *PRIORS)
        posteriors.check(self)
        require_choice(self, output=tuple(NLL), reduction=("sum", "mean"))
        require_at_least(1, self, "image_size", "channels")
        require_at_least(0, self, "discriminator_noise")
        if self.binarise != (self.output == "bernoulli"):
            raise ValueError("binarise must be True for binary pixels (bernoulli), else False.")
        if self.code_prior == "categorical" and self.posterior == "gaussian":
            raise ValueError('posterior="gaussian" is of real codes; a categorical one has others.')


def batch_entries(hparams: Hparams) -> tuple[str, ...]:
    """A step reads images and, of categories, labelled ones if there are (`data.labelled`)."""
    return ("image", *(("labelled_image", "labelled_label") if categories(hparams) else ()))


def seen(spec: Spec, image: Array) -> Array:
    """Images f32[b,h,w,c] in [-1,1] as both networks see them."""
    return jnp.where(image > 0, 1.0, -1.0) if spec.hparams.binarise else image


def nats(spec: Spec, parameters: Array, image: Array) -> Array:
    """-log p(x|z) f32[b], summed over pixels, of what the decoder returns for images."""
    return NLL[spec.hparams.output](parameters, image)


def reconstruction_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """Phase 1 on images f32[b,h,w,c]; its gradient reaches the encoder through the code alone."""
    key_code, key_decoder = jax.random.split(key)
    code = posteriors.infer(nets, spec, image, key_code)
    loss = jnp.mean(nats(spec, nets("decoder", image, code, key=key_decoder), image))
    codes = {f"encoder/{name}": x for name, x in posteriors.code_metrics(spec, code).items()}
    metrics = {"decoder/nats": loss, **codes}
    if spec.hparams.reduction == "mean":
        loss /= image[0].size
    return loss, metrics


def supervised_loss(
    nets: Nets, spec: Spec, image: Array, label: Array, key: Key
) -> tuple[Array, Metrics]:
    """Phase 3: cross-entropy in nats of labels i32[b] below the number of categories."""
    log_probabilities = jax.nn.log_softmax(posteriors.outputs(nets, spec, image, key))
    loss = -jnp.mean(jnp.take_along_axis(log_probabilities, label[:, None], axis=1))
    right = jnp.argmax(log_probabilities, axis=1) == label
    return loss, {"encoder/supervised": loss, "encoder/labelled_accuracy": jnp.mean(right)}


def create_state(spec: Spec, key: Key, batch: Batch) -> TrainState:
    """Initial state; `batch["image"]` f32[b,h,w,c] gives the image size."""
    image, code = batch["image"][:1], jnp.zeros((1, spec.hparams.code_size))
    inputs = {"encoder": (image,), "decoder": (image, code), "discriminator": (code,)}
    return create(spec, key, inputs)


def train_step(spec: Spec, state: TrainState, batch: Batch, key: Key) -> tuple[TrainState, Metrics]:
    """Phases 1, 2a, 2b, and 3 where the batch has labelled images.

    batch: "image" f32[b,h,w,c]; optionally "labelled_image" f32[n,h,w,c], "labelled_label" i32[n].
    key: constant over a run.
    """
    keys = jax.random.split(jax.random.fold_in(key, state.step), 4)
    image = seen(spec, batch["image"])
    phases = [
        (("encoder", "decoder"), reconstruction_loss, (image, keys[0]), "reconstruction"),
        ("discriminator", discriminator_loss, (image, keys[1]), "adversarial"),
        ("encoder", encoder_loss, (image, keys[2]), "adversarial"),
    ]
    if "labelled_image" in batch:
        labelled = (seen(spec, batch["labelled_image"]), batch["labelled_label"], keys[3])
        phases.append(("encoder", supervised_loss, labelled, "supervised"))
    return play(spec, state, *phases)


def encode(spec: Spec, state: TrainState, image: Array) -> Array:
    """Codes f32[b,m] of images without noise: probabilities, means or values."""
    return posteriors.infer(evaluating(spec, state), spec, seen(spec, image), train=False)


def assignments(spec: Spec, state: TrainState, image: Array) -> Array:
    """q(category | image) f32[b,K] without noise, of a categorical code."""
    if not categories(spec.hparams):
        raise ValueError(f'code_prior="{spec.hparams.code_prior}" has no categories.')
    return encode(spec, state, image)


def decode(spec: Spec, state: TrainState, code: Array, key: Key) -> Array:
    """One draw f32[b,h,w,c] in [-1,1] of p(x|z) for each code f32[b,m]."""
    noise = draw_noise(spec, key, code.shape[0])
    return evaluating(spec, state)("decoder", noise, code, method="sample")


def sample(
    spec: Spec, state: TrainState, key: Key, num: int, condition: Array | None = None
) -> Array:
    """`num` draws f32[num,h,w,c] of p(x|z).

    condition: clusters i32[num] where the code is categorical (default: all in turn), codes
    f32[num,m] where it is real (default: draws of the prior).
    """
    key_code, key_image = jax.random.split(key)
    if categories(spec.hparams):
        clusters = balanced_labels(num, categories(spec.hparams))
        chosen = clusters if condition is None else condition
        condition = jax.nn.one_hot(chosen, categories(spec.hparams))
    elif condition is None:
        condition = draw_code(spec, key_code, num)
    return decode(spec, state, condition, key_image)


def reconstruct(spec: Spec, state: TrainState, batch: Batch, key: Key) -> Array:
    """A draw f32[b,h,w,c] of p(x|z) at the code of each of batch["image"]."""
    return decode(spec, state, encode(spec, state, batch["image"]), key)


def marginal_nats(spec: Spec, state: TrainState, image: Array, codes: Array) -> Array:
    """-log of the mean over codes f32[s,m] of p(x|z), f32[b]; s passes of the decoder.

    With the K one-hot codes it is -log p(x). With draws of a real prior, the same for all images,
    it is an estimate, in expectation not below -log p(x); a good one for codes of 2-D.
    """
    nets, image = evaluating(spec, state), seen(spec, image)

    def given(code):
        code = jnp.broadcast_to(code, (image.shape[0], code.shape[0]))
        return -nats(spec, nets("decoder", image, code, train=False), image)

    return jnp.log(codes.shape[0]) - jax.nn.logsumexp(jax.lax.map(given, codes), axis=0)


def evaluate(spec: Spec, state: TrainState, batch: Batch, key: Key) -> Metrics:
    """Figures of one batch of held-out images, without noise in the encoder.

    reconstruction_nats: -log p(x|f(x)), no bound on -log p(x). code_nats: by how much that rises
    when codes are dealt to other images; 0 where the decoder pays no attention to them. exact_nats:
    -log p(x), of categorical codes; importance_nats: `marginal_nats` by 256 draws, of real ones. Of
    codes, as in the log: entropies or moments.
    """
    key_other, key_prior = jax.random.split(key)
    image, nets = seen(spec, batch["image"]), evaluating(spec, state)
    code = encode(spec, state, image)
    own, other = (
        jnp.mean(nats(spec, nets("decoder", image, z, train=False), image))
        for z in (code, jax.random.permutation(key_other, code))
    )
    figures = {"reconstruction_nats": own, "code_nats": other - own}
    count = categories(spec.hparams)
    codes = jnp.eye(count) if count else draw_code(spec, key_prior, _DRAWS)
    name = "exact_nats" if count else "importance_nats"
    figures[name] = jnp.mean(marginal_nats(spec, state, image, codes))
    return figures | posteriors.code_metrics(spec, code)
