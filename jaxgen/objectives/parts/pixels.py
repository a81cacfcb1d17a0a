"""What models of pixels share: likelihoods by the decoder's output, binary pixels, noise, codes."""

import jax
import jax.numpy as jnp

from jaxgen.core.nets import Nets
from jaxgen.core.spec import Spec
from jaxgen.core.types import Array, Key
from jaxgen.losses import likelihood

NLL = {
    "bernoulli": likelihood.bernoulli_nll,
    "categorical": likelihood.categorical_nll,
    "logistic_mixture": likelihood.discretized_logistic_mixture_nll,
}
BINARISE = ("threshold", "sample", "none")


def nll(spec: Spec, parameters: Array, image: Array, where: Array | None = None) -> Array:
    """-log p(x) f32[b] in nats, summed over pixels, of what the decoder returns for images.

    `spec.hparams.output` names the distribution that `parameters` are of; images f32[b,h,w,c] must
    lie on its grid. where: bool[b,h,w], the pixels that count; all if None.
    """
    return NLL[spec.hparams.output](parameters, image, where=where)


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
