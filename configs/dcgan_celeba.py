r"""DCGAN on CelebA at 64x64 (Radford, Metz, Chintala 2015, arXiv:1511.06434).

    python -m jaxgen.main --config=configs/dcgan_celeba.py --workdir=runs/dcgan_celeba

The 4x4 form of the authors' Torch code, 25 epochs. `:paper` is the 5x5 form with twice the
channels and L2 1e-5, in whose code (Newmu/dcgan_code) a minibatch updates one player only, the two
in turn, here both: its 25 epochs are half as many steps. Not run by us.

Deviations: the paper's faces are 350,000 crops that were never released; CelebA takes their place.
Data: TFDS celeb_a, or `--config.data.name=FOLDER` with aligned images of 178x218.
Arguments: paper, smoke.
"""

from configs import common


def get_config(paper: bool = False):
    minibatches = 25 * (162_770 // 128)
    config = common.dcgan(paper=paper, num_steps=minibatches // 2 if paper else minibatches)
    config.data.update(name="tfds:celeb_a", image_size=64, resize="celeba")
    return config
