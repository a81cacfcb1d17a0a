r"""LSGAN at 64x64 on any folder of images (Mao et al. 2017, arXiv:1611.04076).

    python -m jaxgen.main --config=configs/lsgan_folder.py --config.data.name=PATH \
        --workdir=runs/lsgan_folder

Images are cropped to a square and scaled; subfolders become labels, which the evaluation uses.
`:chi_square` is (a, b, c) = (-1, 1, 0).

Deviations: Adam at 2e-4, as in the paper's study of stability, and 20,000 steps are ours.
Arguments: chi_square, smoke.
"""

from configs import common, lsgan_base


def get_config(arg=""):
    words = common.arguments(arg, ("chi_square",))
    config = lsgan_base.get_lsgan(64)
    if "chi_square" in words:
        lsgan_base.chi_square(config)
    for player in ("generator", "discriminator"):
        config.optim[player].learning_rate = 2e-4
    config.data.name = "./images"
    config.data.resize = "center_crop"
    config.num_steps = 20_000
    if "smoke" in words:
        common.smoke(config)
    return config
