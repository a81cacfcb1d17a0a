r"""AGE on SVHN at 32x32 (Ulyanov et al. 2018, arXiv:1704.02304).

    python -m jaxgen.main --config=configs/age_svhn.py --workdir=runs/age_svhn

Deviations: no recipe is published. The latent size is the paper's (from memory), the weights are
those of CIFAR-10, and 25 epochs with a halving every 5 are the published script's defaults. Not run
by us.
Arguments: no_reconstruction, latent_only, generator_image, smoke.
"""

from configs import common


def get_config(ablations: tuple[common.Ablation, ...] = ()):
    epoch = 73_257 // 64
    halve_at = tuple(k * epoch for k in (4, 9, 14, 19, 24))
    config = common.age(32, num_steps=25 * epoch, halve_at=halve_at, ablations=ablations)
    config.hparams.latent_size = 64
    config.data.name = "tfds:svhn_cropped"
    return config
