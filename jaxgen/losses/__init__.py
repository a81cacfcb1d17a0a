"""Losses from arrays to arrays; no modules, no state."""

from typing import TYPE_CHECKING

from jaxgen import lazy

if TYPE_CHECKING:
    from jaxgen.losses import adversarial as adversarial
    from jaxgen.losses import likelihood as likelihood
    from jaxgen.losses import moments as moments
    from jaxgen.losses import reconstruction as reconstruction

__getattr__, __dir__, __all__ = lazy.attach(__name__, __file__)
