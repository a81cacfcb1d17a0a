r"""EBGAN-PT on CelebA at 64x64 (Zhao, Mathieu, LeCun 2017, arXiv:1609.03126).

    python -m jaxgen.main --config=configs/ebgan_celeba.py --workdir=runs/ebgan_celeba

The paper's autoencoder and generator, margin 20, pulling-away weight 0.1, Adam 1e-3 with b1 0.5.
Not run by us.

Deviations: no code is published; networks, margin and rate are the paper's from memory. Batches of
64, the Euclidean energy to which the margin belongs, and 40,000 steps are as in public
reimplementations.
Arguments: smoke.
"""

from configs import common


def get_config():
    config = common.ebgan(num_steps=40_000)
    config.data.update(name="tfds:celeb_a", image_size=64, resize="celeba")
    return config
