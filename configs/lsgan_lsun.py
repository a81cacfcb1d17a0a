r"""LSGAN on LSUN churches at 112x112, or 64x64 (Mao et al. 2017, arXiv:1611.04076).

    python -m jaxgen.main --config=configs/lsgan_lsun.py \
        --config.data.name=lsun:./church_outdoor_train_lmdb --workdir=runs/lsgan_lsun

The paper's networks and optimiser at 112 px, images squashed without regard to their aspect, and
1,000,000 steps, about 500 epochs of churches, as in the authors' code (train_lsun.py of
github.com/xudonmao/LSGAN); `:64` at 64 px. `:chi_square` is (a, b, c) = (-1, 1, 0). LSUN comes as
lmdb from its own site: pip install 'jaxgen[lsun]'. Not run by us.

Deviations: none known beside those of `objectives.lsgan` and `models.lsgan`. The paper does not say
after how many steps its images were drawn.
Arguments: 64, 112 (the default), chi_square, smoke.
"""

from typing import Literal

from configs import common


def get_config(image_size: Literal[64, 112] = 112, chi_square: bool = False):
    optim = common.adam(1e-3, b1=0.5)
    config = common.game("lsgan", networks="lsgan", optim=optim, num_steps=1_000_000)
    if chi_square:
        config.hparams.update(a=-1.0, b=1.0, c=0.0)
    config.data.update(name="lsun:./church_outdoor_train_lmdb", image_size=image_size)
    return config
