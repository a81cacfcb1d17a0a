"""Where the batch lives: statistics, noise and gradients of a split batch are the global ones."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import NamedSharding, PartitionSpec

from jaxgen.core import Layout

pytestmark = pytest.mark.core

SPLIT = Layout("data")


def on_shards(function, x, shards=4):
    """What `function` gives on each shard of x [b, ...], [shards, ...]."""
    return jax.vmap(function, axis_name="data")(x.reshape(shards, -1, *x.shape[1:]))


def test_layout_takes_one_way_only():
    with pytest.raises(ValueError, match="not both"):
        Layout(axis_name="data", batch_sharding=jax.sharding.SingleDeviceSharding(jax.devices()[0]))


def test_means_and_rows_of_all_shards():
    x = jnp.arange(16.0).reshape(8, 2)
    means = on_shards(lambda part: SPLIT.mean({"m": part.mean(0)})["m"], x)
    np.testing.assert_allclose(means, jnp.tile(x.mean(0), (4, 1)))
    np.testing.assert_array_equal(on_shards(SPLIT.gather, x), jnp.tile(x, (4, 1, 1)))
    np.testing.assert_array_equal(Layout().mean(x), x)
    np.testing.assert_array_equal(Layout().gather(x), x)


@pytest.mark.parametrize("kind", ["normal", "uniform"])
def test_noise_belongs_to_the_row_wherever_it_is(kind):
    key = jax.random.key(0)
    whole = getattr(jax.random, kind)(key, (8, 3))
    draw = lambda layout: getattr(layout, kind)(jax.random.key(0), (8, 3))  # noqa: E731
    np.testing.assert_array_equal(draw(Layout()), whole)
    rows = on_shards(lambda part: getattr(SPLIT, kind)(jax.random.key(0), (2, 3)), jnp.zeros(8))
    np.testing.assert_array_equal(rows.reshape(8, 3), whole)
    mesh = jax.make_mesh((8,), ("data",), axis_types=(jax.sharding.AxisType.Auto,))
    sharding = NamedSharding(mesh, PartitionSpec("data"))
    sharded = jax.jit(lambda: draw(Layout(batch_sharding=sharding)))()
    np.testing.assert_array_equal(sharded, whole)
    assert sharded.sharding.is_equivalent_to(sharding, 2)


def test_gradients_are_of_the_global_batch():
    """Also of statistics that couple the rows: not the mean of what shards alone would give."""
    x, w = jnp.arange(1.0, 9.0), jnp.asarray(2.0)

    def spread(layout, x):
        def loss(w):
            centre = layout.mean(jnp.mean(w * x))
            value = jnp.mean(jnp.square(w * x - centre)) + jnp.square(centre)
            return value, {"centre": centre}

        return layout.value_and_grad(loss)(w)

    expected = spread(Layout(), x)
    (value, aux), gradient = expected
    assert float(aux["centre"]) == 9.0
    assert float(gradient) == pytest.approx(2 * 2 * float(jnp.mean(x**2)), rel=1e-6)
    assert float(value) == pytest.approx(4 * float(jnp.mean(x**2)), rel=1e-6)
    found = on_shards(lambda part: spread(SPLIT, part), x)
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, [b] * 4, rtol=1e-6)
