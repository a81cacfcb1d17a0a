r"""WGAN on LSUN bedrooms at 64x64 (Arjovsky, Chintala, Bottou 2017, arXiv:1701.07875).

    python -m jaxgen.main --config=configs/wgan_lsun.py \
        --config.data.name=lsun:./bedroom_train_lmdb --workdir=runs/wgan_lsun

The paper's setting: RMSProp 5e-5, clip 0.01, five updates of the critic, batches of 64. `:long`
adds the authors' schedule (100 updates in the first 25 steps and every 500th). LSUN comes as lmdb
from its own site: pip install 'jaxgen[lsun]'. Not run by us.

Deviations: 100,000 steps are ours.
Arguments: long, smoke.
"""

from configs import common


def get_config(long: bool = False):
    config = common.wgan(long=long, num_steps=100_000)
    config.data.update(name="lsun:./bedroom_train_lmdb", image_size=64, resize="center_crop")
    return config
