"""InfoGAN: a GAN whose generator must let a network find a part of its latent again.

X. Chen, Y. Duan, R. Houthooft, J. Schulman, I. Sutskever, P. Abbeel, "InfoGAN: Interpretable
Representation Learning by Information Maximizing Generative Adversarial Nets", NeurIPS 2016,
arXiv:1606.03657. A latent is noise z and a code c: one of K categories and n numbers, uniform in
[-1,1]. With Q(c|x) a softmax and Gaussians of deviation 1, on the features of the discriminator's
trunk,

    L_I = E log Q(c|G(z,c)) + H(c)                                                       (eq. 4, 5)

is a lower bound of the information I(c; G(z,c)), log K at most of the category. The game is

    min over G, Q, max over D of  V(D, G) - info_weight L_I                                 (eq. 6)

with the GAN's V. `information` says whose loss the bound is subtracted from:

    "both"       discriminator, Q:  -E log D(x) - E log(1 - D(G(z,c))) - info_weight L_I
                 generator:         -E log D(G(z,c)) - info_weight L_I
    "generator"  discriminator:     -E log D(x) - E log(1 - D(G(z,c)))
                 generator, Q:      -E log D(G(z,c)) - info_weight L_I

"both" is the authors' code (github.com/openai/InfoGAN): the bound trains the trunk that D and Q
share. "generator" is the formula as it is written: the trunk learns from V alone.

Deviations: the generator's loss does not saturate, as in the code. The continuous codes' part of
L_I has a weight of its own, 0.1, as in common ports; the code has 1 for both, as has
`infogan_mnist.py`. H(c) is the entropy of the uniform prior, n log 2; the code takes E c^2 / 2 and
the constant of N(0, 1) for it, which no network moves either. With Gaussians of deviation 1 the
bound of a continuous code is -0.23 nats at most and tells little; the mean square that it is a
function of, "recogniser/continuous_error", tells more.
"""

import dataclasses
import math

import jax
import jax.numpy as jnp

from jaxgen.core.errors import require_at_least, require_choice
from jaxgen.core.keys import key_for
from jaxgen.core.nets import Nets, init
from jaxgen.core.spec import Spec
from jaxgen.core.state import TrainState, create, evaluating
from jaxgen.core.step import Turn, take_turns
from jaxgen.core.types import Array, Batch, Key, Metrics
from jaxgen.losses import adversarial
from jaxgen.objectives.parts import adversary, codes, posteriors, priors
from jaxgen.objectives.parts.latents import balanced_labels, decode

__all__ = ["decode"]  # of any latent, as of every generator

NETWORKS = ("generator", "discriminator", "recogniser")
ADVERSARIES = ("discriminator",)
_INFORMATION = {
    "category_information": (
        "Information of the category",
        "nats that generated images tell of it at least; toward log K, 0 where they tell nothing",
    ),
    "continuous_information": (
        "Bound of the information of the continuous codes",
        "nats; higher is better, -0.23 for each code at most, -0.39 where nothing is known of it",
    ),
    "continuous_error": (
        "Error of the continuous codes",
        "mean square; lower is better, 0.33 where nothing is known of them",
    ),
}
TITLES = {
    **adversary.PROBABILITIES,
    **{f"recogniser/{name}": title for name, title in _INFORMATION.items()},
    **{
        f"objective/{name}": title
        for name, title in {**_INFORMATION, **posteriors.ENTROPIES}.items()
    },
}


@dataclasses.dataclass(frozen=True)
class Hparams:
    """Numbers of the game; the defaults are those of the code's MNIST, but for continuous_weight.

    Attributes:
      num_classes: K, the categories.
      continuous_size: n, the continuous codes.
      noise_size: length of z, uniform in [-1,1].
      info_weight: of the category's part of L_I.
      continuous_weight: of the continuous codes' part of L_I.
      information: whose losses have L_I, "both" or "generator", see above.
    """

    num_classes: int = 10
    continuous_size: int = 2
    noise_size: int = 62
    info_weight: float = 1.0
    continuous_weight: float = 0.1
    information: str = "both"

    def __post_init__(self):
        require_choice(self, information=("both", "generator"))
        require_at_least(2, self, "num_classes")
        require_at_least(0, self, "continuous_size", "info_weight", "continuous_weight")
        require_at_least(1, self, "noise_size")


def num_classes(hparams: Hparams) -> int:
    """K."""
    return hparams.num_classes


def draw_code(spec: Spec, key: Key, num: int) -> Array:
    """`num` latents f32[num,m+K+n]: noise, a one-hot category, continuous codes."""
    category = priors.draw_category(
        spec.layout, key_for(key, "category"), num, spec.hparams.num_classes
    )
    return _latent(spec, key, category)


def discriminator_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """The discriminator's loss, and Q's where both have L_I, on images f32[b,h,w,c]."""
    latent, fake = _generate(nets, spec, image.shape[0], key)
    on_real, _ = nets("discriminator", image, key=key_for(key, "real"))
    on_fake, features = nets("discriminator", fake, key=key_for(key, "fake"))
    loss = adversarial.gan_discriminator(on_real, on_fake)
    real, generated = jax.nn.sigmoid(on_real), jax.nn.sigmoid(on_fake)
    metrics = adversary.metrics(spec, loss, real, generated, image, fake)
    if spec.hparams.information == "both":
        output = nets("recogniser", features, key=key_for(key, "recogniser"))
        loss -= _weighted(spec, information(spec, latent, output))
    return loss, metrics


