r"""DCGAN on LSUN bedrooms at 64x64 (Radford, Metz, Chintala 2015, arXiv:1511.06434).

    python -m jaxgen.main --config=configs/dcgan_lsun.py \
        --config.data.name=lsun:./bedroom_train_lmdb --workdir=runs/dcgan_lsun

The 5x5 form of the paper, L2 1e-5; five epochs of 3,033,042 images (its figures show one and
five). LSUN comes as lmdb from its own site: pip install 'jaxgen[lsun]'. Not run by us.

Deviations: near-duplicates are not removed (the paper dropped about 275,000).
Arguments: smoke.
"""

from configs import common, dcgan_base


def get_config(arg=""):
    words = common.arguments(arg, ())
    config = dcgan_base.get_dcgan(64, 3, features=128, kernel_size=5)
    for player in ("generator", "discriminator"):
        config.optim[player].weight_decay = 1e-5
    config.data.name = "lsun:./bedroom_train_lmdb"
    config.data.resize = "center_crop"
    config.num_steps = 5 * (3_033_042 // 128)
    if "smoke" in words:
        common.smoke(config)
    return config
