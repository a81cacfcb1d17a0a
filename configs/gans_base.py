"""What the configs of the GAN family share: each paper's numbers, and how a game is made."""

from ml_collections import ConfigDict

from configs import common

HPARAMS = {
    "gan": {
        "latent_size": 100,
        "latent_prior": "uniform_unit",
        "form": "non_saturating",
        "order": "simultaneous",
        "discriminator_updates": 1,
        "generator_updates": 1,
        "real_label": 1.0,
    },
    "cgan": {
        "num_classes": 10,
        "latent_size": 100,
        "latent_prior": "uniform",
        "form": "non_saturating",
        "discriminator_updates": 1,
        "generator_updates": 1,
    },
    "lsgan": {
        "latent_size": 1024,
        "latent_prior": "uniform",
        "a": 0.0,
        "b": 1.0,
        "c": 1.0,
        "discriminator_updates": 1,
        "generator_updates": 1,
    },
    "ebgan": {
        "latent_size": 100,
        "latent_prior": "uniform",
        "energy": "euclidean",
        "margin": 20.0,
        "pulling_away_weight": 0.1,
        "discriminator_updates": 1,
        "generator_updates": 1,
    },
    "wgan": {
        "latent_size": 100,
        "latent_prior": "normal",
        "clip": 0.01,
        "clip_order": "after",
        "critic_updates": 5,
        "long_updates": 0,
        "generator_updates": 1,
    },
    "wgan_gp": {
        "latent_size": 128,
        "latent_prior": "normal",
        "penalty_weight": 10.0,
        "critic_updates": 5,
        "generator_updates": 1,
    },
}


def adversary_of(objective: str) -> str:
    """The name of the generator's adversary."""
    return "critic" if objective.startswith("wgan") else "discriminator"


def get_gan(objective: str, *, generator: dict, adversary: dict, optim: dict) -> ConfigDict:
    """A config of `objective` with the paper's hparams; both players have the optimiser `optim`."""
    config = common.get_defaults()
    config.objective = objective
    config.hparams = ConfigDict(HPARAMS[objective])
    name = adversary_of(objective)
    config.networks = ConfigDict({"generator": generator, name: adversary})
    config.optim = ConfigDict({"generator": dict(optim), name: dict(optim)})
    config.data.image_size = generator["image_size"]
    config.data.channels = generator["channels"]
    return config


def dcgan_pair(image_size: int, channels: int, *, features: int = 64, kernel_size: int = 4):
    """DCGAN's networks: (generator, discriminator)."""
    shape = {"features": features, "kernel_size": kernel_size, "batch_norm": True}
    generator = {"module": "dcgan.Generator", "image_size": image_size, "channels": channels}
    return generator | shape, {"module": "dcgan.Discriminator"} | shape


def rmsprop(learning_rate: float) -> dict:
    """RMSProp with PyTorch's numbers, those of WGAN's code."""
    return {
        "name": "rmsprop",
        "learning_rate": learning_rate,
        "decay": 0.99,
        "eps": 1e-8,
        "eps_in_sqrt": False,
    }


def momentum_2014(divide_by: float, epochs: int, steps_per_epoch: int) -> dict:
    """SGD of the 2014 papers: 0.1, divided by `divide_by` a step, momentum 0.5 growing to 0.7."""
    return {
        "name": "momentum",
        "learning_rate": 0.1,
        "momentum": 0.5,
        "final_momentum": 0.7,
        "ramp_steps": epochs * steps_per_epoch,
        "divide_by": divide_by,
        "least": 1e-6,
    }