def generator_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """The generator's loss, and Q's where it moves with it; of `image` only b matters."""
    latent, fake = _generate(nets, spec, image.shape[0], key)
    on_fake, features = nets("discriminator", fake, key=key_for(key, "fake"))
    output = nets("recogniser", features, key=key_for(key, "recogniser"))
    loss, found = adversarial.gan_generator(on_fake), information(spec, latent, output)
    metrics = {"generator/loss": loss, **codes.named("recogniser", found)}
    return loss - _weighted(spec, found), metrics


def information(spec: Spec, latent: Array, output: Array) -> Metrics:
    """L_I of latents f32[b,m+K+n] and of what Q returns of their images, f32[b,K+n], in nats.

    category_information and, where there are continuous codes, continuous_information, the two
    parts, and continuous_error, the mean square that the latter is a function of.
    """
    hparams = spec.hparams
    _, category, continuous = _parts(spec, latent)
    logits, mean = jnp.split(output, [hparams.num_classes], axis=1)
    log_q = jnp.sum(category * jax.nn.log_softmax(logits), axis=1)
    found = {"category_information": math.log(hparams.num_classes) + jnp.mean(log_q)}
    if hparams.continuous_size:
        error = jnp.mean(jnp.square(continuous - mean))
        nats = math.log(2.0) - (math.log(2.0 * math.pi) + error) / 2.0
        found["continuous_information"] = hparams.continuous_size * nats
        found["continuous_error"] = error
    return found


def turns(hparams: Hparams) -> tuple[Turn, ...]:
    """One update each; Q moves with the discriminator or, where only it has L_I, the generator."""
    first, second = ("discriminator", "recogniser"), "generator"
    if hparams.information == "generator":
        first, second = "discriminator", ("generator", "recogniser")
    return (Turn(first, discriminator_loss, fresh=True), Turn(second, generator_loss))


def create_state(spec: Spec, key: Key, batch: Batch) -> TrainState:
    """Initial state; `batch["image"]` f32[b,h,w,c] gives the image size."""
    hparams, image = spec.hparams, batch["image"][:1]
    size = hparams.noise_size + hparams.num_classes + hparams.continuous_size
    features = jax.eval_shape(lambda image: _fresh_features(spec, image), image)
    inputs = (jnp.zeros((1, size)), image, jnp.zeros(features.shape))
    return create(spec, key, {name: (x,) for name, x in zip(NETWORKS, inputs)})


def train_step(spec: Spec, state: TrainState, batch: Batch, key: Key) -> tuple[TrainState, Metrics]:
    """One step of the game. batch["image"]: f32[b,h,w,c]; key: constant over a run."""
    return take_turns(spec, state, batch, key, turns(spec.hparams))


def sample(
    spec: Spec, state: TrainState, key: Key, num: int, condition: Array | None = None
) -> Array:
    """`num` images f32[num,h,w,c]; condition: categories i32[num] (default: all in turn)."""
    if condition is None:
        condition = balanced_labels(num, spec.hparams.num_classes)
    return decode(spec, state, _latent(spec, key, condition))


def assignments(spec: Spec, state: TrainState, image: Array) -> Array:
    """Logits f32[b,K] of Q(category | image)."""
    return _recognise(spec, state, image)[:, : spec.hparams.num_classes]


def evaluate(spec: Spec, state: TrainState, batch: Batch, key: Key) -> Metrics:
    """Of one batch of held-out images the entropies of their assignments; the rest of generated.

    With running statistics. usage_entropy, assignment_entropy: as in `parts.posteriors`; the others
    as in `information`, of as many generated images.
    """
    image = batch["image"]
    latent = draw_code(spec, key, image.shape[0])
    found = information(spec, latent, _recognise(spec, state, decode(spec, state, latent)))
    probabilities = jax.nn.softmax(assignments(spec, state, image))
    return found | posteriors.category_metrics(spec, probabilities)


def _fresh_features(spec: Spec, image: Array) -> Array:
    """What the discriminator gives Q of images, with any parameters: for its shape."""
    params, model_state = init(spec.nets["discriminator"], jax.random.key(0), image)
    nets = Nets(spec, {"discriminator": params}, {"discriminator": model_state})
    return nets("discriminator", image, train=False)[1]


def _recognise(spec: Spec, state: TrainState, image: Array) -> Array:
    nets = evaluating(spec, state)
    return nets("recogniser", nets("discriminator", image, train=False)[1], train=False)


def _generate(nets: Nets, spec: Spec, num: int, key: Key) -> tuple[Array, Array]:
    """(`num` latents, their images), in training mode."""
    latent = draw_code(spec, key_for(key, "latent"), num)
    return latent, nets("generator", latent, key=key_for(key, "generator"))


def _latent(spec: Spec, key: Key, category: Array) -> Array:
    """Latents f32[b,m+K+n] of categories i32[b]."""
    hparams, num = spec.hparams, category.shape[0]
    sizes = {"noise": hparams.noise_size, "continuous": hparams.continuous_size}
    drawn = {
        name: 2.0 * spec.layout.uniform(key_for(key, name), (num, size)) - 1.0
        for name, size in sizes.items()
    }
    hot = jax.nn.one_hot(category, hparams.num_classes)
    return jnp.concatenate([drawn["noise"], hot, drawn["continuous"]], axis=1)


def _parts(spec: Spec, latent: Array) -> list[Array]:
    """Noise f32[b,m], categories f32[b,K] and continuous codes f32[b,n]."""
    ends = spec.hparams.noise_size, spec.hparams.noise_size + spec.hparams.num_classes
    return jnp.split(latent, ends, axis=1)


def _weighted(spec: Spec, found: Metrics) -> Array:
    """L_I, each part with its weight."""
    hparams = spec.hparams
    total = hparams.info_weight * found["category_information"]
    if hparams.continuous_size:
        total += hparams.continuous_weight * found["continuous_information"]
    return total
