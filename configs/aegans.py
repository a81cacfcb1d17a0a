"""AEGAN and the parts of it, with one set of networks for each size of images.

C. Lazarou 2020, arXiv:2004.05472, and github.com/ConorLazarou/AEGAN-keras (params_64.json): Adam
with b1 0.5, eps 1e-7 and every parameter's gradient clipped to norm 1, 2e-4 for generator and
encoder, 5e-4 for discriminators; a plain autoencoder 1e-3 with b1 0.9. The 64 px networks are the
paper's, those of 28 px the history's of its code, those of 32, 16 and 8 px ours.
"""

from typing import Any, Literal

from ml_collections import ConfigDict

from configs import common

Model = Literal["aegan", "gan", "ae", "aae", "egan"]
# What the code counts as steps of one training step here, a block.
_STEPS_OF_A_BLOCK = {"aegan": 4, "egan": 4, "gan": 2, "aae": 2, "ae": 1}
# Generator; encoder and image discriminator.
_FORMS = {
    64: ({}, {}),
    32: (
        {"multiples": (4, 2, 1, 1), "upsampling": (2, 2, 2, 1)},
        {"multiples": (1, 1, 2, 2, 4), "strides": (2, 2, 2, 1, 1)},
    ),
    28: (
        {"side": 7, "multiples": (2, 1, 1), "upsampling": (2, 2, 1)},
        {"multiples": (1, 1, 2, 2), "strides": (2, 2, 2, 1)},
    ),
    16: (
        {"multiples": (2, 1, 1), "upsampling": (2, 2, 1)},
        {"multiples": (1, 1, 2), "strides": (2, 2, 1)},
    ),
    8: (
        {"multiples": (2, 1), "upsampling": (2, 1)},
        {"multiples": (1, 2), "strides": (2, 1)},
    ),
}


def aegan(
    model: Model,
    image_size: int,
    *,
    steps: int,
    batch_size: int,
    latent_size: int,
    discriminator_rate: float = 5e-4,
) -> ConfigDict:
    """A config without its data's name. steps: as the code counts them, of which a block has four.

    "gan" and "aae" have two in a block, "ae" one, so that all make as many updates.
    """
    generator, encoder = _FORMS[image_size]
    networks: dict[str, dict[str, Any]] = {
        "generator": {"module": "aegan.Generator", **generator},
        "encoder": {"module": "aegan.Encoder", **encoder},
        "image_discriminator": {"module": "aegan.ImageDiscriminator", **encoder},
        "latent_discriminator": {"module": "aegan.LatentDiscriminator"},
    }
    pair, judges = _adam(2e-4), _adam(discriminator_rate)
    if model == "ae":
        pair = _adam(1e-3, b1=0.9)
    optim = {name: judges if "discriminator" in name else pair for name in networks}
    config = common.experiment("aegan", networks, optim, steps // _STEPS_OF_A_BLOCK[model])
    config.hparams.update(model=model, latent_size=latent_size)
    if model == "ae":
        config.hparams.image_weight = 1.0
    config.data.update(image_size=image_size, batch_size=batch_size)
    return config


def smoke(config: ConfigDict) -> None:
    """A short latent discriminator."""
    config.networks.latent_discriminator.depth = 1


def _adam(learning_rate: float, b1: float = 0.5) -> dict:
    return common.adam(learning_rate, b1=b1, eps=1e-7, clip_parameter_norm=1.0)
