"""Shared by the tests of networks: shapes and counts without computing, and cheap variables."""

import jax
import jax.numpy as jnp
import numpy as np

from jaxgen.core import nets


def arrays(*shapes):
    """An example of each input; a shape of one axis is that of labels."""
    return tuple(jnp.zeros(s, jnp.int32 if len(s) == 1 else jnp.float32) for s in shapes)


def structure(module, *inputs):
    """Shapes of {"params": ..., **state}; nothing is computed."""
    key = jax.random.key(0)
    params, state = jax.eval_shape(lambda: nets.init(module, key, *inputs))
    return {"params": params, **state}


def count(module, *shapes):
    """Number of parameters for inputs of these shapes."""
    params = structure(module, *arrays(*shapes))["params"]
    return sum(leaf.size for leaf in jax.tree.leaves(params))


def kernels(module, *shapes):
    """Shapes of the kernels, in order of the layers' names (ConvTranspose, Conv, Dense)."""
    params = structure(module, *arrays(*shapes))["params"]
    flat = jax.tree_util.tree_flatten_with_path(params)[0]
    return [leaf.shape for path, leaf in flat if path[-1].key == "kernel"]


def outputs(module, *shapes, train=False):
    """(outputs, shapes of the sown features) for inputs of these shapes."""
    inputs = arrays(*shapes)
    key = jax.random.key(0)

    def run(variables):
        mutable = [*(set(variables) - {"params"}), "intermediates"]
        rngs = {"dropout": key}
        return module.apply(variables, *inputs, train=train, rngs=rngs, mutable=mutable)

    out, updated = jax.eval_shape(run, structure(module, *inputs))
    sown = updated.get("intermediates", {}).get("features", ())
    return out, [feature.shape for feature in sown]


def random_variables(module, *inputs, scale=0.2):
    """Normal parameters of standard deviation `scale`: initialising compiles for much longer."""
    rng = np.random.default_rng(0)
    shapes = structure(module, *inputs)
    fill = lambda leaf: jnp.asarray(scale * rng.normal(size=leaf.shape), jnp.float32)  # noqa: E731
    params = jax.tree.map(fill, shapes.pop("params"))
    return {"params": params, **jax.tree.map(lambda leaf: jnp.ones(leaf.shape), shapes)}


def initial(module, *shapes):
    """Initial parameters, from the generator of random numbers that compiles fastest."""
    inputs = arrays(*shapes)
    return jax.jit(lambda key: nets.init(module, key, *inputs)[0])(fast_key(0))


def fast_key(seed):
    """A key of the generator that compiles fastest."""
    return jax.random.key(seed, impl="rbg")
