"""Studies: several experiments, each with several seeds, trained and compared."""

from typing import TYPE_CHECKING

from jaxgen import lazy

if TYPE_CHECKING:
    from jaxgen.studies import evaluator as evaluator
    from jaxgen.studies import plan as plan
    from jaxgen.studies import run as run

__getattr__, __dir__, __all__ = lazy.attach(__name__, __file__)
