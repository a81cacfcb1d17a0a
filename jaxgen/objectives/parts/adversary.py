"""What games of a generator against one adversary share: passes, metrics, turns, first states."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from jaxgen.core.keys import key_for
from jaxgen.core.nets import Nets
from jaxgen.core.spec import Spec
from jaxgen.core.state import TrainState, create, evaluating
from jaxgen.core.step import Turn, check_batch, finish, optimise
from jaxgen.core.types import Array, Batch, Key, Metrics
from jaxgen.losses.moments import relative_spread
from jaxgen.objectives.parts import latents

SPREAD = {
    "generator/spread": (
        "Spread of generated images",
        "deviation over that of the batch's real ones; 1 is right, below 0.5 is collapse",
    ),
}
# Of discriminators whose outputs are probabilities.
PROBABILITIES = {
    "discriminator/loss": (
        "Discriminator's loss",
        "nats, two cross-entropies; healthy between 0.5 and 1.39, where it cannot tell real from "
        "generated; near 0 it has won",
    ),
    "discriminator/real": (
        "Real images taken for real",
        "mean probability; 0.5 at equal strength; near 1 for good, the discriminator has won",
    ),
    "discriminator/fake": (
        "Generated images taken for real",
        "mean probability; 0.5 at equal strength; near 0 for good, the discriminator has won",
    ),
    "generator/loss": (
        "Generator's loss",
        "nats; 0.69 at equal strength (-0.69 if minimax); growing for good, the discriminator has "
        "won",
    ),
    **SPREAD,
}
# Of critics.
DISTANCE = {
    "critic/distance": (
        "Critic's distance",
        "mean score of real less that of generated images; lower is better once the critic keeps "
        "up, and it follows the quality of samples",
    ),
    "generator/loss": (
        "Generator's loss",
        "minus the mean score of generated images; its level says nothing, for scores have no zero",
    ),
    "objective/critic_distance": (
        "Critic's distance",
        "of held-out images; healthy near that of training, far below it the critic knows its "
        "images by heart",
    ),
    **SPREAD,
}


def on_real_and_fake(
    nets: Nets, spec: Spec, name: str, image: Array, key: Key, *condition: Array
) -> tuple[Array, Array, Array]:
    """(generated images, the adversary's output for `image`, its output for the generated ones).

    As many are generated as `image` f32[b,h,w,c] has; real and generated images pass the adversary
    as batches of their own.
    """
    fake = latents.generate(nets, spec, key, image.shape[0], *condition)
    on_real = nets(name, image, *condition, key=key_for(key, "real"))
    return fake, on_real, nets(name, fake, *condition, key=key_for(key, "fake"))


def on_fake(
    nets: Nets, spec: Spec, name: str, num: int, key: Key, *condition: Array
) -> tuple[Array, Array]:
    """(`num` generated images, the adversary's output for them)."""
    fake = latents.generate(nets, spec, key, num, *condition)
    return fake, nets(name, fake, *condition, key=key_for(key, "fake"))


def metrics(
    spec: Spec, loss: Array, on_real: Array, on_fake: Array, image: Array, fake: Array
) -> Metrics:
    """A discriminator's loss, its mean outputs, and how spread out the generated images are."""
    return {
        "discriminator/loss": loss,
        "discriminator/real": jnp.mean(on_real),
        "discriminator/fake": jnp.mean(on_fake),
        "generator/spread": relative_spread(fake, image, mean=spec.layout.mean),
    }


def alternate(
    name: str,
    adversary_loss: Callable,
    generator_loss: Callable,
    updates: int,
    generator_updates: int,
    entries: tuple[str, ...] = ("image",),
    adversary_update: Callable = optimise,
) -> tuple[Turn, Turn]:
    """`updates` of the adversary `name`, each on a batch of its own, then the generator's."""
    return (
        Turn(name, adversary_loss, entries, updates, fresh=True, update=adversary_update),
        Turn("generator", generator_loss, entries, generator_updates),
    )


def move_together(
    spec: Spec, state: TrainState, batch: Batch, key: Key, turns: Sequence[Turn]
) -> tuple[TrainState, Metrics]:
    """A training step of `turns`, one update each, whose players move by their gradients at one
    point and on the same draws: none sees what another becomes.

    Running statistics move with each player's pass, in the order of the turns.
    """
    check_batch(batch)
    key = key_for(jax.random.fold_in(key, state.step), "both")
    start, moved, metrics = state.params, {}, {}
    for turn in turns:
        same = jax.random.clone(key)  # the same noise, on purpose
        args = (*(batch[name] for name in turn.entries), same)
        state, found = turn.update(
            spec, state.replace(params=start), turn.players, turn.loss, *args, phase=turn.phase
        )
        moved |= {name: state.params[name] for name in turn.players}
        metrics |= found
    return finish(spec, state.replace(params={**start, **moved})), metrics


def update_and_clip(
    spec: Spec, state: TrainState, names: Any, loss: Any, *args: Array, phase: str | None = None
) -> tuple[TrainState, Metrics]:
    """`optimise`, and then every parameter of the networks `names` clipped to `hparams.clip`."""
    state, metrics = optimise(spec, state, names, loss, *args, phase=phase)
    return clip(spec, state, names), metrics


def clip(spec: Spec, state: TrainState, names: str | tuple[str, ...]) -> TrainState:
    """The state with all parameters of the networks `names` in [-hparams.clip, hparams.clip]."""
    limit, names = spec.hparams.clip, (names,) if isinstance(names, str) else names
    inside = {
        name: jax.tree.map(lambda x: jnp.clip(x, -limit, limit), state.params[name])
        for name in names
    }
    return state.replace(params={**state.params, **inside})


def energy(kind: str, reconstruction: Array, image: Array) -> Array:
    """Error of the reconstruction of each image, or code, f32[b,...]: f32[b], 0 or more.

    kind: "mean_squared", or "euclidean", the norm of the difference.
    """
    squares = jnp.square(reconstruction - image).reshape(image.shape[0], -1)
    if kind == "mean_squared":
        return jnp.mean(squares, axis=1)
    # A square root has no gradient at 0, which a perfect reconstruction reaches.
    return jnp.sqrt(jnp.sum(squares, axis=1) + 1e-12)


def create_pair(name: str, spec: Spec, key: Key, batch: Batch, *condition: Array) -> TrainState:
    """Initial state of the generator and of the adversary `name`.

    batch["image"] f32[b,h,w,c] gives the image size; condition: arrays [1,...] that both are given.
    """
    inputs = {
        "generator": (latents.example(spec), *condition),
        name: (batch["image"][:1], *condition),
    }
    return create(spec, key, inputs)


def critic_distance(spec: Spec, state: TrainState, image: Array, key: Key) -> Metrics:
    """critic_distance: E f(x) - E f(G(z)) on held-out images, with running statistics.

    Far below the "critic/distance" of training, the critic has memorised the training images.
    """
    nets = evaluating(spec, state)
    fake = latents.sample(spec, state, key, image.shape[0])
    on_real, on_fake = (nets("critic", x, train=False) for x in (image, fake))
    return {"critic_distance": jnp.mean(on_real) - jnp.mean(on_fake)}
