"""The command's modes, a file each with its own flags; also for notebooks.

A mode has a docstring, whose first sentence `--help` prints; `FLAGS`; `run(flags, overrides)`, with
the flags that were given and the text of each --config.KEY=VALUE; and a function that does it.
"""

from typing import TYPE_CHECKING

from jaxgen import lazy

if TYPE_CHECKING:
    from jaxgen.commands import arithmetic as arithmetic
    from jaxgen.commands import colorize as colorize
    from jaxgen.commands import compile_cache as compile_cache
    from jaxgen.commands import complete as complete
    from jaxgen.commands import decode as decode
    from jaxgen.commands import encode as encode
    from jaxgen.commands import evaluate as evaluate
    from jaxgen.commands import export as export
    from jaxgen.commands import failures as failures
    from jaxgen.commands import flags as flags
    from jaxgen.commands import interpolate as interpolate
    from jaxgen.commands import pictures as pictures
    from jaxgen.commands import processes as processes
    from jaxgen.commands import reconstruct as reconstruct
    from jaxgen.commands import sample as sample
    from jaxgen.commands import train as train
    from jaxgen.commands import translate as translate
    from jaxgen.commands import xla_flags as xla_flags

__getattr__, __dir__, __all__ = lazy.attach(__name__, __file__)
