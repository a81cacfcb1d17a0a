r"""Conditional GAN on MNIST (Mirza and Osindero 2014, arXiv:1411.1784).

    python -m jaxgen.main --config=configs/cgan_mnist.py --workdir=runs/cgan_mnist

The fully connected networks of the paper, SGD with momentum. Published: Parzen log-likelihood
132 +- 1.8 nats. `:dcgan` is the conditional convolutional pair of the DCGAN authors' MNIST code:
Adam 2e-4, batches of 128, 100 epochs and then 100 of a linear decay. Not run by us at full length.

Deviations: layer sizes, rates and dropout of the paper are from secondary sources.
Arguments: dcgan, smoke.
"""

from configs import common, gans_base


def get_config(arg=""):
    words = common.arguments(arg, ("dcgan",))
    config = _convolutional() if "dcgan" in words else _fully_connected()
    config.data.name = "tfds:mnist"
    if "smoke" in words:
        common.smoke(config)
        if "dcgan" not in words:
            config.networks.generator.latent_features = 4
            config.networks.generator.label_features = 4
            config.networks.discriminator.label_features = 4
    return config


def _fully_connected():
    generator = {
        "module": "mlp.ConditionalGenerator",
        "classes": 10,
        "image_size": 28,
        "channels": 1,
        "latent_features": 200,
        "label_features": 1000,
        "features": 1200,
        "dropout": 0.5,
        "output": "sigmoid",
        "init_range": 0.05,
    }
    discriminator = {
        "module": "mlp.ConditionalDiscriminator",
        "classes": 10,
        "features": 240,
        "label_features": 50,
        "pieces": 5,
        "joint_pieces": 4,
        "dropout": 0.5,
        "init_range": 0.005,
    }
    optim = gans_base.momentum_2014(1.00004, 250, 600)
    config = gans_base.get_gan("cgan", generator=generator, adversary=discriminator, optim=optim)
    config.data.batch_size = 100
    config.num_steps = 250 * 600
    return config


def _convolutional():
    generator = {
        "module": "dcgan.ConditionalGenerator",
        "classes": 10,
        "image_size": 28,
        "channels": 1,
        "features": 64,
        "output": "sigmoid",
    }
    discriminator = {"module": "dcgan.ConditionalDiscriminator", "classes": 10, "features": 64}
    epoch = 60_000 // 128
    decay = {"linear_from": 100 * epoch, "linear_to": 200 * epoch, "weight_decay": 2.5e-5}
    optim = common.adam(2e-4, b1=0.5) | decay
    config = gans_base.get_gan("cgan", generator=generator, adversary=discriminator, optim=optim)
    config.data.batch_size = 128
    config.num_steps = 200 * epoch
    return config
