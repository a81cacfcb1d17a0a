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

from configs import common


def get_config(ablations: tuple[common.Ablation, ...] = ()):
    epoch = 100_000 // 64
    config = common.age(
        32,
        num_steps=6 * epoch,
        halve_at=(2 * epoch, 5 * epoch),
        latent_weight=2000.0,
        ablations=ablations,
    )
    config.data.name = "./tiny-imagenet-200"
    return config
