r"""DCGAN at 64x64 on any folder of images (Radford, Metz, Chintala 2015, arXiv:1511.06434).

    python -m jaxgen.main --config=configs/dcgan_folder.py --config.data.name=PATH \
        --workdir=runs/dcgan_folder

Images are cropped to a square and scaled; subfolders become labels, which the evaluation uses.
`--config.data.image_size=128` is all that another size needs: 4 or 7 times a power of two. Networks
(the 4x4 form of the authors' Torch code), optimiser, latents and batches of 128 are the published
ones. Not run by us at full length.

Deviations: 20,000 steps are ours; sizes other than 64 have more or fewer layers of the same kind.
Arguments: smoke.
"""

from configs import common


def get_config():
    config = common.dcgan(num_steps=20_000)
    config.data.update(name="./images", image_size=64, resize="center_crop")
    return config
