"""sRGB <-> CIELAB (D65, 2 degrees), on arrays, and the scales that networks see.

IEC 61966-2-1 (sRGB) and CIE 15 (L*a*b*) with the rounded constants that scikit-image has, and with
it the published colorizers: values agree with its within 1e-4. Their price: as these constants'
white is not quite that of the matrix, grays have up to 0.006 of chroma. The inverse matrix is
computed.
"""

import jax
import jax.numpy as jnp
import numpy as np

from jaxgen.core.types import Array

# Rows X, Y, Z of linear red, green, blue; then as shares of the white point's.
_TO_XYZ = np.array(
    [
        [0.412453, 0.357580, 0.180423],
        [0.212671, 0.715160, 0.072169],
        [0.019334, 0.119193, 0.950227],
    ]
)
_WHITE = np.array([0.95047, 1.0, 1.08883])
_TO_SHARES = _TO_XYZ / _WHITE[:, None]
# Below _EPSILON the cube root is continued by a line.
_EPSILON, _SLOPE, _OFFSET = 0.008856, 7.787, 16.0 / 116.0
_LIGHTNESS, _CHROMA = 50.0, 110.0
_ROUNDING = 1e-6  # of a linear channel in float32


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
    curved = jnp.cbrt(jnp.maximum(xyz, _EPSILON))
    root = jnp.where(xyz > _EPSILON, curved, _SLOPE * xyz + _OFFSET)
    x, y, z = root[..., 0], root[..., 1], root[..., 2]
    return jnp.stack([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)], axis=-1)


def lab_to_rgb(lab: Array) -> Array:
    """Gamma-encoded sRGB f32[...,3] of L, a, b f[...,3].

    Colors outside of sRGB are clipped, each linear channel to [0,1] by itself, after a negative
    root of Z has become 0. Where a channel is clipped it has no gradient.
    """
    lab = jnp.asarray(lab, jnp.float32)
    y = (lab[..., 0] + 16.0) / 116.0
    z = jnp.maximum(y - lab[..., 2] / 200.0, 0.0)
    root = jnp.stack([y + lab[..., 1] / 500.0, y, z], axis=-1)
    xyz = jnp.where(root > _EPSILON ** (1 / 3), root**3, (root - _OFFSET) / _SLOPE)
    linear = jnp.clip(_product(xyz, np.linalg.inv(_TO_SHARES)), 0.0, 1.0)
    curved = 1.055 * jnp.maximum(linear, 0.0031308) ** (1.0 / 2.4) - 0.055
    return jnp.where(linear > 0.0031308, curved, 12.92 * linear)


def to_lightness_and_chroma(rgb: Array) -> tuple[Array, Array]:
    """What colorizers see and what they give: L / 50 - 1 f32[...,1] and ab / 110 f32[...,2].

    rgb: gamma-encoded sRGB f[...,3] in [0,1]. Lightness is in [-1,1], chroma in [-0.981,0.894].
    """
    lab = rgb_to_lab(rgb)
    return lab[..., :1] / _LIGHTNESS - 1.0, lab[..., 1:] / _CHROMA


def from_lightness_and_chroma(lightness: Array, chroma: Array) -> Array:
    """Gamma-encoded sRGB f32[...,3] in [0,1] of `to_lightness_and_chroma`'s f[...,1] and f[...,2].

    Clipped as by `lab_to_rgb`.
    """
    lightness, chroma = jnp.asarray(lightness, jnp.float32), jnp.asarray(chroma, jnp.float32)
    lab = jnp.concatenate([(lightness + 1.0) * _LIGHTNESS, chroma * _CHROMA], axis=-1)
    return lab_to_rgb(lab)


def chroma_within_srgb(lightness: Array, chroma: Array) -> Array:
    """Chroma f32[...,2], scaled towards gray by a factor for each pixel until it is in sRGB.

    Unlike the clipping of `lab_to_rgb` that keeps lightness f[...,1] and the hue. Colors of sRGB
    stay; the factor is found to 1/4096 by bisection, from below.
    """
    lightness, chroma = jnp.asarray(lightness, jnp.float32), jnp.asarray(chroma, jnp.float32)
    y = ((lightness[..., 0] + 1.0) * _LIGHTNESS + 16.0) / 116.0
    to_x, to_z = chroma[..., 0] * _CHROMA / 500.0, chroma[..., 1] * _CHROMA / 200.0
    to_linear = np.linalg.inv(_TO_SHARES).astype(np.float32)

    def inside(factor):
        roots = (y + factor * to_x, y, y - factor * to_z)
        # Sums of products of channels, and no matrix, make it one pass over the pixels.
        x = [jnp.where(r > _EPSILON ** (1 / 3), r**3, (r - _OFFSET) / _SLOPE) for r in roots]
        rgb = [row[0] * x[0] + row[1] * x[1] + row[2] * x[2] for row in to_linear]
        within = [(channel >= -_ROUNDING) & (channel <= 1.0 + _ROUNDING) for channel in rgb]
        return within[0] & within[1] & within[2]

    def halve(_, found):
        factor, step = found
        return jnp.where(inside(factor + step), factor + step, factor), 0.5 * step

    factor, _ = jax.lax.fori_loop(0, 12, halve, (jnp.zeros_like(y), jnp.float32(0.5)))
    factor = jnp.where(inside(jnp.ones_like(y)), 1.0, factor)
    return factor[..., None] * chroma


def _product(x: Array, matrix: np.ndarray) -> Array:
    return jnp.einsum("...i,ji->...j", x, matrix.astype(np.float32), precision="highest")
