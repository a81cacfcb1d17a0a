r"""DCGAN on CIFAR-10 at 32x32 (Radford, Metz, Chintala 2015, arXiv:1511.06434).

    python -m jaxgen.main --config=configs/dcgan_cifar10.py --workdir=runs/dcgan_cifar10

Not run by us. `:features` trains the six-layer pair whose discriminator the paper classifies images
with (there trained on ImageNet-1k at 32 px: give that folder as `--config.data.name`).

Deviations: the paper has no CIFAR-10 generator; this is the 4x4 form. 100,000 steps are ours.
Arguments: features, smoke.
"""

from configs import common, dcgan_base


def get_config(arg=""):
    words = common.arguments(arg, ("features",))
    config = dcgan_base.get_dcgan(32, 3)
    if "features" in words:
        _six_layers(config)
    config.data.name = "tfds:cifar10"
    config.num_steps = 100_000
    if "smoke" in words:
        common.smoke(config)
    return config


def _six_layers(config):
    config.hparams.latent_size = 256
    config.networks.generator = {
        "module": "dcgan.FeatureGenerator",
        "channels": 3,
        "features": 128,
        "batch_norm": True,
    }
    config.networks.discriminator = {
        "module": "dcgan.FeatureDiscriminator",
        "features": 128,
        "batch_norm": True,
    }
