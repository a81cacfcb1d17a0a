"""PixelCNN: maximum likelihood of images, pixel after pixel.

A. van den Oord, N. Kalchbrenner, O. Vinyals, L. Espeholt, A. Graves, K. Kavukcuoglu, "Conditional
Image Generation with PixelCNN Decoders", 2016, arXiv:1606.05328. The one player minimises

    decoder:    -log p(x|y) = -sum_i log p(x_i | x_<i, y)                           (eqs. 1 and 3)

over pixels i in raster order (and red, green, blue within a pixel), of the image itself (teacher
forcing); y is the class, as a one-hot code, or nothing.

Metrics are nats an image, summed over pixels and channels, and bits a dimension, that divided by
h w c log 2. They are of the grid that `output` is over: binary images for "bernoulli", 256 values a
channel for the others. How gray images were made binary changes them: "threshold" gives an
easier set than "sample" or the published binarised MNIST.

Deviations: outputs other than the paper's 256-way softmax are those of PixelCNN++
(arXiv:1701.05517), "logistic_mixture", and of binarised MNIST, "bernoulli".
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
from jaxgen.losses import likelihood
from jaxgen.objectives.parts import pixels
from jaxgen.objectives.parts.latents import balanced_labels
from jaxgen.objectives.parts.pixels import binarise as as_modelled

NETWORKS = ("decoder",)
TITLES = {
    "decoder/nll": (
        "Negative log-likelihood",
        "nats an image, of training images; lower is better; far below that of held-out ones, the "
        "model knows its images by heart",
    ),
    "decoder/bits_per_dim": ("Bits per dimension", "of training images; lower is better"),
    "objective/nll": ("Negative log-likelihood", "nats an image; lower is better"),
    "objective/bits_per_dim": ("Bits per dimension", "lower is better"),
}


@dataclasses.dataclass(frozen=True)
class Hparams:
    """What is modelled; the decoder must have the same output, channels and conditioning.

    Attributes:
      output: of the decoder, "bernoulli", "categorical" or "logistic_mixture".
      image_size: pixels a side, of samples.
      channels: of samples.
      num_classes: labels are 0 to num_classes - 1 and condition the model; 0 for no condition.
      binarise: how gray images become -1 and 1 for "bernoulli": "threshold" (at 0), "sample" (1
        with probability (x + 1) / 2, drawn again at every step) or "none" (they are binary; of
        others the loss would be a cross-entropy and no likelihood).
      temperature: of samples, 1 for the model's own.
    """

    output: str = "categorical"
    image_size: int = 32
    channels: int = 3
    num_classes: int = 0
    binarise: str = "threshold"
    temperature: float = 1.0

    def __post_init__(self):
        require_choice(self, output=tuple(pixels.NLL), binarise=pixels.BINARISE)
        require_at_least(1, self, "image_size", "channels")
        require_at_least(0, self, "num_classes", "temperature")


def num_classes(hparams: Hparams) -> int:
    """Classes that the model is given; 0 of an unconditional one."""
    return hparams.num_classes


def decoder_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """Mean nats an image of f32[b,h,w,c] in [-1,1], and bits a dimension."""
    return _loss(nets, spec, image, None, key)


def conditional_decoder_loss(
    nets: Nets, spec: Spec, image: Array, label: Array, key: Key
) -> tuple[Array, Metrics]:
    """`decoder_loss` given the labels i32[b]."""
    return _loss(nets, spec, image, label, key)


def _loss(nets, spec, image, label, key):
    code = () if label is None else _code(spec, label)
    loss = pixels.mean_nll(nets, spec, pixels.binarise(spec, image, key), *code)
    bits = likelihood.bits_per_dim(loss, image.shape[1:])
    return loss, {"decoder/nll": loss, "decoder/bits_per_dim": bits}


def negative_log_likelihood(nets: Nets, spec: Spec, image: Array, label: Array | None) -> Array:
    """-log p(x|y) f32[b] in nats of held-out images f32[b,h,w,c] on the grid of `output`."""
    code = () if label is None else _code(spec, label)
    return pixels.nll(spec, nets("decoder", image, *code, train=False), image)


def create_state(spec: Spec, key: Key, batch: Batch) -> TrainState:
    """Initial state; `batch["image"]` f32[b,h,w,c] gives the image size."""
    code = _code(spec, jnp.zeros((1,), jnp.int32))
    return create(spec, key, {"decoder": (batch["image"][:1], *code)})


def turns(hparams: Hparams) -> tuple[Turn, ...]:
    """One update of the decoder."""
    if hparams.num_classes:
        return (Turn("decoder", conditional_decoder_loss, ("image", "label")),)
    return (Turn("decoder", decoder_loss),)


def train_step(spec: Spec, state: TrainState, batch: Batch, key: Key) -> tuple[TrainState, Metrics]:
    """One update. batch: "image" f32[b,h,w,c], "label" i32[b] of a class-conditional model."""
    return take_turns(spec, state, batch, key, turns(spec.hparams))


def sample(
    spec: Spec, state: TrainState, key: Key, num: int, condition: Array | None = None
) -> Array:
    """`num` images f32[num,h,w,c] in [-1,1] of the classes `condition` i32[num] (default: in turn).

    By the arithmetic of one forward pass. Of more than fit at once: `jaxgen.runs.sampling`.
    """
    return _draw(spec, state, pixels.draw_noise(spec, key, num), condition, None, None)


def complete(
    spec: Spec,
    state: TrainState,
    key: Key,
    image: Array,
    known: Array,
    condition: Array | None = None,
) -> Array:
    """Images f32[b,h,w,c]: those of `image` where `known` bool[h,w] or [b,h,w], the rest drawn.

    A pixel is drawn given the known ones before it in raster order, not those after it. condition:
    classes i32[b] of a class-conditional model; by default drawn given the known pixels, see
    `parts.pixels.draw_code_of`.
    """
    image = as_modelled(spec, image, key_for(key, "pixels"))
    noise = pixels.draw_noise(spec, key_for(key, "noise"), image.shape[0])
    if condition is None and spec.hparams.num_classes:
        codes, nets = jnp.eye(spec.hparams.num_classes), evaluating(spec, state)
        code = pixels.draw_code_of(spec, nets, key_for(key, "class"), image, known, codes)
        condition = jnp.argmax(code, axis=1)
    return _draw(spec, state, noise, condition, known, image)


def evaluate(spec: Spec, state: TrainState, batch: Batch, key: Key) -> Metrics:
    """nll: nats an image, bits_per_dim: bits a channel of a pixel, of held-out images.

    Exact, of the binary ("bernoulli") or 8-bit images, with the averaged parameters. Of a
    class-conditional model -log p(x|y) where the batch has labels, else -log mean_y p(x|y), every
    class alike.
    """
    image = pixels.binarise(spec, batch["image"], key)
    nets = evaluating(spec, state)
    if spec.hparams.num_classes and "label" not in batch:
        nll = _marginal(nets, spec, image)
    else:
        nll = negative_log_likelihood(nets, spec, image, batch.get("label"))
    nll = jnp.mean(nll)
    return {"nll": nll, "bits_per_dim": likelihood.bits_per_dim(nll, image.shape[1:])}


def _marginal(nets: Nets, spec: Spec, image: Array) -> Array:
    """-log of the mean over classes of p(x|y), f32[b]."""
    classes = spec.hparams.num_classes

    def given(label):
        labels = jnp.full((image.shape[0],), label)
        return negative_log_likelihood(nets, spec, image, labels)

    nll = jax.lax.map(given, jnp.arange(classes))
    return jnp.log(classes) - jax.nn.logsumexp(-nll, axis=0)


def _draw(spec, state, noise, condition, known, image):
    nets = evaluating(spec, state)
    classes = spec.hparams.num_classes
    if condition is not None and not classes:
        raise ValueError("This PixelCNN has num_classes=0, so it takes no condition.")
    if condition is None:
        condition = balanced_labels(noise.shape[0], max(1, classes))
    code = _code(spec, condition) or (None,)
    temperature = spec.hparams.temperature
    return nets("decoder", noise, *code, known, image, temperature, method="sample")


def _code(spec: Spec, label: Array) -> tuple[Array, ...]:
    """What the decoder is given beside the image: the one-hot class, or nothing."""
    classes = spec.hparams.num_classes
    return (jax.nn.one_hot(label, classes),) if classes else ()
