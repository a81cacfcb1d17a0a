"""Encoders whose posterior q(z|x) only needs to be sampled, and what their codes look like.

Three posteriors of A. Makhzani, J. Shlens, N. Jaitly, I. Goodfellow, B. Frey, "Adversarial
Autoencoders", 2015, arXiv:1511.05644, section 2; again in A. Makhzani, B. Frey, "PixelGAN
Autoencoders", NeurIPS 2017, arXiv:1706.00531:

- "deterministic": z = f(x).
- "gaussian": z = mu(x) + sigma(x) n, n from N(0, I); the network's outputs are mu, log sigma.
- "implicit": z = f(x, n), the universal approximator; n corrupts the encoder's input, and the
  density of z is not known.

A categorical code is softmax(f), fed as it is: not sampled, not rounded.
"""

from collections.abc import Mapping

import jax
import jax.numpy as jnp

from jaxgen.core.errors import require_at_least, require_choice
from jaxgen.core.keys import key_for
from jaxgen.core.nets import Nets
from jaxgen.core.spec import Spec
from jaxgen.core.types import Array, Key, Metrics
from jaxgen.losses.moments import batch_moments

POSTERIORS = ("deterministic", "gaussian", "implicit")
INPUT_NOISE = ("dropout", "gaussian")


MOMENTS = {
    "code_mean_error": (
        "Mean of codes",
        "mean distance of a dimension's mean from 0; toward 0, as the prior's",
    ),
    "code_var": (
        "Variance of codes",
        "a mean of dimensions; toward the prior's; near 0, codes have collapsed",
    ),
}
ENTROPIES = {
    "usage_entropy": (
        "Entropy of the categories' use",
        "nats; toward log K, where all are used alike; near 0, codes have collapsed",
    ),
    "assignment_entropy": (
        "Entropy of an assignment",
        "nats; toward 0, where each image is sure of its category",
    ),
}


def titles(*groups: Mapping[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """Titles of metrics of codes, in the log and in an evaluation."""
    own = {name: title for group in groups for name, title in group.items()}
    return {f"{where}/{name}": t for where in ("encoder", "objective") for name, t in own.items()}


def check(hparams) -> None:
    """Raises ValueError unless posterior, input_noise and input_noise_level go together."""
    require_choice(hparams, posterior=POSTERIORS, input_noise=INPUT_NOISE)
    require_at_least(0, hparams, "input_noise_level")
    if hparams.input_noise == "dropout" and hparams.input_noise_level >= 1:
        raise ValueError(
            f"input_noise_level={hparams.input_noise_level} is the share of pixels that dropout "
            "drops: it must be below 1."
        )


def outputs(nets: Nets, spec: Spec, image: Array, key: Key | None = None, *, train=True) -> Array:
    """What the encoder returns of images f32[b,h,w,c] in [-1,1]: f32[b,m], or f32[b,2m] (Gaussian).

    key: of the noise; without one there is none, as in evaluation.
    """
    if key is None:
        return nets("encoder", image, train=train)
    if spec.hparams.posterior == "implicit":
        image = corrupt(spec, image, key_for(key, "input"))
    return nets("encoder", image, train=train, key=key_for(key, "encoder"))


def corrupt(spec: Spec, image: Array, key: Key) -> Array:
    """Images f32[b,h,w,c] in [-1,1] with the noise that `hparams.input_noise` names.

    "dropout": a share `input_noise_level` of the pixels becomes black (-1) and the others, taken in
    [0,1], are divided by the share that is kept. "gaussian": `input_noise_level` is the standard
    deviation on the scale [0,1], so twice that here.
    """
    level = spec.hparams.input_noise_level
    if spec.hparams.input_noise == "gaussian":
        return image + 2.0 * level * spec.layout.normal(key, image.shape)
    kept = spec.layout.uniform(key, image.shape) >= level
    return jnp.where(kept, (image + 1.0) / (1.0 - level), 0.0) - 1.0


def num_classes(hparams) -> int:
    """K of a categorical code; 0 where codes are real."""
    return hparams.code_size if hparams.code_prior == "categorical" else 0


def infer(
    nets: Nets, spec: Spec, image: Array, key: Key | None = None, *, train: bool = True
) -> Array:
    """Codes f32[b,m] of images f32[b,h,w,c]: probabilities where categorical, else real.

    key: of the noise; without one there is none, and a Gaussian gives its mean.
    """
    output = outputs(nets, spec, image, key, train=train)
    if num_classes(spec.hparams):
        return jax.nn.softmax(output)
    return to_real_code(spec, output, key)


def to_real_code(spec: Spec, output: Array, key: Key | None = None) -> Array:
    """Codes f32[b,m] of outputs: the outputs, or a draw from their Gaussian (its mean, no key)."""
    if spec.hparams.posterior != "gaussian":
        return output
    mean, log_sigma = jnp.split(output, 2, axis=1)
    return mean if key is None else draw(spec, mean, log_sigma, key_for(key, "code"))


def gaussian(
    nets: Nets, image: Array, key: Key | None = None, *, train: bool = True
) -> tuple[Array, Array]:
    """Mu f32[b,m] and log sigma f32[b,m] of images f32[b,h,w,c]: the encoder's outputs f32[b,2m].

    key: of noise layers in the encoder, where there are any.
    """
    mean, log_sigma = jnp.split(nets("encoder", image, train=train, key=key), 2, axis=1)
    return mean, log_sigma


def draw(spec: Spec, mean: Array, log_sigma: Array, key: Key) -> Array:
    """A draw mu + sigma n f32[b,m], n from N(0, I), that carries gradient to mu and sigma."""
    return mean + jnp.exp(log_sigma) * spec.layout.normal(key, mean.shape)


def code_metrics(spec: Spec, code: Array) -> Metrics:
    """`category_metrics` of codes f32[b,m] where they are categorical, else `moment_metrics`."""
    return (category_metrics if num_classes(spec.hparams) else moment_metrics)(spec, code)


def moment_metrics(spec: Spec, code: Array) -> Metrics:
    """Moments of real codes f32[b,m] over the global batch.

    "code_mean_error": mean distance of a dimension's mean from 0; "code_var": mean variance of a
    dimension, that of the prior where they match.
    """
    mean, var = batch_moments(code, mean=spec.layout.mean)
    return {"code_mean_error": jnp.mean(jnp.abs(mean)), "code_var": jnp.mean(var)}


def category_metrics(spec: Spec, probabilities: Array) -> Metrics:
    """Entropies, in nats, of soft assignments f32[b,K] over the global batch.

    "usage_entropy": of the mean assignment, log K where all categories are used alike, low where
    codes collapse. "assignment_entropy": mean of each assignment's, 0 where all are certain. Their
    difference is the information that the category carries about the image.
    """
    usage = spec.layout.mean(jnp.mean(probabilities, axis=0))
    certain = spec.layout.mean(jnp.mean(entropy(probabilities)))
    return {"usage_entropy": entropy(usage), "assignment_entropy": certain}


def entropy(probabilities: Array) -> Array:
    """-sum p log p over the last axis, in nats; 0 log 0 is 0."""
    return -jnp.sum(probabilities * jnp.log(jnp.maximum(probabilities, 1e-30)), axis=-1)
