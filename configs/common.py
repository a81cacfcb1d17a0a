"""Optimisers, and the experiments that several configs vary.

A config says what differs from `jaxgen.config.schema`, the defaults of the objective's Hparams and
of its networks' classes; sizes follow the data.
"""

from typing import Any, Literal

from ml_collections import ConfigDict

Ablation = Literal["no_reconstruction", "latent_only", "generator_image"]


def adam(learning_rate: float, **numbers: Any) -> dict:
    """Adam, with b1 0.9 and b2 0.999 unless given."""
    return {"name": "adam", "learning_rate": learning_rate, **numbers}


def rmsprop(learning_rate: float) -> dict:
    """RMSProp with PyTorch's numbers, those of WGAN's code."""
    return {
        "name": "rmsprop",
        "learning_rate": learning_rate,
        "decay": 0.99,
        "eps_in_sqrt": False,
    }


def momentum(learning_rate: float, rate: float, **numbers: Any) -> dict:
    """SGD with constant momentum."""
    rates = {"momentum": rate, "final_momentum": rate}
    return {"name": "momentum", "learning_rate": learning_rate, **rates, **numbers}


def momentum_2014(decay: float, num_steps: int) -> dict:
    """SGD of 2014: 0.1, divided by `decay` a step down to 1e-6; momentum growing, 0.5 to 0.7."""
    return {
        "name": "momentum",
        "learning_rate": 0.1,
        "momentum": 0.5,
        "final_momentum": 0.7,
        "ramp_steps": num_steps,
        "schedule": {
            "name": "exponential",
            "decay_rate": decay**-1000,
            "transition_steps": 1000,
            "end_value": 1e-6,
        },
    }


def piecewise(*boundaries: int, scale: float = 0.5) -> dict:
    """Multiplies the learning rate by `scale` at the start of each of these training steps."""
    return {"name": "piecewise", "boundaries": boundaries, "scale": scale}


def linear(begin: int, end: int) -> dict:
    """The learning rate falls in a straight line to 0 between these training steps."""
    return {"name": "linear", "transition_begin": begin, "transition_steps": end - begin}


def experiment(
    objective: str, networks: dict[str, dict], optim: dict[str, dict], num_steps: int = 0
) -> ConfigDict:
    """A config without its data."""
    config = ConfigDict({"objective": objective, "num_steps": num_steps})
    for section in ("hparams", "data", "evaluation", "ema"):
        config[section] = ConfigDict()
    config.networks = ConfigDict(_copy(networks))
    config.optim = ConfigDict(_copy(optim))
    return config


def _copy(values: dict) -> dict:
    """One dict that appears twice would be one section under two names."""
    return {name: _copy(v) if isinstance(v, dict) else v for name, v in values.items()}


def game(
    objective: str,
    *,
    networks: str | tuple[str, str],
    optim: dict,
    num_steps: int,
    **both: Any,
) -> ConfigDict:
    """A generator and its adversary with the same optimiser.

    networks: a module of jaxgen.models that has both, or the two classes. both: fields of both.
    """
    if isinstance(networks, str):
        networks = (f"{networks}.Generator", f"{networks}.Discriminator")
    adversary = "critic" if objective.startswith("wgan") else "discriminator"
    players = dict(zip(("generator", adversary), networks))
    return experiment(
        objective,
        {name: {"module": module, **both} for name, module in players.items()},
        dict.fromkeys(players, optim),
        num_steps,
    )


def dcgan(*, paper: bool = False, **more: Any) -> ConfigDict:
    """DCGAN: non-saturating, the discriminator first, Adam 2e-4 with b1 0.5, batches of 128.

    paper: as in Newmu/dcgan_code, kernels of 5x5, twice the channels and L2 1e-5, in the place of
    the authors' Torch code. There a minibatch updates one player only, in turn and the generator
    first, here both: `num_steps` is half of the published number of minibatches.
    """
    optim = adam(2e-4, b1=0.5)
    if paper:
        optim["weight_decay"] = 1e-5
        more.update(features=128, kernel_size=5)
    config = game("gan", networks="dcgan", optim=optim, **more)
    config.hparams.update(order="alternating", latent_prior="uniform")
    config.data.batch_size = 128
    return config


def wgan(*, long: bool, num_steps: int) -> ConfigDict:
    """WGAN on DCGAN's networks; long: 100 updates of the critic in early and every 500th step."""
    config = game("wgan", networks="dcgan", optim=rmsprop(5e-5), num_steps=num_steps)
    if long:
        config.hparams.long_updates = 100
    return config


