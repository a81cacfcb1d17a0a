"""What the DCGAN configs share (Radford, Metz, Chintala 2015, arXiv:1511.06434)."""

from configs import common, gans_base


def get_dcgan(image_size: int, channels: int, *, features: int = 64, kernel_size: int = 4):
    """Non-saturating GAN, the discriminator before the generator, Adam 2e-4 with b1 0.5."""
    generator, discriminator = gans_base.dcgan_pair(
        image_size, channels, features=features, kernel_size=kernel_size
    )
    optim = common.adam(2e-4, b1=0.5)
    config = gans_base.get_gan("gan", generator=generator, adversary=discriminator, optim=optim)
    config.hparams.order = "alternating"
    config.hparams.latent_prior = "uniform"
    config.data.batch_size = 128
    return config
