"""What the LSGAN configs share (Mao et al. 2017, arXiv:1611.04076)."""

from configs import common, gans_base


def get_lsgan(image_size: int):
    """The paper's networks at `image_size`, a latent of 1024, Adam 1e-3 with b1 0.5, batch 64."""
    generator = {
        "module": "lsgan.Generator",
        "image_size": image_size,
        "channels": 3,
        "features": 64,
        "batch_norm": True,
    }
    discriminator = {"module": "lsgan.Discriminator", "features": 64, "batch_norm": True}
    optim = common.adam(1e-3, b1=0.5)
    return gans_base.get_gan("lsgan", generator=generator, adversary=discriminator, optim=optim)


def chi_square(config) -> None:
    """(a, b, c) = (-1, 1, 0): the generator's loss is then a Pearson chi-square divergence."""
    config.hparams.a, config.hparams.b, config.hparams.c = -1.0, 1.0, 0.0
