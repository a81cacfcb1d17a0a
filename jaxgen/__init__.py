"""jaxgen: generative models defined by games and objectives, as pure functions in JAX."""

from typing import TYPE_CHECKING

from jaxgen import lazy

if TYPE_CHECKING:
    from jaxgen import core as core
    from jaxgen import data as data
    from jaxgen import evaluate as evaluate
    from jaxgen import experiment as experiment
    from jaxgen import losses as losses
    from jaxgen import models as models
    from jaxgen import objectives as objectives
    from jaxgen import pictures as pictures
    from jaxgen.config.build import Experiment as Experiment
    from jaxgen.config.build import build as build
    from jaxgen.config.load import load_config as load_config
    from jaxgen.core import Layout as Layout
    from jaxgen.core import Nets as Nets
    from jaxgen.core import Spec as Spec
    from jaxgen.core import TrainState as TrainState
    from jaxgen.core import Turn as Turn
    from jaxgen.core import UserError as UserError
    from jaxgen.core import eval_params as eval_params
    from jaxgen.core import finish as finish
    from jaxgen.core import optimise as optimise
    from jaxgen.core import take_turns as take_turns
    from jaxgen.runs.restore import restore as restore
    from jaxgen.runs.training import run as run

__version__ = "0.1.0"
__getattr__, __dir__, __all__ = lazy.attach(__name__, __file__)
