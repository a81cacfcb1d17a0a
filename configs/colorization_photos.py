r"""Colorization by a conditional GAN, of the two photographs that scikit-learn ships, at 64x64.

    python -m jaxgen.main --config=configs/colorization_photos.py --workdir=runs/colors

P. Isola et al., pix2pix, CVPR 2017, arXiv:1611.07004, with the objective of your choice. Trained on
the left three quarters of a temple and of a flower, held out are the right quarters; four minutes
on two cores (AMD EPYC), and the figures are in the README. What it saw are windows of 64 pixels of
photographs 427 pixels high: `--mode=colorize --side=427` shows it such windows.

Deviations: data, width, patches of 34 px, batch and length are ours, chosen for minutes on two
cores.
Arguments: gan (the default), lsgan, ebgan, wgan, wgan_gp, l1, l2; author (see `colorizers.py`);
smoke.
"""

from configs import colorizers
from configs.colorizers import smoke as smoke


def get_config(objective: colorizers.Objective = "gan", author: bool = False):
    config = colorizers.colorizer(
        objective,
        author,
        num_steps=1000,
        image_size=64,
        batch_size=8,
        features=32,
        receptive_field=34,
    )
    config.data.name = "photos"
    config.update(log_every=100, sample_every=200, checkpoint_every=200)
    return config
