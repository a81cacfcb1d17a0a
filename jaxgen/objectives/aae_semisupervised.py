"""Semi-supervised adversarial autoencoder: a category and a style, each with its adversary.

A. Makhzani, J. Shlens, N. Jaitly, I. Goodfellow, B. Frey, "Adversarial Autoencoders", 2015,
arXiv:1511.05644, section 5; without labelled images it clusters, section 6. The encoder gives
y = softmax(...) of K categories and a real style z from one trunk. Every minibatch takes one update
of each phase, the images encoded again in each:

    1  reconstruction  encoder, decoder:  -log p(x | y, z)
    2a adversarial     both discriminators: the GAN loss, y against uniform one-hot vectors and z
                                          against N(0, s^2 I)
    2b adversarial     encoder:           -E log D_y(y) - E log D_z(z)
    3  supervised      encoder:           -E log y_label, where the batch has labelled images

Deviations: the authors published no code. From memory, not recovered from the paper: a style of 10
dimensions and Gaussian noise of deviation 0.3 on the input of labelled batches of MNIST (which
`posterior` "implicit" extends to all batches). The encoder's outputs are K logits and m styles of
one linear layer, the same function as a layer for each. `reduction` and `discriminator_noise` as in
`aae`. The paper's 1.90 % at 100 labels has not been reached in public; about 5 % has.
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
from jaxgen.losses import adversarial
from jaxgen.objectives.parts import codes, posteriors, priors
from jaxgen.objectives.parts.latents import balanced_labels

NETWORKS = ("encoder", "decoder", "category_discriminator", "style_discriminator")
ADVERSARIES = ("category_discriminator", "style_discriminator")
TITLES = {
    **codes.DECODER,
    **codes.labels_of("encoder"),
    **posteriors.titles(posteriors.MOMENTS, posteriors.ENTROPIES),
    **{
        name.replace("discriminator", adversary): (f"{title}: {part}", good)
        for adversary, part in zip(ADVERSARIES, ("categories", "styles"))
        for name, (title, good) in codes.ADVERSARY.items()
        if name.startswith("discriminator/")
    },
    **{
        f"encoder/{part}_loss": (f"Encoder's loss in the game of {part}", "nats; toward 0.69")
        for part in ("category", "style")
    },
}


@dataclasses.dataclass(frozen=True)
class Hparams:
    """Numbers of the game; the defaults are those of the paper's MNIST with labels.

    Attributes:
      num_classes: K, the categories of the code; with labels the classes, without them clusters.
      style_size: length of z.
      style_scale: s of the prior N(0, s^2 I) of z.
      posterior: "deterministic" or "implicit", see `parts.posteriors`.
      input_noise: "dropout" or "gaussian", on the encoder's input in the supervised phase, and in
        all where the posterior is implicit.
      input_noise_level: share of the pixels that is dropped, or standard deviation on [0,1].
      likelihood: "bernoulli" (the decoder's outputs are logits of pixels) or "squared" (half the
        squared error of its outputs).
      reduction: of -log p over pixels, "sum" or "mean".
      discriminator_noise: standard deviation of what is added to the inputs of both discriminators.
    """

    num_classes: int = 10
    style_size: int = 10
    style_scale: float = 1.0
    posterior: str = "deterministic"
    input_noise: str = "gaussian"
    input_noise_level: float = 0.3
    likelihood: str = "bernoulli"
    reduction: str = "sum"
    discriminator_noise: float = 0.0

    def __post_init__(self):
        posteriors.check(self)
        kinds = {"likelihood": codes.LIKELIHOODS, "reduction": codes.REDUCTIONS}
        require_choice(self, posterior=("deterministic", "implicit"), **kinds)
        require_at_least(1, self, "num_classes", "style_size")
        require_at_least(0, self, "style_scale", "discriminator_noise")


def num_classes(hparams: Hparams) -> int:
    """K."""
    return hparams.num_classes


def infer(
    nets: Nets, spec: Spec, image: Array, key: Key | None = None, *, train: bool = True
) -> tuple[Array, Array]:
    """(probabilities f32[b,K], styles f32[b,m]) of images f32[b,h,w,c]; no key, no noise."""
    output = posteriors.outputs(nets, spec, image, key, train=train)
    logits, style = _parts(spec, output)
    return jax.nn.softmax(logits), style


def draw_parts(spec: Spec, key: Key, num: int) -> tuple[Array, Array]:
    """(one-hot categories f32[num,K], styles f32[num,m]) of the prior."""
    hparams = spec.hparams
    category = priors.draw_category(spec.layout, key_for(key, "category"), num, hparams.num_classes)
    style = hparams.style_scale * spec.layout.normal(
        key_for(key, "style"), (num, hparams.style_size)
    )
    return jax.nn.one_hot(category, hparams.num_classes), style


def reconstruction_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """Phase 1 on images f32[b,h,w,c]: nats, mean over the batch."""
    probabilities, style = infer(nets, spec, image, key_for(key, "posterior"))
    code = jnp.concatenate([probabilities, style], axis=1)
    output = nets("decoder", code, key=key_for(key, "decoder"))
    loss = jnp.mean(codes.independent_nll(spec, output, image))
    found = codes.named("encoder", _code_metrics(spec, probabilities, style))
    return codes.reduced(spec, loss, image), {"decoder/nats": loss, **found}


def discriminators_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """Phase 2a on images f32[b,h,w,c]: the sum of two games that share nothing but the encoder."""
    draws = draw_parts(spec, key_for(key, "prior"), image.shape[0])
    found = infer(nets, spec, image, key_for(key, "posterior"))
    total, metrics = jnp.zeros(()), {}
    for name, draw, code in zip(ADVERSARIES, draws, found):
        real = codes.score(nets, spec, name, draw, key_for(key, f"{name}/real"))
        fake = codes.score(nets, spec, name, code, key_for(key, f"{name}/fake"))
        loss = adversarial.gan_discriminator(real, fake)
        total += loss
        metrics |= codes.discriminator_metrics(name, loss, real, fake)
    return total, metrics


def encoder_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """Phase 2b on images f32[b,h,w,c], against both discriminators of now."""
    found = infer(nets, spec, image, key_for(key, "posterior"))
    category, style = (
        adversarial.gan_generator(codes.score(nets, spec, name, code, key_for(key, name)))
        for name, code in zip(ADVERSARIES, found)
    )
    return category + style, {"encoder/category_loss": category, "encoder/style_loss": style}


def supervised_loss(
    nets: Nets, spec: Spec, image: Array, label: Array, key: Key
) -> tuple[Array, Metrics]:
    """Phase 3: cross-entropy in nats of labels i32[b], on images with noise."""
    noisy = posteriors.corrupt(spec, image, key_for(key, "input"))
    logits, _ = _parts(spec, nets("encoder", noisy, key=key_for(key, "encoder")))
    return codes.label_loss(logits, label)


def turns(hparams: Hparams) -> tuple[Turn, ...]:
    """Phases 1, 2a, 2b, and 3 where there are labelled images, on one batch."""
    del hparams
    labelled = ("labelled_image", "labelled_label")
    return (
        Turn(("encoder", "decoder"), reconstruction_loss, phase="reconstruction"),
        Turn(ADVERSARIES, discriminators_loss, phase="adversarial"),
        Turn("encoder", encoder_loss, phase="adversarial"),
        Turn("encoder", supervised_loss, labelled, phase="supervised", optional=True),
    )


def create_state(spec: Spec, key: Key, batch: Batch) -> TrainState:
    """Initial state; `batch["image"]` f32[b,h,w,c] gives the image size."""
    category = jnp.zeros((1, spec.hparams.num_classes))
    style = jnp.zeros((1, spec.hparams.style_size))
    code = jnp.concatenate([category, style], axis=1)
    inputs = ((batch["image"][:1],), (code,), (category,), (style,))
    return create(spec, key, dict(zip(NETWORKS, inputs)))


def train_step(spec: Spec, state: TrainState, batch: Batch, key: Key) -> tuple[TrainState, Metrics]:
    """Phases 1, 2a, 2b, and 3 where the batch has labelled images.

    batch: "image" f32[b,h,w,c]; optionally "labelled_image" f32[n,h,w,c], "labelled_label" i32[n].
    key: constant over a run.
    """
    return take_turns(spec, state, batch, key, turns(spec.hparams))


def assignments(spec: Spec, state: TrainState, image: Array) -> Array:
    """Logits f32[b,K] of q(category | image), without noise."""
    output = posteriors.outputs(evaluating(spec, state), spec, image, train=False)
    return _parts(spec, output)[0]


def draw_code(spec: Spec, key: Key, num: int) -> Array:
    """`num` categories and styles f32[num,K+m] of the prior."""
    return jnp.concatenate(draw_parts(spec, key, num), axis=1)


def encode(spec: Spec, state: TrainState, image: Array) -> Array:
    """Probabilities and styles f32[b,K+m] of images, without noise: what `decode` takes."""
    return jnp.concatenate(infer(evaluating(spec, state), spec, image, train=False), axis=1)


def decode(
    spec: Spec, state: TrainState, code: Array, condition: None = None, key: Key | None = None
) -> Array:
    """Mean images f32[b,h,w,c] in [-1,1] of categories and styles f32[b,K+m]; nothing random."""
    del condition, key
    return codes.to_image(spec, evaluating(spec, state)("decoder", code, train=False))


def sample(
    spec: Spec, state: TrainState, key: Key, num: int, condition: Array | None = None
) -> Array:
    """`num` images f32[num,h,w,c]; condition: categories i32[num] (default: all in turn).

    The cluster heads of the paper are `decode` of one-hot categories and styles of zeros.
    """
    if condition is None:
        condition = balanced_labels(num, spec.hparams.num_classes)
    category = jax.nn.one_hot(condition, spec.hparams.num_classes)
    _, style = draw_parts(spec, key, num)
    return decode(spec, state, jnp.concatenate([category, style], axis=1))


def reconstruct(spec: Spec, state: TrainState, batch: Batch, key: Key) -> Array:
    """Images f32[b,h,w,c] of the codes of batch["image"]; `key` is unused."""
    del key
    return decode(spec, state, encode(spec, state, batch["image"]))


def evaluate(spec: Spec, state: TrainState, batch: Batch, key: Key) -> Metrics:
    """Of one batch of held-out images: reconstruction_nats, and entropies and moments of codes."""
    del key
    code = encode(spec, state, batch["image"])
    output = evaluating(spec, state)("decoder", code, train=False)
    error = jnp.mean(codes.independent_nll(spec, output, batch["image"]))
    return {"reconstruction_nats": error, **_code_metrics(spec, *_parts(spec, code))}


def _parts(spec, joined):
    """Categories [b,K] and styles [b,m] of [b,K+m]."""
    return jnp.split(joined, [spec.hparams.num_classes], axis=1)


def _code_metrics(spec, probabilities, style):
    metrics = posteriors.category_metrics(spec, probabilities)
    return metrics | posteriors.moment_metrics(spec, style)
