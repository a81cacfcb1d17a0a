"""Floor 0: losses from arrays to arrays; no modules, no state."""

from jaxgen.losses import moments, reconstruction

__all__ = ["moments", "reconstruction"]
