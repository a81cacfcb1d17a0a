"""Autoencoders whose codes play a game, and whose encoder moves in several phases of a step.

The papers' numbers are from memory, see `jaxgen/objectives/aae.py` and `pixelgan_ae.py`.
"""

from typing import Any, Literal

from ml_collections import ConfigDict

from configs import common

Setting = Literal["gaussian", "mixture", "supervised", "semisupervised", "clustering"]


def aae(
    setting: Setting,
    *,
    features: int,
    clusters: int,
    labelled: int,
    drop_at: int,
    drop_again_at: int | None = None,
    reconstruction: dict | None = None,
    adversarial_rate: float = 0.1,
    init_std: float = 0.01,
    labels_only: bool = False,
) -> ConfigDict:
    """An adversarial autoencoder: two layers of `features` in every network.

    labelled: number of labelled images of "mixture" and "semisupervised". SGD: momentum 0.9 and
    rate 0.01 for reconstruction (unless given) and labels (see `aae_mnist.py`), 0.1 and 0.1 for the
    game, a tenth of that from step `drop_at`, and a tenth again from `drop_again_at`.
    """
    if labels_only and setting != "semisupervised":
        raise ValueError("labels_only goes with semisupervised.")
    objective, hparams, discriminators = "aae", {}, ("discriminator",)
    if setting in ("gaussian", "mixture"):
        # A circle of radius 1.4 is enlarged to about the spread of N(0, 5^2).
        hparams = {"code_prior": setting, "code_size": 2, "prior_scale": 5.0}
        hparams["label_informed"] = setting == "mixture"
    elif setting == "supervised":
        objective, hparams = "aae_supervised", {"code_size": 15}
    else:
        objective = "aae_semisupervised"
        hparams = {"num_classes": clusters if setting == "clustering" else 10, "style_size": 10}
        discriminators = ("category_discriminator", "style_discriminator")
    modules = {"encoder": "MLPEncoder", "decoder": "MLPDecoder"}
    modules |= dict.fromkeys(discriminators, "CodeDiscriminator")
    shape = {"features": features, "init_std": init_std}
    schedule = common.piecewise(*(step for step in (drop_at, drop_again_at) if step), scale=0.1)
    sgd = common.momentum(0.01, 0.9, schedule=schedule)
    config = _autoencoder(
        objective,
        {name: {"module": f"autoencoder.{cls}", **shape} for name, cls in modules.items()},
        reconstruction=reconstruction or sgd,
        adversarial=common.momentum(adversarial_rate, 0.1, schedule=schedule),
        supervised=sgd if setting == "semisupervised" else None,
        labels_only=labels_only,
    )
    config.hparams.update(hparams)
    sizes = [name for name in ("code_size", "num_classes", "style_size") if name in hparams]
    config.networks.encoder.output_size = sum(config.hparams.get_ref(name) for name in sizes)
    if setting in ("mixture", "semisupervised"):
        config.data.labelled = labelled
    return config


def pixelgan(
    *,
    encoder: dict,
    depth: int,
    discriminator_features: int,
    adversarial_rate: float = 0.1,
    reconstruction: dict | None = None,
    labelled: int = 0,
    labels_only: bool = False,
    decoder: dict | None = None,
    **hparams: Any,
) -> ConfigDict:
    """A PixelGAN autoencoder in batches of 100, which are ours.

    depth: layers of the PixelCNN; 7x7 and then 5x5 reach 3 + 2 (depth - 1) pixels. Reconstruction
    is by Adam unless given, both sides of the adversarial game by SGD with momentum 0.1, labels by
    Adam. labelled: number of labelled images, which add the supervised phase.
    """
    pixels = {"features": 32, "depth": depth, "kernel_size": 5, "conditioning": "invariant"}
    networks = {
        "encoder": encoder,
        "decoder": {"module": "pixelcnn.PixelCNN", **pixels, **(decoder or {})},
        "discriminator": {
            "module": "autoencoder.CodeDiscriminator",
            "features": discriminator_features,
        },
    }
    config = _autoencoder(
        "pixelgan_ae",
        networks,
        reconstruction=reconstruction or common.adam(1e-3),
        adversarial=common.momentum(adversarial_rate, 0.1),
        supervised=common.adam(1e-3) if labelled else None,
        labels_only=labels_only,
    )
    config.hparams.update(hparams)
    if hparams.get("output", "bernoulli") != "bernoulli":
        config.hparams.binarise = "none"
    # A Gaussian's encoder also gives deviations.
    each = 2 if hparams.get("posterior") == "gaussian" else 1
    config.networks.encoder.output_size = config.hparams.get_ref("code_size") * each
    config.data.labelled = labelled
    return config


def epochs(config: ConfigDict, count: int, steps_per_epoch: int) -> None:
    """Length, and how often to log, draw and save."""
    config.update(num_steps=count * steps_per_epoch, log_every=steps_per_epoch)
    config.sample_every = config.checkpoint_every = max(1, count // 20) * steps_per_epoch


def smoke(config: ConfigDict) -> None:
    """Shrinks what only a PixelGAN autoencoder has."""
    config.networks.decoder.update(depth=2, map_features=8)
    if config.networks.encoder.module == "autoencoder.ConvEncoder":
        config.networks.encoder.hidden_features = 8


def _autoencoder(
    objective: str,
    networks: dict[str, dict],
    *,
    reconstruction: dict,
    adversarial: dict,
    supervised: dict | None,
    labels_only: bool,
) -> ConfigDict:
    """labels_only: the supervised network that a semi-supervised run is compared with.

    That has the same encoder, noise, labels and number of steps, but nothing except the labels
    moves its weights. Images without labels still count in the statistics of its batch
    normalisations.
    """
    phases = {"reconstruction": reconstruction, "adversarial": adversarial}
    if labels_only:
        phases = {name: {**phase, "learning_rate": 0.0} for name, phase in phases.items()}
    if supervised:
        phases["supervised"] = supervised
    players = dict.fromkeys(networks, adversarial)
    optim = {**players, "encoder": phases, "decoder": reconstruction}
    config = common.experiment(objective, networks, optim)
    config.data.batch_size = 100
    config.evaluation.num_images = 1000
    return config
