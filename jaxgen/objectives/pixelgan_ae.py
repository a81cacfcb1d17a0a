"""PixelGAN autoencoder: an autoregressive decoder, and a code that an adversary keeps to a prior.

A. Makhzani, B. Frey, "PixelGAN Autoencoders", NeurIPS 2017, arXiv:1706.00531. An encoder gives
z = f(x, n), a PixelCNN models p(x|z) pixel by pixel, and D tells draws of the prior p(z) from
codes. With q(z) the aggregate of q(z|x) over the data, the evidence lower bound is

    E log p(x|z) - KL(q(z) || p(z)) - I_q(z; x)                              (the paper's eq. 2)

and what is trained leaves the mutual information I out: a code that says much of its image costs
nothing as long as the codes of all images together look like the prior. Every minibatch takes one
update of each phase, each from what the others have become, with the images encoded again:

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

from jaxgen.core.errors import require_at_least, require_choice
from jaxgen.core.keys import key_for
from jaxgen.core.nets import Nets
from jaxgen.core.spec import Spec
from jaxgen.core.state import TrainState, create, evaluating
from jaxgen.core.step import Turn, take_turns
from jaxgen.core.types import Array, Batch, Key, Metrics
from jaxgen.objectives.parts import codes, pixels, posteriors, priors
from jaxgen.objectives.parts.latents import balanced_labels
from jaxgen.objectives.parts.pixels import binarise as as_modelled
from jaxgen.objectives.parts.posteriors import num_classes
from jaxgen.objectives.parts.priors import draw_code

# A categorical code's; draws of the prior, as in every adversarial autoencoder.
__all__ = ["draw_code", "num_classes"]

NETWORKS = ("encoder", "decoder", "discriminator")
ADVERSARIES = ("discriminator",)
TITLES = {
    **codes.DECODER,
    **codes.ADVERSARY,
    **codes.labels_of("encoder"),
    **posteriors.titles(posteriors.MOMENTS, posteriors.ENTROPIES),
    "objective/code_nats": (
        "What codes tell",
        "nats an image; higher is more, and at 0 the decoder pays no attention to them",
    ),
    "objective/exact_nats": ("Negative log-likelihood", "nats an image, exact; lower is better"),
    "objective/importance_nats": (
        "Negative log-likelihood",
        "nats an image, an estimate; lower is better",
    ),
}
_DRAWS = 256  # of the prior, in `evaluate`


@dataclasses.dataclass(frozen=True)
class Hparams:
    """Numbers of the game; the defaults are those of the paper's 30 clusters of MNIST.

    Attributes:
      image_size: pixels a side.
      channels: of images.
      code_prior: "categorical", "gaussian" or "mixture", see `parts.priors`.
      code_size: length of a code; of a categorical one the number of categories.
      prior_scale: multiplies draws of a real prior.
      components: of the mixture.
      posterior: "deterministic", "gaussian" or "implicit", see `parts.posteriors`.
      input_noise: "dropout" or "gaussian", on the encoder's input where it is implicit.
      input_noise_level: share of the pixels that is dropped, or standard deviation on [0,1].
      output: what the decoder returns parameters of, "bernoulli", "categorical" or
        "logistic_mixture".
      binarise: how gray images become -1 and 1 for "bernoulli", for encoder and decoder:
        "threshold" (at 0), "sample" (1 with probability (x + 1) / 2, drawn again in every phase) or
        "none" (they are binary).
      reduction: of -log p(x|z) over pixels, "sum" or "mean".
      discriminator_noise: standard deviation of what is added to the discriminator's input.
      temperature: of samples, 1 for the model's own.
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
    binarise: str = "threshold"
    reduction: str = "sum"
    discriminator_noise: float = 0.0
    temperature: float = 1.0

    def __post_init__(self):
        priors.check(self, *priors.PRIORS)
        posteriors.check(self)
        require_choice(
            self,
            output=tuple(pixels.NLL),
            binarise=pixels.BINARISE,
            reduction=codes.REDUCTIONS,
        )
        require_at_least(1, self, "image_size", "channels")
        require_at_least(0, self, "discriminator_noise", "temperature")
        if self.code_prior == "categorical" and self.posterior == "gaussian":
            raise ValueError('posterior="gaussian" is of real codes; a categorical one has others.')


