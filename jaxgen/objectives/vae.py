"""VAE: an encoder and a decoder that maximise a lower bound of the likelihood.

D. Kingma, M. Welling, "Auto-Encoding Variational Bayes", 2013, arXiv:1312.6114. With
q(z|x) = N(mu(x), sigma(x)^2) and p(z) = N(0, I) both networks move together and minimise

    encoder, decoder:  E [-log p(x|z)] + KL(q(z|x) || p(z)),  z = mu + sigma n, n from N(0, I)

(eqs. 7 and 10, one n an image), both terms summed over their dimensions and averaged over the
batch; the KL is exact (appendix B). The sum is minus the evidence lower bound: -log p(x) is at most
that. `kl_weight` above 1 makes it the beta-VAE of I. Higgins et al., "beta-VAE: Learning Basic
Visual Concepts with a Constrained Variational Framework", ICLR 2017.

`evaluate` gives the bound, its two parts, and a tighter estimate of -log p(x) by K draws of q:

    importance:  -log 1/K sum_k p(x|z_k) p(z_k) / q(z_k|x)

of Y. Burda, R. Grosse, R. Salakhutdinov, "Importance Weighted Autoencoders", ICLR 2016,
arXiv:1509.00519, eq. 8: in expectation below the bound, not below -log p(x), and nearer to it as K
grows. All are of the bound's own terms, whatever `kl_weight` is. Nats of binary images and of 256
values are of probabilities; those of "gaussian" are of a density on the scale [-1,1] and may be
negative. None compares with another, nor with images that became binary in another way.

Samples, decoded codes and reconstructions are the means of p(x|z), not draws of it.

Deviations: the paper has no standard length of a code (3 to 200), minibatches of 100, Adagrad, tanh
units, initial weights of N(0, 0.01) and a weight decay; here these are the config's. The defaults
are those of the usual public code (pytorch/examples, vae), whose targets are gray; here images
become binary first (`binarise`). The paper's Gaussian decoder gives a deviation a pixel as well,
and its means are sigmoidal; here the deviation is a number, `pixel_scale`, and means are what the
network returns: choose one that ends in tanh or a sigmoid. "discretized" is one logistic of
PixelCNN++ (arXiv:1701.05517) a pixel, of constant scale, for 8-bit images.
"""

import dataclasses
import math

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
from jaxgen.objectives.parts import latents, pixels, posteriors
from jaxgen.objectives.parts.latents import draw_normal as draw_code

__all__ = ["draw_code"]  # shared with generators of latents

NETWORKS = ("encoder", "decoder")
_OF_Q = "nats an image; toward 0 codes tell nothing of their images, which is collapse"
TITLES = {
    "encoder/loss": (
        "Negative lower bound",
        "nats an image, of training images, the KL times its weight; lower is better; far below "
        "that of held-out ones, the model knows its images by heart",
    ),
    "encoder/kl": ("KL of codes to the prior", _OF_Q),
    "decoder/nats": ("Reconstruction", "nats an image, of training images; lower is better"),
    "objective/elbo_nats": (
        "Negative lower bound",
        "nats an image, at least the negative log-likelihood; lower is better",
    ),
    "objective/kl_nats": ("KL of codes to the prior", _OF_Q),
    "objective/reconstruction_nats": ("Reconstruction", "nats an image; lower is better"),
    "objective/importance_nats": (
        "Negative log-likelihood",
        "nats an image, an estimate from above by importance sampling; lower is better",
    ),
}
LIKELIHOODS = ("bernoulli", "gaussian", "discretized")


@dataclasses.dataclass(frozen=True)
class Hparams:
    """Numbers of the model.

    Attributes:
      latent_size: length of a code; the encoder gives twice as many numbers, mu and log sigma.
      likelihood: what the decoder returns of pixels: logits of "bernoulli", or means of "gaussian"
        or of "discretized", a logistic on the 256 values.
      pixel_scale: sigma of "gaussian", or the scale of the logistic, on the scale [-1,1].
      binarise: how gray images become -1 and 1 for "bernoulli": "threshold" (at 0), "sample" (1
        with probability (x + 1) / 2, drawn again at every step) or "none" (they are binary; of
        others the loss would be a cross-entropy and no likelihood).
      kl_weight: of the KL; 1 is the lower bound, more a beta-VAE.
      importance_samples: draws of a code for each held-out image.
    """

    latent_size: int = 20
    likelihood: str = "bernoulli"
    pixel_scale: float = 1.0
    binarise: str = "threshold"
    kl_weight: float = 1.0
    importance_samples: int = 50

    def __post_init__(self):
        require_choice(self, likelihood=LIKELIHOODS, binarise=pixels.BINARISE)
        require_at_least(1, self, "latent_size", "importance_samples")
        require_at_least(0, self, "kl_weight")
        least = math.exp(likelihood.LEAST_LOG_SCALE) if self.likelihood == "discretized" else 0.0
        if not self.pixel_scale > least:
            raise ValueError(f"pixel_scale={self.pixel_scale} must be above {least:.3g}.")


def nll(spec: Spec, output: Array, image: Array) -> Array:
    """-log p(x|z) f32[b] in nats, summed over pixels, of what the decoder returns f32[b,h,w,c]."""
    scale = spec.hparams.pixel_scale
    if spec.hparams.likelihood == "bernoulli":
        return likelihood.bernoulli_nll(output, image)
    if spec.hparams.likelihood == "gaussian":
        return likelihood.gaussian_nll(output, image, scale=scale)
    logistic = _mixture_of_one(output, math.log(scale))
    return likelihood.discretized_logistic_mixture_nll(logistic, image)


