r"""WGAN on CelebA at 64x64 (Arjovsky, Chintala, Bottou 2017, arXiv:1701.07875).

    python -m jaxgen.main --config=configs/wgan_celeba.py --workdir=runs/wgan_celeba

RMSProp 5e-5, clip 0.01, five updates of the critic, batches of 64. `:long` adds the authors'
schedule (100 updates in the first 25 steps and every 500th). Not run by us.

Deviations: the paper trains on LSUN; 50,000 steps are ours.
Data: TFDS celeb_a, or `--config.data.name=FOLDER` with aligned images of 178x218.
Arguments: long, smoke.
"""

from configs import common


def get_config(long: bool = False):
    config = common.wgan(long=long, num_steps=50_000)
    config.data.update(name="tfds:celeb_a", image_size=64, resize="celeba")
    return config
