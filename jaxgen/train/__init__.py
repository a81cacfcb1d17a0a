"""What drives a step: the compiled program, the loop, checkpoints, metrics and progress."""

from typing import TYPE_CHECKING

from jaxgen import lazy

if TYPE_CHECKING:
    from jaxgen.train import checkpoint as checkpoint
    from jaxgen.train import checkpoint_files as checkpoint_files
    from jaxgen.train import loop as loop
    from jaxgen.train import metrics as metrics
    from jaxgen.train import program as program
    from jaxgen.train import progress as progress

__getattr__, __dir__, __all__ = lazy.attach(__name__, __file__)
