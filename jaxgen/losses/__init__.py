"""Floor 0: losses from arrays to arrays; no modules, no state."""

from jaxgen.losses import adversarial, likelihood, moments, reconstruction

__all__ = ["adversarial", "likelihood", "moments", "reconstruction"]
