"""Games on pairs of images and codes, by fully connected networks."""

from typing import Any

from ml_collections import ConfigDict

from configs import common


def mlps(
    *, bigan: bool, features: int, latent_size: int, num_steps: int, **optim: Any
) -> ConfigDict:
    """ALI with two layers of `features` units in each network and BiGAN's optimiser.

    bigan: an encoder without noise, uniform latents, and means of both terms.
    """
    layers = {"features": features, "depth": 2}
    networks = {
        "generator": {
            "module": "mlp.Generator",
            **layers,
            "batch_norm": True,
            "init_range": 0.0,
        },
        "encoder": {
            "module": "autoencoder.MLPEncoder",
            **layers,
            "batch_norm": True,
            "output_norm": False,
        },
        "discriminator": {"module": "ali.MLPDiscriminator", **layers},
    }
    adam = common.adam(2e-4, b1=0.5, **optim)
    config = common.experiment("ali", networks, dict.fromkeys(networks, adam), num_steps)
    config.hparams.latent_size = latent_size
    if bigan:
        game = {"latent_prior": "uniform", "posterior": "deterministic", "reduction": "mean"}
        config.hparams.update(game)
    # A Gaussian's encoder also gives deviations.
    each = 1 if bigan else 2
    config.networks.encoder.output_size = config.hparams.get_ref("latent_size") * each
    return config
