r"""LSGAN on LSUN churches at 112x112, or 64x64 (Mao et al. 2017, arXiv:1611.04076).

    python -m jaxgen.main --config=configs/lsgan_lsun.py \
        --config.data.name=lsun:./church_outdoor_train_lmdb --workdir=runs/lsgan_lsun

The paper's networks and optimiser at 112 px, images squashed without regard to their aspect, as in
the authors' code; `:64` at 64 px. `:chi_square` is (a, b, c) = (-1, 1, 0). LSUN comes as lmdb from
its own site: pip install 'jaxgen[lsun]'. Not run by us.

Deviations: the number of epochs is not published; 100,000 steps are about 50 of churches.
Arguments: 64, chi_square, smoke.
"""

from configs import common, lsgan_base


def get_config(arg=""):
    words = common.arguments(arg, ("64", "chi_square"))
    config = lsgan_base.get_lsgan(64 if "64" in words else 112)
    if "chi_square" in words:
        lsgan_base.chi_square(config)
    config.data.name = "lsun:./church_outdoor_train_lmdb"
    config.num_steps = 100_000
    if "smoke" in words:
        common.smoke(config)
    return config
