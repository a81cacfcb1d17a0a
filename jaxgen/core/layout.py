"""Where the batch lives: on one device, sharded under `jit`, or split along a named axis.

An objective is written for one global batch. The only places that must know about devices are
batch-coupled statistics, noise and differentiation, and they are all here. `Layout()` is one
device; `Layout(batch_sharding=...)` is global-view `jit`; `Layout(axis_name=...)` is the body of a
`shard_map`, `pmap` or `vmap(axis_name=...)`. All five give the same numbers.
"""

import dataclasses
import math
from collections.abc import Callable

import jax

from jaxgen.core.types import Array, Key, PyTree


@dataclasses.dataclass(frozen=True)
class Layout:
    """How the leading (batch) axis is laid out over devices; at most one field is set."""

    axis_name: str | None = None
    batch_sharding: jax.sharding.Sharding | None = None

    def __post_init__(self):
        if self.axis_name is not None and self.batch_sharding is not None:
            raise ValueError("Layout takes axis_name or batch_sharding, not both.")

    def mean(self, x: PyTree) -> PyTree:
        """Average over the shards of the batch; the identity in a global view."""
        return x if self.axis_name is None else jax.lax.pmean(x, self.axis_name)

    def gather(self, x: Array) -> Array:
        """The rows of every shard, [b,...] -> [global b,...]; the identity in a global view."""
        return x if self.axis_name is None else jax.lax.all_gather(x, self.axis_name, tiled=True)

    def own(self, x: Array) -> Array:
        """The rows of this shard, the inverse of `gather`; the identity in a global view."""
        if self.axis_name is None:
            return x
        rows = x.shape[0] // jax.lax.psum(1, self.axis_name)
        return jax.lax.dynamic_slice_in_dim(x, jax.lax.axis_index(self.axis_name) * rows, rows)

    def normal(self, key: Key, shape: tuple[int, ...]) -> Array:
        """Standard normal noise f32[shape], laid out like data; see `draw`."""
        return self.draw(flat(jax.random.normal), key, shape)

    def uniform(self, key: Key, shape: tuple[int, ...]) -> Array:
        """Uniform noise f32[shape] in [0,1), laid out like data; see `draw`."""
        return self.draw(flat(jax.random.uniform), key, shape)

    def draw(
        self, sampler: Callable[[Key, tuple[int, ...]], Array], key: Key, shape: tuple[int, ...]
    ) -> Array:
        """`sampler(key, shape)` laid out like data; `shape[0]` is the batch that the caller sees.

        Along a named axis the global noise is drawn and this shard's rows are kept, so that the
        numbers do not depend on the number of devices.
        """
        if self.axis_name is None:
            noise = sampler(key, shape)
            if self.batch_sharding is None:
                return noise
            return jax.lax.with_sharding_constraint(noise, self.batch_sharding)
        rows = shape[0]
        noise = sampler(key, (rows * jax.lax.psum(1, self.axis_name), *shape[1:]))
        return jax.lax.dynamic_slice_in_dim(noise, jax.lax.axis_index(self.axis_name) * rows, rows)

    def varying(self, tree: PyTree) -> PyTree:
        """The same values, typed as different on each shard (a no-op in a global view).

        `shard_map` sums the gradient of a replicated array over devices by itself; arrays that are
        typed as varying keep their local gradient, which `value_and_grad` then averages. Adding
        zero times the device index is the one spelling that every JAX version and every regime
        understands.
        """
        if self.axis_name is None:
            return tree
        zero = 0 * jax.lax.axis_index(self.axis_name)
        return jax.tree.map(lambda x: x + zero.astype(x.dtype), tree)

    def value_and_grad(self, function: Callable[[PyTree], tuple[Array, PyTree]]) -> Callable:
        """`jax.value_and_grad(function, has_aux=True)` of the global batch, in every regime."""
        if self.axis_name is None:
            return jax.value_and_grad(function, has_aux=True)

        def differentiate(params):
            def varying_loss(params):
                value, aux = function(params)
                return self.varying(value), aux

            output, gradient = jax.value_and_grad(varying_loss, has_aux=True)(self.varying(params))
            return self.mean(self.varying(output)), self.mean(gradient)

        return differentiate


def flat(sampler: Callable[..., Array]) -> Callable[..., Array]:
    """`sampler(key, shape, ...)`, elements of which are alike, as one that draws a flat array.

    The same bits, which XLA's CPU backend compiles about five times faster than those of axes: with
    jax_threefry_partitionable, JAX's default, an element depends on its place in C order alone.
    """
    return lambda key, shape, *more: sampler(key, (math.prod(shape),), *more).reshape(shape)
