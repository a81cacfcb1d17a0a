r"""EBGAN-PT on CelebA at 64x64 (Zhao, Mathieu, LeCun 2017, arXiv:1609.03126).

    python -m jaxgen.main --config=configs/ebgan_celeba.py --workdir=runs/ebgan_celeba

The paper's autoencoder and generator, margin 20, pulling-away weight 0.1, Adam 1e-3 with b1 0.5.
Not run by us.

Deviations: no code is published; batches of 64, the Euclidean energy to which the margin belongs,
and 40,000 steps are as in public reimplementations.
Arguments: smoke.
"""

from configs import common, gans_base


def get_config(arg=""):
    words = common.arguments(arg, ())
    generator, _ = gans_base.dcgan_pair(64, 3, features=128)
    discriminator = {"module": "ebgan.Discriminator", "features": 64, "depth": 3, "output": "tanh"}
    config = gans_base.get_gan(
        "ebgan", generator=generator, adversary=discriminator, optim=common.adam(1e-3, b1=0.5)
    )
    config.data.name = "tfds:celeb_a"
    config.data.resize = "celeba"
    config.num_steps = 40_000
    if "smoke" in words:
        common.smoke(config)
    return config
