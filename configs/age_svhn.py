r"""AGE on SVHN at 32x32 (Ulyanov et al. 2018, arXiv:1704.02304).

    python -m jaxgen.main --config=configs/age_svhn.py --workdir=runs/age_svhn

Deviations: no recipe is published. The latent size is the paper's, the weights are those of
CIFAR-10, and 25 epochs with a halving every 5 are the published script's defaults. Not run by us.
Arguments: no_reconstruction, latent_only, generator_image, smoke.
"""

from configs import age_base


def get_config(arg=""):
    config, words = age_base.get_age(
        image_size=32,
        channels=3,
        latent_size=64,
        steps_per_epoch=73_257 // 64,
        epochs=25,
        drop_every=5,
        arg=arg,
    )
    config.data.name = "tfds:svhn_cropped"
    return age_base.finish(config, words)
