r"""Conditional GAN on MNIST (Mirza and Osindero 2014, arXiv:1411.1784).

    python -m jaxgen.main --config=configs/cgan_mnist.py --workdir=runs/cgan_mnist

The fully connected networks of the paper, latents from the unit hypercube, SGD with momentum.
Published: Parzen log-likelihood 132 +- 1.8 nats. `:dcgan` is the conditional convolutional pair of
the DCGAN authors' MNIST code (Newmu/dcgan_code): Adam 2e-4, L2 2.5e-5, latents in [-1,1], batches
of 128, 100 epochs and then 100 of a linear decay. There a minibatch updates one player only, the
two in turn, here both: 200 epochs of 390 batches are 39,000 steps. Both are trained on 50,000
images. Not run by us at full length.

Deviations: layer sizes, rates and dropout of the paper are from secondary sources. The paper stops
where the likelihood of validation images is best; 250 epochs are ours, as in `gan_mnist.py`. Its
code is not published: whether that halves the discriminator's loss, which would make its rate for
the discriminator half of the one here, is not known. The rate of `:dcgan` falls every step, there
every epoch, whose last, smaller batch is left out here. Held-out images are drawn by the seed.
Arguments: dcgan, smoke.
"""

from configs import common


def get_config(dcgan: bool = False):
    family = "dcgan" if dcgan else "mlp"
    num_steps = 200 * (50_000 // 128) // 2 if dcgan else 250 * (50_000 // 100)
    optim = common.momentum_2014(1.00004, num_steps)
    if dcgan:
        schedule = common.linear(num_steps // 2, num_steps)
        optim = common.adam(2e-4, b1=0.5, weight_decay=2.5e-5, schedule=schedule)
    config = common.game(
        "cgan",
        networks=(f"{family}.ConditionalGenerator", f"{family}.ConditionalDiscriminator"),
        optim=optim,
        num_steps=num_steps,
    )
    if dcgan:
        config.hparams.latent_prior = "uniform"
    config.data.update(name="tfds:mnist", batch_size=128 if dcgan else 100, validation=10_000)
    return config


def smoke(config):
    if config.networks.generator.module.startswith("mlp."):
        config.networks.generator.update(latent_features=4, label_features=4)
        config.networks.discriminator.label_features = 4
