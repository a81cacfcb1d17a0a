"""PixelCNN: maximum likelihood of images, pixel after pixel.

A. van den Oord, N. Kalchbrenner, O. Vinyals, L. Espeholt, A. Graves, K. Kavukcuoglu, "Conditional
Image Generation with PixelCNN Decoders", 2016, arXiv:1606.05328. The one player minimises

    decoder:    -log p(x|y) = -sum_i log p(x_i | x_<i, y)                           (eqs. 1 and 3)

over pixels i in raster order (and red, green, blue within a pixel), of the image itself (teacher
forcing); y is the class, as a one-hot code, or nothing.

Figures are nats an image, summed over pixels and channels, and bits a dimension, that divided by
h w c log 2. They are of the grid that `output` is over: binary images for "bernoulli", 256 values a
channel for the others. How gray images were made binary changes the figure: "threshold" gives an
easier set than "sample" or the published binarised MNIST.

Deviations: outputs other than the paper's 256-way softmax are those of PixelCNN++
(arXiv:1701.05517), "logistic_mixture", and of binarised MNIST, "bernoulli".
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
    eval_params,
    finish,
    optimise,
    require_at_least,
    require_choice,
)
from jaxgen.core.generator import balanced_labels
from jaxgen.losses import likelihood

NETWORKS = ("decoder",)

NLL = {
    "bernoulli": likelihood.bernoulli_nll,
    "categorical": likelihood.categorical_nll,
    "logistic_mixture": likelihood.discretized_logistic_mixture_nll,
}


@dataclasses.dataclass(frozen=True)
class Hparams:
    """What is modelled; the decoder must have the same output, channels and conditioning.

    output: "bernoulli" | "categorical" | "logistic_mixture". image_size, channels: of samples.
    num_classes: labels are 0 to num_classes - 1 and condition the model; 0 for no condition.
    binarise: how gray images become -1 and 1 for "bernoulli": "threshold" (at 0), "sample" (1 with
    probability (x + 1) / 2, drawn anew at every step), "none" (they are binary; of others the loss
    would be a cross-entropy and no likelihood). temperature: of samples, 1 for the model's own.
    """

    output: str = "categorical"
    image_size: int = 32
    channels: int = 3
    num_classes: int = 0
    binarise: str = "threshold"
    temperature: float = 1.0

    def __post_init__(self):
        require_choice(self, output=tuple(NLL), binarise=("threshold", "sample", "none"))
        require_at_least(1, self, "image_size", "channels")
        require_at_least(0, self, "num_classes", "temperature")


def batch_entries(hparams: Hparams) -> tuple[str, ...]:
    """A step of a class-conditional model reads labels too."""
    return ("image", "label") if hparams.num_classes else ("image",)


def decoder_loss(
    nets: Nets, spec: Spec, image: Array, label: Array | None, key: Key
) -> tuple[Array, Metrics]:
    """Mean nats an image of f32[b,h,w,c] in [-1,1], of a class-conditional model with labels."""
    nll = negative_log_likelihood(nets, spec, _binary(spec, image, key), label)
    loss = jnp.mean(nll)
    bits = likelihood.bits_per_dim(loss, image.shape[1:])
    return loss, {"decoder/nll": loss, "decoder/bits_per_dim": bits}


def negative_log_likelihood(
    nets: Nets, spec: Spec, image: Array, label: Array | None, *, train: bool = True
) -> Array:
    """-log p(x|y) f32[b] in nats of images f32[b,h,w,c] that lie on the grid of `output`."""
    code = () if label is None else _code(spec, label)
    parameters = nets("decoder", image, *code, train=train)
    return NLL[spec.hparams.output](parameters, image)


def create_state(spec: Spec, key: Key, batch: Batch) -> TrainState:
    """Initial state; `batch["image"]` f32[b,h,w,c] gives the image size."""
    code = _code(spec, jnp.zeros((1,), jnp.int32))
    return create(spec, key, {"decoder": (batch["image"][:1], *code)})


def train_step(spec: Spec, state: TrainState, batch: Batch, key: Key) -> tuple[TrainState, Metrics]:
    """One update. batch: "image" f32[b,h,w,c], "label" i32[b] of a class-conditional model."""
    key = jax.random.fold_in(key, state.step)
    state, metrics = optimise(
        spec, state, "decoder", decoder_loss, batch["image"], batch.get("label"), key
    )
    return finish(spec, state), metrics


def draw_noise(spec: Spec, key: Key, num: int) -> Array:
    """The uniform noise f32[num,h,w,n] in [0,1) that `num` images are a function of."""
    hparams = spec.hparams
    numbers = {"bernoulli": 1, "categorical": hparams.channels}
    n = numbers.get(hparams.output, 1 + hparams.channels)
    return spec.layout.uniform(key, (num, hparams.image_size, hparams.image_size, n))


def sample(
    spec: Spec, state: TrainState, key: Key, num: int, condition: Array | None = None
) -> Array:
    """`num` images f32[num,h,w,c] in [-1,1] of the classes `condition` i32[num] (default: in turn).

    About the time of one forward pass. Of more images than fit at once: `jaxgen.sampling.draw`.
    """
    return _draw(spec, state, draw_noise(spec, key, num), condition, None, None)


def complete(
    spec: Spec,
    state: TrainState,
    key: Key,
    image: Array,
    known: Array,
    condition: Array | None = None,
) -> Array:
    """Images f32[b,h,w,c]: those of `image` where `known` bool[h,w] or [b,h,w], the rest drawn.

    A pixel is drawn given the known ones before it in raster order, not those after it.
    """
    image = _binary(spec, image, jax.random.fold_in(key, 0))
    noise = draw_noise(spec, jax.random.fold_in(key, 1), image.shape[0])
    return _draw(spec, state, noise, condition, known, image)


def evaluate(spec: Spec, state: TrainState, batch: Batch, key: Key) -> Metrics:
    """nll: nats an image, bits_per_dim: bits a channel of a pixel, of held-out images.

    Exact, of the binary ("bernoulli") or 8-bit images, with the averaged parameters. Of a
    class-conditional model -log p(x|y) where the batch has labels, else -log mean_y p(x|y), every
    class alike.
    """
    image = _binary(spec, batch["image"], key)
    nets = Nets(spec, eval_params(state), state.model_state)
    if spec.hparams.num_classes and "label" not in batch:
        nll = _marginal(nets, spec, image)
    else:
        nll = negative_log_likelihood(nets, spec, image, batch.get("label"), train=False)
    nll = jnp.mean(nll)
    return {"nll": nll, "bits_per_dim": likelihood.bits_per_dim(nll, image.shape[1:])}


def _marginal(nets: Nets, spec: Spec, image: Array) -> Array:
    """-log of the mean over classes of p(x|y), f32[b]."""
    classes = spec.hparams.num_classes

    def given(label):
        labels = jnp.full((image.shape[0],), label)
        return negative_log_likelihood(nets, spec, image, labels, train=False)

    nll = jax.lax.map(given, jnp.arange(classes))
    return jnp.log(classes) - jax.nn.logsumexp(-nll, axis=0)


def _draw(spec, state, noise, condition, known, image):
    nets = Nets(spec, eval_params(state), state.model_state)
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


def _binary(spec: Spec, image: Array, key: Key) -> Array:
    """The image on the grid that is modelled: -1 and 1 for "bernoulli"."""
    hparams = spec.hparams
    if hparams.output != "bernoulli" or hparams.binarise == "none":
        return image
    threshold = 0.0
    if hparams.binarise == "sample":
        threshold = 2.0 * spec.layout.uniform(key, image.shape) - 1.0
    return jnp.where(image > threshold, 1.0, -1.0)
