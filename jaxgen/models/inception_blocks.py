"""The eleven mixed blocks of Inception-v3, as tables; `models.inception` makes a network of them.

Widths and kernels: arXiv:1512.00567, in the naming of the PyTorch port of FID's weights. Which
pooling a block has is particular to those weights.
"""

import dataclasses

from jaxgen.models.convolution import Size


@dataclasses.dataclass(frozen=True)
class Unit:
    """Convolution without bias, batch normalisation, rectifier; padding (k - 1) / 2 at stride 1.

    Without padding where the stride is 2.
    """

    name: str
    features: int
    kernel: Size
    strides: int = 1


# One step of a branch: a unit, units side by side whose outputs are concatenated, or 3x3 pooling:
# "mean" and "max" keep the size, "max/2" has stride 2 and no padding.
Step = Unit | tuple[Unit, ...] | str
Branch = tuple[Step, ...]


def _block_a(pool_features: int) -> tuple[Branch, ...]:
    return (
        (Unit("branch1x1", 64, 1),),
        (Unit("branch5x5_1", 48, 1), Unit("branch5x5_2", 64, 5)),
        (
            Unit("branch3x3dbl_1", 64, 1),
            Unit("branch3x3dbl_2", 96, 3),
            Unit("branch3x3dbl_3", 96, 3),
        ),
        ("mean", Unit("branch_pool", pool_features, 1)),
    )


def _block_c(width: int) -> tuple[Branch, ...]:
    row, column = (1, 7), (7, 1)
    return (
        (Unit("branch1x1", 192, 1),),
        (
            Unit("branch7x7_1", width, 1),
            Unit("branch7x7_2", width, row),
            Unit("branch7x7_3", 192, column),
        ),
        (
            Unit("branch7x7dbl_1", width, 1),
            Unit("branch7x7dbl_2", width, column),
            Unit("branch7x7dbl_3", width, row),
            Unit("branch7x7dbl_4", width, column),
            Unit("branch7x7dbl_5", 192, row),
        ),
        ("mean", Unit("branch_pool", 192, 1)),
    )


def _block_e(pool: str) -> tuple[Branch, ...]:
    row, column = (1, 3), (3, 1)
    return (
        (Unit("branch1x1", 320, 1),),
        (
            Unit("branch3x3_1", 384, 1),
            (Unit("branch3x3_2a", 384, row), Unit("branch3x3_2b", 384, column)),
        ),
        (
            Unit("branch3x3dbl_1", 448, 1),
            Unit("branch3x3dbl_2", 384, 3),
            (Unit("branch3x3dbl_3a", 384, row), Unit("branch3x3dbl_3b", 384, column)),
        ),
        (pool, Unit("branch_pool", 192, 1)),
    )


# Channels that leave them: 256, 288, 288, 768 (6a to 6e), 1280, 2048, 2048.
BLOCKS: dict[str, tuple[Branch, ...]] = {
    "Mixed_5b": _block_a(32),
    "Mixed_5c": _block_a(64),
    "Mixed_5d": _block_a(64),
    "Mixed_6a": (
        (Unit("branch3x3", 384, 3, strides=2),),
        (
            Unit("branch3x3dbl_1", 64, 1),
            Unit("branch3x3dbl_2", 96, 3),
            Unit("branch3x3dbl_3", 96, 3, strides=2),
        ),
        ("max/2",),
    ),
    "Mixed_6b": _block_c(128),
    "Mixed_6c": _block_c(160),
    "Mixed_6d": _block_c(160),
    "Mixed_6e": _block_c(192),
    "Mixed_7a": (
        (Unit("branch3x3_1", 192, 1), Unit("branch3x3_2", 320, 3, strides=2)),
        (
            Unit("branch7x7x3_1", 192, 1),
            Unit("branch7x7x3_2", 192, (1, 7)),
            Unit("branch7x7x3_3", 192, (7, 1)),
            Unit("branch7x7x3_4", 192, 3, strides=2),
        ),
        ("max/2",),
    ),
    "Mixed_7b": _block_e("mean"),
    "Mixed_7c": _block_e("max"),
}
