r"""Colorization of CIFAR-10 at 32x32 by a conditional GAN, with the objective of your choice.

    python -m jaxgen.main --config=configs/colorization_cifar10.py:lsgan --workdir=runs/colors

P. Isola et al., pix2pix, CVPR 2017, arXiv:1611.07004: U-Net, patches, Adam 2e-4, L1 of weight 100.
CIFAR-10 at 32 px is the smaller of the two sets of K. Nazeri et al. 2018, arXiv:1803.05400, whose
accuracies are of other metrics. Not run by us at full length.

Deviations: the adversary sees patches of 16 px, and batches and length are ours.
Arguments: gan (the default), lsgan, ebgan, wgan, wgan_gp, l1, l2; author (see `colorizers.py`);
smoke.
"""

from configs import colorizers
from configs.colorizers import smoke as smoke


def get_config(objective: colorizers.Objective = "gan", author: bool = False):
    config = colorizers.colorizer(
        objective, author, num_steps=50_000, image_size=32, batch_size=64, receptive_field=16
    )
    config.data.update(name="tfds:cifar10", least_chroma=2.0)
    return config
