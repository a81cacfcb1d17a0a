"""What all AGE experiments share: the published loss, optimiser, and weights of CIFAR-10."""

from ml_collections import ConfigDict

from configs import common

_ABLATIONS = ("no_reconstruction", "latent_only", "generator_image")


def get_age(
    *,
    image_size: int,
    channels: int,
    latent_size: int,
    steps_per_epoch: int,
    epochs: int,
    drop_every: int,
    arg: str = "",
    extra: tuple[str, ...] = (),
) -> tuple[ConfigDict, set[str]]:
    """An AGE config and the words of its argument.

    drop_every: the published rule: the learning rate is halved at the start of epoch k (from 0)
    where k mod drop_every == drop_every - 1.
    """
    words = common.arguments(arg, (*_ABLATIONS, *extra))
    config = common.get_defaults()
    config.objective = "age"
    config.hparams = ConfigDict(
        {
            "latent_size": latent_size,
            "prior": "sphere",
            "divergence": "moments",
            "kl_direction": "qp",
            "kl_form": "published",
            "image_match": "l1",
            "latent_match": "cosine",
            "encoder_updates": 1,
            "generator_updates": 2,
            "encoder_real_weight": 1.0,
            "encoder_fake_weight": 1.0,
            "image_weight": 10.0,
            "encoder_latent_weight": 0.0,
            "generator_fake_weight": 1.0,
            "latent_weight": 1000.0,
            "generator_image_weight": 0.0,
        }
    )
    config.networks = ConfigDict(
        {
            "encoder": {
                "module": f"age.Encoder{image_size}",
                "latent_size": config.hparams.get_ref("latent_size"),
                "features": 64,
            },
            "generator": {
                "module": f"age.Generator{image_size}",
                "channels": channels,
                "features": 64,
            },
        }
    )
    drop_at = [
        epoch * steps_per_epoch for epoch in range(epochs) if epoch % drop_every == drop_every - 1
    ]
    for name in ("encoder", "generator"):
        config.optim[name] = ConfigDict(common.adam(2e-4, b1=0.5, drop_at=drop_at))
    config.data.image_size = image_size
    config.data.channels = channels
    config.num_steps = steps_per_epoch * epochs
    return config, words


def finish(config: ConfigDict, words: set[str]) -> ConfigDict:
    """Applies the arguments that every AGE config takes.

    no_reconstruction: neither reconstruction term. latent_only: the generator's only.
    generator_image: the image term is wrongly given to the generator as well, which blurs
    (Figure 9 of the paper). smoke: a run of seconds.
    """
    if "no_reconstruction" in words:
        config.hparams.image_weight = 0.0
        config.hparams.latent_weight = 0.0
    if "latent_only" in words:
        config.hparams.image_weight = 0.0
    if "generator_image" in words:
        config.hparams.generator_image_weight = config.hparams.image_weight
    if "smoke" in words:
        common.smoke(config)
    return config
