"""CycleGAN: translation between two domains of which no pairs are known.

J.-Y. Zhu, T. Park, P. Isola, A. A. Efros, "Unpaired Image-to-Image Translation using
Cycle-Consistent Adversarial Networks", ICCV 2017, arXiv:1703.10593. With x of the first domain, y
of the other, G from x to y, F back, D the judge of y and C that of x, the players minimise

    G, F:  E (D(G(x)) - 1)^2 + E (C(F(y)) - 1)^2
           + cycle_weight |F(G(x)) - x| + inverse_cycle_weight |G(F(y)) - y|
           + identity_weight (inverse_cycle_weight |G(y) - y| + cycle_weight |F(x) - x|)
    D:     (E (D(y) - 1)^2 + E D(g)^2) / 2,  g from a pool of images that G has made
    C:     (E (C(x) - 1)^2 + E C(f)^2) / 2,  f from a pool of F's

with |.| means over all elements. A pool keeps `pool_size` images; once it is full, an image that
was just made is shown itself, or with probability 1/2 takes the place of a kept one, which is
shown.

Deviations: none from the authors' PyTorch code (github.com/junyanz/pytorch-CycleGAN-and-pix2pix):
G and F move first and together, then D and C, on what G and F made before they moved. The authors'
Lua code has the order G, D, F, C. Where networks draw noise in training, pools get images of other
noise than the losses have.
"""

import dataclasses

import jax
import jax.numpy as jnp

from jaxgen.core.errors import require_at_least
from jaxgen.core.keys import key_for
from jaxgen.core.nets import Nets
from jaxgen.core.spec import Spec
from jaxgen.core.state import TrainState, create, evaluating
from jaxgen.core.step import Turn, take_turns
from jaxgen.core.types import Array, Batch, Key, Metrics, PyTree
from jaxgen.losses import adversarial, reconstruction

NETWORKS = ("generator", "inverse_generator", "discriminator", "inverse_discriminator")
ADVERSARIES = ("discriminator", "inverse_discriminator")
_GENERATORS = NETWORKS[:2]
_BOTH = ("image", "other_image")
_MADE = ("made_other_image", "made_image")  # by each of the generators, see `show`


def _titles_of(prefix: str, there: str, back: str, of: str) -> dict[str, tuple[str, str]]:
    return {
        f"{prefix}discriminator/loss": (
            f"Loss of the discriminator of {there}",
            "squares; healthy near 0.25, where it cannot tell; near 0 it has won",
        ),
        f"{prefix}discriminator/real": (
            f"Score of real images of {there}",
            "healthy between 0.5 and 1; at 1 for good, it has won",
        ),
        f"{prefix}discriminator/fake": (
            f"Score of made images of {there}",
            "healthy between 0 and 0.5; at 0 for good, it has won",
        ),
        f"{prefix}generator/adversarial": (
            f"Adversarial term of images of {there}",
            "squares; 0.25 at equal strength; near 1 for good, the discriminator has won",
        ),
        f"{prefix}generator/cycle": (
            f"Error of {back} after both translations",
            "mean absolute, on the scale [-1, 1]; lower is better",
        ),
        f"{prefix}generator/identity": (
            f"Change of {there} by its own generator",
            "mean absolute, on the scale [-1, 1]; lower is better where colors should stay",
        ),
        f"objective/{of}_l1": (
            f"Error of {back} after both translations",
            "mean absolute, on the scale [-1, 1]; lower is better",
        ),
    }


TITLES = {
    **_titles_of("", "the other domain", "the first domain", "cycle"),
    **_titles_of("inverse_", "the first domain", "the other domain", "inverse_cycle"),
    "generator/loss": (
        "Loss of both generators",
        "the weighted sum; lower is better, but only against one pair of discriminators",
    ),
}


@dataclasses.dataclass(frozen=True)
class Hparams:
    """Numbers of the game; the defaults are those of the authors' code.

    Attributes:
      cycle_weight: of the first domain's error after both translations.
      inverse_cycle_weight: of the other domain's.
      identity_weight: of what a generator changes of its own domain, times the weight of that
        domain's cycle; 0 leaves the term, and its passes, out.
      pool_size: images that a discriminator's pool keeps; 0: it is shown what was just made.
    """

    cycle_weight: float = 10.0
    inverse_cycle_weight: float = 10.0
    identity_weight: float = 0.5
    pool_size: int = 50

    def __post_init__(self):
        require_at_least(0, self, "cycle_weight", "inverse_cycle_weight", "identity_weight")
        require_at_least(0, self, "pool_size")


def generators_loss(
    nets: Nets, spec: Spec, image: Array, other_image: Array, key: Key
) -> tuple[Array, Metrics]:
    """The loss of both generators on images f32[b,h,w,c] of either domain."""
    hparams, total, metrics = spec.hparams, jnp.zeros(()), {}
    weights = (hparams.cycle_weight, hparams.inverse_cycle_weight)
    for index, start in enumerate((image, other_image)):
        own, way_back = _GENERATORS[index], _GENERATORS[1 - index]
        made = nets(own, start, key=key_for(key, f"{own} made"))
        scores = nets(ADVERSARIES[index], made, key=key_for(key, f"{own} judged"))
        # The paper's, without the half.
        term = 2.0 * adversarial.lsgan_generator(scores)
        again = nets(way_back, made, key=key_for(key, f"{own} back"))
        error = reconstruction.l1(again, start)
        total += term + weights[index] * error
        metrics |= {f"{own}/adversarial": term, f"{own}/cycle": error}
        if hparams.identity_weight:
            there = (other_image, image)[index]
            kept = nets(own, there, key=key_for(key, f"{own} identity"))
            change = reconstruction.l1(kept, there)
            total += hparams.identity_weight * weights[1 - index] * change
            metrics[f"{own}/identity"] = change
    return total, metrics | {"generator/loss": total}


