r"""AGE at 64x64 on any folder of images, with the weights of the published CelebA recipe.

    python -m jaxgen.main --config=configs/age_folder.py --config.data.name=PATH \
        --workdir=runs/age_folder

Images are cropped to a square and scaled; subfolders become labels, which the evaluation uses. The
constant learning rate and the number of steps are ours: the recipe counts CelebA's epochs. Not run
by us at full length.
Arguments: no_reconstruction, latent_only, generator_image, smoke.
"""

from configs import common


def get_config(ablations: tuple[common.Ablation, ...] = ()):
    config = common.age(64, num_steps=20_000, ablations=ablations)
    config.hparams.update(latent_size=64, generator_updates=3)
    config.data.update(name="./images", resize="center_crop")
    return config
