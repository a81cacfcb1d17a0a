"""What the WGAN configs share (Arjovsky, Chintala, Bottou 2017, arXiv:1701.07875)."""

from configs import common, gans_base

ARGUMENTS = ("long",)


def get_wgan(arg: str):
    """(config, words): DCGAN's 64 px pair, RMSProp 5e-5, clip 0.01; `long`: 100-update schedule."""
    words = common.arguments(arg, ARGUMENTS)
    generator, critic = gans_base.dcgan_pair(64, 3)
    config = gans_base.get_gan(
        "wgan", generator=generator, adversary=critic, optim=gans_base.rmsprop(5e-5)
    )
    if "long" in words:
        config.hparams.long_updates = 100
    return config, words
