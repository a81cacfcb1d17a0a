"""sRGB <-> CIELAB (D65, 2 degrees), on arrays.

IEC 61966-2-1 (sRGB) and CIE 15 (L*a*b*). The matrix is that of the sRGB primaries, its inverse is
computed, and the white point is the color of (1, 1, 1): there L is 100, a and b are 0.
"""

import jax.numpy as jnp
import numpy as np

from jaxgen.core.types import Array

# Rows X, Y, Z of linear red, green, blue; then as shares of white's.
_TO_XYZ = np.array(
    [
        [0.4123907992659595, 0.3575843393838780, 0.1804807884018343],
        [0.2126390058715104, 0.7151686787677559, 0.0721923153607337],
        [0.0193308187155918, 0.1191947797946259, 0.9505321522496608],
    ]
)
_TO_SHARES = _TO_XYZ / _TO_XYZ.sum(axis=1, keepdims=True)
_EPSILON, _KAPPA = 216.0 / 24389.0, 24389.0 / 27.0


def rgb_to_lab(rgb: Array) -> Array:
    """L (0..100), a, b f32[...,3] of gamma-encoded sRGB f[...,3] in [0,1].

    >>> [round(float(x)) for x in rgb_to_lab(jnp.ones(3))]
    [100, 0, 0]
    """
    rgb = jnp.asarray(rgb, jnp.float32)
    # Powers of 0 have no gradient, and `where` does not stop the one of the branch not taken.
    curved = ((jnp.maximum(rgb, 0.04045) + 0.055) / 1.055) ** 2.4
    linear = jnp.where(rgb > 0.04045, curved, rgb / 12.92)
    xyz = _product(linear, _TO_SHARES)
    root = jnp.where(
        xyz > _EPSILON, jnp.cbrt(jnp.maximum(xyz, _EPSILON)), (_KAPPA * xyz + 16.0) / 116.0
    )
    x, y, z = root[..., 0], root[..., 1], root[..., 2]
    return jnp.stack([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)], axis=-1)


def lab_to_rgb(lab: Array) -> Array:
    """Gamma-encoded sRGB f32[...,3] of L, a, b f[...,3].

    Colors outside of sRGB are clipped to [0,1], each linear channel by itself.
    """
    lab = jnp.asarray(lab, jnp.float32)
    y = (lab[..., 0] + 16.0) / 116.0
    root = jnp.stack([y + lab[..., 1] / 500.0, y, y - lab[..., 2] / 200.0], axis=-1)
    xyz = jnp.where(root**3 > _EPSILON, root**3, (116.0 * root - 16.0) / _KAPPA)
    linear = jnp.clip(_product(xyz, np.linalg.inv(_TO_SHARES)), 0.0, 1.0)
    curved = 1.055 * jnp.maximum(linear, 0.0031308) ** (1.0 / 2.4) - 0.055
    return jnp.where(linear > 0.0031308, curved, 12.92 * linear)


def _product(x: Array, matrix: np.ndarray) -> Array:
    return jnp.einsum("...i,ji->...j", x, matrix.astype(np.float32), precision="highest")
