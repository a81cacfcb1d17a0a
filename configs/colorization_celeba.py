r"""Colorization of faces at 128x128 by a conditional GAN, with the objective of your choice.

    python -m jaxgen.main --config=configs/colorization_celeba.py:author --workdir=runs/faces

P. Isola et al., pix2pix, CVPR 2017, arXiv:1611.07004: U-Net, patches of 70 px, Adam 2e-4, L1 of
weight 100. CelebA is one of the sets of github.com/cameronfabbri/Colorizing-Images-Using-
Adversarial-Networks, at 256 px from windows of faces squashed to 276 px; here it is TFDS's split,
unstretched. Faces of 178 px are decoded to 143 px, of which training cuts windows, as pix2pix cuts
256 of 286. Not run by us at full length.

Deviations: size, batches (but with author: 4) and length are ours.
Arguments: gan (the default), lsgan, ebgan, wgan, wgan_gp, l1, l2; author (see `colorizers.py`);
smoke.
"""

from configs import colorizers
from configs.colorizers import smoke as smoke


def get_config(objective: colorizers.Objective = "gan", author: bool = False):
    config = colorizers.colorizer(
        objective, author, num_steps=100_000, image_size=128, batch_size=16
    )
    config.data.update(name="tfds:celeb_a", resize="center_crop", load_size=143, least_chroma=2.0)
    return config
