"""The verbs of a training step: `optimise` some networks on a loss, `take_turns`, `finish`.

>>> import flax.linen as nn
>>> class Number(nn.Module):
...     @nn.compact
...     def __call__(self, *, train): return self.param("x", nn.initializers.zeros, ())
>>> def loss(nets, spec, image, key):
...     error = (nets("model") - image.mean()) ** 2
...     return error, {"model/error": error}
>>> from jaxgen.core.state import create
>>> spec = Spec(nets={"model": Number()}, tx={"model": optax.sgd(0.5)}, hparams=None)
>>> state = create(spec, jax.random.key(0), {"model": ()})
>>> batch = {"image": jnp.full((2, 1), 3.0)}
>>> state, metrics = take_turns(spec, state, batch, jax.random.key(1), [Turn("model", loss)])
>>> float(state.params["model"]["x"]), float(metrics["model/error"]), int(state.step)
(3.0, 9.0, 1)
"""

import dataclasses
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import optax

from jaxgen.core.images import check_range
from jaxgen.core.keys import key_for
from jaxgen.core.nets import Nets
from jaxgen.core.spec import Spec
from jaxgen.core.state import TrainState
from jaxgen.core.types import Array, Batch, Key, Metrics, PyTree


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
    a step, which optimiser of `by_phase` this is; the others pay no attention to it. args: arrays
    [b,...], the last a key; of `spec.micro_batches` parts each has a key of its own.
    """
    names = (names,) if isinstance(names, str) else names
    constants = spec.layout.varying(state.params)
    owned = {name: state.params[name] for name in names}

    def backward(model_state, args):
        def evaluate(owned):
            nets = Nets(spec, {**constants, **owned}, model_state)
            value, metrics = loss(nets, spec, *args)
            return value, (metrics, nets.model_state)

        (_, (metrics, model_state)), gradient = spec.layout.value_and_grad(evaluate)(owned)
        return model_state, (gradient, metrics)

    if spec.micro_batches > 1:
        found = _by_parts(backward, state.model_state, args, spec.micro_batches)
    else:
        found = backward(state.model_state, args)
    model_state, (gradient, metrics) = found
    params, opt_state = dict(state.params), dict(state.opt_state)
    for name in names:
        update = optax.with_extra_args_support(spec.tx[name]).update
        updates, opt_state[name] = update(
            gradient[name], opt_state[name], params[name], step=state.step, phase=phase
        )
        params[name] = optax.apply_updates(params[name], updates)
    return state.replace(params=params, opt_state=opt_state, model_state=model_state), metrics


def _by_parts(backward: Callable, model_state: PyTree, args: tuple, count: int) -> tuple:
    """`backward(model_state, args)` of `count` parts of the batch in turn, its results averaged."""
    *arrays, key = args
    uneven = [x.shape[0] for x in arrays if x.shape[0] % count]
    if uneven:
        raise ValueError(
            f"{uneven[0]} images of an update cannot be taken in micro_batches={count} equal parts."
        )
    keys = jax.vmap(jax.random.fold_in, (None, 0))(key, jnp.arange(count))
    parts = (*(split_batch(x, count) for x in arrays), keys)

    def add(carry, part):
        model_state, total = carry
        model_state, found = backward(model_state, part)
        return (model_state, jax.tree.map(jnp.add, total, found)), None

    one = jax.eval_shape(lambda: jax.tree.map(lambda x: x[0], parts))
    _, shapes = jax.eval_shape(backward, model_state, one)
    nothing = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), shapes)
    (model_state, total), _ = jax.lax.scan(add, (model_state, nothing), parts)
    return model_state, jax.tree.map(lambda x: x / count, total)


@dataclasses.dataclass(frozen=True)
class Turn:
    """One player's part of a step: updates of `networks` on loss(nets, spec, *entries, key).

    Attributes:
      networks: what moves; several move together, on one loss.
      loss: returns (scalar, metrics); what it is called with stands in `entries`, the key last.
      entries: what it reads of a batch.
      updates: how many, one after the other.
      fresh: every update has a batch of its own; otherwise all have the step's first one.
      phase: which optimiser of a network that is updated in several phases, see `by_phase`.
      optional: left out where the batch has not all of `entries`.
      update: `optimise`, or something of its signature that does more.
      count: how many of `updates` are made at a training step i32[]; all if None.
      name: the purpose of its random keys; by default its networks and phase.
    """

    networks: str | tuple[str, ...]
    loss: Callable
    entries: tuple[str, ...] = ("image",)
    updates: int = 1
    fresh: bool = False
    phase: str | None = None
    optional: bool = False
    update: Callable = optimise
    count: Callable[[Array], Array] | None = None
    name: str = ""

    @property
    def players(self) -> tuple[str, ...]:
        """`networks`, always as a tuple."""
        return (self.networks,) if isinstance(self.networks, str) else self.networks

    @property
    def purpose(self) -> str:
        """What the random keys of this turn are derived from."""
        return self.name or "/".join(filter(None, ("+".join(self.players), self.phase)))


def batches_per_step(turns: Sequence[Turn]) -> int:
    """How many batches the fresh updates of a step consume, at least one.

    >>> batches_per_step([Turn("critic", None, updates=5, fresh=True), Turn("generator", None)])
    5
    """
    return max(1, sum(turn.updates for turn in turns if turn.fresh))


def take_turns(
    spec: Spec, state: TrainState, batch: Batch, key: Key, turns: Sequence[Turn]
) -> tuple[TrainState, Metrics]:
    """A training step: the turns one after the other, each against what the others have become.

    batch: every entry [k b, ...] with k = `batches_per_step(turns)`. key: constant over a run; an
    update's key is a function of it, the training step, the turn's `purpose` and the update's
    number. Returns (state after `finish`, metrics). Raises ValueError for a batch that lacks what
    a turn reads or has it in another form, and for two turns of one purpose.
    """
    check_batch(batch)
    purposes = [turn.purpose for turn in turns]
    if len(set(purposes)) < len(purposes):
        raise ValueError(f"Turns of one step need different names, but they are {purposes}.")
    parts, used, metrics = batches_per_step(turns), 0, {}
    for turn in turns:
        rows = slice(used, used + turn.updates) if turn.fresh else slice(0, 1)
        used += turn.updates if turn.fresh else 0
        lacking = [name for name in turn.entries if name not in batch]
        if lacking and turn.optional:
            continue
        if lacking:
            raise ValueError(
                f'The turn of "{turn.purpose}" needs {", ".join(turn.entries)} in its batches, '
                f"which lack {', '.join(lacking)}."
            )
        mine = (split_batch(batch[name], parts)[rows] for name in turn.entries)
        repeated = (jnp.broadcast_to(x, (turn.updates, *x.shape[1:])) for x in mine)
        keys = update_keys(key, state.step, turn)
        state, measured = optimise_each(spec, state, turn, (*repeated, keys))
        metrics |= measured
    return finish(spec, state), metrics


def update_keys(key: Key, step: Array, turn: Turn) -> Key:
    """The keys [updates] that a turn's updates are given at training step i32[], see `take_turns`.

    For what an objective does before its turns by the same draws.
    """
    key_turn = key_for(jax.random.fold_in(key, step), turn.purpose)
    return jax.vmap(jax.random.fold_in, (None, 0))(key_turn, jnp.arange(turn.updates))


def check_batch(batch: Batch) -> None:
    """Raises ValueError, when a step is traced, for images and labels that no objective takes.

    Images, lightness and chroma are floats [b,h,w,c] in [-1,1], which is seen outside of jit only,
    labels integers [b].
    """
    for name in ("image", "labelled_image", "other_image", "lightness", "chroma"):
        x = batch.get(name)
        if x is None:
            continue
        given = f'batch["{name}"] is {x.dtype}{list(x.shape)}'
        if not jnp.issubdtype(x.dtype, jnp.floating):
            raise ValueError(f"{given}; networks see floats in [-1,1]: give image / 127.5 - 1.")
        check_range(x, f'batch["{name}"]')
        if x.ndim == 4 and x.shape[1] in (1, 3) and x.shape[3] > 4 and x.shape[2] > 4:
            raise ValueError(
                f"{given}, which looks like channels first; give [b,h,w,c], as by "
                "jnp.transpose(image, (0, 2, 3, 1))."
            )
    for name in ("label", "labelled_label"):
        x = batch.get(name)
        if x is not None and (x.ndim != 1 or not jnp.issubdtype(x.dtype, jnp.integer)):
            raise ValueError(
                f'batch["{name}"] is {x.dtype}{list(x.shape)}; labels are integers [b], such as '
                "jnp.argmax of one-hot ones."
            )


def optimise_each(
    spec: Spec, state: TrainState, turn: Turn, args: PyTree
) -> tuple[TrainState, Metrics]:
    """The turn's update once for each leading index of `args`, in order; metrics are averaged.

    args: tuple of arrays [k, ...], the k successive arguments of the turn's loss, of which
    `turn.count` says how many are used; of none, metrics are 0.
    """
    total = jax.tree.leaves(args)[0].shape[0]

    def one(state, args):
        return turn.update(spec, state, turn.players, turn.loss, *args, phase=turn.phase)

    if total == 1 and turn.count is None:
        return one(state, jax.tree.map(lambda x: x[0], args))
    if turn.count is None:
        state, metrics = jax.lax.scan(one, state, args)
        return state, jax.tree.map(lambda x: jnp.mean(x, axis=0), metrics)
    count = jnp.minimum(turn.count(state.step), total)

    def one_of_first(state, indexed):
        index, args = indexed
        _, shapes = jax.eval_shape(one, state, args)
        nothing = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), shapes)
        return jax.lax.cond(index < count, one, lambda state, _: (state, nothing), state, args)

    state, metrics = jax.lax.scan(one_of_first, state, (jnp.arange(total), args))
    return state, jax.tree.map(lambda x: jnp.sum(x, axis=0) / jnp.maximum(count, 1), metrics)


def split_batch(x: Array, parts: int) -> Array:
    """[b k, ...] -> [k, b, ...]: the k batches that the sub-steps of one step consume.

    Consecutive rows go to different parts, so a batch that is sharded over devices needs no
    communication to be split. Raises ValueError where b k is not divisible by k.

    >>> split_batch(jnp.arange(6), 2).tolist()
    [[0, 2, 4], [1, 3, 5]]
    """
    if x.shape[0] % parts:
        raise ValueError(
            f"A batch of {x.shape[0]} cannot be split into {parts} equal parts; a step of this "
            f"objective takes {parts} batches at once, see `batches_per_step(turns)`."
        )
    return jnp.swapaxes(x.reshape(-1, parts, *x.shape[1:]), 0, 1)


def finish(spec: Spec, state: TrainState) -> TrainState:
    """End of a training step: moving averages follow the parameters, and the step is counted."""
    ema = {
        name: optax.incremental_update(state.params[name], average, 1.0 - spec.ema[name])
        for name, average in state.ema.items()
    }
    return state.replace(ema=ema, step=state.step + 1)
