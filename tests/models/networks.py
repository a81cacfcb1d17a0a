"""Shared by the tests of networks: shapes and counts without computing, and cheap variables."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import numpy_layers

from jaxgen.core import nets

# Compilation is most of the time of a formula's test.
QUICK = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}


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


def random_variables(module, *inputs):
    """Values far from the initial ones, so that every layer matters and in its place."""
    rng = np.random.default_rng(0)

    def fill(path, leaf):
        if path[-1].key in ("scale", "var"):
            values = rng.uniform(0.1, 1.5, size=leaf.shape)
        else:
            fan_in = leaf.size // leaf.shape[-1] if path[-1].key == "kernel" else 4
            values = rng.normal(size=leaf.shape) / np.sqrt(fan_in)
        return jnp.asarray(values, jnp.float32)

    return jax.tree_util.tree_map_with_path(fill, structure(module, *inputs))


def assert_is_its_formula(module, formula, *shapes):
    """A network and a formula of `numpy_layers.Layers` have the same outputs and features.

    Also the same running statistics after the call; in training and in evaluation.
    """
    rng = np.random.default_rng(1)
    inputs = [
        rng.integers(3, size=shape) if len(shape) == 1 else np.float32(rng.normal(size=shape))
        for shape in shapes
    ]
    variables = random_variables(module, *map(jnp.asarray, inputs))

    @functools.partial(jax.jit, static_argnames="train", compiler_options=QUICK)
    def run(variables, *inputs, train):
        rngs, mutable = {"dropout": fast_key(0)}, ["batch_stats", "intermediates"]
        return module.apply(variables, *inputs, train=train, rngs=rngs, mutable=mutable)

    for train in (True, False):
        layers = numpy_layers.Layers(variables, train)
        outputs = formula(layers, *inputs)
        assert not layers.unused
        found, updated = run(variables, *inputs, train=train)
        features = updated.get("intermediates", {}).get("features", ())
        got = found, list(features), updated.get("batch_stats", {})
        want = outputs, layers.features, layers.statistics
        assert jax.tree.structure(got) == jax.tree.structure(want)
        for a, b in zip(jax.tree.leaves(got), jax.tree.leaves(want)):
            assert a.shape == b.shape
            # A normalisation over few images multiplies roundings, which are the processor's.
            np.testing.assert_allclose(a, b, rtol=5e-4, atol=1e-5)


def initial(module, *shapes):
    """Initial parameters, from the generator of random numbers that compiles fastest."""
    inputs = arrays(*shapes)
    return jax.jit(lambda key: nets.init(module, key, *inputs)[0])(fast_key(0))


def fast_key(seed):
    """A key of the generator that compiles fastest."""
    return jax.random.key(seed, impl="rbg")
