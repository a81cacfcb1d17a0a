"""CatGAN: the discriminator is a classifier of K categories, surest of real images.

J. T. Springenberg, "Unsupervised and Semi-supervised Learning with Categorical Generative
Adversarial Networks", ICLR 2016, arXiv:1511.06390. With p(y|x) the softmax of the discriminator's K
outputs, H the entropy and mean_x p(y|x) the use of the categories by a batch, the players minimise

    discriminator:  -H[mean_x p(y|x)] + mean_x H[p(y|x)] - mean_z H[p(y|G(z))]
    generator:      -H[mean_z p(y|G(z))] + mean_z H[p(y|G(z))]

Each wants its own images in all categories alike and each in one of them for sure, and the
discriminator wants generated images in none. Where `label_weight` is not 0 the discriminator's loss
has, times that, the cross-entropy of labelled images' labels. The use is that of the global batch.

Deviations: of the paper we had no text; the signs are also those of its author's illustration
(gist.github.com/stokasto/30198e047bfad1811cc1, which maximises the discriminator's). That both
players move once a batch, the discriminator first, and the latents, 128 uniform numbers in [-1,1],
are from memory; `label_weight` 1 of `catgan_*.py:semisupervised` is ours. Real, generated and
labelled images pass the discriminator as separate batches.
"""

import dataclasses

import jax

from jaxgen.core.errors import require_at_least, require_choice
from jaxgen.core.keys import key_for
from jaxgen.core.nets import Nets
from jaxgen.core.spec import Spec
from jaxgen.core.state import TrainState, evaluating
from jaxgen.core.step import Turn, take_turns
from jaxgen.core.types import Array, Batch, Key, Metrics
from jaxgen.losses.moments import relative_spread
from jaxgen.objectives.parts import adversary, codes, latents, posteriors
from jaxgen.objectives.parts.latents import arcs, decode, draw_code, sample

__all__ = ["arcs", "decode", "draw_code", "sample"]  # shared with every generator of latents

NETWORKS = ("generator", "discriminator")
ADVERSARIES = ("discriminator",)
_USE = "nats; toward log K, where all categories are used alike; near 0, one has everything"
_FAKE = (
    "Entropy of an assignment of generated images",
    "nats; healthy between that of real images, which it nears as samples get better, and log K, "
    "where the discriminator has won",
)
TITLES = {
    "discriminator/loss": (
        "Discriminator's loss",
        "nats, without the labels' part; healthy between -log K, where it takes generated images "
        "for real, and -2 log K, where it has won",
    ),
    "discriminator/usage_entropy": ("Entropy of the categories' use by real images", _USE),
    "discriminator/assignment_entropy": (
        "Entropy of an assignment of real images",
        "nats; toward 0, where each image is sure of its category",
    ),
    "discriminator/fake_entropy": _FAKE,
    **codes.labels_of("discriminator"),
    "generator/loss": (
        "Generator's loss",
        "nats; toward -log K; near 0 for good, the discriminator has won",
    ),
    "generator/usage_entropy": ("Entropy of the categories' use by generated images", _USE),
    "generator/assignment_entropy": _FAKE,
    **{f"objective/{name}": title for name, title in posteriors.ENTROPIES.items()},
    "objective/fake_entropy": _FAKE,
    **adversary.SPREAD,
}
_LABELLED = ("labelled_image", "labelled_label")


@dataclasses.dataclass(frozen=True)
class Hparams:
    """Numbers of the game.

    Attributes:
      num_classes: K, the categories; with labels the classes, without them clusters.
      latent_size: length of a latent.
      latent_prior: "normal", or a uniform one, see `parts.latents`.
      label_weight: of the cross-entropy of labelled images; 0: none are read.
      discriminator_updates: a step, each on a batch of its own.
      generator_updates: a step.
    """

    num_classes: int = 10
    latent_size: int = 128
    latent_prior: str = "uniform"
    label_weight: float = 0.0
    discriminator_updates: int = 1
    generator_updates: int = 1

    def __post_init__(self):
        require_choice(self, latent_prior=latents.PRIORS)
        require_at_least(2, self, "num_classes")
        require_at_least(1, self, "latent_size", "discriminator_updates", "generator_updates")
        require_at_least(0, self, "label_weight")


