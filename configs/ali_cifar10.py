r"""ALI on CIFAR-10, with its authors' convolutional networks.

    python -m jaxgen.main --config=configs/ali_cifar10.py --workdir=runs/ali_cifar10

V. Dumoulin et al. 2016, arXiv:1606.00704, appendix A: 64 latents, Adam at 1e-4 with b1 0.5, batches
of 100, 6475 epochs. Published: an Inception score of 5.34 +- 0.05 (from memory); and with 1000,
2000, 4000 and 8000 labels errors of 19.98, 19.09, 17.99 and 17.05 %, which need a classifier in the
discriminator, which is not here. Not run by us.

Deviations: those of `jaxgen.models.ali`.
Arguments: smoke.
"""

from configs import common

_STEPS_PER_EPOCH = 50_000 // 100


def get_config():
    players = ("generator", "encoder", "discriminator")
    networks = {name: {"module": f"ali.{name.title()}"} for name in players}
    optim = common.adam(1e-4, b1=0.5)
    config = common.experiment(
        "ali", networks, dict.fromkeys(networks, optim), 6475 * _STEPS_PER_EPOCH
    )
    config.hparams.latent_size = 64
    config.networks.encoder.output_size = 2 * config.hparams.get_ref("latent_size")
    config.data.update(name="tfds:cifar10", batch_size=100)
    return config
