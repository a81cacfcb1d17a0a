"""Initial values are those of JAX, bit for bit."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

from jaxgen.core.layout import Layout
from jaxgen.models import initializers, layers

pytestmark = pytest.mark.core


@pytest.mark.parametrize("shape", [(5, 7), (4, 4, 3, 6), (3, 6, 2)])
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (initializers.normal(0.02), nn.initializers.normal(0.02)),
        (initializers.truncated_normal(0.02), nn.initializers.truncated_normal(0.02)),
        (initializers.he_uniform(), nn.initializers.he_uniform()),
        (initializers.he_normal(), nn.initializers.he_normal()),
        (initializers.glorot_uniform(), nn.initializers.glorot_uniform()),
        *(
            (
                make.variance_scaling(0.7, mode, kind),
                nn.initializers.variance_scaling(0.7, mode, kind),
            )
            for make in (initializers,)
            for mode in ("fan_in", "fan_out", "fan_avg")
            for kind in ("normal", "uniform", "truncated_normal")
        ),
        (
            layers.symmetric_uniform(0.3),
            lambda key, shape, dtype: jax.random.uniform(key, shape, dtype, -0.3, 0.3),
        ),
    ],
)
def test_they_are_those_of_jax(ours, theirs, shape):
    expected = theirs(jax.random.key(3), shape, jnp.float32)
    found = ours(jax.random.key(3), shape, jnp.float32)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("name", ["normal", "uniform"])
def test_noise_is_that_of_jax(name):
    shape = (6, 5, 4, 3)
    expected = getattr(jax.random, name)(jax.random.key(4), shape)
    np.testing.assert_array_equal(getattr(Layout(), name)(jax.random.key(4), shape), expected)


def test_no_network_draws_an_array_of_several_axes():
    """Of which XLA's CPU backend compiles each several times slower."""

    def axes(jaxpr):
        for equation in jaxpr.eqns:
            if equation.primitive.name == "random_bits":
                yield len([n for n in equation.outvars[0].aval.shape if n > 1])
            for inner in jax.tree.leaves(list(equation.params.values()), is_leaf=is_jaxpr):
                if is_jaxpr(inner):
                    yield from axes(getattr(inner, "jaxpr", inner))

    def is_jaxpr(value):
        return hasattr(value, "eqns") or hasattr(value, "jaxpr")

    from jaxgen.experiment import build, load_config

    for config in ("age_celeba", "wgan_gp_cifar10", "lsgan_lsun", "ebgan_celeba", "pixelcnn_mnist"):
        built = build(load_config(f"configs/{config}.py"))
        found = list(axes(jax.make_jaxpr(built.create_state)(jax.random.key(0)).jaxpr))
        assert found, config
        assert max(found) <= 1, config
