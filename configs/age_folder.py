r"""AGE at 64x64 on any folder of images, with the weights of the published CelebA recipe.

    python -m jaxgen.main --config=configs/age_folder.py --config.data.name=PATH \
        --workdir=runs/age_folder

Images are cropped to a square and scaled; subfolders become labels, which the evaluation uses. The
constant learning rate and the number of steps are ours: the recipe counts CelebA's epochs. Not run
by us at full length.
Arguments: no_reconstruction, latent_only, generator_image, smoke.
"""

from configs import age_base

_STEPS = 20_000


def get_config(arg=""):
    config, words = age_base.get_age(
        image_size=64,
        channels=3,
        latent_size=64,
        steps_per_epoch=_STEPS,
        epochs=1,
        drop_every=2,
        arg=arg,
    )
    config.hparams.generator_updates = 3
    config.data.name = "./images"
    config.data.resize = "center_crop"
    return age_base.finish(config, words)
