"""Games of one comparison: one pair of networks, and what the objective itself dictates.

The conditional GAN's players are given the class, EBGAN's discriminator is an autoencoder, the
critic of WGAN-GP has no batch normalisation, and WGANs have their own optimisers and five updates
of the critic; all others have Adam with b1 0.5 at 2e-4. All else is equal: latents N(0, 1), the
adversary first.
"""

from typing import Literal

from ml_collections import ConfigDict

from configs import common

Objective = Literal["gan", "cgan", "lsgan", "ebgan", "wgan", "wgan_gp"]


def images(objective: Objective, *, features: int, latent_size: int, num_steps: int) -> ConfigDict:
    """DCGAN's pair, and for EBGAN an autoencoder of two convolutions of the same widths."""
    autoencoder = {"module": "ebgan.Discriminator", "depth": 2}
    config = _game(objective, "dcgan", autoencoder, latent_size, num_steps)
    for network in config.networks.values():
        network.features = features
    if objective == "ebgan":
        config.hparams.margin = 0.1
    if objective == "wgan_gp":
        config.networks.critic.batch_norm = False
    return config


def points(objective: Objective, name: str) -> ConfigDict:
    """Rectified networks of three hidden layers for points, as in WGAN-GP's toys.

    name: "ring" or "grid".
    """
    autoencoder = {"module": "ebgan.MlpDiscriminator", "code_size": 64}
    config = _game(objective, "mlp", autoencoder, latent_size=2, num_steps=10_000)
    for role, network in config.networks.items():
        network.update(features=64, depth=3, activation="relu")
        if role == "generator":
            network.init_range = 0.0
        if role == "generator" or objective == "ebgan":
            network.output_activation = "linear"
    if objective == "ebgan":
        config.hparams.margin = 0.5
    if objective == "wgan":
        config.hparams.clip = 0.1
    if objective == "wgan_gp":
        config.hparams.penalty_weight = 0.1
    config.data.update(name=name, batch_size=256)
    config.update(steps_per_dispatch=100, log_every=1000, sample_every=2000, checkpoint_every=5000)
    config.evaluation.num_images = 2500
    return config


def _game(
    objective: str, family: str, autoencoder: dict, latent_size: int, num_steps: int
) -> ConfigDict:
    optim = common.adam(2e-4, b1=0.5)
    if objective == "wgan":
        optim = common.rmsprop(5e-5)
    if objective == "wgan_gp":
        optim = common.adam(1e-4, b1=0.0, b2=0.9)
    config = common.game(objective, networks=family, optim=optim, num_steps=num_steps)
    config.hparams.update(latent_size=latent_size, latent_prior="normal")
    if objective == "gan":
        config.hparams.order = "alternating"
    if objective == "ebgan":
        config.hparams.energy = "mean_squared"
        config.networks.discriminator = ConfigDict(autoencoder)
    return config
