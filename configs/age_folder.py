r"""AGE at 64x64, or 128x128, on any folder of images, with the weights of the CelebA recipe.

    python -m jaxgen.main --config=configs/age_folder.py --config.data.name=PATH \
        --workdir=runs/age_folder

Images are cropped to a square and scaled; subfolders become labels, which the evaluation uses.
`age_folder.py:128` is at 128 px. The constant learning rate and the number of steps are ours: the
recipe (arXiv:1704.02304) counts CelebA's epochs. Not run by us at full length.

Deviations: nothing is published for 128 px, whose pair is ours, by one more layer (`models.age`);
the numbers stay those of 64 px.
Arguments: 64 (the default), 128, no_reconstruction, latent_only, generator_image, smoke.
"""

from typing import Literal

from configs import common


def get_config(image_size: Literal[64, 128] = 64, ablations: tuple[common.Ablation, ...] = ()):
    config = common.age(image_size, num_steps=20_000, ablations=ablations)
    config.hparams.update(latent_size=64, generator_updates=3)
    config.data.update(name="./images", resize="center_crop")
    return config