def _mixture_of_one(mean: Array, log_scale: float) -> Array:
    """Means f[b,h,w,c] as `likelihood.mixture_parts` reads them; no channel follows another."""
    parts = [mean, jnp.full_like(mean, log_scale)]
    parts += [jnp.zeros_like(mean)] * (mean.shape[-1] == 3)
    rest = jnp.stack(parts, axis=-1).reshape(*mean.shape[:-1], -1)
    return jnp.concatenate([jnp.zeros_like(rest[..., :1]), rest], axis=-1)


def autoencoder_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """The loss of both networks on images f32[b,h,w,c]: nats, mean over the batch."""
    image = as_modelled(spec, image, key_for(key, "pixels"))
    mean, log_sigma = posteriors.gaussian(nets, image, key_for(key, "encoder"))
    code = posteriors.draw(spec, mean, log_sigma, key_for(key, "code"))
    output = nets("decoder", code, key=key_for(key, "decoder"))
    nats = jnp.mean(nll(spec, output, image))
    kl = jnp.mean(likelihood.gaussian_kl(mean, log_sigma))
    loss = nats + spec.hparams.kl_weight * kl
    return loss, {"encoder/loss": loss, "encoder/kl": kl, "decoder/nats": nats}


def turns(hparams: Hparams) -> tuple[Turn, ...]:
    """One update of both networks."""
    del hparams
    return (Turn(NETWORKS, autoencoder_loss),)


def create_state(spec: Spec, key: Key, batch: Batch) -> TrainState:
    """Initial state; `batch["image"]` f32[b,h,w,c] gives the image size."""
    inputs = {"encoder": (batch["image"][:1],), "decoder": (latents.example(spec),)}
    return create(spec, key, inputs)


def train_step(spec: Spec, state: TrainState, batch: Batch, key: Key) -> tuple[TrainState, Metrics]:
    """One update of both networks. batch["image"]: f32[b,h,w,c]; key: constant over a run."""
    return take_turns(spec, state, batch, key, turns(spec.hparams))


def as_modelled(spec: Spec, image: Array, key: Key | None = None) -> Array:
    """Images f32[b,h,w,c] on the grid that is modelled: binary for "bernoulli"."""
    binary = spec.hparams.likelihood == "bernoulli"
    return pixels.to_binary(spec, image, key) if binary else image


def arcs(hparams: Hparams) -> bool:
    """Walks between codes are arcs: the middle of a line is too short to be likely."""
    del hparams
    return True


def encode(spec: Spec, state: TrainState, image: Array) -> Array:
    """The mean mu(x) f32[b,m] of images f32[b,h,w,c] as they are modelled, without noise."""
    mean, _ = posteriors.gaussian(evaluating(spec, state), as_modelled(spec, image), train=False)
    return mean


def decode(
    spec: Spec, state: TrainState, code: Array, condition: None = None, key: Key | None = None
) -> Array:
    """Mean images f32[b,h,w,c] in [-1,1] of codes f32[b,m]; no condition, nothing random."""
    del condition, key
    output = evaluating(spec, state)("decoder", code, train=False)
    if spec.hparams.likelihood == "bernoulli":
        return jnp.tanh(output / 2)
    return jnp.clip(output, -1.0, 1.0)


def sample(spec: Spec, state: TrainState, key: Key, num: int, condition: None = None) -> Array:
    """Mean images f32[num,h,w,c] in [-1,1] of draws of the prior. There is no condition."""
    return decode(spec, state, draw_code(spec, key, num), condition)


def reconstruct(spec: Spec, state: TrainState, batch: Batch, key: Key) -> Array:
    """Mean images f32[b,h,w,c] of mu(x) of batch["image"]; `key` is unused."""
    del key
    return decode(spec, state, encode(spec, state, batch["image"]))


def evaluate(spec: Spec, state: TrainState, batch: Batch, key: Key) -> Metrics:
    """elbo_nats, kl_nats, reconstruction_nats, importance_nats of one batch of held-out images.

    Of images as they are modelled, by `hparams.importance_samples` draws of each code: the parts of
    the negative lower bound, whose reconstruction is their mean, and the estimate of -log p(x).
    """
    image = as_modelled(spec, batch["image"], key_for(key, "pixels"))
    nets = evaluating(spec, state)
    mean, log_sigma = posteriors.gaussian(nets, image, train=False)
    nats, log_ratios = _of_draws(nets, spec, image, mean, log_sigma, key_for(key, "codes"))
    log_mean = jax.nn.logsumexp(log_ratios - nats, axis=0) - math.log(len(nats))
    kl, reconstruction = jnp.mean(likelihood.gaussian_kl(mean, log_sigma)), jnp.mean(nats)
    return {
        "elbo_nats": reconstruction + kl,
        "kl_nats": kl,
        "reconstruction_nats": reconstruction,
        "importance_nats": -jnp.mean(log_mean),
    }


def _of_draws(
    nets: Nets, spec: Spec, image: Array, mean: Array, log_sigma: Array, key: Key
) -> tuple[Array, Array]:
    """-log p(x|z) and log p(z) / q(z|x), f32[K,b] each, of K draws z of q; one pass a draw."""

    def of_draw(key):
        noise = spec.layout.normal(key, mean.shape)
        code = mean + jnp.exp(log_sigma) * noise
        log_ratio = jnp.sum((jnp.square(noise) - jnp.square(code)) / 2 + log_sigma, axis=1)
        return nll(spec, nets("decoder", code, train=False), image), log_ratio

    count = jnp.arange(spec.hparams.importance_samples)
    return jax.lax.map(of_draw, jax.vmap(jax.random.fold_in, (None, 0))(key, count))
