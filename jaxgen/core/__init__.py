"""State, networks and the verbs that every objective is made of; colors, files, errors."""

from typing import TYPE_CHECKING

from jaxgen import lazy

if TYPE_CHECKING:
    from jaxgen.core import color as color
    from jaxgen.core import errors as errors
    from jaxgen.core import files as files
    from jaxgen.core import images as images
    from jaxgen.core import schedule as schedule
    from jaxgen.core.errors import NotFiniteError as NotFiniteError
    from jaxgen.core.errors import UserError as UserError
    from jaxgen.core.errors import require_at_least as require_at_least
    from jaxgen.core.errors import require_choice as require_choice
    from jaxgen.core.keys import key_for as key_for
    from jaxgen.core.layout import Layout as Layout
    from jaxgen.core.nets import Nets as Nets
    from jaxgen.core.objective import Objective as Objective
    from jaxgen.core.objective import resolve as resolve
    from jaxgen.core.schedule import by_phase as by_phase
    from jaxgen.core.spec import Spec as Spec
    from jaxgen.core.state import TrainState as TrainState
    from jaxgen.core.state import create as create
    from jaxgen.core.state import eval_params as eval_params
    from jaxgen.core.state import evaluating as evaluating
    from jaxgen.core.step import Turn as Turn
    from jaxgen.core.step import finish as finish
    from jaxgen.core.step import optimise as optimise
    from jaxgen.core.step import take_turns as take_turns
    from jaxgen.core.types import Array as Array
    from jaxgen.core.types import Batch as Batch
    from jaxgen.core.types import Key as Key
    from jaxgen.core.types import Metrics as Metrics
    from jaxgen.core.types import PyTree as PyTree

__getattr__, __dir__, __all__ = lazy.attach(__name__, __file__)
