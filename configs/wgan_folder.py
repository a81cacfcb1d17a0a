r"""WGAN at 64x64 on any folder of images (Arjovsky, Chintala, Bottou 2017, arXiv:1701.07875).

    python -m jaxgen.main --config=configs/wgan_folder.py --config.data.name=PATH \
        --workdir=runs/wgan_folder

Images are cropped to a square and scaled; subfolders become labels, which the evaluation uses.
`--config.data.image_size=128` is all that another size needs: 4 or 7 times a power of two. DCGAN's
networks, RMSProp 5e-5, clip 0.01, five updates of the critic and batches of 64 are the published
ones; a step takes five batches, 320 images. Not run by us at full length.

Deviations: 50,000 steps are ours; sizes other than 64 have more or fewer layers of the same kind.
Arguments: long (the authors' schedule, as in `wgan_celeba.py`), smoke.
"""

from configs import common


def get_config(long: bool = False):
    config = common.wgan(long=long, num_steps=50_000)
    config.data.update(name="./images", image_size=64, resize="center_crop")
    return config
