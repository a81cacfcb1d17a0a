r"""The objectives of the GAN family, compared on one data set with one pair of networks.

    python -m jaxgen.study --config=configs/studies/gan_objectives.py --workdir=runs/study

trains every objective with three seeds and ends with study.html and study.md. An argument names the
data: `digits` (the default), `ring`, `grid`, `stacked`, `mnist`, `fashion_mnist` or `cifar10`. So
does `data.name`; without labels there is no cGAN, so name the other objectives:

    python -m jaxgen.study --workdir=runs/study \
        --config=configs/studies/gan_objectives.py:gan,lsgan,ebgan,wgan,wgan_gp \
        --config.data.name=/images --config.data.image_size=32 --config.data.channels=3

What differs between the objectives is in `configs/comparisons.py`, and in a table of the report.
Arguments: digits, ring, grid, stacked, mnist, fashion_mnist, cifar10, gan, cgan, lsgan,
ebgan, wgan, wgan_gp, smoke.
"""

import typing
from typing import Literal

from ml_collections import ConfigDict

from configs import comparisons

_OBJECTIVES = typing.get_args(comparisons.Objective)
_EXPERIMENTS = ("digits", "ring", "grid", "stacked")
_IMAGES = {"mnist": (28, 1), "fashion_mnist": (28, 1), "cifar10": (32, 3)}


def get_config(
    data: Literal[
        "digits", "ring", "grid", "stacked", "mnist", "fashion_mnist", "cifar10"
    ] = "digits",
    objectives: tuple[comparisons.Objective, ...] = (),
    smoke: bool = False,
):
    path = f"configs/gans_{'digits' if data in _IMAGES else data}.py"
    chosen = [name for name in _OBJECTIVES if name in objectives] or _OBJECTIVES
    ending = ",smoke" if smoke else ""

    config = ConfigDict({"data": {}, "networks": {}})
    config.experiments = tuple(f"{path}:{name}{ending}" for name in chosen)
    config.seeds = config.evaluations = 2
    if not smoke:
        config.update(seeds=3, evaluations=5)
    if data in _IMAGES:
        config.data.image_size, config.data.channels = _IMAGES[data]
    if data in _IMAGES and not smoke:
        config.data.name = f"tfds:{data}"
        config.networks.features = 64
        config.num_steps = 20_000
    return config
