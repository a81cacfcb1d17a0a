r"""AGE on CIFAR-10 at 32x32 (Ulyanov et al. 2018, arXiv:1704.02304), the published recipe.

    python -m jaxgen.main --config=configs/age_cifar10.py --workdir=runs/age_cifar10

150 epochs; the learning rate is halved at the start of epochs 39, 79 and 119. Published: the mean
absolute error of 64 reconstructed test images is 0.179 in [-1,1] (measured on the repository's own
picture). Not run by us at full length.
Arguments: no_reconstruction, latent_only, generator_image, smoke.
"""

from configs import common


def get_config(ablations: tuple[common.Ablation, ...] = ()):
    epoch = 50_000 // 64
    halve_at = (39 * epoch, 79 * epoch, 119 * epoch)
    config = common.age(32, num_steps=150 * epoch, halve_at=halve_at, ablations=ablations)
    config.data.name = "tfds:cifar10"
    return config
