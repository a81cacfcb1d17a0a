"""What models of pixels share: likelihoods by the decoder's output, binary pixels, noise."""

import jax.numpy as jnp

from jaxgen.core.spec import Spec
from jaxgen.core.types import Array, Key
from jaxgen.losses import likelihood

NLL = {
    "bernoulli": likelihood.bernoulli_nll,
    "categorical": likelihood.categorical_nll,
    "logistic_mixture": likelihood.discretized_logistic_mixture_nll,
}
BINARISE = ("threshold", "sample", "none")


def nll(spec: Spec, parameters: Array, image: Array) -> Array:
    """-log p(x) f32[b] in nats, summed over pixels, of what the decoder returns for images.

    `spec.hparams.output` names the distribution that `parameters` are of; images f32[b,h,w,c] must
    lie on its grid.
    """
    return NLL[spec.hparams.output](parameters, image)


def binarise(spec: Spec, image: Array, key: Key | None = None) -> Array:
    """Images f32[b,h,w,c] on the grid that is modelled: -1 and 1 for "bernoulli".

    `spec.hparams.binarise`: "threshold" (at 0), "sample" (1 with probability (x + 1) / 2; without
    a key at 0 as well), "none" (as they are).
    """
    if spec.hparams.output != "bernoulli" or spec.hparams.binarise == "none":
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
