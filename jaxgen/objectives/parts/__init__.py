"""What several papers share: latents, priors, posteriors, adversaries, codes."""

from typing import TYPE_CHECKING

from jaxgen import lazy

if TYPE_CHECKING:
    from jaxgen.objectives.parts import adversary as adversary
    from jaxgen.objectives.parts import codes as codes
    from jaxgen.objectives.parts import latents as latents
    from jaxgen.objectives.parts import pixels as pixels
    from jaxgen.objectives.parts import posteriors as posteriors
    from jaxgen.objectives.parts import priors as priors

__getattr__, __dir__, __all__ = lazy.attach(__name__, __file__)
