r"""Conditional GAN on MNIST (Mirza and Osindero 2014, arXiv:1411.1784).

    python -m jaxgen.main --config=configs/cgan_mnist.py --workdir=runs/cgan_mnist

The fully connected networks of the paper, SGD with momentum. Published: Parzen log-likelihood
132 +- 1.8 nats. `:dcgan` is the conditional convolutional pair of the DCGAN authors' MNIST code:
Adam 2e-4, batches of 128, 100 epochs and then 100 of a linear decay. Not run by us at full length.

Deviations: layer sizes, rates and dropout of the paper are from secondary sources.
Arguments: dcgan, smoke.
"""

from configs import common


def get_config(dcgan: bool = False):
    family = "dcgan" if dcgan else "mlp"
    epoch = 60_000 // (128 if dcgan else 100)
    num_steps = (200 if dcgan else 250) * epoch
    optim = common.momentum_2014(1.00004, num_steps)
    if dcgan:
        schedule = common.linear(100 * epoch, num_steps)
        optim = common.adam(2e-4, b1=0.5, weight_decay=2.5e-5, schedule=schedule)
    config = common.game(
        "cgan",
        networks=(f"{family}.ConditionalGenerator", f"{family}.ConditionalDiscriminator"),
        optim=optim,
        num_steps=num_steps,
    )
    config.data.update(name="tfds:mnist", batch_size=128 if dcgan else 100)
    return config


def smoke(config):
    if config.networks.generator.module.startswith("mlp."):
        config.networks.generator.update(latent_features=4, label_features=4)
        config.networks.discriminator.label_features = 4
