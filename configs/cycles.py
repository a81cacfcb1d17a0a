"""CycleGAN's networks and optimiser."""

from typing import Any

from ml_collections import ConfigDict

from configs import common


def cyclegan(
    *, features: int, depth: int, patches: int, num_steps: int, **optim: Any
) -> ConfigDict:
    """depth: residual blocks. patches: layers of stride 2 of discriminators."""
    generator = {"module": "cyclegan.Generator", "features": features, "depth": depth}
    judge = {"module": "cyclegan.Discriminator", "features": features, "depth": patches}
    networks = {
        "generator": generator,
        "inverse_generator": generator,
        "discriminator": judge,
        "inverse_discriminator": judge,
    }
    adam = common.adam(2e-4, b1=0.5, **optim)
    return common.experiment("cyclegan", networks, dict.fromkeys(networks, adam), num_steps)


def smoke(config: ConfigDict) -> None:
    """Two classes of digits at 8 px, and nets that fit them."""
    config.data.update(keep_classes="0", other_classes="1", other_name="")
    config.data.update(image_size=8, load_size=0)
    for name, network in config.networks.items():
        network.depth = 1 if name.endswith("generator") else 0
    config.hparams.pool_size = 3
