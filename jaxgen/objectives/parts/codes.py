"""Phases that autoencoders with an adversary on codes share, and what their decoders return.

A. Makhzani, J. Shlens, N. Jaitly, I. Goodfellow, B. Frey, "Adversarial Autoencoders", 2015,
arXiv:1511.05644, section 2; again in A. Makhzani, B. Frey, "PixelGAN Autoencoders", NeurIPS 2017,
arXiv:1706.00531.
"""

import jax
import jax.numpy as jnp

from jaxgen.core.keys import key_for
from jaxgen.core.nets import Nets
from jaxgen.core.spec import Spec
from jaxgen.core.types import Array, Key, Metrics
from jaxgen.losses import adversarial, likelihood
from jaxgen.objectives.parts import posteriors
from jaxgen.objectives.parts.priors import draw_code

DECODER = {
    "decoder/nats": (
        "Reconstruction",
        "nats an image, of training images, up to a constant where squared; lower is better",
    ),
    "objective/reconstruction_nats": ("Reconstruction", "nats an image; lower is better"),
}
ADVERSARY = {
    "discriminator/loss": (
        "Discriminator's loss",
        "nats, two cross-entropies; toward 1.39, where codes and prior cannot be told apart; near "
        "0 the discriminator has won",
    ),
    "discriminator/real": (
        "Draws of the prior taken for such",
        "mean probability; toward 0.5; near 1 for good, the discriminator has won",
    ),
    "discriminator/fake": (
        "Codes taken for draws of the prior",
        "mean probability; toward 0.5; near 0 for good, the discriminator has won",
    ),
    "encoder/loss": (
        "Encoder's loss in the game",
        "nats; toward 0.69; growing for good, the discriminator has won",
    ),
}
LIKELIHOODS = ("bernoulli", "squared")
REDUCTIONS = ("sum", "mean")


def labels_of(player: str) -> dict[str, tuple[str, str]]:
    """Titles of the metrics of `label_loss`."""
    return {
        f"{player}/supervised": (
            "Cross-entropy of labels",
            "nats, of labelled images; lower is better",
        ),
        f"{player}/labelled_accuracy": (
            "Labelled images classified right",
            "share; toward 1, soon reached with few labels",
        ),
    }


def independent_nll(spec: Spec, output: Array, image: Array) -> Array:
    """-log p(x|z) f32[b] in nats of independent pixels, of what the decoder returns.

    `spec.hparams.likelihood` "squared" leaves a constant out. Of gray pixels, which "bernoulli"
    takes for probabilities, a cross-entropy and no likelihood.
    """
    if spec.hparams.likelihood == "bernoulli":
        return likelihood.bernoulli_nll(output, image)
    return jnp.sum(jnp.square(output - image), axis=(1, 2, 3)) / 2


def reduced(spec: Spec, nats: Array, image: Array) -> Array:
    """The loss f[] of nats f[] an image: those, or nats a pixel by `hparams.reduction` "mean"."""
    return nats / image[0].size if spec.hparams.reduction == "mean" else nats


def of_another(key: Key, code: Array) -> Array:
    """Codes f[b,m] dealt to other images at random, so that none has its own where b > 1.

    >>> of_another(jax.random.key(0), jnp.arange(2.0)[:, None])[:, 0].tolist()
    [1.0, 0.0]
    """
    order = jax.random.permutation(key, code.shape[0])
    return code.at[order].set(code[jnp.roll(order, 1)])


def to_image(spec: Spec, output: Array) -> Array:
    """The mean image f32[b,h,w,c] in [-1,1] of what the decoder returns."""
    return jnp.tanh(output / 2) if spec.hparams.likelihood == "bernoulli" else output


def score(
    nets: Nets, spec: Spec, name: str, code: Array, key: Key, condition: Array | None = None
) -> Array:
    """Logits f32[b] of discriminator `name` on codes f32[b,m], in training.

    Noise of deviation `hparams.discriminator_noise` is added to codes. condition: f32[b,n], what
    the discriminator is given beside them.
    """
    if spec.hparams.discriminator_noise:
        noise = spec.layout.normal(key_for(key, "noise"), code.shape)
        code += spec.hparams.discriminator_noise * noise
    if condition is not None:
        code = jnp.concatenate([code, condition], axis=1)
    return nets(name, code, key=key_for(key, "layers"))


def discriminator_metrics(name: str, loss: Array, real: Array, fake: Array) -> Metrics:
    """Loss, and the mean probability that a draw of the prior, and a code, is one of the prior."""
    return {
        f"{name}/loss": loss,
        f"{name}/real": jax.nn.sigmoid(real).mean(),
        f"{name}/fake": jax.nn.sigmoid(fake).mean(),
    }


def discriminator_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """Phase 2a on images f32[b,h,w,c]: their codes against as many draws of the prior."""
    draws = draw_code(spec, key_for(key, "prior"), image.shape[0])
    codes = posteriors.infer(nets, spec, image, key_for(key, "posterior"))
    real = score(nets, spec, "discriminator", draws, key_for(key, "real"))
    fake = score(nets, spec, "discriminator", codes, key_for(key, "fake"))
    loss = adversarial.gan_discriminator(real, fake)
    return loss, discriminator_metrics("discriminator", loss, real, fake)


def encoder_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """Phase 2b on images f32[b,h,w,c], against the discriminator of now."""
    codes = posteriors.infer(nets, spec, image, key_for(key, "posterior"))
    logits = score(nets, spec, "discriminator", codes, key_for(key, "fake"))
    loss = adversarial.gan_generator(logits)
    return loss, {"encoder/loss": loss}


def label_loss(logits: Array, label: Array, player: str = "encoder") -> tuple[Array, Metrics]:
    """Phase 3: cross-entropy in nats of logits f32[b,K] with labels i32[b], and the accuracy.

    player: whose logits they are.
    """
    log_probabilities = jax.nn.log_softmax(logits)
    loss = -jnp.mean(jnp.take_along_axis(log_probabilities, label[:, None], axis=1))
    right = jnp.argmax(log_probabilities, axis=1) == label
    return loss, named(player, {"supervised": loss, "labelled_accuracy": jnp.mean(right)})


def named(group: str, metrics: Metrics) -> Metrics:
    """The metrics under the name of a player."""
    return {f"{group}/{name}": value for name, value in metrics.items()}
