r"""GAN on MNIST with the fully connected networks of 2014 (Goodfellow et al., arXiv:1406.2661).

    python -m jaxgen.main --config=configs/gan_mnist.py --workdir=runs/gan_mnist

Rectifiers against maxout with dropout, SGD with momentum, both players at once, 250 epochs of 500
batches of 100. Published: Parzen log-likelihood 225 +- 2 nats. Not run by us at full length.
`:adam` trains with Adam at 2e-4 for 60 epochs, as is usual now.

Deviations: TFDS has all 60,000 training images in "train"; the paper trained on 50,000. The biases
of the generator's output start at 0 and not at the log-odds of the mean image; the norms of the
discriminator's weights are not limited.
Arguments: adam, smoke.
"""

from configs import common, gans_base

_STEPS_PER_EPOCH = 60_000 // 100


def get_config(arg=""):
    words = common.arguments(arg, ("adam",))
    generator = {
        "module": "mlp.Generator",
        "image_size": 28,
        "channels": 1,
        "features": 1200,
        "depth": 2,
        "activation": "relu",
        "batch_norm": False,
        "output": "sigmoid",
        "init_range": 0.05,
        "classes": 0,
    }
    discriminator = {
        "module": "mlp.MaxoutDiscriminator",
        "features": 240,
        "depth": 2,
        "pieces": 5,
        "input_dropout": 0.2,
        "hidden_dropout": 0.5,
        "init_range": 0.005,
    }
    epochs = 60 if "adam" in words else 250
    optim = gans_base.momentum_2014(1.000004, epochs, _STEPS_PER_EPOCH)
    if "adam" in words:
        optim = common.adam(2e-4, b1=0.5)
    config = gans_base.get_gan("gan", generator=generator, adversary=discriminator, optim=optim)
    config.data.name = "tfds:mnist"
    config.data.batch_size = 100
    config.num_steps = epochs * _STEPS_PER_EPOCH
    if "smoke" in words:
        common.smoke(config)
    return config
