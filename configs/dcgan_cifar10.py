r"""DCGAN on CIFAR-10 at 32x32 (Radford, Metz, Chintala 2015, arXiv:1511.06434).

    python -m jaxgen.main --config=configs/dcgan_cifar10.py --workdir=runs/dcgan_cifar10

Not run by us. `:features` trains the six-layer pair whose discriminator the paper classifies images
with (there trained on ImageNet-1k at 32 px: `--config.data.name=FOLDER` and
`--config.data.image_size=32`).

Deviations: the paper has no CIFAR-10 generator; this is the 4x4 form. 100,000 steps are ours.
Arguments: features, smoke.
"""

from configs import common


def get_config(features: bool = False):
    config = common.dcgan(num_steps=100_000)
    if features:
        config.hparams.latent_size = 256
        config.networks.generator.module = "dcgan.FeatureGenerator"
        config.networks.discriminator.module = "dcgan.FeatureDiscriminator"
    config.data.name = "tfds:cifar10"
    return config