def ebgan(*, num_steps: int) -> ConfigDict:
    """EBGAN-PT's autoencoder and generator for 64 px, and its optimiser."""
    networks = ("dcgan.Generator", "ebgan.Discriminator")
    config = game("ebgan", networks=networks, optim=adam(1e-3, b1=0.5), num_steps=num_steps)
    config.networks.generator.features = 128
    return config


def age(
    image_size: int,
    *,
    num_steps: int,
    halve_at: tuple[int, ...] = (),
    image_weight: float = 10.0,
    latent_weight: float = 1000.0,
    learning_rate: float = 2e-4,
    ablations: tuple[Ablation, ...] = (),
) -> ConfigDict:
    """AGE by the published optimiser; the learning rate is halved at the start of some steps.

    ablations: no_reconstruction, neither reconstruction term; latent_only, the generator's only;
    generator_image, the image term is wrongly given to the generator as well, which blurs.
    """
    schedule = {"schedule": piecewise(*halve_at)} if halve_at else {}
    optim = adam(learning_rate, b1=0.5, **schedule)
    networks = {
        "encoder": {"module": f"age.Encoder{image_size}"},
        "generator": {"module": f"age.Generator{image_size}"},
    }
    config = experiment("age", networks, dict.fromkeys(networks, optim), num_steps)
    config.data.image_size = image_size
    if {"no_reconstruction", "latent_only"} & set(ablations):
        image_weight = 0.0
    if "no_reconstruction" in ablations:
        latent_weight = 0.0
    config.hparams.update(image_weight=image_weight, latent_weight=latent_weight)
    if "generator_image" in ablations:
        config.hparams.generator_image_weight = config.hparams.get_ref("image_weight")
    return config


def vae(*, features: int, num_steps: int) -> ConfigDict:
    """A VAE with one hidden layer of `features` in each network, and Adam at 1e-3."""
    networks = {
        "encoder": {"module": "autoencoder.MLPEncoder"},
        "decoder": {"module": "autoencoder.MLPDecoder"},
    }
    for network in networks.values():
        network.update(features=features, depth=1)
    config = experiment("vae", networks, dict.fromkeys(networks, adam(1e-3)), num_steps)
    config.hparams.latent_size = 20
    # Means and deviations.
    config.networks.encoder.output_size = 2 * config.hparams.get_ref("latent_size")
    return config


def pixelcnn(
    *, class_conditional: bool, output: str, optim: dict, num_steps: int, **decoder: Any
) -> ConfigDict:
    """A PixelCNN whose parameters are averaged. decoder: fields of the network."""
    network = {"module": "pixelcnn.PixelCNN", **decoder}
    config = experiment("pixelcnn", {"decoder": network}, {"decoder": optim}, num_steps)
    config.hparams.output = output
    config.ema.decoder = 0.999
    if class_conditional:
        config.hparams.num_classes = None  # as many as the data has
        config.networks.decoder.conditioning = "invariant"
    return config


def catgan(
    *,
    semisupervised: bool,
    labelled: int,
    num_steps: int,
    generator: dict,
    discriminator: dict,
    learning_rate: float,
) -> ConfigDict:
    """CatGAN of 20 clusters, or of as many labelled images, in batches of 100; Adam with b1 0.5.

    generator, discriminator: networks; the latter without batch normalisation, whose running
    statistics would be of real, generated and labelled images, and fit none of them.
    """
    # It is not told the category.
    networks = {"generator": {**generator, "num_classes": 0}, "discriminator": discriminator}
    optim = dict.fromkeys(networks, adam(learning_rate, b1=0.5))
    config = experiment("catgan", networks, optim, num_steps)
    config.hparams.num_classes = 10 if semisupervised else 20
    config.networks.discriminator.output_size = config.hparams.get_ref("num_classes")
    config.data.batch_size = 100
    if semisupervised:
        config.hparams.label_weight = 1.0
        config.data.labelled = labelled
    config.evaluation.num_images = 1000
    return config


def infogan(*, num_steps: int, features: int = 64) -> ConfigDict:
    """InfoGAN with ten categories and two numbers, its networks and the rates of its code."""
    networks = {
        "generator": {"module": "infogan.Generator", "features": features},
        "discriminator": {"module": "infogan.Discriminator", "features": features},
        "recogniser": {"module": "infogan.Recogniser", "features": 2 * features},
    }
    optim = dict.fromkeys(networks, adam(2e-4, b1=0.5))
    optim["generator"] = adam(1e-3, b1=0.5)
    config = experiment("infogan", networks, optim, num_steps)
    config.hparams.update(num_classes=10, continuous_size=2)
    sizes = (config.hparams.get_ref(name) for name in ("num_classes", "continuous_size"))
    config.networks.recogniser.output_size = sum(sizes)
    return config
