"""Convolution and transposed convolution, equal to PyTorch's and fast on CPU, in every gradient.

Written out, with p the padding, s the strides, and sums over every index that is not on the left,

    conv:            y[b, i, j, o] = x[b, s i - p + u, s j - p + v, c] kernel[u, v, c, o]
    conv_transpose:  y[b, s i - p + u, s j - p + v, o] = x[b, i, j, c] kernel[u, v, c, o]

which are torch's Conv2d and ConvTranspose2d with the kernels W.permute(2, 3, 1, 0) and
W.permute(2, 3, 0, 1).

XLA's CPU backend has fast matrix products, and fast convolutions of undilated images in one order
of axes. The gradients of a convolution are of other orders or dilated, up to a hundred times slower
in the body of a loop. Here they are matrix products and convolutions that it is fast at; nor are
the convolutions of several seeds under `vmap` a grouped one, which is slow. Other backends get
XLA's own, which their vendors tune.
"""

import functools
from typing import Any

import jax
import jax.numpy as jnp

from jaxgen.core.types import Array
from jaxgen.models import convolution_forms as forms

Size = int | tuple[int, int]


def conv(
    x: Array, kernel: Array, *, strides: Size = 1, padding: Size = 0, dtype: Any = jnp.float32
) -> Array:
    """Convolve f[b,h,w,c] with f[kh,kw,c,o] -> f[b,h',w',o], h' = (h + 2p - kh) // s + 1.

    dtype: the type that factors of products are rounded to. bfloat16 still adds and returns
    float32, in the gradients too; products too small to gain by it stay float32.
    """
    x, kernel = _promote(x, kernel)
    size, strides, padding = kernel.shape[:2], pair(strides), pair(padding)
    small = ((n + 2 * p - k) // s + 1 for n, k, s, p in zip(x.shape[1:3], size, strides, padding))
    window = forms.Window(size, strides, padding, x.shape[1:3], tuple(small), jnp.dtype(dtype))
    return _correlate(window, x, kernel)


def conv_transpose(
    x: Array, kernel: Array, *, strides: Size = 1, padding: Size = 0, dtype: Any = jnp.float32
) -> Array:
    """Scatter f[b,h,w,c] by f[kh,kw,c,o] -> f[b,h',w',o], h' = s (h - 1) - 2p + kh.

    dtype: as in `conv`.
    """
    x, kernel = _promote(x, kernel)
    size, strides, padding = kernel.shape[:2], pair(strides), pair(padding)
    large = (s * (n - 1) - 2 * p + k for n, k, s, p in zip(x.shape[1:3], size, strides, padding))
    window = forms.Window(size, strides, padding, tuple(large), x.shape[1:3], jnp.dtype(dtype))
    return _scatter(window, x, jnp.swapaxes(kernel, 2, 3))


def pair(size: Size) -> tuple[int, int]:
    """(n, n) of n; a pair as it is."""
    return (size, size) if isinstance(size, int) else (size[0], size[1])


def _promote(x: Array, kernel: Array) -> tuple[Array, Array]:
    dtype = jnp.promote_types(jnp.result_type(x, kernel), jnp.float32)
    return x.astype(dtype), kernel.astype(dtype)


# The three derivatives of the trilinear form sum(y * conv(x, kernel)): x f[b,*large,c],
# y f[b,*small,o], kernel f[kh,kw,c,o]. Each is linear in each of its arguments and its two
# gradients are the other two, so that gradients of any order, as in WGAN-GP, are made of the same
# three fast functions.


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def _correlate(window: forms.Window, x: Array, kernel: Array) -> Array:
    return _by_platform(forms.correlate_cpu, forms.correlate_xla, window, x, kernel)


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def _scatter(window: forms.Window, y: Array, kernel: Array) -> Array:
    return _by_platform(forms.scatter_cpu, forms.scatter_xla, window, y, kernel)


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def _kernel_gradient(window: forms.Window, x: Array, y: Array) -> Array:
    return _by_platform(forms.kernel_gradient_cpu, forms.kernel_gradient_xla, window, x, y)


_correlate.defvjp(
    lambda window, x, kernel: (_correlate(window, x, kernel), (x, kernel)),
    lambda window, saved, y: (
        _scatter(window, y, saved[1]),
        _kernel_gradient(window, saved[0], y),
    ),
)
_scatter.defvjp(
    lambda window, y, kernel: (_scatter(window, y, kernel), (y, kernel)),
    lambda window, saved, x: (
        _correlate(window, x, saved[1]),
        _kernel_gradient(window, x, saved[0]),
    ),
)
_kernel_gradient.defvjp(
    lambda window, x, y: (_kernel_gradient(window, x, y), (x, y)),
    lambda window, saved, kernel: (
        _scatter(window, saved[1], kernel),
        _correlate(window, saved[0], kernel),
    ),
)


def _by_platform(cpu, other, window, *args):
    cpu, other = functools.partial(cpu, window), functools.partial(other, window)
    return jax.lax.platform_dependent(*args, cpu=cpu, default=other)
