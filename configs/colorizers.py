"""Colorizers of one comparison: one pair of networks, and what each objective itself dictates.

pix2pix's U-Net and patches, Adam 2e-4 with b1 0.5, L1 of weight 100 beside an adversarial term of
weight 1. EBGAN's discriminator is an autoencoder; that of WGAN-GP is not normalised; the critics of
WGANs have their papers' optimisers and five updates. "l1" and "l2" have no adversary. The
generator's optimiser is the same for all.

author: the settings of github.com/cameronfabbri/Colorizing-Images-Using-Adversarial-Networks where
they are no mistakes, see `jaxgen.objectives.colorization`: his generator, always with dropout,
batches of 4, and optimisers and rates of his report, one for both players.
"""

from typing import Any, Literal

from ml_collections import ConfigDict

from configs import common

Objective = Literal["gan", "lsgan", "ebgan", "wgan", "wgan_gp", "l1", "l2"]


def colorizer(
    objective: Objective,
    author: bool = False,
    *,
    num_steps: int,
    image_size: int,
    batch_size: int,
    features: int = 64,
    receptive_field: int = 70,
) -> ConfigDict:
    """A config without the name of its data; photographs are cropped, not stretched."""
    optim = {"generator": common.adam(2e-4, b1=0.5), "discriminator": common.adam(2e-4, b1=0.5)}
    if objective == "wgan":
        optim["discriminator"] = common.rmsprop(5e-5)
    if objective == "wgan_gp":
        optim["discriminator"] = common.adam(1e-4, b1=0.0, b2=0.9)
    if author:
        optim = dict.fromkeys(optim, _authors_optimiser(objective))
    config = common.experiment("colorization", _networks(objective, author), optim, num_steps)
    for network in config.networks.values():
        network.features = features
    if objective != "ebgan":
        config.networks.discriminator.receptive_field = receptive_field
    config.hparams.update(_hparams(objective, author))
    config.data.update(
        image_size=image_size, batch_size=4 if author else batch_size, flip=True, channels=3
    )
    return config


def age(*, num_steps: int, image_size: int, batch_size: int, features: int = 64) -> ConfigDict:
    """The conditional AGE, of a U-Net that is given the code; all numbers are ours."""
    networks = {
        "encoder": {"module": f"age.Encoder{image_size}", "features": features},
        "generator": {"module": "unet.Generator", "features": features, "dropout_rate": 0.0},
    }
    optim = dict.fromkeys(networks, common.adam(5e-4, b1=0.5))
    config = common.experiment("age_colorization", networks, optim, num_steps)
    config.hparams.update(latent_size=4, margin=1.0, chroma_weight=20.0, latent_weight=4.0)
    config.hparams.update(generator_chroma_weight=20.0, encoder_latent_weight=4.0)
    config.data.update(image_size=image_size, batch_size=batch_size, flip=True, channels=3)
    return config


def smoke(config: ConfigDict) -> None:
    """Embedded photographs, in color as these must be, and as small as the networks can be."""
    load_size = 20 if config.data.get("load_size") else 0
    config.data.update(name="photos", image_size=16, load_size=load_size)
    for name, network in config.networks.items():
        if network.module.startswith("patch_discriminator"):
            network.receptive_field = 16
        if name == "encoder":
            network.module = "age.Encoder16"


def _authors_optimiser(objective: str) -> dict[str, Any]:
    if objective == "wgan":
        # TensorFlow's numbers.
        return common.rmsprop(5e-5) | {"decay": 0.9, "eps": 1e-10, "eps_in_sqrt": True}
    if objective == "wgan_gp":
        return common.adam(1e-4, b1=0.0, b2=0.9)
    return common.adam({"ebgan": 1e-3, "l2": 2e-5}.get(objective, 1e-4), b1=0.9)


def _networks(objective: str, author: bool) -> dict[str, dict]:
    generator: dict[str, Any] = {"module": "unet.Generator"}
    if author:
        generator = {"module": "unet.ResizeGenerator", "dropout_at_evaluation": True}
    discriminator: dict[str, Any] = {"module": "patch_discriminator.Discriminator"}
    if objective == "ebgan":
        discriminator = {"module": "ebgan.ConditionalDiscriminator"}
    if objective == "wgan_gp":
        discriminator["batch_norm"] = False
    return {"generator": generator, "discriminator": discriminator}


def _hparams(objective: str, author: bool) -> dict[str, Any]:
    if objective in ("l1", "l2"):
        weights = {"l1_weight": 100.0, "l2_weight": 0.0}
        if objective == "l2":
            weights = {"l1_weight": 0.0, "l2_weight": 100.0}
        return {"adversarial": "none", **weights}
    hparams: dict[str, Any] = {"adversarial": objective}
    if author:
        hparams["halved"] = False
    if objective.startswith("wgan"):
        hparams["discriminator_updates"] = 5
    if objective == "wgan" and author:
        hparams["clip"] = 0.005
    return hparams
