"""What all PixelGAN autoencoder experiments share: networks, phases and their optimisers.

The numbers are from memory, see `jaxgen/objectives/pixelgan_ae.py`; batches of 100 are ours.
"""

from ml_collections import ConfigDict

from configs import common


def get_pixelgan(
    *,
    image_size: int,
    depth: int,
    channels: int = 1,
    code_prior: str = "categorical",
    code_size: int = 10,
    prior_scale: float = 1.0,
    posterior: str = "implicit",
    output: str = "bernoulli",
    conditioning: str = "invariant",
    discriminator_features: int = 1000,
    reconstruction: dict | None = None,
    adversarial_rate: float = 0.1,
    labelled: int = 0,
) -> ConfigDict:
    """A config without an encoder; `encoder` and `finish` complete it.

    depth: layers of the PixelCNN; 7x7 and then 5x5 reach 3 + 2 (depth - 1) pixels. Reconstruction
    is by Adam unless given, both sides of the adversarial game by SGD with momentum 0.1, labels by
    Adam. labelled: number of labelled images, which add the supervised phase.
    """
    config = common.get_defaults()
    config.objective = "pixelgan_ae"
    config.hparams = ConfigDict(
        {
            "image_size": image_size,
            "channels": channels,
            "code_prior": code_prior,
            "code_size": code_size,
            "prior_scale": prior_scale,
            "components": 10,
            "posterior": posterior,
            "input_noise": "dropout",
            "input_noise_level": 0.2,
            "output": output,
            "binarise": output == "bernoulli",
            "reduction": "sum",
            "discriminator_noise": 0.0,
        }
    )
    config.networks.decoder = ConfigDict(
        {
            "module": "pixelcnn.PixelCNN",
            "output": output,
            "channels": channels,
            "features": 32,
            "depth": depth,
            "first_kernel_size": 7,
            "kernel_size": 5,
            "head_features": 0,
            "mixtures": 10,
            "conditioning": conditioning,
            "map_features": 1000,
            "maps": 1,
        }
    )
    config.networks.discriminator = ConfigDict(
        {
            "module": "autoencoder.CodeDiscriminator",
            "features": discriminator_features,
            "depth": 2,
            "init_std": 0.0,
        }
    )
    reconstruction = reconstruction or common.adam(1e-3)
    adversarial = momentum(adversarial_rate, 0.1)
    phases = {"reconstruction": reconstruction, "adversarial": adversarial}
    if labelled:
        phases["supervised"] = common.adam(1e-3)
    config.optim.encoder = ConfigDict(phases)
    config.optim.decoder = ConfigDict(reconstruction)
    config.optim.discriminator = ConfigDict(adversarial)
    config.data.image_size = image_size
    config.data.channels = channels
    config.data.batch_size = 100
    config.data.labelled = labelled
    config.evaluation.num_images = 1000
    return config


def momentum(learning_rate: float, rate: float, drop_at=(), drop_factor: float = 0.1) -> dict:
    """SGD with constant momentum; the learning rate is multiplied by the factor at each drop."""
    return {
        "name": "momentum",
        "learning_rate": learning_rate,
        "momentum": rate,
        "final_momentum": rate,
        "ramp_steps": 0,
        "drop_at": tuple(drop_at),
        "drop_factor": drop_factor,
    }


def conv_encoder(config: ConfigDict, *, depth: int, hidden_features: int) -> None:
    """Convolutions and, where not 0, a layer of hidden units; batch normalisation everywhere."""
    config.networks.encoder = ConfigDict(
        {
            "module": "autoencoder.ConvEncoder",
            "outputs": _outputs(config),
            "features": 32,
            "depth": depth,
            "kernel_size": 5,
            "hidden_features": hidden_features,
            "batch_norm": True,
            "output_norm": True,
            "init_std": 0.0,
        }
    )


def narrow(config: ConfigDict, *, features: int) -> None:
    """Fewer maps in encoder and decoder, for small images and few of them."""
    config.networks.encoder.features = config.networks.decoder.features = features


def mlp_encoder(config: ConfigDict, *, features: int) -> None:
    """Two layers of rectified units and a linear one."""
    config.networks.encoder = ConfigDict(
        {
            "module": "autoencoder.MLPEncoder",
            "outputs": _outputs(config),
            "features": features,
            "depth": 2,
            "batch_norm": False,
            "output_norm": False,
            "init_std": 0.0,
        }
    )


def _outputs(config: ConfigDict):
    """As many as the code has numbers, and follows them; a Gaussian's also have deviations."""
    return config.hparams.get_ref("code_size") * (
        2 if config.hparams.posterior == "gaussian" else 1
    )


def epochs(config: ConfigDict, count: int, steps_per_epoch: int) -> None:
    """Length, and how often to say, draw and save something."""
    config.num_steps = count * steps_per_epoch
    config.log_every = steps_per_epoch
    config.sample_every = max(1, count // 20) * steps_per_epoch
    config.checkpoint_every = max(1, count // 20) * steps_per_epoch


def finish(config: ConfigDict, words: set[str]) -> ConfigDict:
    """Applies the arguments `labels_only` and `smoke`, a run of seconds."""
    if "labels_only" in words:
        common.labels_only(config)
    if "smoke" in words:
        common.smoke(config)
        config.networks.decoder.depth = 2
        config.networks.decoder.map_features = 8
        if "hidden_features" in config.networks.encoder:
            config.networks.encoder.hidden_features = 8
        config.data.validation = 0
        config.data.labelled = min(config.data.labelled, 20)
    return config
