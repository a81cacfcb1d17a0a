"""What all adversarial autoencoder experiments share: networks, phases and their optimisers.

The paper's numbers are from memory, see `jaxgen/objectives/aae.py`.
"""

from ml_collections import ConfigDict

from configs import common

SETTINGS = ("gaussian", "mixture", "supervised", "semisupervised", "clustering")
_COMMON = {
    "posterior": "deterministic",
    "input_noise": "gaussian",
    "input_noise_level": 0.3,
    "likelihood": "bernoulli",
    "discriminator_noise": 0.0,
}


def arguments(arg: str, *, unless_given: str) -> tuple[set[str], str]:
    """(words after the config's colon, which of `SETTINGS` they name). Raises ValueError."""
    words = common.arguments(arg, (*SETTINGS, "labels_only"))
    setting = next((word for word in SETTINGS if word in words), unless_given)
    if "labels_only" in words and setting != "semisupervised":
        raise ValueError("labels_only goes with semisupervised.")
    return words, setting


def get_aae(
    setting: str,
    *,
    image_size: int,
    features: int,
    clusters: int,
    labelled: int,
    drop_at: int,
    channels: int = 1,
) -> ConfigDict:
    """A config of one of `SETTINGS`: two layers of `features` in every network, batches of 100.

    labelled: number of labelled images of "mixture" and "semisupervised". SGD as in the paper:
    momentum 0.9 and rate 0.01 for reconstruction and labels, 0.1 and 0.1 for the game, a tenth of
    that from step `drop_at`.
    """
    config = common.get_defaults()
    if setting in ("gaussian", "mixture"):
        _one_code(config, informed=setting == "mixture")
    elif setting == "supervised":
        _style(config)
    else:
        _categories(config, 10 if setting == "semisupervised" else clusters)
    networks = config.networks
    networks.encoder.update(module="autoencoder.MLPEncoder", batch_norm=False, output_norm=False)
    networks.decoder = ConfigDict(
        {"module": "autoencoder.MLPDecoder", "image_size": image_size, "channels": channels}
    )
    reconstruction = _momentum(0.01, 0.9, drop_at)
    phases = {"reconstruction": reconstruction, "adversarial": _momentum(0.1, 0.1, drop_at)}
    if setting == "semisupervised":
        phases["supervised"] = dict(reconstruction)  # a ConfigDict would make one of both
    for name in networks:
        networks[name].update(features=features, depth=2, init_std=0.01)
        config.optim[name] = ConfigDict(phases["adversarial"])
    config.optim.encoder = ConfigDict(phases)
    config.optim.decoder = ConfigDict(reconstruction)
    config.data.image_size = image_size
    config.data.channels = channels
    config.data.batch_size = 100
    config.data.labelled = labelled if setting in ("mixture", "semisupervised") else 0
    config.evaluation.num_images = 1000
    return config


def use_adam(config: ConfigDict, learning_rate: float, adversarial_rate: float) -> None:
    """Reconstruction by Adam, from larger weights (He's range), instead of the paper's SGD."""
    config.optim.encoder.reconstruction = ConfigDict(common.adam(learning_rate))
    config.optim.decoder = ConfigDict(common.adam(learning_rate))
    config.optim.encoder.adversarial.learning_rate = adversarial_rate
    for name, network in config.networks.items():
        network.init_std = 0.0
        if name.endswith("discriminator"):
            config.optim[name].learning_rate = adversarial_rate


def finish(config: ConfigDict, words: set[str]) -> ConfigDict:
    """Applies the arguments `labels_only` and `smoke`, a run of seconds."""
    if "labels_only" in words:
        common.labels_only(config)
    if "smoke" in words:
        common.smoke(config)
        config.data.validation = 0
        config.data.labelled = min(config.data.labelled, 20)
    return config


def _one_code(config, *, informed):
    config.objective = "aae"
    config.hparams = ConfigDict(
        {
            "code_prior": "mixture" if informed else "gaussian",
            "code_size": 2,
            # A circle of radius 1.4 is enlarged to about the spread of N(0, 5^2).
            "prior_scale": 5.0,
            "components": 10,
            "label_informed": informed,
            **_COMMON,
        }
    )
    config.networks.encoder = ConfigDict({"outputs": 2})
    config.networks.discriminator = ConfigDict({"module": "autoencoder.CodeDiscriminator"})


def _style(config):
    config.objective = "aae_supervised"
    code = {"num_classes": 10, "code_prior": "gaussian", "code_size": 15, "prior_scale": 1.0}
    config.hparams = ConfigDict({**code, **_COMMON})
    config.networks.encoder = ConfigDict({"outputs": 15})
    config.networks.discriminator = ConfigDict({"module": "autoencoder.CodeDiscriminator"})


def _categories(config, count):
    config.objective = "aae_semisupervised"
    code = {"num_categories": count, "style_size": 10, "style_scale": 1.0}
    config.hparams = ConfigDict({**code, **_COMMON})
    config.networks.encoder = ConfigDict({"outputs": count + 10})
    for name in ("category_discriminator", "style_discriminator"):
        config.networks[name] = ConfigDict({"module": "autoencoder.CodeDiscriminator"})


def _momentum(learning_rate, rate, drop_at):
    return {
        "name": "momentum",
        "learning_rate": learning_rate,
        "momentum": rate,
        "final_momentum": rate,
        "ramp_steps": 0,
        "drop_at": (drop_at,),
        "drop_factor": 0.1,
    }
