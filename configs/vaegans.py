"""VAE/GAN, with one set of networks for each size of images.

A. Larsen et al. 2016, arXiv:1512.09300, and github.com/andersbll/autoencoding_beyond_pixels:
RMSProp with decay 0.9, batches of 64, a rate of 0.025 / 64 that falls to nearly 0. The networks
for 64 and 32 px are the code's, those for 28 and 8 px ours.
"""

from typing import Any

from ml_collections import ConfigDict

from configs import common

# Multiples of the features of encoder, generator and discriminator.
_FORMS = {
    64: ((1, 2, 4), (8, 8, 4, 1), (4, 8, 8)),
    32: ((1, 2, 4), (8, 6, 4, 1), (4, 6, 8)),
    28: ((1, 2), (8, 4, 1), (4, 8)),
    8: ((1, 2), (8, 4, 1), (4, 8)),
}


def vaegan(
    image_size: int, *, num_steps: int, rate: float = 0.025 / 64, **numbers: Any
) -> ConfigDict:
    """A config without its data's name. numbers: of the optimisers."""
    networks = {
        name: {"module": f"vaegan.{name.capitalize()}", "multiples": multiples}
        for name, multiples in zip(("encoder", "generator", "discriminator"), _FORMS[image_size])
    }
    optimiser = {
        **common.rmsprop(rate),
        "decay": 0.9,
        "schedule": common.linear(0, num_steps),
        **numbers,
    }
    config = common.experiment("vaegan", networks, dict.fromkeys(networks, optimiser), num_steps)
    config.hparams.latent_size = 128
    # Means and deviations.
    config.networks.encoder.output_size = 2 * config.hparams.get_ref("latent_size")
    config.data.update(image_size=image_size, batch_size=64)
    return config


def smoke(config: ConfigDict) -> None:
    """Shrinks what `features` does not: one halving of the sides, few hidden units."""
    multiples = {"encoder": (1,), "generator": (2, 1), "discriminator": (1,)}
    for name, network in config.networks.items():
        network.multiples = multiples[name]
        if name != "generator":
            network.hidden_features = 8