def discriminators_loss(
    nets: Nets,
    spec: Spec,
    image: Array,
    other_image: Array,
    made_other_image: Array,
    made_image: Array,
    key: Key,
) -> tuple[Array, Metrics]:
    """The losses of both discriminators, which share nothing, on real and shown images."""
    del spec
    total, metrics = jnp.zeros(()), {}
    pairs = ((other_image, made_other_image), (image, made_image))
    for name, (real, fake) in zip(ADVERSARIES, pairs):
        on_real = nets(name, real, key=key_for(key, f"{name} real"))
        on_fake = nets(name, fake, key=key_for(key, f"{name} fake"))
        loss = adversarial.lsgan_discriminator(on_real, on_fake)
        total += loss
        metrics |= {
            f"{name}/loss": loss,
            f"{name}/real": jnp.mean(on_real),
            f"{name}/fake": jnp.mean(on_fake),
        }
    return total, metrics


def turns(hparams: Hparams) -> tuple[Turn, ...]:
    """Both generators together, then both discriminators."""
    del hparams
    return (
        Turn(_GENERATORS, generators_loss, _BOTH, fresh=True),
        Turn(ADVERSARIES, discriminators_loss, (*_BOTH, *_MADE)),
    )


def create_state(spec: Spec, key: Key, batch: Batch) -> TrainState:
    """Initial state, with empty pools; `batch["image"]` f32[b,h,w,c] gives the image size."""
    image = batch["image"][:1]
    state = create(spec, key, {name: (image,) for name in NETWORKS})
    shape = (spec.hparams.pool_size, *image.shape[1:])
    pool = {"images": jnp.zeros(shape), "count": jnp.zeros((), jnp.int32)}
    return state.replace(memory={name: jax.tree.map(jnp.copy, pool) for name in _GENERATORS})


def show(
    spec: Spec, state: TrainState, batch: Batch, key: Key
) -> tuple[dict[str, Array], dict[str, PyTree]]:
    """(what discriminators are shown of the generators of now, f32[b,h,w,c] each; new pools)."""
    key = key_for(jax.random.fold_in(key, state.step), "pools")
    nets = Nets(spec, state.params, state.model_state)
    shown, memory = {}, {}
    for name, entry, given in zip(_GENERATORS, _MADE, _BOTH):
        key_made, key_pool = jax.random.split(key_for(key, name))
        made = nets(name, batch[given], key=key_made)
        memory[name] = state.memory[name]
        if spec.hparams.pool_size:
            layout = spec.layout
            # The same on every shard, and known to be.
            every = layout.mean(layout.gather(made))
            memory[name], every = _exchange(state.memory[name], every, key_pool)
            made = layout.own(every)
        shown[entry] = made
    return shown, memory


def train_step(spec: Spec, state: TrainState, batch: Batch, key: Key) -> tuple[TrainState, Metrics]:
    """One step of the game; key: constant over a run.

    batch["image"], batch["other_image"]: f32[b,h,w,c] of the two domains.
    """
    shown, memory = show(spec, state, batch, key)
    state, metrics = take_turns(spec, state, {**batch, **shown}, key, turns(spec.hparams))
    return state.replace(memory=memory), metrics


def translate(spec: Spec, state: TrainState, batch: Batch, key: Key) -> Array:
    """G(x) f32[b,h,w,c] of batch["image"], or else F(y) of batch["other_image"]; no key is used."""
    del key
    nets = evaluating(spec, state)
    if "image" in batch:
        return nets("generator", batch["image"], train=False)
    return nets("inverse_generator", batch["other_image"], train=False)


def evaluate(spec: Spec, state: TrainState, batch: Batch, key: Key) -> Metrics:
    """cycle_l1, inverse_cycle_l1: mean |F(G(x)) - x| and |G(F(y)) - y| of a held-out batch."""
    there = translate(spec, state, {"image": batch["image"]}, key)
    back = translate(spec, state, {"other_image": batch["other_image"]}, key)
    again = translate(spec, state, {"other_image": there}, key)
    return {
        "cycle_l1": reconstruction.l1(again, batch["image"]),
        "inverse_cycle_l1": reconstruction.l1(
            translate(spec, state, {"image": back}, key), batch["other_image"]
        ),
    }


def _exchange(pool: PyTree, made: Array, key: Key) -> tuple[PyTree, Array]:
    """(the pool after images f32[n,h,w,c] came to it one by one; what is shown in their places)."""
    size = pool["images"].shape[0]
    key_coin, key_place = jax.random.split(key)
    coins = jax.random.bernoulli(key_coin, shape=(made.shape[0],))
    places = jax.random.randint(key_place, (made.shape[0],), 0, size)

    def one(carry, given):
        images, count = carry
        image, coin, place = given
        fills = count < size
        place = jnp.where(fills, count, place)
        kept = jax.lax.dynamic_index_in_dim(images, place, keepdims=False)
        changed = jax.lax.dynamic_update_index_in_dim(images, image, place, 0)
        shown = jnp.where(coin & ~fills, kept, image)
        images = jnp.where(coin | fills, changed, images)
        return (images, jnp.minimum(count + 1, size)), shown

    start = (pool["images"], pool["count"])
    (images, count), shown = jax.lax.scan(one, start, (made, coins, places))
    return {"images": images, "count": count}, shown
