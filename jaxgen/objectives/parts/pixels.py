"""What models of pixels share: likelihoods by the decoder's output, binary pixels, noise, codes."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from jaxgen.core.nets import Nets
from jaxgen.core.parts import fewest_parts
from jaxgen.core.spec import Spec
from jaxgen.core.types import Array, Key, PyTree
from jaxgen.losses import likelihood

NLL = {
    "bernoulli": likelihood.bernoulli_nll,
    "categorical": likelihood.categorical_nll,
    "logistic_mixture": likelihood.discretized_logistic_mixture_nll,
}
BINARISE = ("threshold", "sample", "none")
# Bytes of one layer's maps that a CPU's caches hold beside what is made of them.
_CACHE = 2**23


def nll(spec: Spec, parameters: Array, image: Array, where: Array | None = None) -> Array:
    """-log p(x) f32[b] in nats, summed over pixels, of what the decoder returns for images.

    `spec.hparams.output` names the distribution that `parameters` are of; images f32[b,h,w,c] must
    lie on its grid. where: bool[b,h,w], the pixels that count; all if None.
    """
    return NLL[spec.hparams.output](parameters, image, where=where)


def mean_nll(nets: Nets, spec: Spec, image: Array, *code: Array, key: Key | None = None) -> Array:
    """Mean `nll` of images f32[b,h,w,c] and their codes f32[b,m], of a decoder in training.

    key: of noise layers, of a decoder that has any. On a CPU, a PixelCNN's gradient is made of some
    images after others where the maps of all would be read from memory, which takes longer than to
    compute them: the same sums in another order, in less time (`benchmarks.pixelcnn_sampling`) and
    a fraction of the memory. It then has no forward mode.
    """
    count = 1 if nets.model_state["decoder"] else _parts(spec, image)
    if count == 1:
        return jnp.mean(nll(spec, nets("decoder", image, *code, key=key), image))

    def value(params, inputs):
        one = Nets(spec, {"decoder": params}, {"decoder": {}})
        return jnp.mean(nll(spec, one("decoder", *inputs), inputs[0]))

    return _mean_of_parts(value, count, nets.params["decoder"], (image, *code))


def _parts(spec: Spec, image: Array) -> int:
    """In how many equal parts of the batch to take the images, 1 but of a PixelCNN on one CPU."""
    values = getattr(spec.nets["decoder"], "values_of_a_layer", None)
    if values is None or spec.layout.axis_name is not None or jax.default_backend() != "cpu":
        return 1
    size = 4 * len(image) * values(*image.shape[1:3])
    return 1 if size < 2 * _CACHE else fewest_parts(len(image), size, _CACHE)


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _mean_of_parts(
    value: Callable[..., Array], count: int, params: PyTree, inputs: PyTree
) -> Array:
    """value(params, inputs) f32[] of all inputs f[b,...], a mean over them."""
    del count
    return value(params, inputs)


def _gradient_of_parts(value, count, params, inputs):
    def add(total, some):
        found, (of_params, of_inputs) = jax.value_and_grad(value, (0, 1))(params, some)
        return jax.tree.map(jnp.add, total, (found, of_params)), of_inputs

    parts = jax.tree.map(lambda x: x.reshape(count, -1, *x.shape[1:]), inputs)
    nothing: Any = (jnp.zeros(()), jax.tree.map(jnp.zeros_like, params))
    total, of_inputs = jax.lax.scan(add, nothing, parts)
    of_inputs = jax.tree.map(lambda x: x.reshape(-1, *x.shape[2:]), of_inputs)
    (mean, *gradient) = jax.tree.map(lambda x: x / count, (*total, of_inputs))
    return mean, gradient


def _times_gradient(value, count, gradient, cotangent):
    del value, count
    return tuple(jax.tree.map(lambda x: x * cotangent, gradient))


_mean_of_parts.defvjp(_gradient_of_parts, _times_gradient)


def binarise(spec: Spec, image: Array, key: Key | None = None) -> Array:
    """Images f32[b,h,w,c] on the grid that `hparams.output` models, `to_binary` for "bernoulli"."""
    return to_binary(spec, image, key) if spec.hparams.output == "bernoulli" else image


def to_binary(spec: Spec, image: Array, key: Key | None = None) -> Array:
    """Images f32[b,h,w,c] of -1 and 1, as `spec.hparams.binarise` says.

    "threshold" (at 0), "sample" (1 with probability (x + 1) / 2; without a key at 0 as well),
    "none" (as they are).
    """
    if spec.hparams.binarise == "none":
        return image
    threshold = 0.0
    if spec.hparams.binarise == "sample" and key is not None:
        threshold = 2.0 * spec.layout.uniform(key, image.shape) - 1.0
    return jnp.where(image > threshold, 1.0, -1.0)


def draw_noise(spec: Spec, key: Key, num: int) -> Array:
    """The uniform noise f32[num,h,w,n] in [0,1) that `num` images are a function of."""
    hparams = spec.hparams
    numbers = {"bernoulli": 1, "categorical": hparams.channels}
    n = numbers.get(hparams.output, 1 + hparams.channels)
    return spec.layout.uniform(key, (num, hparams.image_size, hparams.image_size, n))


def draw_code_of(
    spec: Spec, nets: Nets, key: Key, image: Array, known: Array, codes: Array
) -> Array:
    """For each image f32[b,h,w,c] one of `codes` f32[s,m], drawn given its known pixels: f32[b,m].

    known: bool[h,w] or [b,h,w]. Codes are alike beforehand and weighed by the likelihood of the
    pixels before the first unknown one in raster order, so exactly where no other is known. One
    pass of the decoder a code.
    """
    known = jnp.broadcast_to(known if known.ndim == 3 else known[None], image.shape[:3])
    first = jnp.cumprod(known.reshape(known.shape[0], -1), axis=1).reshape(known.shape) > 0

    def log_weight(code):
        given = jnp.broadcast_to(code[None], (image.shape[0], *code.shape))
        return -nll(spec, nets("decoder", image, given, train=False), image, first)

    log_weights = jax.lax.map(log_weight, codes).T
    gumbel = -jnp.log(-jnp.log(spec.layout.uniform(key, log_weights.shape)))
    return codes[jnp.argmax(log_weights + gumbel, axis=1)]
