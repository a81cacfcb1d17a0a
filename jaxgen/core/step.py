"""The verbs of a training step: `optimise` some networks on a loss, then `finish`."""

import dataclasses
from collections.abc import Callable

import jax
import jax.numpy as jnp
import optax

from jaxgen.core.nets import Nets
from jaxgen.core.state import Spec, TrainState
from jaxgen.core.types import Array, Key, Metrics, PyTree


def optimise(
    spec: Spec,
    state: TrainState,
    names: str | tuple[str, ...],
    loss: Callable,
    *args: PyTree,
    phase: str | None = None,
) -> tuple[TrainState, Metrics]:
    """One optimiser update of the networks `names` on `loss(nets, spec, *args)`.

    `loss` returns (scalar, metrics). Only the named networks are differentiated, so the others are
    constants in it and nothing needs a stop_gradient; running statistics move in every network
    that the loss calls in training mode. phase: for networks that are updated in several phases of
    a step, which optimiser of `by_phase` this is; the others pay no attention to it.
    """
    names = (names,) if isinstance(names, str) else names
    constants = spec.layout.varying(state.params)

    def evaluate(owned):
        nets = Nets(spec, {**constants, **owned}, state.model_state)
        value, metrics = loss(nets, spec, *args)
        return value, (metrics, nets.model_state)

    owned = {name: state.params[name] for name in names}
    (_, (metrics, model_state)), gradient = spec.layout.value_and_grad(evaluate)(owned)
    params, opt_state = dict(state.params), dict(state.opt_state)
    for name in names:
        update = optax.with_extra_args_support(spec.tx[name]).update
        updates, opt_state[name] = update(
            gradient[name], opt_state[name], params[name], step=state.step, phase=phase
        )
        params[name] = optax.apply_updates(params[name], updates)
    return state.replace(params=params, opt_state=opt_state, model_state=model_state), metrics


def optimise_each(
    spec: Spec,
    state: TrainState,
    names: str | tuple[str, ...],
    loss: Callable,
    args: PyTree,
    *,
    update: Callable = optimise,
    count: Array | None = None,
) -> tuple[TrainState, Metrics]:
    """`update` once for each leading index of `args`, in order; metrics are averaged.

    args: tuple of arrays [k, ...], the k successive arguments of `loss`. update: `optimise`, or
    something of its signature that does more. count: if given, only so many of the k are made.
    """
    total = jax.tree.leaves(args)[0].shape[0]
    if total == 1:
        return update(spec, state, names, loss, *jax.tree.map(lambda x: x[0], args))

    def one(state, args):
        return update(spec, state, names, loss, *args)

    def one_of_first(state, indexed):
        index, args = indexed
        _, shapes = jax.eval_shape(one, state, args)
        nothing = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), shapes)
        return jax.lax.cond(index < count, one, lambda state, _: (state, nothing), state, args)

    if count is None:
        state, metrics = jax.lax.scan(one, state, args)
        return state, jax.tree.map(lambda x: jnp.mean(x, axis=0), metrics)
    state, metrics = jax.lax.scan(one_of_first, state, (jnp.arange(total), args))
    return state, jax.tree.map(lambda x: jnp.sum(x, axis=0) / count, metrics)


def split_batch(x: Array, parts: int) -> Array:
    """[b k, ...] -> [k, b, ...]: the k batches that the sub-steps of one step consume.

    Consecutive rows go to different parts, so a batch that is sharded over devices needs no
    communication to be split.
    """
    if x.shape[0] % parts:
        raise ValueError(f"A batch of {x.shape[0]} cannot be split into {parts} equal parts.")
    return jnp.swapaxes(x.reshape(-1, parts, *x.shape[1:]), 0, 1)


@dataclasses.dataclass(frozen=True)
class Turn:
    """One player's part of a step: `updates` updates of `player` on loss(nets, spec, *batch, key).

    fresh: every update has a batch of its own; otherwise all have the step's first one. update: as
    in `optimise_each`. count: if given, how many of the updates are made at a training step.
    """

    player: str
    loss: Callable
    updates: int = 1
    fresh: bool = True
    update: Callable = optimise
    count: Callable[[Array], Array] | None = None


def take_turns(
    spec: Spec, state: TrainState, entries: tuple[Array, ...], key: Key, turns: tuple[Turn, ...]
) -> tuple[TrainState, Metrics]:
    """The turns one after the other, each against what the others have become: (state, metrics).

    entries: what the losses read of a batch, each [k b, ...] with k the fresh updates of all turns.
    key: constant over a run. Every update has a key of its own. The step is not finished.
    """
    parts = sum(turn.updates for turn in turns if turn.fresh)
    batches = tuple(split_batch(x, parts) for x in entries)
    keys = jax.random.split(jax.random.fold_in(key, state.step), len(turns))
    used, metrics = 0, {}
    for turn, key_turn in zip(turns, keys):
        rows = slice(used, used + turn.updates) if turn.fresh else slice(0, 1)
        used += turn.updates if turn.fresh else 0
        mine = tuple(jnp.broadcast_to(x[rows], (turn.updates, *x.shape[1:])) for x in batches)
        args = (*mine, jax.random.split(key_turn, turn.updates))
        count = turn.count(state.step) if turn.count else None
        state, measured = optimise_each(
            spec, state, turn.player, turn.loss, args, update=turn.update, count=count
        )
        metrics |= measured
    return state, metrics


def finish(spec: Spec, state: TrainState) -> TrainState:
    """End of a training step: moving averages follow the parameters, and the step is counted."""
    ema = {
        name: optax.incremental_update(state.params[name], average, 1.0 - spec.ema[name])
        for name, average in state.ema.items()
    }
    return state.replace(ema=ema, step=state.step + 1)
