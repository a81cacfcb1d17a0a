"""Temporal ensembling and the Pi-model: a classifier of few labels that is to agree with itself.

S. Laine, T. Aila, "Temporal Ensembling for Semi-Supervised Learning", ICLR 2017, arXiv:1610.02242.
With z_i the probabilities of K classes that the classifier gives to image i, moved about and under
dropout and noise, and y_i its label where there is one, it minimises

    -mean log z_i[y_i]  +  w(t) mean_i 1/K |z_i - t_i|^2,   w(t) = consistency_weight ramp(t)
    ramp(t) = exp(-5 (1 - t / ramp_steps)^2), then 1

the first mean over labelled images, the second over all. By `form` the target t_i is

    temporal   Z_i / (1 - decay^n), of what the classifier has said of image i the n times that it
               saw it: Z_i <- decay Z_i + (1 - decay) z_i, from 0. A constant.
    pi         what it says of the same image moved about otherwise and under other noise. Both
               sides have a gradient.

Z is the `memory`, f32[num_images,K]. Its rows sum to 1 - decay^n, as those of z sum to 1: no count
is kept.

Deviations, from the authors' code (github.com/smlaine2/tempens, now s-laine/tempens):

- Labelled images come in batches of their own, as large as the others, and the first mean is over
  these alone. There they come as they fall among the M labelled of N and are divided by the size of
  the whole batch: M / N of ours on average, the factor by which w is scaled there and not here.
  Adam does not see a factor of both.
- An image that was not seen has no inconsistency; there w is 0 for the whole first epoch, of "pi",
  too, which here begins at exp(-5). An image that an epoch left out keeps its target; there it
  moves toward 0. `ramp` goes by steps, there by epochs.
- Both sides of "pi" are mirrored each by itself, there together.
- What is remembered is said by the pass that is trained on, which is made twice for that, a sixth
  of a step's arithmetic more; with `micro_batches`, one of other noise and of the whole batch's
  means.
"""

import dataclasses

import jax
import jax.numpy as jnp

from jaxgen.core.errors import require_at_least, require_choice
from jaxgen.core.images import windows
from jaxgen.core.keys import key_for
from jaxgen.core.nets import Nets
from jaxgen.core.spec import Spec
from jaxgen.core.state import TrainState, create, evaluating
from jaxgen.core.step import Turn, take_turns, update_keys
from jaxgen.core.types import Array, Batch, Key, Metrics, PyTree
from jaxgen.objectives.parts import codes, posteriors

NETWORKS = ("classifier",)
FORMS = ("temporal", "pi")
_USE = "nats; toward log K where classes are equally frequent; near 0, everything is of one class"
_SURE = "nats; toward 0, where each image is sure of its class"
TITLES = {
    "classifier/loss": (
        "Classifier's loss",
        "the cross-entropy of labels and the weighted inconsistency, whose weight grows at first; "
        "then lower is better",
    ),
    **codes.labels_of("classifier"),
    "classifier/consistency": (
        "Inconsistency, with its weight",
        "mean square of probabilities, times the weight; 0 until images are seen again, rises with "
        "the weight, then lower is better",
    ),
    "classifier/usage_entropy": ("Entropy of the classes' use by training images", _USE),
    "classifier/assignment_entropy": ("Entropy of an assignment of training images", _SURE),
    **{f"objective/{name}": title for name, title in posteriors.ENTROPIES.items()},
}
_LABELLED = ("labelled_image", "labelled_label")


