"""Configs as data: what keys there are, loading and completing, and what a config builds."""

from typing import TYPE_CHECKING

from jaxgen import lazy

if TYPE_CHECKING:
    from jaxgen.config import build as build
    from jaxgen.config import complete as complete
    from jaxgen.config import document as document
    from jaxgen.config import fields as fields
    from jaxgen.config import load as load
    from jaxgen.config import optimisers as optimisers
    from jaxgen.config import schema as schema
    from jaxgen.config import upgrade as upgrade

__getattr__, __dir__, __all__ = lazy.attach(__name__, __file__)
