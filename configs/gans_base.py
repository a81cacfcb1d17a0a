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
    shape = {"features": features, "kernel_size": kernel_size, "batch_norm": True, "classes": 0}
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


def choose(arg: str) -> tuple[str, bool]:
    """(objective, whether to smoke) of an argument such as "wgan,smoke"; "gan" if it names none."""
    words = common.arguments(arg, tuple(HPARAMS))
    chosen = [name for name in HPARAMS if name in words]
    if len(chosen) > 1:
        raise ValueError(f"{' and '.join(chosen)} are two objectives; name one.")
    return (chosen or ["gan"])[0], "smoke" in words


def comparable(objective: str, *, learning_rate: float) -> dict:
    """The optimiser that an objective prescribes, for a comparison on one pair of networks.

    WGAN's and WGAN-GP's own; Adam with b1 0.5 at one rate for all others.
    """
    if objective == "wgan":
        return rmsprop(5e-5)
    if objective == "wgan_gp":
        return common.adam(1e-4, b1=0.0, b2=0.9)
    return common.adam(learning_rate, b1=0.5)


def compared(
    objective: str,
    *,
    generator: dict,
    discriminator: dict,
    autoencoder: dict,
    latent_size: int,
    num_classes: int,
    margin: float,
    learning_rate: float = 2e-4,
) -> ConfigDict:
    """A game of a comparison: one pair of networks, and what the objective itself dictates.

    The conditional GAN's players are told the class, EBGAN's discriminator is an autoencoder, the
    critic of WGAN-GP has no batch normalisation, and WGANs have their own optimisers and five
    updates of the critic. All else is equal: latents N(0, 1), the adversary first.
    """
    adversary = dict(autoencoder if objective == "ebgan" else discriminator)
    generator = dict(generator)
    if objective == "wgan_gp" and "batch_norm" in adversary:
        adversary["batch_norm"] = False
    if objective == "cgan":
        generator["classes"] = adversary["classes"] = num_classes
    config = get_gan(
        objective,
        generator=generator,
        adversary=adversary,
        optim=comparable(objective, learning_rate=learning_rate),
    )
    config.hparams.latent_size = latent_size
    config.hparams.latent_prior = "normal"
    if objective == "gan":
        config.hparams.order = "alternating"
    if objective == "cgan":
        config.hparams.num_classes = num_classes
    if objective == "ebgan":
        config.hparams.energy = "mean_squared"
        config.hparams.margin = margin
    return config


def point_networks(features: int) -> dict:
    """Rectified networks of three hidden layers for points, as in WGAN-GP's toys."""
    hidden = {"features": features, "depth": 3, "activation": "relu", "init_range": 0.0}
    return {
        "generator": {
            "module": "mlp.Generator",
            "image_size": 1,
            "channels": 2,
            "batch_norm": False,
            "output": "linear",
            "classes": 0,
            **hidden,
        },
        "discriminator": {"module": "mlp.Discriminator", "classes": 0, **hidden},
        "autoencoder": {
            "module": "ebgan.MlpDiscriminator",
            "features": features,
            "depth": 3,
            "code_size": features,
            "activation": "relu",
            "output": "linear",
        },
    }


def dcgan_networks(image_size: int, channels: int, features: int, depth: int) -> dict:
    """DCGAN's pair, and an autoencoder of `depth` convolutions of the same widths."""
    generator, discriminator = dcgan_pair(image_size, channels, features=features)
    return {
        "generator": generator,
        "discriminator": discriminator,
        "autoencoder": {
            "module": "ebgan.Discriminator",
            "features": features,
            "depth": depth,
            "output": "tanh",
        },
    }
