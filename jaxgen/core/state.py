"""What is trained (TrainState, arrays only) and what is fixed (Spec, everything else)."""

import dataclasses
import difflib
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import jax
import jax.numpy as jnp
import optax
from flax import struct

from jaxgen.core import nets as nets_lib
from jaxgen.core.layout import Layout
from jaxgen.core.types import Array, Key, PyTree

HparamsT = TypeVar("HparamsT")


class TrainState(struct.PyTreeNode):
    """Arrays only, one dict per kind, keyed by network name.

    step: i32[], completed training steps. params, model_state (`{}` for a network without state),
    opt_state: one entry a network. ema: moving averages of parameters, for the networks that
    have one.
    """

    step: Array
    params: dict[str, PyTree]
    model_state: dict[str, PyTree]
    opt_state: dict[str, PyTree]
    ema: dict[str, PyTree]


@dataclasses.dataclass(frozen=True)
class Spec(Generic[HparamsT]):
    """The static half of an experiment; bound to a step with `functools.partial`.

    nets: module of each network. tx: optax transformation of each network (its `update` is given
    the training step as the extra argument `step`). hparams: numbers of the paper. ema: decay of
    the parameter average of those networks that have one. layout: where the batch lives.
    """

    nets: Mapping[str, Any]
    tx: Mapping[str, optax.GradientTransformation]
    hparams: HparamsT
    ema: Mapping[str, float] = dataclasses.field(default_factory=dict)
    layout: Layout = dataclasses.field(default_factory=Layout)

    def __post_init__(self):
        for field, names in (("tx", self.tx), ("ema", self.ema)):
            for name in names:
                if name not in self.nets:
                    close = difflib.get_close_matches(name, self.nets, n=1)
                    hint = f' Did you mean "{close[0]}"?' if close else ""
                    raise ValueError(
                        f'Spec.{field} names "{name}", but the networks are '
                        f"{', '.join(self.nets)}.{hint}"
                    )
        missing = [name for name in self.nets if name not in self.tx]
        if missing:
            raise ValueError(f"Spec.tx has no optimiser for: {', '.join(missing)}.")

    def on(self, layout: Layout) -> "Spec[HparamsT]":
        """The same experiment with its batch laid out differently."""
        return dataclasses.replace(self, layout=layout)


def create(spec: Spec, key: Key, inputs: Mapping[str, tuple[Array, ...]]) -> TrainState:
    """Initial state of every network of `spec`.

    inputs: for each network the arrays that it is called with; only shapes and dtypes matter. The
    key of a network depends on its place in `inputs`.
    """
    keys = dict(zip(inputs, jax.random.split(key, len(inputs))))
    fresh = {name: nets_lib.init(spec.nets[name], keys[name], *inputs[name]) for name in inputs}
    params = {name: params for name, (params, _) in fresh.items()}
    return TrainState(
        step=jnp.zeros((), jnp.int32),
        params=params,
        model_state={name: model_state for name, (_, model_state) in fresh.items()},
        opt_state={name: spec.tx[name].init(params[name]) for name in params},
        # A copy: donating a state that holds the same buffer twice fails at run time.
        ema={name: jax.tree.map(jnp.copy, params[name]) for name in spec.ema},
    )


def eval_params(state: TrainState) -> dict[str, PyTree]:
    """Parameters to evaluate with: the moving average where there is one."""
    return {**state.params, **state.ema}
