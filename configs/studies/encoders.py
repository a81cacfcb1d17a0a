r"""Encoders side by side: codes, reconstructions and samples of everything that has an encoder.

    python -m jaxgen.study --config=configs/studies/encoders.py --workdir=runs/encoders

AGE, AEGAN, ALI, BiGAN, VAE/GAN, adversarial, variational and PixelGAN autoencoders by the networks
of `configs/encoders_digits.py`: error and sharpness of reconstructions, accuracy of a line on
codes, Frechet distance, precision and recall of samples, collapsed seeds, parameters, time a step.
Three seeds. With `fashion` on Fashion-MNIST at 28 px.
Arguments: digits (the default), fashion; age, aegan, ali, bigan, aae, vae, vaegan, pixelgan:
these alone; smoke.
"""

import typing
from typing import Literal

from ml_collections import ConfigDict

from configs import encoders_digits

_MODELS = typing.get_args(encoders_digits.Model)


def get_config(
    data: Literal["digits", "fashion"] = "digits",
    models: tuple[encoders_digits.Model, ...] = (),
    smoke: bool = False,
):
    chosen = [name for name in _MODELS if name in models] or _MODELS
    ending = ",smoke" if smoke else ""
    config = ConfigDict({"data": {}, "networks": {}, "evaluation": {}})
    config.experiments = tuple(f"configs/encoders_digits.py:{name}{ending}" for name in chosen)
    config.seeds = config.evaluations = 2
    if not smoke:
        config.update(seeds=3, evaluations=3)
        config.evaluation.num_images = 2000
    if data == "fashion" and not smoke:
        config.data.update(name="tfds:fashion_mnist", image_size=28, channels=1)
    return config
