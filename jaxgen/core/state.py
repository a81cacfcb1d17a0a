"""What is trained: arrays only."""

from collections.abc import Mapping

import jax
import jax.numpy as jnp
from flax import struct

from jaxgen.core import nets as nets_lib
from jaxgen.core.images import check_range
from jaxgen.core.keys import key_for
from jaxgen.core.spec import Spec
from jaxgen.core.types import Array, Key, PyTree


class TrainState(struct.PyTreeNode):
    """Arrays only, one dict a kind, keyed by network name.

    Attributes:
      step: i32[], completed training steps.
      params: of every network.
      model_state: other variables of every network, `{}` where it has none.
      opt_state: of every network's optimiser.
      ema: moving averages of parameters, of the networks that have one.
      memory: what an objective remembers besides networks (a pool of images, an ensemble).
    """

    step: Array
    params: dict[str, PyTree]
    model_state: dict[str, PyTree]
    opt_state: dict[str, PyTree]
    ema: dict[str, PyTree]
    memory: dict[str, PyTree] = struct.field(default_factory=dict)


def create(spec: Spec, key: Key, inputs: Mapping[str, tuple[Array, ...]]) -> TrainState:
    """Initial state of every network of `spec`.

    inputs: for each network the arrays that it is called with; only shapes and dtypes matter. A
    network's parameters are a function of the key and of its name. Raises ValueError for images
    that can only be in [0,255], and where `spec` lacks a network.
    """
    if not inputs.keys() <= spec.nets.keys():
        raise ValueError(
            f"Spec.nets has {', '.join(spec.nets)}, but the networks of this objective are "
            f"{', '.join(inputs)}."
        )
    for name, arrays in inputs.items():
        for x in arrays:
            check_range(x, f'The image that "{name}" begins with')
    fresh = {
        name: nets_lib.init(spec.nets[name], key_for(key, name), *arrays)
        for name, arrays in inputs.items()
    }
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


def evaluating(spec: Spec, state: TrainState) -> nets_lib.Nets:
    """The networks with averaged parameters; call them with `train=False`."""
    return nets_lib.Nets(spec, eval_params(state), state.model_state)
