r"""AGE on MNIST, enlarged to 32x32 (Ulyanov et al. 2018, arXiv:1704.02304).

    python -m jaxgen.main --config=configs/age_mnist.py --workdir=runs/age_mnist

Also for data of the same shape: `--config.data.name=tfds:fashion_mnist`. Not run by us at
full length.

Deviations: no recipe is published. The weights are those of CIFAR-10, 25 epochs with a halving
every 5 the published script's defaults, and the latent size is ours.
Arguments: no_reconstruction, latent_only, generator_image, smoke.
"""

from configs import common


def get_config(ablations: tuple[common.Ablation, ...] = ()):
    epoch = 60_000 // 64
    halve_at = tuple(k * epoch for k in (4, 9, 14, 19, 24))
    config = common.age(32, num_steps=25 * epoch, halve_at=halve_at, ablations=ablations)
    config.hparams.latent_size = 32
    config.data.name = "tfds:mnist"
    return config
