r"""AGE on Tiny ImageNet at 32x32 (Ulyanov et al. 2018, arXiv:1704.02304).

    python -m jaxgen.main --config=configs/age_tiny_imagenet.py \
        --config.data.name=./tiny-imagenet-200 --workdir=runs/age_tiny_imagenet

The weights and the learning rate's halving are the published "Imagenet" recipe's: 6 epochs, halved
at the start of epochs 2 and 5, latent weight 2000. Published: the mean absolute error of 64
reconstructed validation images is 0.193 in [-1,1] (measured on the repository's own picture). Not
run by us at full length.

Deviations: which of ImageNet and Tiny ImageNet the recipe was used on is not said; epochs here are
those of Tiny ImageNet's 100,000 training images. TFDS has no such set: give the unpacked folder,
with train/ and val/ in subfolders a class.
Arguments: no_reconstruction, latent_only, generator_image, smoke.
"""

from configs import age_base


def get_config(arg=""):
    config, words = age_base.get_age(
        image_size=32,
        channels=3,
        latent_size=128,
        steps_per_epoch=100_000 // 64,
        epochs=6,
        drop_every=3,
        arg=arg,
    )
    config.data.name = "./tiny-imagenet-200"
    config.hparams.latent_weight = 2000.0
    return age_base.finish(config, words)