def reconstruction_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """Phase 1 on images f32[b,h,w,c]; its gradient reaches the encoder through the code alone."""
    image = pixels.binarise(spec, image, key_for(key, "pixels"))
    code = posteriors.infer(nets, spec, image, key_for(key, "posterior"))
    loss = pixels.mean_nll(nets, spec, image, code, key=key_for(key, "decoder"))
    found = codes.named("encoder", posteriors.code_metrics(spec, code))
    metrics = {"decoder/nats": loss, **found}
    return codes.reduced(spec, loss, image), metrics


def discriminator_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """Phase 2a on images f32[b,h,w,c] and as many draws of the prior."""
    image = pixels.binarise(spec, image, key_for(key, "pixels"))
    return codes.discriminator_loss(nets, spec, image, key)


def encoder_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """Phase 2b on images f32[b,h,w,c], against the discriminator of now."""
    image = pixels.binarise(spec, image, key_for(key, "pixels"))
    return codes.encoder_loss(nets, spec, image, key)


def supervised_loss(
    nets: Nets, spec: Spec, image: Array, label: Array, key: Key
) -> tuple[Array, Metrics]:
    """Phase 3: cross-entropy in nats of labels i32[b] below the number of categories."""
    image = pixels.binarise(spec, image, key_for(key, "pixels"))
    logits = posteriors.outputs(nets, spec, image, key_for(key, "posterior"))
    return codes.label_loss(logits, label)


def turns(hparams: Hparams) -> tuple[Turn, ...]:
    """Phases 1, 2a, 2b and, of categories where there are labelled images, 3, on one batch."""
    phases = (
        Turn(("encoder", "decoder"), reconstruction_loss, phase="reconstruction"),
        Turn("discriminator", discriminator_loss, phase="adversarial"),
        Turn("encoder", encoder_loss, phase="adversarial"),
    )
    if not num_classes(hparams):
        return phases
    labelled = ("labelled_image", "labelled_label")
    supervised = Turn("encoder", supervised_loss, labelled, phase="supervised", optional=True)
    return (*phases, supervised)


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
    return take_turns(spec, state, batch, key, turns(spec.hparams))


def encode(spec: Spec, state: TrainState, image: Array) -> Array:
    """Codes f32[b,m] of images without noise: probabilities, means or values."""
    image = pixels.binarise(spec, image)
    return posteriors.infer(evaluating(spec, state), spec, image, train=False)


def assignments(spec: Spec, state: TrainState, image: Array) -> Array:
    """Logits f32[b,K] of q(category | image) without noise, of a categorical code."""
    if not num_classes(spec.hparams):
        raise ValueError(f'code_prior="{spec.hparams.code_prior}" has no categories.')
    image = pixels.binarise(spec, image)
    return posteriors.outputs(evaluating(spec, state), spec, image, train=False)


def decode(
    spec: Spec, state: TrainState, code: Array, condition: None = None, key: Key | None = None
) -> Array:
    """One draw f32[b,h,w,c] in [-1,1] of p(x|z) for each code f32[b,m].

    key: of the pixels; without one always the same. There is no condition beside the code.
    """
    del condition
    noise = pixels.draw_noise(spec, jax.random.key(0) if key is None else key, code.shape[0])
    return _draw(spec, state, noise, code)