def num_classes(hparams: Hparams) -> int:
    """K."""
    return hparams.num_classes


def sampled_classes(hparams: Hparams) -> int:
    """None: the generator is not told a category."""
    del hparams
    return 0


def discriminator_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """The discriminator's loss on images f32[b,h,w,c] and as many generated ones."""
    fake, on_real, on_fake = adversary.on_real_and_fake(nets, spec, "discriminator", image, key)
    real, generated = _entropies(spec, on_real), _entropies(spec, on_fake)
    loss = _undecided(real) - generated["assignment_entropy"]
    metrics = {
        "discriminator/loss": loss,
        "discriminator/fake_entropy": generated["assignment_entropy"],
        "generator/spread": relative_spread(fake, image, mean=spec.layout.mean),
    }
    return loss, metrics | codes.named("discriminator", real)


def labelled_discriminator_loss(
    nets: Nets, spec: Spec, image: Array, labelled_image: Array, label: Array, key: Key
) -> tuple[Array, Metrics]:
    """`discriminator_loss` and the weighted cross-entropy of labels i32[n] below K."""
    loss, metrics = discriminator_loss(nets, spec, image, key)
    logits = nets("discriminator", labelled_image, key=key_for(key, "labelled"))
    supervised, found = codes.label_loss(logits, label, "discriminator")
    return loss + spec.hparams.label_weight * supervised, metrics | found


def generator_loss(nets: Nets, spec: Spec, image: Array, key: Key) -> tuple[Array, Metrics]:
    """The generator's loss; of `image` f32[b,h,w,c] only b matters."""
    _, logits = adversary.on_fake(nets, spec, "discriminator", image.shape[0], key)
    found = _entropies(spec, logits)
    loss = _undecided(found)
    return loss, {"generator/loss": loss, **codes.named("generator", found)}


def turns(hparams: Hparams) -> tuple[Turn, ...]:
    """The discriminator's updates, with labels where they have a weight, then the generator's."""
    loss, entries = discriminator_loss, ("image",)
    if hparams.label_weight:
        loss, entries = labelled_discriminator_loss, ("image", *_LABELLED)
    updates = hparams.discriminator_updates
    return (
        Turn("discriminator", loss, entries, updates, fresh=True),
        Turn("generator", generator_loss, updates=hparams.generator_updates),
    )


def create_state(spec: Spec, key: Key, batch: Batch) -> TrainState:
    """Initial state; `batch["image"]` f32[b,h,w,c] gives the image size."""
    return adversary.create_pair("discriminator", spec, key, batch)


def train_step(spec: Spec, state: TrainState, batch: Batch, key: Key) -> tuple[TrainState, Metrics]:
    """One step of the game. batch["image"]: f32[k b,h,w,c] with k the discriminator's updates.

    Where labels have a weight, also batch["labelled_image"] f32[k n,h,w,c], ["labelled_label"]
    i32[k n].
    """
    return take_turns(spec, state, batch, key, turns(spec.hparams))


def assignments(spec: Spec, state: TrainState, image: Array) -> Array:
    """Logits f32[b,K] of p(category | image)."""
    return evaluating(spec, state)("discriminator", image, train=False)


def evaluate(spec: Spec, state: TrainState, batch: Batch, key: Key) -> Metrics:
    """Entropies of one batch of held-out images, and fake_entropy of as many generated ones.

    With running statistics. usage_entropy, assignment_entropy: as in `parts.posteriors`.
    """
    image = batch["image"]
    fake = sample(spec, state, key, image.shape[0])
    generated = _entropies(spec, assignments(spec, state, fake))
    found = _entropies(spec, assignments(spec, state, image))
    return {**found, "fake_entropy": generated["assignment_entropy"]}


def _entropies(spec, logits):
    return posteriors.category_metrics(spec, jax.nn.softmax(logits))


def _undecided(entropies):
    """-H of the use and H of an assignment: minus the information of category and image."""
    return entropies["assignment_entropy"] - entropies["usage_entropy"]
