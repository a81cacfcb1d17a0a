r"""Colorization of Places365 at 256x256 by a conditional GAN, with the objective of your choice.

    python -m jaxgen.main --config=configs/colorization_places.py --workdir=runs/colors_places

P. Isola et al., pix2pix, CVPR 2017, arXiv:1611.07004, section 4 and supplement: the U-Net of
54,409,858 parameters, patches of 70 px, Adam 2e-4 with b1 0.5, L1 of weight 100, batches of 4 and
mirrored images; there it is trained on ImageNet for about 6 epochs. Places2, without gray images,
is one of the sets of github.com/cameronfabbri/Colorizing-Images-Using-Adversarial-Networks
(author: 256 px out of 276, stretched there). Not run by us at full length.

Deviations: the set, windows of images loaded at 286 px, and 450,000 steps, about one epoch.
Arguments: gan (the default), lsgan, ebgan, wgan, wgan_gp, l1, l2; author (see `colorizers.py`);
smoke.
"""

from configs import colorizers
from configs.colorizers import smoke as smoke


def get_config(objective: colorizers.Objective = "gan", author: bool = False):
    config = colorizers.colorizer(
        objective, author, num_steps=450_000, image_size=256, batch_size=4
    )
    config.data.update(
        name="tfds:places365_small",
        resize="center_crop",
        load_size=276 if author else 286,
        least_chroma=2.0,
    )
    return config
