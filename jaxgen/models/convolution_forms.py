"""The three products that a convolution and its gradients are, in two forms.

`*_xla` are XLA's own convolutions, `*_cpu` matrix products wherever those are faster on CPU.
Shapes: x f[b,*large,c], y f[b,*small,o], kernel f[kh,kw,c,o].
"""

import dataclasses
import functools
import operator
from typing import Any

import jax
import jax.numpy as jnp

from jaxgen.core.parts import fewest_parts
from jaxgen.core.types import Array


@dataclasses.dataclass(frozen=True)
class Window:
    """Geometry of one convolution from `large` to `small` [h, w], and how products are rounded."""

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    padding: tuple[int, ...]
    large: tuple[int, ...]
    small: tuple[int, ...]
    dtype: Any

    @property
    def padding_after(self) -> tuple[int, ...]:
        """Padding of the last window on the far side; negative where a stride skips pixels."""
        sizes = zip(self.large, self.small, self.kernel, self.strides, self.padding)
        return tuple(s * (m - 1) + k - n - p for n, m, k, s, p in sizes)

    @property
    def groups(self) -> tuple[int, ...]:
        """Taps of the kernel in units of the stride, rounded up."""
        return tuple(-(-k // s) for k, s in zip(self.kernel, self.strides))

    @property
    def is_product(self) -> bool:
        """One window over the whole input, as in the first layer of a generator."""
        return self.small == (1, 1) and self.padding == (0, 0) and self.kernel == self.large

    @property
    def is_pointwise(self) -> bool:
        """A matrix that every pixel is multiplied by."""
        ones = (1, 1)
        return self.kernel == self.strides == ones and self.padding == (0, 0)

    @property
    def has_many_parts(self) -> bool:
        """True of a convolution that is a sum of several products."""
        return not self.is_product and (self.kernel[0] > 1 or self.groups[1] > 1)


def correlate_xla(window: Window, x: Array, kernel: Array) -> Array:
    """The convolution y of x."""
    return _lax_conv(window, x, kernel, window.strides, window.padding, window.padding_after)


def scatter_xla(window: Window, y: Array, kernel: Array) -> Array:
    """The transposed convolution x of y."""
    flipped = jnp.swapaxes(kernel[::-1, ::-1], 2, 3)
    before = [k - 1 - p for k, p in zip(window.kernel, window.padding)]
    after = [k - 1 - p for k, p in zip(window.kernel, window.padding_after)]
    return _lax_conv(window, y, flipped, (1, 1), before, after, lhs_dilation=window.strides)


def kernel_gradient_xla(window: Window, x: Array, y: Array) -> Array:
    """The gradient of sum(y * convolution of x) by the kernel."""
    return _lax_conv(
        window,
        x,
        y,
        (1, 1),
        window.padding,
        window.padding_after,
        rhs_dilation=window.strides,
        dimension_numbers=("CHWN", "IHWO", "HWNC"),
    )


def _lax_conv(window, x, kernel, strides, before, after, **options):
    dtype = result = x.dtype
    if window.dtype == jnp.bfloat16:
        dtype, result = jnp.bfloat16, jnp.float32
    y = jax.lax.conv_general_dilated(
        x.astype(dtype),
        kernel.astype(dtype),
        strides,
        tuple(zip(before, after)),
        **{"dimension_numbers": ("NHWC", "HWIO", "NHWC"), **options},
        preferred_element_type=result,
    )
    return y.astype(x.dtype)


# On CPU. `strides[1]` neighbouring pixels of a row are read as one pixel with so many times the
# channels, which copies nothing; a group of taps then meets a slice made of long runs.

# A bfloat16 product of fewer terms or columns is slower than a float32 one.
_NARROW = 64
# Input channels from which XLA's gradient of a float32 kernel is the faster one.
_FEW = 8
# Bytes of the factors of a product that stay in cache; of five times as many, parts gain by it.
_CACHE = 2**23


def correlate_cpu(window: Window, x: Array, kernel: Array) -> Array:
    """`correlate_xla`, which is fast in float32; in bfloat16 one product for each group of taps."""
    (c, o), t, dtype = kernel.shape[2:], window.strides[1], x.dtype
    x, kernel = _factors(window, min(t * c, o), x, kernel)
    if window.is_product:
        y = _dot(x.reshape(x.shape[0], -1), kernel.reshape(-1, o), dtype)
        return y.reshape(-1, 1, 1, o)
    if window.is_pointwise:
        return _dot(x.reshape(-1, x.shape[3]), kernel[0, 0], dtype).reshape(*x.shape[:3], o)
    if x.dtype == dtype:
        return _each(correlate_xla, dataclasses.replace(window, dtype=dtype), x, kernel)
    taps = _pad_taps(window, kernel, axes=(1,)).reshape(-1, t * c, o)
    y = _total([_dot(part, tap, dtype) for part, tap in zip(_parts(window, x), taps)])
    return y.reshape(-1, *window.small, o)


def scatter_cpu(window: Window, y: Array, kernel: Array) -> Array:
    """`scatter_xla`: one product with all the taps, whose results are added where they overlap."""
    (c, o), dtype = kernel.shape[2:], y.dtype
    if window.strides == (1, 1) and not window.is_product:
        before = tuple(k - 1 - p for k, p in zip(window.kernel, window.padding))
        mirrored = dataclasses.replace(
            window, padding=before, large=window.small, small=window.large
        )
        return correlate_cpu(mirrored, y, jnp.swapaxes(kernel[::-1, ::-1], 2, 3))
    if not window.is_product:
        kernel = _pad_taps(window, kernel, axes=(0, 1))
    y, kernel = _factors(window, min(kernel.size // o, o), y, kernel)
    scatter = functools.partial(_scatter, window, dtype)
    count = 1
    if y.dtype == dtype and not window.is_product and c >= _NARROW:
        count = _chunks(len(y), y.size // o * (kernel.size // o) * y.dtype.itemsize)
    if count == 1:
        return scatter(y, kernel)
    parts = y.reshape(count, -1, *window.small, o)
    x = jax.lax.map(lambda part: scatter(part, kernel), parts)
    return x.reshape(-1, *window.large, c)


def _scatter(window, dtype, y, kernel):
    (c, o), (s, t), (g, h), (m, n) = kernel.shape[2:], window.strides, window.groups, window.small
    z = _dot(y.reshape(-1, o), kernel.reshape(-1, o), dtype, transposed=True)
    if window.is_product:
        return z.reshape(-1, *window.large, c)
    z = z.reshape(-1, m, n, g, s, h, t, c)
    return _total(
        _pad(
            jnp.swapaxes(z[:, :, :, i, :, j], 2, 3).reshape(-1, m * s, n * t, c),
            (s * i - window.padding[0], t * j - window.padding[1]),
            window.large,
        )
        for i in range(g)
        for j in range(h)
    )


def kernel_gradient_cpu(window: Window, x: Array, y: Array) -> Array:
    """`kernel_gradient_xla` where it is fast, else products of y with the inputs that taps meet.

    XLA is slower at a few input channels, and slower by far where y is larger than x; and where all
    those inputs are too many to stay in cache, some images after others are better.
    """
    (kh, kw), t, c, o, dtype = window.kernel, window.strides[1], x.shape[3], y.shape[3], x.dtype
    x, y = _factors(window, min(t * c, o), x, y)
    if x.dtype == dtype and window.has_many_parts and c >= _FEW:
        columns = y.size // o * kh * window.groups[1] * t * c  # what all taps meet
        count = _chunks(len(x), (columns + 2 * y.size) * x.dtype.itemsize)
        if count > 1:
            gradient = _kernel_gradient_in_turn(window, count, x, y)
            return gradient.T.reshape(kh, -1, c, o)[:, :kw]
        if all(m <= n for m, n in zip(window.small, window.large)):
            return _each(_kernel_gradient_by_convolution, window, x, y)
    y = y.reshape(-1, o)
    parts = [x.reshape(x.shape[0], -1)] if window.is_product else _parts(window, x)
    if t * c < _NARROW:
        parts = [jnp.concatenate(parts, axis=1)]
    if x.dtype == dtype:
        dimensions = (((0,), (0,)), ((), ()))
        gradient = jnp.concatenate([jax.lax.dot_general(part, y, dimensions) for part in parts])
    else:
        # XLA would move a bare transposition into the product, for which it then has no bfloat16
        # code; a concatenation it leaves alone.
        y = jnp.concatenate([half.T for half in jnp.split(y, [o // 2], axis=1)])
        gradient = jnp.concatenate([_dot(y, part, dtype) for part in parts], axis=1).T
    return gradient.reshape(kh, -1, c, o)[:, :kw]


def _kernel_gradient_by_convolution(window, x, y):
    """`kernel_gradient_xla` with its transpositions written out.

    XLA's CPU backend has fast code for one order of axes and brings others to it, but not in the
    body of a loop, where they take a hundred times as long.
    """
    x, y = jnp.transpose(x, (3, 1, 2, 0)), jnp.transpose(y, (1, 2, 0, 3))
    before, after = window.padding, window.padding_after
    whole = dataclasses.replace(window, dtype=x.dtype)
    gradient = _lax_conv(whole, x, y, (1, 1), before, after, rhs_dilation=window.strides)
    return jnp.transpose(gradient, (1, 2, 0, 3))


def _each(form, window, *arrays):
    """`form` of the arrays; of those of several networks, under `vmap`, one after the other.

    XLA would make one grouped convolution of them, which is slow.
    """
    call = functools.partial(form, window)
    of_each = jax.custom_batching.custom_vmap(call)

    @of_each.def_vmap
    def batched(size, batched, *arrays):
        if all(batched):
            return jax.lax.map(lambda each: of_each(*each), arrays), True
        return jax.vmap(call, [0 if each else None for each in batched], 0, axis_size=size)(
            *arrays
        ), True

    return of_each(*arrays)


def _chunks(batch, size):
    """In how many equal parts of a batch to make what takes `size` bytes at once."""
    return 1 if size < 5 * _CACHE else fewest_parts(batch, size, _CACHE)


def _kernel_gradient_in_turn(window, count, x, y):
    """f[o,kh groups t c], the sum over `count` parts of the batch."""
    x, y = (array.reshape(count, -1, *array.shape[1:]) for array in (x, y))

    def gradient(part):
        # XLA would move a bare transposition into the product, which is slower.
        rows = jax.lax.optimization_barrier(y[part].reshape(-1, y.shape[4]).T)
        return rows @ jnp.concatenate(_parts(window, x[part]), axis=1)

    # Not from zeros, which would not vary over the axes of a `shard_map`.
    others = jnp.arange(1, count)
    return jax.lax.scan(lambda total, part: (total + gradient(part), None), gradient(0), others)[0]


def _parts(window, x):
    """For each row of taps, for each group of `strides[1]` in it: the inputs that it meets.

    [b h' w', strides[1] c] each; the kernel's width counts as a multiple of the stride.
    """
    (s, t), (m, n), h = window.strides, window.small, window.groups[1]
    rows = window.large[0] + window.padding[0] + window.padding_after[0]
    x = _pad(x, window.padding, (rows, t * (n - 1 + h)))
    x = x.reshape(x.shape[0], rows, n - 1 + h, t * x.shape[3])
    parts = []
    for i in range(window.kernel[0]):
        for j in range(h):
            part = x[:, i : i + s * (m - 1) + 1 : s, j : j + n]
            parts.append(part.reshape(-1, part.shape[3]))
    return parts


def _pad_taps(window, kernel, axes):
    """The kernel with zeros up to a multiple of the stride along `axes`."""
    widths = [(0, 0)] * 4
    for axis in axes:
        widths[axis] = (0, window.groups[axis] * window.strides[axis] - window.kernel[axis])
    return jnp.pad(kernel, widths)


def _pad(x, before, size):
    """`x` [b,h,w,c] in a frame of zeros [b,*size,c], `before` from its corner (or cut)."""
    after = [m - n - p for m, n, p in zip(size, x.shape[1:3], before)]
    config = [(0, 0, 0), *((p, q, 0) for p, q in zip(before, after)), (0, 0, 0)]
    return jax.lax.pad(x, jnp.zeros((), x.dtype), config)


def _factors(window, width, *arrays):
    """The arrays as factors of a product that is `width` wide: rounded where that is faster."""
    # A lone product would be exposed to its caller's transpositions: see kernel_gradient_cpu.
    if window.dtype != jnp.bfloat16 or width < _NARROW or not window.has_many_parts:
        return arrays
    return tuple(x.astype(jnp.bfloat16) for x in arrays)


def _dot(a, b, dtype, transposed=False):
    """[m,k] @ [k,n], or [m,k] @ [n,k].T, as `dtype`."""
    result = jnp.float32 if a.dtype == jnp.bfloat16 else dtype
    contracted = (((1,), (1,)) if transposed else ((1,), (0,)), ((), ()))
    return jax.lax.dot_general(a, b, contracted, preferred_element_type=result).astype(dtype)


def _total(terms):
    return functools.reduce(operator.add, terms)
