r"""Colorization by a conditional GAN of a folder of photographs, with the objective of your choice.

    python -m jaxgen.main --config=configs/colorization_folder.py --config.data.name=PATH \
        --workdir=runs/colors
    python -m jaxgen.main --mode=colorize --workdir=runs/colors --input=PHOTO --out=colored

P. Isola et al., pix2pix, CVPR 2017, arXiv:1611.07004. Photographs of any size are cropped to their
middle square and scaled, gray ones are left out, and training cuts windows and mirrors.
`--config.data.image_size=256 --config.data.load_size=286` are pix2pix's. Not run by us at full
length.

Deviations: 128 px (windows of 143), batches of 16 and 50,000 steps are ours.
Arguments: gan (the default), lsgan, ebgan, wgan, wgan_gp, l1, l2; author (see `colorizers.py`);
smoke.
"""

from configs import colorizers
from configs.colorizers import smoke as smoke


def get_config(objective: colorizers.Objective = "gan", author: bool = False):
    config = colorizers.colorizer(
        objective, author, num_steps=50_000, image_size=128, batch_size=16
    )
    config.data.update(name="./images", resize="center_crop", load_size=143, least_chroma=2.0)
    return config
