"""Several seeds of one experiment, trained side by side as one compiled program.

Every array of a state has the seeds as its leading axis, but the step, which all share: what an
objective decides by the step stays a decision of the whole program.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxgen.core import Batch, Key, Metrics, PyTree, Spec, TrainState

AXES: Any = TrainState(step=None, params=0, model_state=0, opt_state=0, ema=0)  # type: ignore


def keys(seeds: Sequence[int]) -> tuple[Key, Key]:
    """(init keys, run keys), one of each a seed: those of a training run with that seed."""
    pairs = [jax.random.split(jax.random.key(seed)) for seed in seeds]
    return jnp.stack([init for init, _ in pairs]), jnp.stack([run for _, run in pairs])


def initialise(create_state: Callable[[Key], TrainState], init_keys: Key) -> TrainState:
    """The states `create_state(key)` of all keys [s]."""
    return jax.jit(jax.vmap(create_state, out_axes=AXES))(init_keys)


def target(create_state: Callable[[Key], TrainState], num_seeds: int) -> TrainState:
    """Shapes and dtypes of `initialise`'s result."""
    many = jax.eval_shape(lambda: jax.random.split(jax.random.key(0), num_seeds))
    return jax.eval_shape(jax.vmap(create_state, out_axes=AXES), many)


def state_of(states: TrainState, index: int) -> TrainState:
    """The state of one seed."""
    one = jax.tree.map(lambda x: x[index], states.replace(step=None))
    return one.replace(step=states.step)


@jax.jit
def finite(states: TrainState) -> jax.Array:
    """Whether all parameters of a seed are finite, bool[s]."""
    leaves = jax.tree.leaves(states.params)
    return jnp.stack([jnp.isfinite(x).all(axis=tuple(range(1, jnp.ndim(x)))) for x in leaves]).all(
        axis=0
    )


def compile_step(
    step: Callable[[Spec, TrainState, Batch, Key], tuple[TrainState, Metrics]],
    spec: Spec,
    load: Callable[[PyTree, PyTree, Key], Batch],
    *,
    together: bool = True,
) -> Callable[[TrainState, PyTree, Sequence[PyTree], Key], tuple[TrainState, Metrics]]:
    """A jitted `run(states, source, raws, keys)`: k steps of all seeds in one dispatch.

    together: by `vmap`; else one seed after the other in the same program, which is faster where
    convolutions with a kernel for each example are slow (CPU; see benchmarks/gan_step.py).

    raws: for each seed its arrays [k, b, ...]. keys: the run keys [s]. The rest is as in
    `parallel.compile_step`, whose numbers for one seed these are, up to rounding. The states are
    donated. Metrics come back as [k, s].
    """

    @functools.partial(jax.jit, donate_argnums=0)
    def run(states, source, raws, keys):
        def one_seed(state, raw, key):
            key_data, key_step = jax.random.split(key)
            batch = load(source, raw, jax.random.fold_in(key_data, state.step))
            return step(spec, state, batch, key_step)

        def one_step(states, raw):
            if together:
                every_seed = jax.vmap(one_seed, in_axes=(AXES, 0, 0), out_axes=(AXES, 0))
                return every_seed(states, raw, keys)
            new, metrics = jax.lax.map(
                lambda x: one_seed(x[0].replace(step=states.step), *x[1:]),
                (states.replace(step=None), raw, keys),
            )
            return new.replace(step=new.step[0]), metrics

        stacked = jax.tree.map(lambda *x: jnp.stack(x, axis=1), *raws)
        return jax.lax.scan(one_step, states, stacked)

    return run


class Window:
    """Means of the metrics of each seed since the last log line, as `metrics.Window` of one run.

    A seed whose metrics are not all finite has diverged, at the first such step, and has no means
    from then on; the others go on. `state` travels in the checkpoint.
    """

    def __init__(self, seeds: Sequence[int], state: Mapping[str, Any] | None = None):
        state = state or {}
        self._seeds = tuple(seeds)
        self._count = int(state.get("count", 0))
        self._sums = {name: np.asarray(x) for name, x in state.get("sums", {}).items()}
        self.diverged = {int(seed): step for seed, step in state.get("diverged", {}).items()}

    @property
    def state(self) -> dict[str, Any]:
        """JSON-able content."""
        sums = {name: x.tolist() for name, x in self._sums.items()}
        return {"count": self._count, "sums": sums, "diverged": dict(self.diverged)}

    def add(self, first_step: int, metrics: Mapping[str, Any]) -> None:
        """Adds the metrics [k, s] of the k steps after `first_step`."""
        values = {name: np.asarray(value, np.float64) for name, value in metrics.items()}
        fine = np.logical_and.reduce([np.isfinite(value) for value in values.values()])
        for seed, column in zip(self._seeds, fine.T, strict=True):
            if not column.all():
                self.diverged.setdefault(seed, first_step + int(column.argmin()) + 1)
        for name, value in values.items():
            total = np.where(np.isfinite(value), value, 0.0).sum(axis=0)
            self._sums[name] = self._sums.get(name, 0.0) + total
        self._count += len(fine)

    def take(self) -> dict[int, dict[str, float]]:
        """The means of each seed that has not diverged, after which the window is empty."""
        means = {
            seed: {name: float(x[index]) / self._count for name, x in self._sums.items()}
            for index, seed in enumerate(self._seeds)
            if seed not in self.diverged
        }
        self._count, self._sums = 0, {}
        return means
