"""Semi-supervised adversarial autoencoder: a category and a style, each with its adversary.

A. Makhzani, J. Shlens, N. Jaitly, I. Goodfellow, B. Frey, "Adversarial Autoencoders", 2015,
arXiv:1511.05644, section 5; without labelled images it clusters, section 6. The encoder gives
y = softmax(...) of K categories and a real style z from one trunk. Every minibatch takes one update
of each phase, the images encoded anew in each:

    1  reconstruction  encoder, decoder:  -log p(x | y, z)
    2a adversarial     both discriminators: the GAN loss, y against uniform one-hot vectors and z
                                          against N(0, s^2 I)
    2b adversarial     encoder:           -E log D_y(y) - E log D_z(z)
    3  supervised      encoder:           -E log y_label, where the batch has labelled images

Deviations: the authors published no code. From memory, not recovered from the paper: a style of 10
dimensions and Gaussian noise of deviation 0.3 on the input of labelled batches of MNIST (which
`posterior` "implicit" extends to all batches). The encoder's outputs are K logits and m styles of
one linear layer, the same function as a layer for each. `discriminator_noise` as in `aae`. The
paper's 1.90 % at 100 labels has not been reached in public; about 5 % has.
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
from jaxgen.core.code_prior import draw_category
from jaxgen.core.generator import balanced_labels
from jaxgen.core.posterior import evaluating
from jaxgen.losses import adversarial
from jaxgen.objectives.aae import nats, play, to_image

NETWORKS = ("encoder", "decoder", "category_discriminator", "style_discriminator")


@dataclasses.dataclass(frozen=True)
class Hparams:
    """Numbers of the game; the defaults are those of the paper's MNIST with labels.

    num_categories: K. style_size, style_scale: of the prior N(0, s^2 I) of z. posterior:
    "deterministic" | "implicit"; input_noise and input_noise_level, see `core.posterior`, are of
    the supervised phase, and of all where it is implicit. likelihood: "bernoulli" | "squared".
    discriminator_noise: standard deviation of what is added to the inputs of both D.
    """

    num_categories: int = 10
    style_size: int = 10
    style_scale: float = 1.0
    posterior: str = "deterministic"
    input_noise: str = "gaussian"
    input_noise_level: float = 0.3
    likelihood: str = "bernoulli"
    discriminator_noise: float = 0.0

    def __post_init__(self):
        posteriors.check(self)
        require_choice(
            self, posterior=("deterministic", "implicit"), likelihood=("bernoulli", "squared")
        )
        require_at_least(1, self, "num_categories", "style_size")
        require_at_least(0, self, "style_scale", "discriminator_noise")


def batch_entries(_) -> tuple[str, ...]:
    """A step reads images, and labelled ones where the data has some (`config.data.labelled`)."""
    return ("image", "labelled_image", "labelled_label")


def categories(hparams: Hparams) -> int:
    """K."""
    return hparams.num_categories


def infer(
    nets: Nets, spec: Spec, image: Array, key: Key | None = None, *, train: bool = True
) -> tuple[Array, Array]:
    """(probabilities f32[b,K], styles f32[b,m]) of images f32[b,h,w,c]; no key, no noise."""
    output = posteriors.outputs(nets, spec, image, key, train=train)
    logits, style = jnp.split(output, [spec.hparams.num_categories], axis=1)
    return jax.nn.softmax(logits), style


def reconstruction_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """Phase 1 on images f32[b,h,w,c]: nats, summed over pixels, mean over the batch."""
    key_code, key_decoder = jax.random.split(key)
    probabilities, style = infer(nets, spec, image, key_code)
    code = jnp.concatenate([probabilities, style], axis=1)
    loss = jnp.mean(nats(spec, nets("decoder", code, key=key_decoder), image))
    return loss, {"decoder/nats": loss, **_code_metrics(spec, probabilities, style, "encoder/")}


def discriminators_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """Phase 2a on images f32[b,h,w,c]: the sum of two games that share nothing but the encoder."""
    key_category, key_style, key_code, *keys = jax.random.split(key, 7)
    hparams, num = spec.hparams, image.shape[0]
    drawn = draw_category(spec.layout, key_category, num, hparams.num_categories)
    draws = (
        jax.nn.one_hot(drawn, hparams.num_categories),
        hparams.style_scale * spec.layout.normal(key_style, (num, hparams.style_size)),
    )
    total, metrics = 0.0, {}
    for name, real, fake in zip(NETWORKS[2:], draws, infer(nets, spec, image, key_code)):
        real_logits = posteriors.judge(nets, spec, name, real, keys.pop())
        fake_logits = posteriors.judge(nets, spec, name, fake, keys.pop())
        loss = adversarial.gan_discriminator(real_logits, fake_logits)
        total += loss
        metrics |= {
            f"{name}/loss": loss,
            f"{name}/real": jax.nn.sigmoid(real_logits).mean(),
            f"{name}/fake": jax.nn.sigmoid(fake_logits).mean(),
        }
    return jnp.asarray(total), metrics


def encoder_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """Phase 2b on images f32[b,h,w,c], against both discriminators of now."""
    key_code, *keys = jax.random.split(key, 3)
    codes = infer(nets, spec, image, key_code)
    category, style = (
        adversarial.gan_generator(posteriors.judge(nets, spec, name, code, key_judge))
        for name, code, key_judge in zip(NETWORKS[2:], codes, keys)
    )
    return category + style, {"encoder/category_loss": category, "encoder/style_loss": style}


def supervised_loss(
    nets: Nets, spec: Spec, image: Array, label: Array, key: Key
) -> tuple[Array, Metrics]:
    """Phase 3: cross-entropy in nats of labels i32[b], on images with noise."""
    key_input, key_layers = jax.random.split(key)
    output = nets("encoder", posteriors.corrupt(spec, image, key_input), key=key_layers)
    log_probabilities = jax.nn.log_softmax(output[:, : spec.hparams.num_categories])
    loss = -jnp.mean(jnp.take_along_axis(log_probabilities, label[:, None], axis=1))
    right = jnp.argmax(log_probabilities, axis=1) == label
    return loss, {"encoder/supervised": loss, "encoder/labelled_accuracy": jnp.mean(right)}


def create_state(spec: Spec, key: Key, batch: Batch) -> TrainState:
    """Initial state; `batch["image"]` f32[b,h,w,c] gives the image size."""
    category = jnp.zeros((1, spec.hparams.num_categories))
    style = jnp.zeros((1, spec.hparams.style_size))
    code = jnp.concatenate([category, style], axis=1)
    inputs = ((batch["image"][:1],), (code,), (category,), (style,))
    return create(spec, key, dict(zip(NETWORKS, inputs)))


def train_step(spec: Spec, state: TrainState, batch: Batch, key: Key) -> tuple[TrainState, Metrics]:
    """Phases 1, 2a, 2b, and 3 where the batch has labelled images.

    batch: "image" f32[b,h,w,c]; optionally "labelled_image" f32[n,h,w,c], "labelled_label" i32[n].
    key: constant over a run.
    """
    image, keys = batch["image"], jax.random.split(jax.random.fold_in(key, state.step), 4)
    phases = [
        (("encoder", "decoder"), reconstruction_loss, (image, keys[0]), "reconstruction"),
        (NETWORKS[2:], discriminators_loss, (image, keys[1]), "adversarial"),
        ("encoder", encoder_loss, (image, keys[2]), "adversarial"),
    ]
    if "labelled_image" in batch:
        labelled = (batch["labelled_image"], batch["labelled_label"], keys[3])
        phases.append(("encoder", supervised_loss, labelled, "supervised"))
    return play(spec, state, *phases)


def assignments(spec: Spec, state: TrainState, image: Array) -> Array:
    """q(category | image) f32[b,K], without noise."""
    return infer(evaluating(spec, state), spec, image, train=False)[0]


def encode(spec: Spec, state: TrainState, image: Array) -> Array:
    """Probabilities and styles f32[b,K+m] of images, without noise: what `decode` takes."""
    return jnp.concatenate(infer(evaluating(spec, state), spec, image, train=False), axis=1)


def decode(spec: Spec, state: TrainState, code: Array) -> Array:
    """Mean images f32[b,h,w,c] in [-1,1] of categories and styles f32[b,K+m]."""
    return to_image(spec, evaluating(spec, state)("decoder", code, train=False))


def sample(
    spec: Spec, state: TrainState, key: Key, num: int, condition: Array | None = None
) -> Array:
    """`num` images f32[num,h,w,c]; condition: categories i32[num] (default: all in turn).

    The cluster heads of the paper are `decode` of one-hot categories and styles of zeros.
    """
    hparams = spec.hparams
    if condition is None:
        condition = balanced_labels(num, hparams.num_categories)
    style = hparams.style_scale * spec.layout.normal(key, (num, hparams.style_size))
    category = jax.nn.one_hot(condition, hparams.num_categories)
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
    probabilities, style = jnp.split(code, [spec.hparams.num_categories], axis=1)
    figures = {"reconstruction_nats": jnp.mean(nats(spec, output, batch["image"]))}
    return figures | _code_metrics(spec, probabilities, style, "")


def _code_metrics(spec, probabilities, style, prefix):
    metrics = posteriors.category_metrics(spec, probabilities)
    metrics |= posteriors.moment_metrics(spec, style)
    return {f"{prefix}{name}": value for name, value in metrics.items()}