@dataclasses.dataclass(frozen=True)
class Hparams:
    """Numbers of the method; the defaults are those of temporal ensembling on SVHN.

    Attributes:
      form: whom the classifier is to agree with, "temporal": what it said of an image before; "pi":
        what it says of it a second time.
      num_classes: K.
      num_images: training images, of each of which "temporal" keeps an ensemble.
      consistency_weight: of the inconsistency, after `ramp_steps`; 0 leaves it out, and with it all
        images without labels.
      ramp_steps: training steps over which that weight grows, 80 epochs of 732 batches; 0: none.
      decay: of the ensemble, each time that an image is seen.
      translation: pixels by which an image is moved at most, down and across.
      flip: whether images are mirrored at random.
    """

    form: str = "temporal"
    num_classes: int = 10
    num_images: int = 73_257
    consistency_weight: float = 30.0
    ramp_steps: int = 58_560
    decay: float = 0.6
    translation: int = 2
    flip: bool = False

    def __post_init__(self):
        require_choice(self, form=FORMS)
        require_at_least(2, self, "num_classes")
        require_at_least(0, self, "num_images", "consistency_weight", "ramp_steps", "decay")
        require_at_least(0, self, "translation")
        if self.decay >= 1.0:
            raise ValueError(f"decay={self.decay} must be below 1.")
        if not self.num_images and self.form == "temporal" and self.consistency_weight:
            raise ValueError(
                'num_images=0, but form="temporal" keeps an ensemble for each training image, and '
                "the name of the data set does not tell their number; set num_images to that."
            )


def num_classes(hparams: Hparams) -> int:
    """K."""
    return hparams.num_classes


def sampled_classes(hparams: Hparams) -> int:
    """None: there are no samples."""
    del hparams
    return 0


def num_images(hparams: Hparams) -> int:
    """How many images have an ensemble; 0 where none is kept."""
    kept = hparams.form == "temporal" and hparams.consistency_weight
    return hparams.num_images if kept else 0


def labelled_loss(
    nets: Nets, spec: Spec, labelled_image: Array, label: Array, key: Key
) -> tuple[Array, Metrics]:
    """Cross-entropy in nats of images f32[n,h,w,c], moved about, with labels i32[n] below K."""
    logits = predict(nets, spec, labelled_image, key_for(key, "labelled"))
    loss, metrics = codes.label_loss(logits, label, "classifier")
    return loss, {"classifier/loss": loss, **metrics}


def temporal_loss(
    nets: Nets,
    spec: Spec,
    image: Array,
    target: Array,
    weight: Array,
    labelled_image: Array,
    label: Array,
    key: Key,
) -> tuple[Array, Metrics]:
    """`labelled_loss`, and of images f32[b,h,w,c] that of targets f32[b,K].

    weight: f32[b], of each image's inconsistency.
    """
    found = jax.nn.softmax(predict(nets, spec, image, key_for(key, "first")))
    labelled = labelled_loss(nets, spec, labelled_image, label, key)
    return _with_consistency(spec, labelled, found, target, weight)


def pi_loss(
    nets: Nets,
    spec: Spec,
    image: Array,
    weight: Array,
    labelled_image: Array,
    label: Array,
    key: Key,
) -> tuple[Array, Metrics]:
    """`labelled_loss`, and of images f32[b,h,w,c] that of what is said of them a second time.

    weight: f32[b], of each image's inconsistency.
    """
    found, other = (
        jax.nn.softmax(predict(nets, spec, image, key_for(key, name)))
        for name in ("first", "second")
    )
    labelled = labelled_loss(nets, spec, labelled_image, label, key)
    return _with_consistency(spec, labelled, found, other, weight)


def turns(hparams: Hparams) -> tuple[Turn, ...]:
    """The classifier's update, on labels alone where consistency has no weight."""
    if not hparams.consistency_weight:
        return (Turn("classifier", labelled_loss, _LABELLED),)
    if hparams.form == "pi":
        return (Turn("classifier", pi_loss, ("image", "made_weight", *_LABELLED)),)
    entries = ("image", "made_target", "made_weight", *_LABELLED)
    return (Turn("classifier", temporal_loss, entries),)


def create_state(spec: Spec, key: Key, batch: Batch) -> TrainState:
    """Initial state, of no predictions; `batch["image"]` f32[b,h,w,c] gives the image size."""
    state = create(spec, key, {"classifier": (batch["image"][:1],)})
    rows = num_images(spec.hparams)
    if not rows:
        return state
    return state.replace(memory={"ensemble": jnp.zeros((rows, spec.hparams.num_classes))})


