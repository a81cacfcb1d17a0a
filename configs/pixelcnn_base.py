"""What all PixelCNN experiments share."""

from ml_collections import ConfigDict

from configs import common


def get_pixelcnn(
    *,
    output: str,
    image_size: int,
    channels: int,
    features: int,
    depth: int,
    kernel_size: int,
    learning_rate: float,
    num_steps: int,
    arg: str = "",
    extra: tuple[str, ...] = (),
) -> tuple[ConfigDict, set[str]]:
    """A PixelCNN config and the words of its argument."""
    words = common.arguments(arg, ("class_conditional", *extra))
    config = common.get_defaults()
    config.objective = "pixelcnn"
    config.hparams = ConfigDict(
        {
            "output": output,
            "image_size": image_size,
            "channels": channels,
            "num_classes": 10 if "class_conditional" in words else 0,
            "binarise": "threshold",
            "temperature": 1.0,
        }
    )
    config.networks.decoder = ConfigDict(
        {
            "module": "pixelcnn.PixelCNN",
            "output": config.hparams.get_ref("output"),
            "channels": config.hparams.get_ref("channels"),
            "features": features,
            "depth": depth,
            "first_kernel_size": 7,
            "kernel_size": kernel_size,
            "head_features": 0,
            "mixtures": 10,
            "conditioning": "invariant" if "class_conditional" in words else "none",
            "map_features": 1000,
            "maps": 1,
        }
    )
    config.optim.decoder = ConfigDict(common.adam(learning_rate))
    config.ema.decoder = 0.999
    config.data.image_size = config.hparams.get_ref("image_size")
    config.data.channels = config.hparams.get_ref("channels")
    config.num_steps = num_steps
    return config, words


def finish(config: ConfigDict, words: set[str]) -> ConfigDict:
    """Applies "smoke", a run of seconds."""
    if "smoke" in words:
        common.smoke(config)
        config.networks.decoder.depth = 2
        config.networks.decoder.mixtures = 2
    return config
