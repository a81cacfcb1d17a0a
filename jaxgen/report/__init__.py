"""HTML and Markdown pages out of the files of a run or of a study."""

from typing import TYPE_CHECKING

from jaxgen import lazy

if TYPE_CHECKING:
    from jaxgen.report import curves as curves
    from jaxgen.report import page as page
    from jaxgen.report import run_files as run_files
    from jaxgen.report import run_page as run_page
    from jaxgen.report import study_files as study_files
    from jaxgen.report import study_page as study_page
    from jaxgen.report import study_tables as study_tables
    from jaxgen.report import tables as tables

__getattr__, __dir__, __all__ = lazy.attach(__name__, __file__)
