r"""EBGAN-PT at 64x64 on any folder of images (Zhao, Mathieu, LeCun 2017, arXiv:1609.03126).

    python -m jaxgen.main --config=configs/ebgan_folder.py --config.data.name=PATH \
        --workdir=runs/ebgan_folder

Images are cropped to a square and scaled; subfolders become labels, which the evaluation uses.
Networks, margin 20, pulling-away weight 0.1 and Adam 1e-3 with b1 0.5 are those of
`ebgan_celeba.py`. Other sizes are 8, 16, ... or 56, 112, ...; the margin is a Euclidean norm, which
grows with the side: 128x128 takes `--config.data.image_size=128 --config.hparams.margin=40`. Not
run by us at full length.

Deviations: those of `ebgan_celeba.py`; 20,000 steps are ours.
Arguments: smoke.
"""

from configs import common


def get_config():
    config = common.ebgan(num_steps=20_000)
    config.data.update(name="./images", image_size=64, resize="center_crop")
    return config
