"""One training run: its folder, data, training, outputs, samples and evaluations."""

from typing import TYPE_CHECKING

from jaxgen import lazy

if TYPE_CHECKING:
    from jaxgen.runs import colored_files as colored_files
    from jaxgen.runs import colorizing as colorizing
    from jaxgen.runs import data as data
    from jaxgen.runs import evaluations as evaluations
    from jaxgen.runs import outputs as outputs
    from jaxgen.runs import record as record
    from jaxgen.runs import restore as restore
    from jaxgen.runs import sampling as sampling
    from jaxgen.runs import training as training

__getattr__, __dir__, __all__ = lazy.attach(__name__, __file__)
