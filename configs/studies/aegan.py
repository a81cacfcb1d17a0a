r"""AEGAN beside the models inside it, with one set of networks and equal numbers of updates.

    python -m jaxgen.study --config=configs/studies/aegan.py --workdir=runs/study

C. Lazarou 2020, arXiv:2004.05472, claims that the GAN collapses and AEGAN does not, and that the
AAE's reconstructions are blurred and AEGAN's are not: the report has the spread of samples and
collapsed seeds, errors and sharpness of reconstructions, and whether the latent discriminator tells
codes from the prior. Five seeds. The data are digits, or with `anime` a folder:

    python -m jaxgen.study --config=configs/studies/aegan.py:anime --config.data.name=PATH \
        --workdir=runs/study

With `anime_32` the folder's images are of 32 px, for a CPU, and seeds are three. Steps are blocks,
of which the models need different numbers for the same number of updates.
Arguments: digits (the default), anime, anime_32; aegan, gan, ae, aae, egan: these alone; smoke.
"""

from typing import Literal

from ml_collections import ConfigDict

from configs import aegans

_MODELS = ("gan", "ae", "aae", "egan", "aegan")


def get_config(
    data: Literal["digits", "anime", "anime_32"] = "digits",
    models: tuple[aegans.Model, ...] = (),
    smoke: bool = False,
):
    chosen = [model for model in _MODELS if model in models] or _MODELS
    name, _, size = data.partition("_")
    ending = f",{size}" * bool(size) + ",smoke" * smoke
    config = ConfigDict({"data": {}, "networks": {}})
    config.experiments = tuple(f"configs/aegan_{name}.py:{model}{ending}" for model in chosen)
    config.seeds = config.evaluations = 2
    if not smoke:
        config.update(seeds=3 if size else 5, evaluations=4)
    return config
