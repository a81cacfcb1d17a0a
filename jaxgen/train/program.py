"""A training step as a compiled program: of one state over all devices, or of several seeds.

One state: the batch is one global array, sharded over every device of every process; parameters are
replicated. The same `train_step` also runs inside `shard_map`, `pmap` and `vmap` under
`Layout(axis_name=...)`; the conformance tests prove them all equal.

Several seeds: every array of a state has the seeds as its leading axis, but the step, which all
share, so that what an objective decides by the step stays a decision of the whole program.
"""

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from jaxgen.core.keys import key_for
from jaxgen.core.layout import Layout
from jaxgen.core.spec import Spec
from jaxgen.core.state import TrainState
from jaxgen.core.types import Array, Batch, Key, Metrics, PyTree

_AXIS = "data"
_STATE: Any = TrainState
_SEEDS = _STATE(step=None, params=0, model_state=0, opt_state=0, ema=0, memory=0)
Step = Callable[[Spec, TrainState, Batch, Key], tuple[TrainState, Metrics]]
Load = Callable[[PyTree, PyTree, Key], Batch]
Run = Callable[[TrainState, PyTree, PyTree, Key], tuple[TrainState, Metrics]]


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


@dataclasses.dataclass(frozen=True)
class Program:
    """How an experiment is trained: one state on `mesh`, or without one a state of every seed.

    Attributes:
      create_state: key -> a fresh state of one seed.
      step: the objective's train_step.
      spec: what it is bound to.
      seeds: exactly one on a mesh.
      mesh: of all devices; None stacks the seeds on the default one.
      together: seeds by `vmap`; else one after the other in the same program, which is faster where
        convolutions with a kernel for each example are slow (CPU; see benchmarks/gan_step.py).
    """

    create_state: Callable[[Key], TrainState]
    step: Step
    spec: Spec
    seeds: tuple[int, ...]
    mesh: Mesh | None = None
    together: bool = True

    def __post_init__(self):
        if self.mesh is not None and len(self.seeds) != 1:
            raise ValueError(f"A mesh trains one seed, not {len(self.seeds)}.")

    def key(self, purpose: str) -> Key:
        """The key "init" or "run" of the seed on a mesh, or those of all seeds, [s]."""
        keys = [key_for(jax.random.key(seed), purpose) for seed in self.seeds]
        return keys[0] if self.mesh is not None else jnp.stack(keys)

    def initialise(self) -> TrainState:
        """Fresh states, compiled, where `target` says."""
        if self.mesh is not None:
            everywhere = replicated(self.mesh)
            return jax.jit(self.create_state, out_shardings=everywhere)(self.key("init"))
        return jax.jit(jax.vmap(self.create_state, out_axes=_SEEDS))(self.key("init"))

    def target(self) -> TrainState:
        """Shapes, dtypes and placement of the state, as a checkpoint is restored into."""
        if self.mesh is not None:
            everywhere = replicated(self.mesh)
            abstract = jax.eval_shape(self.create_state, jax.eval_shape(lambda: self.key("init")))
            return jax.tree.map(
                lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=everywhere), abstract
            )
        many = jax.eval_shape(lambda: self.key("init"))
        return jax.eval_shape(jax.vmap(self.create_state, out_axes=_SEEDS), many)

    def compile_step(self, load: Load) -> Run:
        """`compile_step` on the mesh, or `compile_seeds`."""
        if self.mesh is not None:
            return compile_step(self.step, self.spec, self.mesh, load)
        return compile_seeds(self.step, self.spec, load, together=self.together)

    def state_of(self, state: TrainState, index: int) -> TrainState:
        """The state of one seed."""
        if self.mesh is not None:
            return state
        one = jax.tree.map(lambda x: x[index], state.replace(step=None))
        return one.replace(step=state.step)

    def finite(self, state: TrainState) -> dict[str, np.ndarray]:
        """Whether all parameters of each network are finite, bool[s]."""
        return {name: np.atleast_1d(x) for name, x in _finite(self.mesh is None, state).items()}


@functools.partial(jax.jit, static_argnums=0)
def _finite(stacked: bool, state: TrainState) -> dict[str, Array]:
    def fine(leaf):
        axes = tuple(range(int(stacked), jnp.ndim(leaf)))
        return jnp.isfinite(leaf).all(axis=axes)

    return {
        name: jnp.stack([fine(leaf) for leaf in jax.tree.leaves(tree)]).all(axis=0)
        for name, tree in state.params.items()
        if jax.tree.leaves(tree)
    }


def _one_step(step: Step, spec: Spec, load: Load, source: PyTree) -> Callable:
    """One training step from raw data; every draw is a function of the key and the step."""

    def one_step(state, raw, key):
        key_data = jax.random.fold_in(key_for(key, "data"), state.step)
        return step(spec, state, load(source, raw, key_data), key_for(key, "step"))

    return one_step


def compile_step(
    step: Step, spec: Spec, mesh: Mesh, load: Load = lambda source, raw, key: raw
) -> Run:
    """A jitted `run(state, source, raw, key)` that takes k training steps in one dispatch.

    raw: arrays [k, b, ...], the data of k steps, b sharded over the mesh. source: arrays that stay
    on the devices. load(source, raw of one step, key) makes the batch inside the compiled step.
    key: constant over a run. The state is donated. Metrics come back with a leading axis k, one
    entry a step.
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
        one_step = _one_step(step, spec, load, source)
        return jax.lax.scan(lambda state, raw: one_step(state, raw, key), state, raw)

    return run


def compile_seeds(step: Step, spec: Spec, load: Load, *, together: bool = True) -> Run:
    """A jitted `run(states, source, raws, keys)`: k steps of all seeds in one dispatch.

    raws: for each seed its arrays [k, b, ...]. keys: the run keys [s]. The rest is as in
    `compile_step`, whose numbers for one seed these are, up to rounding. The states are donated.
    Metrics come back as [k, s]. together: see `Program`.
    """

    @functools.partial(jax.jit, donate_argnums=0)
    def run(states, source, raws: Sequence[PyTree], keys):
        one_seed = _one_step(step, spec, load, source)

        def one_step(states, raw):
            if together:
                every_seed = jax.vmap(one_seed, in_axes=(_SEEDS, 0, 0), out_axes=(_SEEDS, 0))
                return every_seed(states, raw, keys)
            new, metrics = jax.lax.map(
                lambda x: one_seed(x[0].replace(step=states.step), *x[1:]),
                (states.replace(step=None), raw, keys),
            )
            return new.replace(step=new.step[0]), metrics

        stacked = jax.tree.map(lambda *x: jnp.stack(x, axis=1), *raws)
        return jax.lax.scan(one_step, states, stacked)

    return run
