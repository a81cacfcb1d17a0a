"""Pictures, u8[h,w,3] arrays and PNG files: grids, scatter plots, codes, walks."""

from typing import TYPE_CHECKING

from jaxgen import lazy

if TYPE_CHECKING:
    from jaxgen.pictures import codes as codes
    from jaxgen.pictures import grids as grids
    from jaxgen.pictures import of_a_run as of_a_run
    from jaxgen.pictures import scatter as scatter
    from jaxgen.pictures import walks as walks

__getattr__, __dir__, __all__ = lazy.attach(__name__, __file__)
