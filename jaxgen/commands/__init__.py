"""The command's modes, a file each with its own flags; also for notebooks.

A mode has a docstring, whose first sentence `--help` prints; `FLAGS`; `run(flags, overrides)`, with
the flags that were given and the text of each --config.KEY=VALUE; and a function that does it.
"""

from typing import TYPE_CHECKING

from jaxgen import lazy

if TYPE_CHECKING:
    from jaxgen.commands.arithmetic import arithmetic as arithmetic
    from jaxgen.commands.compile_cache import enable_compilation_cache as enable_compilation_cache
    from jaxgen.commands.evaluate import evaluate as evaluate
    from jaxgen.commands.interpolate import interpolate as interpolate
    from jaxgen.commands.processes import join_processes as join_processes
    from jaxgen.commands.sample import sample as sample
    from jaxgen.commands.train import train as train

__getattr__, __dir__, __all__ = lazy.attach(__name__, __file__)
