"""The verbs of a training step: `optimise` some networks on a loss, then `finish`."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import optax

from jaxgen.core.nets import Nets
from jaxgen.core.state import Spec, TrainState
from jaxgen.core.types import Array, Metrics, PyTree


def optimise(
    spec: Spec, state: TrainState, names: str | tuple[str, ...], loss: Callable, *args: PyTree
) -> tuple[TrainState, Metrics]:
    """One optimiser update of the networks `names` on `loss(nets, spec, *args)`.

    `loss` returns (scalar, metrics). Only the named networks are differentiated, so the others are
    constants in it and nothing needs a stop_gradient; running statistics move in every network
    that the loss calls in training mode.
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
            gradient[name], opt_state[name], params[name], step=state.step
        )
        params[name] = optax.apply_updates(params[name], updates)
    return state.replace(params=params, opt_state=opt_state, model_state=model_state), metrics


def optimise_each(
    spec: Spec, state: TrainState, names: str | tuple[str, ...], loss: Callable, args: PyTree
) -> tuple[TrainState, Metrics]:
    """`optimise` once for each leading index of `args`, in order; metrics are averaged.

    args: tuple of arrays [k, ...], the k successive arguments of `loss`.
    """
    if jax.tree.leaves(args)[0].shape[0] == 1:
        return optimise(spec, state, names, loss, *jax.tree.map(lambda x: x[0], args))
    state, metrics = jax.lax.scan(
        lambda state, args: optimise(spec, state, names, loss, *args), state, args
    )
    return state, jax.tree.map(lambda x: jnp.mean(x, axis=0), metrics)


def split_batch(x: Array, parts: int) -> Array:
    """[b k, ...] -> [k, b, ...]: the k batches that the sub-steps of one step consume.

    Consecutive rows go to different parts, so a batch that is sharded over devices needs no
    communication to be split.
    """
    if x.shape[0] % parts:
        raise ValueError(f"A batch of {x.shape[0]} cannot be split into {parts} equal parts.")
    return jnp.swapaxes(x.reshape(-1, parts, *x.shape[1:]), 0, 1)


def finish(spec: Spec, state: TrainState) -> TrainState:
    """End of a training step: moving averages follow the parameters, and the step is counted."""
    ema = {
        name: optax.incremental_update(state.params[name], average, 1.0 - spec.ema[name])
        for name, average in state.ema.items()
    }
    return state.replace(ema=ema, step=state.step + 1)
