"""Devices: the mesh, the compiled step, and nothing else that knows about them.

The batch is one global array, sharded over every device of every process; parameters are
replicated. The same `train_step` also runs inside `shard_map`, `pmap` and `vmap` under
`Layout(axis_name=...)`; the conformance tests prove them all equal.
"""

import functools
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from jaxgen.core import Batch, Key, Layout, Metrics, PyTree, Spec, TrainState

_AXIS = "data"


def make_mesh(devices: list[Any] | None = None) -> Mesh:
    """A one-dimensional mesh over all devices (of all processes), or over the given ones."""
    devices = jax.devices() if devices is None else devices
    return Mesh(np.asarray(devices), (_AXIS,), axis_types=(AxisType.Auto,))


def replicated(mesh: Mesh) -> NamedSharding:
    """Every device holds the whole array."""
    return NamedSharding(mesh, PartitionSpec())


def batch_sharding(mesh: Mesh) -> NamedSharding:
    """The leading axis is split over the devices."""
    return NamedSharding(mesh, PartitionSpec(_AXIS))


def initialise(create_state: Callable[[Key], TrainState], key: Key, mesh: Mesh) -> TrainState:
    """`create_state(key)` compiled, with its result on every device of the mesh."""
    return jax.jit(create_state, out_shardings=replicated(mesh))(key)


def compile_step(
    step: Callable[[Spec, TrainState, Batch, Key], tuple[TrainState, Metrics]],
    spec: Spec,
    mesh: Mesh,
    load: Callable[[PyTree, PyTree, Key], Batch] = lambda source, raw, key: raw,
) -> Callable[[TrainState, PyTree, PyTree, Key], tuple[TrainState, Metrics]]:
    """A jitted `run(state, source, raw, key)` that takes k training steps in one dispatch.

    raw: arrays [k, b, ...], the data of k steps, b sharded over the mesh. source: arrays that stay
    on the devices. load(source, raw of one step, key) makes the batch inside the compiled step.
    key: constant over a run; every draw is a function of it and of `state.step`. The state is
    donated. Metrics come back with a leading axis k, one entry a step.
    """
    spec = spec.on(Layout(batch_sharding=batch_sharding(mesh)))
    stacked = NamedSharding(mesh, PartitionSpec(None, _AXIS))

    @functools.partial(
        jax.jit,
        donate_argnums=0,
        in_shardings=(replicated(mesh), replicated(mesh), stacked, replicated(mesh)),
        out_shardings=replicated(mesh),
    )
    def run(state, source, raw, key):
        key_data, key_step = jax.random.split(key)

        def one_step(state, raw):
            batch = load(source, raw, jax.random.fold_in(key_data, state.step))
            return step(spec, state, batch, key_step)

        return jax.lax.scan(one_step, state, raw)

    return run
