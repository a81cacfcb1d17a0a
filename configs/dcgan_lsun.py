r"""DCGAN on LSUN bedrooms at 64x64 (Radford, Metz, Chintala 2015, arXiv:1511.06434).

    python -m jaxgen.main --config=configs/dcgan_lsun.py \
        --config.data.name=lsun:./bedroom_train_lmdb --workdir=runs/dcgan_lsun

The 5x5 form of the paper, L2 1e-5; five epochs of 3,033,042 images (its figures show one and
five). In the authors' code (Newmu/dcgan_code) a minibatch updates one player only, the two in turn,
here both: five epochs are half as many steps, 59,237 updates of each player. LSUN comes as lmdb
from its own site: pip install 'jaxgen[lsun]'. Not run by us.

Deviations: near-duplicates are not removed (the paper dropped about 275,000).
Arguments: smoke.
"""

from configs import common


def get_config():
    config = common.dcgan(paper=True, num_steps=5 * (3_033_042 // 128) // 2)
    config.data.update(name="lsun:./bedroom_train_lmdb", image_size=64, resize="center_crop")
    return config
