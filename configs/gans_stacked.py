r"""The GAN family on stacked MNIST: three digits as the channels of an image, 1000 modes.

    python -m jaxgen.main --config=configs/gans_stacked.py:wgan_gp --workdir=runs/wgan_gp_stacked

Without MNIST: `--config.data.name=stacked:digits`. `--mode=evaluate` classifies each channel and
counts modes among 26,000 samples, as PacGAN does (arXiv:1712.04086). Published there: DCGAN
78.9 +- 6.5 modes and a KL divergence of 4.50. Not run by us at full length.

Deviations: PacGAN's networks have 5x5 kernels and its generator two updates a step; ours are the
4x4 form at 28 px. The conditional GAN is given the digits of all three channels.
Arguments: gan, cgan, lsgan, ebgan, wgan, wgan_gp, smoke.
"""

from configs import comparisons


def get_config(objective: comparisons.Objective = "gan"):
    num_steps = 50 * 128_000 // 64
    config = comparisons.images(objective, features=64, latent_size=100, num_steps=num_steps)
    config.data.name = "stacked:tfds:mnist"
    config.evaluation.num_images = 26_000
    return config
