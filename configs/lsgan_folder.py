r"""LSGAN at 64x64 on any folder of images (Mao et al. 2017, arXiv:1611.04076).

    python -m jaxgen.main --config=configs/lsgan_folder.py --config.data.name=PATH \
        --workdir=runs/lsgan_folder

Images are cropped to a square and scaled; subfolders become labels, which the evaluation uses.
`--config.data.image_size=128` is all that another size needs: a multiple of 16. `:chi_square` is
(a, b, c) = (-1, 1, 0). Not run by us at full length.

Deviations: Adam at 2e-4, as in the paper's study of stability, and 20,000 steps are ours.
Arguments: chi_square, smoke.
"""

from configs import common


def get_config(chi_square: bool = False):
    optim = common.adam(2e-4, b1=0.5)
    config = common.game("lsgan", networks="lsgan", optim=optim, num_steps=20_000)
    if chi_square:
        config.hparams.update(a=-1.0, b=1.0, c=0.0)
    config.data.update(name="./images", image_size=64, resize="center_crop")
    return config