def sample(
    spec: Spec, state: TrainState, key: Key, num: int, condition: Array | None = None
) -> Array:
    """`num` draws f32[num,h,w,c] of p(x|z).

    condition: clusters i32[num] where the code is categorical (default: all in turn), codes
    f32[num,m] where it is real (default: draws of the prior).
    """
    clusters = num_classes(spec.hparams)
    if clusters:
        chosen = balanced_labels(num, clusters) if condition is None else condition
        condition = jax.nn.one_hot(chosen, clusters)
    elif condition is None:
        condition = draw_code(spec, key_for(key, "code"), num)
    return decode(spec, state, condition, key=key_for(key, "pixels"))


def reconstruct(spec: Spec, state: TrainState, batch: Batch, key: Key) -> Array:
    """A draw f32[b,h,w,c] of p(x|z) at the code of each of batch["image"]."""
    return decode(spec, state, encode(spec, state, batch["image"]), key=key)


def complete(
    spec: Spec,
    state: TrainState,
    key: Key,
    image: Array,
    known: Array,
    condition: Array | None = None,
) -> Array:
    """Images f32[b,h,w,c]: those of `image` where `known` bool[h,w] or [b,h,w], the rest drawn.

    A pixel is drawn given the code and the known pixels before it in raster order. condition: codes
    f32[b,m]; by default none has seen the image: drawn given the known pixels, by
    `parts.pixels.draw_code_of`, from the K one-hot ones or from 256 draws of a real prior.
    """
    image = as_modelled(spec, image, key_for(key, "pixels"))
    if condition is None:
        count, nets = num_classes(spec.hparams), evaluating(spec, state)
        drawn = jnp.eye(count) if count else draw_code(spec, key_for(key, "codes"), _DRAWS)
        condition = pixels.draw_code_of(spec, nets, key_for(key, "code"), image, known, drawn)
    noise = pixels.draw_noise(spec, key_for(key, "noise"), image.shape[0])
    return _draw(spec, state, noise, condition, known, image)


def _draw(spec, state, noise, code, known=None, image=None):
    temperature, nets = spec.hparams.temperature, evaluating(spec, state)
    return nets("decoder", noise, code, known, image, temperature, method="sample")


def marginal_nats(spec: Spec, state: TrainState, image: Array, code: Array) -> Array:
    """-log of the mean over codes f32[s,m] of p(x|z), f32[b]; s passes of the decoder.

    With the K one-hot codes it is -log p(x). With draws of a real prior, the same for all images,
    it is an estimate, in expectation not below -log p(x); a good one for codes of 2-D.
    """
    nets, image = evaluating(spec, state), pixels.binarise(spec, image)

    def given(one):
        one = jnp.broadcast_to(one, (image.shape[0], one.shape[0]))
        return -pixels.nll(spec, nets("decoder", image, one, train=False), image)

    return jnp.log(code.shape[0]) - jax.nn.logsumexp(jax.lax.map(given, code), axis=0)


def evaluate(spec: Spec, state: TrainState, batch: Batch, key: Key) -> Metrics:
    """Metrics of one batch of held-out images as they are modelled, without noise in the encoder.

    reconstruction_nats: -log p(x|f(x)), no bound on -log p(x). code_nats: by how much that rises
    when codes are dealt to other images; 0 where the decoder pays no attention to them. exact_nats:
    -log p(x), of categorical codes; importance_nats: `marginal_nats` by 256 draws, of real ones. Of
    codes, as in the log: entropies or moments.
    """
    image = pixels.binarise(spec, batch["image"], key_for(key, "pixels"))
    nets = evaluating(spec, state)
    code = encode(spec, state, image)
    own, other = (
        jnp.mean(pixels.nll(spec, nets("decoder", image, z, train=False), image))
        for z in (code, codes.of_another(key_for(key, "other"), code))
    )
    metrics = {"reconstruction_nats": own, "code_nats": other - own}
    count = num_classes(spec.hparams)
    given = jnp.eye(count) if count else draw_code(spec, key_for(key, "prior"), _DRAWS)
    name = "exact_nats" if count else "importance_nats"
    metrics[name] = jnp.mean(marginal_nats(spec, state, image, given))
    return metrics | posteriors.code_metrics(spec, code)
