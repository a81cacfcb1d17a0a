r"""WGAN-GP on CIFAR-10 at 32x32 (Gulrajani et al. 2017, arXiv:1704.00028).

    python -m jaxgen.main --config=configs/wgan_gp_cifar10.py --workdir=runs/wgan_gp_cifar10

The ResNet pair: Adam 2e-4 with b1 0 and b2 0.9, falling in a straight line to 0 over 100,000 steps,
penalty 10, five updates of the critic. Published: Inception score 7.86 +- 0.07. `:dcgan` is the
convolutional pair of the authors' gan_cifar.py, initial values included, without normalisation in
the critic: Adam 1e-4 with b1 0.5 and b2 0.9, 200,000 steps. Not run by us.

Deviations: of the ResNet pair the generator's batches are as large as the critic's (twice in its
code), and images are not dequantised with noise.
Arguments: dcgan, smoke.
"""

from configs import common


def get_config(dcgan: bool = False):
    if dcgan:
        optim = common.adam(1e-4, b1=0.5, b2=0.9)
        config = common.game(
            "wgan_gp",
            networks="dcgan",
            optim=optim,
            num_steps=200_000,
            features=128,
            kernel_size=5,
            init_scheme="he",
        )
        config.networks.generator.output_bias = True
        config.networks.critic.batch_norm = False
    else:
        optim = common.adam(2e-4, b1=0.0, b2=0.9, schedule=common.linear(0, 100_000))
        config = common.game("wgan_gp", networks="resnet", optim=optim, num_steps=100_000)
    config.data.name = "tfds:cifar10"
    return config
