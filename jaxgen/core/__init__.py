"""Floor 0: state, networks and the one verb that every objective is made of, `optimise`."""

from jaxgen.core.layout import Layout
from jaxgen.core.nets import Nets
from jaxgen.core.schedule import by_phase, scale_by_learning_rate, trace
from jaxgen.core.state import Spec, TrainState, create, eval_params
from jaxgen.core.step import Turn, finish, optimise, optimise_each, split_batch, take_turns
from jaxgen.core.types import (
    Array,
    Batch,
    Key,
    Metrics,
    Objective,
    PyTree,
    UserError,
    require_at_least,
    require_choice,
)

__all__ = [
    "Array",
    "Batch",
    "Key",
    "Layout",
    "Metrics",
    "Nets",
    "Objective",
    "PyTree",
    "Spec",
    "TrainState",
    "Turn",
    "UserError",
    "by_phase",
    "create",
    "eval_params",
    "finish",
    "optimise",
    "optimise_each",
    "require_at_least",
    "require_choice",
    "scale_by_learning_rate",
    "split_batch",
    "take_turns",
    "trace",
]