def show(
    spec: Spec, state: TrainState, batch: Batch, key: Key
) -> tuple[dict[str, Array], dict[str, PyTree]]:
    """(targets f32[b,K] and weights f32[b] of batch["image"], as far as needed; the new memory)."""
    hparams, layout = spec.hparams, spec.layout
    if not hparams.consistency_weight:
        return {}, state.memory
    weight = jnp.full(batch["image"].shape[:1], _weight(hparams, state.step))
    if not num_images(hparams):
        return {"made_weight": weight}, state.memory
    # The pass of the loss, a second time: a loss returns no predictions.
    (turn,) = turns(hparams)
    key_pass = key_for(update_keys(key, state.step, turn)[0], "first")
    nets = Nets(spec, state.params, state.model_state)
    found = jax.nn.softmax(predict(nets, spec, batch["image"], key_pass))
    ensemble, index = state.memory["ensemble"], batch["index"]
    kept = ensemble[index]
    share = jnp.sum(kept, axis=1)  # 1 - decay^n; 0 of an image that was never seen
    seen = share > 0
    target = kept / jnp.where(seen, share, 1.0)[:, None]
    moved = hparams.decay * kept + (1.0 - hparams.decay) * found
    # The same on every shard, and known to be.
    ensemble = layout.mean(ensemble.at[layout.gather(index)].set(layout.gather(moved)))
    return {"made_target": target, "made_weight": weight * seen}, {"ensemble": ensemble}


def train_step(spec: Spec, state: TrainState, batch: Batch, key: Key) -> tuple[TrainState, Metrics]:
    """One step; key: constant over a run.

    batch["image"]: f32[b,h,w,c]; ["labelled_image"] f32[n,h,w,c], ["labelled_label"] i32[n]; of
    "temporal" also ["index"] i32[b], the images' rows of the training set, each at most once.
    """
    shown, memory = show(spec, state, batch, key)
    state, metrics = take_turns(spec, state, {**batch, **shown}, key, turns(spec.hparams))
    return state.replace(memory=memory), metrics


def assignments(spec: Spec, state: TrainState, image: Array) -> Array:
    """Logits f32[b,K] of p(class | image), of the image as it is and without noise."""
    return evaluating(spec, state)("classifier", image, train=False)


def evaluate(spec: Spec, state: TrainState, batch: Batch, key: Key) -> Metrics:
    """usage_entropy, assignment_entropy of held-out images, see `parts.posteriors`."""
    del key
    found = jax.nn.softmax(assignments(spec, state, batch["image"]))
    return posteriors.category_metrics(spec, found)


def predict(nets: Nets, spec: Spec, image: Array, key: Key) -> Array:
    """Logits f32[b,K], in training, of images f32[b,h,w,c] that are moved about."""
    moved = augment(spec, image, key_for(key, "augment"))
    return nets("classifier", moved, key=key_for(key, "layers"))


def augment(spec: Spec, image: Array, key: Key) -> Array:
    """Images f32[b,h,w,c] moved by whole pixels, their edges reflected, and perhaps mirrored."""
    most, num = spec.hparams.translation, image.shape[0]
    if spec.hparams.flip:
        coins = spec.layout.uniform(key_for(key, "flip"), (num,)) < 0.5
        image = jnp.where(coins[:, None, None, None], image[:, :, ::-1], image)
    if not most:
        return image

    def offsets(key: Key, shape: tuple[int, ...]) -> Array:
        return jax.random.randint(key, shape, 0, 2 * most + 1)

    corners = spec.layout.draw(offsets, key_for(key, "translation"), (num, 2))
    padded = jnp.pad(image, ((0, 0), (most, most), (most, most), (0, 0)), mode="reflect")
    return windows(padded, corners, *image.shape[1:3])


def _weight(hparams: Hparams, step: Array) -> Array | float:
    """w(t) at a training step i32[]."""
    if not hparams.ramp_steps:
        return hparams.consistency_weight
    left = 1.0 - jnp.minimum(step / hparams.ramp_steps, 1.0)
    return hparams.consistency_weight * jnp.exp(-5.0 * jnp.square(left))


def _with_consistency(
    spec: Spec, labelled: tuple[Array, Metrics], found: Array, target: Array, weight: Array
) -> tuple[Array, Metrics]:
    supervised, metrics = labelled
    term = jnp.mean(weight * jnp.mean(jnp.square(found - target), axis=1))
    loss = supervised + term
    metrics |= codes.named("classifier", posteriors.category_metrics(spec, found))
    return loss, metrics | {"classifier/loss": loss, "classifier/consistency": term}
