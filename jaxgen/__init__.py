"""jaxgen: generative models defined by games and objectives, as pure functions in JAX."""

__version__ = "0.1.0"
