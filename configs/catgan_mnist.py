r"""CatGAN on MNIST (Springenberg 2016, arXiv:1511.06390): 20 clusters, or 100 labels.

    python -m jaxgen.main --config=configs/catgan_mnist.py:semisupervised --workdir=runs/catgan

Published errors, from memory: 100 labels 1.91 +- 0.10 %, convolutional networks 1.39 +- 0.28 %; 20
clusters without labels 9.70 %, convolutional 4.27 %. Not run by us.

Deviations: the published networks (five layers of 1000 to 250 units with noise; convolutions) and
rates are not recovered. Ours have 1000 units in a layer, or with `conv` the convolutions of
PixelGAN's encoder and DCGAN's generator, and no noise; the rate, 100 epochs and `label_weight` are
ours, too.
Arguments: clustering (unless given), semisupervised, conv, smoke.
"""

from typing import Literal

from configs import common

_STEPS_PER_EPOCH = 50_000 // 100


def get_config(setting: Literal["clustering", "semisupervised"] = "clustering", conv: bool = False):
    generator = {"module": "mlp.Generator", "batch_norm": True, "init_range": 0.0}
    discriminator = {"module": "autoencoder.MLPEncoder", "features": 1000, "depth": 3}
    if conv:
        generator = {"module": "dcgan.Generator"}
        discriminator = {"module": "autoencoder.ConvEncoder", "hidden_features": 128, "depth": 3}
        discriminator.update(batch_norm=False, output_norm=False)
    config = common.catgan(
        semisupervised=setting == "semisupervised",
        labelled=100,
        num_steps=100 * _STEPS_PER_EPOCH,
        generator=generator,
        discriminator=discriminator,
        learning_rate=2e-4,
    )
    config.data.update(name="tfds:mnist", validation=10_000)
    config.log_every = _STEPS_PER_EPOCH
    config.sample_every = config.checkpoint_every = 5 * _STEPS_PER_EPOCH
    return config
