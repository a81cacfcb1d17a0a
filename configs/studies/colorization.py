r"""Objectives of colorization and plain regression, with one pair of networks, on one data set.

    python -m jaxgen.study --config=configs/studies/colorization.py --workdir=runs/study

trains each with three seeds and ends with study.html and study.md: pictures of the same held-out
images by each of them, and metrics beside those of gray images and of predictors without a model.
An argument names the data: `photos` (the default) or `cifar10`; so does `data.name`:

    python -m jaxgen.study --config=configs/studies/colorization.py:cifar10 \
        --config.data.name=/images --workdir=runs/study

What differs between the objectives is in `configs/colorizers.py`, and in a table of the report.
Arguments: photos, cifar10, l1, l2, gan, lsgan, ebgan, wgan, wgan_gp, smoke.
"""

from typing import Literal

from ml_collections import ConfigDict

from configs import colorizers

_OBJECTIVES = ("l1", "l2", "gan", "lsgan", "ebgan", "wgan", "wgan_gp")


def get_config(
    data: Literal["photos", "cifar10"] = "photos",
    objectives: tuple[colorizers.Objective, ...] = (),
    smoke: bool = False,
):
    chosen = [name for name in _OBJECTIVES if name in objectives] or _OBJECTIVES
    ending = ",smoke" if smoke else ""
    config = ConfigDict({"data": {}, "networks": {}})
    config.experiments = tuple(f"configs/colorization_{data}.py:{name}{ending}" for name in chosen)
    config.seeds = config.evaluations = 2
    if not smoke:
        config.update(seeds=3, evaluations=4)
    return config
