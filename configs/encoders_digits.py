r"""Everything with an encoder on scikit-learn's 8x8 digits, by networks as equal as can be.

    python -m jaxgen.main --config=configs/encoders_digits.py:ali --workdir=runs/encoders

Encoders, generators and judges are two layers of `features` units, the first two normalised; codes
are ten numbers, N(0, I) but of AGE, whose are on the sphere. What a paper dictates stays: its
losses, weights and optimisers, PixelGAN's decoder of pixels, and that a decoder whose outputs are
logits of pixels (AAE, VAE) is not normalised. Side by side:
`python -m jaxgen.study --config=configs/studies/encoders.py`. All other numbers are ours.
Arguments: age, aegan, ali, bigan, aae, vae, vaegan, pixelgan (unless given: age), smoke.
"""

from typing import Any, Literal

from ml_collections import ConfigDict

from configs import common, pairs, phases

Model = Literal["age", "aegan", "ali", "bigan", "aae", "vae", "vaegan", "pixelgan"]
_FEATURES, _CODE, _STEPS = 256, 10, 6_000


def get_config(model: Model = "age"):
    config = {
        "age": _age,
        "aegan": _aegan,
        "ali": lambda: _pairs(bigan=False),
        "bigan": lambda: _pairs(bigan=True),
        "aae": _aae,
        "vae": _vae,
        "vaegan": _vaegan,
        "pixelgan": _pixelgan,
    }[model]()
    config.data.update(name="digits", batch_size=64, validation=299)
    config.update(num_steps=_STEPS, steps_per_dispatch=20, log_every=200)
    config.sample_every = config.checkpoint_every = 2_000
    return config


def smoke(config: ConfigDict) -> None:
    """Shrinks what only a PixelGAN autoencoder has."""
    if config.objective == "pixelgan_ae":
        phases.smoke(config)


def _networks(**others: str) -> dict[str, dict[str, Any]]:
    """Generator and encoder, and `others` of so many units."""
    layers = {"features": _FEATURES, "depth": 2}
    pair = {
        "generator": {"module": "mlp.Generator", "batch_norm": True, "init_range": 0.0},
        "encoder": {
            "module": "autoencoder.MLPEncoder",
            "batch_norm": True,
            "output_norm": False,
            "output_size": _CODE,
        },
    }
    pair |= {name: {"module": module} for name, module in others.items()}
    return {name: {**network, **layers} for name, network in pair.items()}


def _age():
    networks = _networks()
    optim = dict.fromkeys(networks, common.adam(5e-4, b1=0.5))
    config = common.experiment("age", networks, optim)
    # As in age_digits.py: a margin, the image term for both, and 7.8 a dimension.
    config.hparams.update(latent_size=_CODE, margin=1.0, latent_weight=78.0)
    config.hparams.generator_image_weight = config.hparams.image_weight = 10.0
    return config


def _aegan():
    networks = _networks(
        image_discriminator="mlp.Discriminator",
        latent_discriminator="autoencoder.CodeDiscriminator",
    )
    pair, judges = (
        common.adam(rate, b1=0.5, eps=1e-7, clip_parameter_norm=1.0) for rate in (2e-4, 5e-4)
    )
    optim = {name: judges if "discriminator" in name else pair for name in networks}
    config = common.experiment("aegan", networks, optim)
    config.hparams.update(latent_size=_CODE, blocks=False)
    return config


def _pairs(*, bigan: bool):
    return pairs.mlps(bigan=bigan, features=_FEATURES, latent_size=_CODE, num_steps=_STEPS)


def _aae():
    config = phases.aae(
        "gaussian",
        features=_FEATURES,
        clusters=0,
        labelled=0,
        drop_at=4_000,
        reconstruction=common.adam(1e-3),
        adversarial_rate=0.03,
        init_std=0.0,
    )
    config.networks.encoder.update(batch_norm=True, output_norm=False)
    config.hparams.update(code_size=_CODE, prior_scale=1.0)
    return config


def _vae():
    config = common.vae(features=_FEATURES, num_steps=_STEPS)
    config.networks.encoder.update(depth=2, batch_norm=True, output_norm=False)
    config.networks.decoder.depth = 2
    config.hparams.update(latent_size=_CODE, binarise="none")
    return config


def _vaegan():
    networks = _networks(discriminator="vaegan.PlainDiscriminator")
    optim = dict.fromkeys(networks, common.adam(5e-4, b1=0.5))
    config = common.experiment("vaegan", networks, optim)
    config.networks.encoder.output_size = 2 * _CODE  # means and deviations
    # Features are few: see the objective.
    config.hparams.update(latent_size=_CODE, feature_scale=0.3, feature_weight=0.1)
    return config


def _pixelgan():
    encoder = {"module": "autoencoder.MLPEncoder", "features": _FEATURES, "batch_norm": True}
    config = phases.pixelgan(
        encoder={**encoder, "output_norm": False},
        decoder={"features": 16, "map_features": 200, "conditioning": "dependent"},
        depth=1,
        discriminator_features=_FEATURES,
        adversarial_rate=0.03,
        code_prior="gaussian",
        code_size=_CODE,
        posterior="deterministic",
        output="logistic_mixture",
    )
    return config
