"""Defaults that every experiment shares, and the one way in which configs take arguments."""

from ml_collections import ConfigDict


def get_defaults() -> ConfigDict:
    """The keys that all configs have. An experiment fills in the empty ones."""
    config = ConfigDict()
    config.objective = ""  # module in jaxgen.objectives, or any dotted path
    config.hparams = ConfigDict()  # fields of the objective's Hparams
    config.networks = ConfigDict()  # name -> module (in jaxgen.models or dotted) and its fields
    config.optim = ConfigDict()  # name -> optimiser and its numbers
    config.ema = ConfigDict()  # name -> decay, for networks with averaged parameters
    config.precision = "float32"  # "mixed": bfloat16 products accumulated in float32

    config.data = ConfigDict()
    # digits, photos, tfds:NAME, a folder, a file.npz, lsun:PATH, stacked:NAME, ring or grid.
    config.data.name = "digits"
    config.data.image_size = 0
    config.data.channels = 0
    config.data.resize = "bilinear"  # bilinear, center_crop, celeba, none
    config.data.batch_size = 64  # images of one update, over all devices
    config.data.flip = False
    config.data.crop_padding = 0
    config.data.resident = "auto"  # auto, always, never: whether the images stay on the device
    config.data.classes = ""  # such as "0,1,2": the only ones kept; all if empty
    config.data.validation = 0  # training images that are held out, drawn by the seed
    config.data.labelled = 0  # training images whose labels are used, for semi-supervised learning
    config.data.data_dir = ""  # where TFDS keeps prepared sets; its own default if empty
    config.data.cache_dir = ""  # where decoded images are kept; the user's cache if empty

    config.seed = 0
    config.num_steps = 0
    config.steps_per_dispatch = 1  # training steps that the device takes per call
    config.log_every = 50
    config.sample_every = 500
    config.checkpoint_every = 500
    config.checkpoint_keep = 2  # the newest ones
    config.checkpoint_best = ""  # a metric of the log whose best checkpoint is kept as well
    config.checkpoint_best_mode = "min"  # or "max"
    config.init_from = ""  # a workdir whose networks are the start, with a fresh optimiser

    config.evaluation = ConfigDict()
    config.evaluation.num_images = 2000  # of each kind, real and generated
    return config


def adam(learning_rate: float, b1: float = 0.9, b2: float = 0.999, drop_at=()) -> dict:
    """Adam; the learning rate is halved at the start of each training step in `drop_at`."""
    return {
        "name": "adam",
        "learning_rate": learning_rate,
        "b1": b1,
        "b2": b2,
        "eps": 1e-8,
        "drop_at": tuple(drop_at),
    }


def labels_only(config: ConfigDict) -> None:
    """The supervised network that a semi-supervised run is compared with.

    The same encoder, noise, labels and number of steps, but nothing except the labels moves its
    weights. Images without labels still count in the statistics of its batch normalisations.
    """
    config.optim.encoder.reconstruction.learning_rate = 0.0
    config.optim.encoder.adversarial.learning_rate = 0.0


def smoke(config: ConfigDict, num_steps: int = 4) -> None:
    """Shrinks any experiment to seconds: embedded data, narrow networks, a few steps."""
    if config.data.name.startswith("stacked:"):
        config.data.name = "stacked:digits"
    elif config.data.name not in ("ring", "grid"):
        config.data.name = "digits"
    config.data.data_dir = ""
    config.data.resize = "bilinear"
    config.data.batch_size = 8
    config.num_steps = num_steps
    config.steps_per_dispatch = 1
    config.log_every = config.sample_every = config.checkpoint_every = max(1, num_steps // 2)
    config.evaluation.num_images = 32
    for network in config.networks.values():
        if "features" in network:
            network.features = 4


def arguments(arg: str, allowed: tuple[str, ...]) -> set[str]:
    """The comma-separated words after the config's colon. Raises ValueError on an unknown one."""
    words = {word for word in arg.split(",") if word}
    unknown = sorted(words - {*allowed, "smoke"})
    if unknown:
        raise ValueError(
            f'"{unknown[0]}" is not an argument of this config; it takes: '
            f"{', '.join([*allowed, 'smoke'])}."
        )
    return words
