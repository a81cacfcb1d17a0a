r"""The objectives of the GAN family, compared on one data set with one pair of networks.

    python -m jaxgen.study --config=configs/studies/gan_objectives.py --workdir=runs/study

trains every objective with three seeds and ends with study.html and study.md. An argument names the
data: `digits` (the default), `ring`, `grid`, `stacked`, `mnist`, `fashion_mnist` or `cifar10`. So
does `data.name`; without labels there is no cGAN, so name the other objectives:

    python -m jaxgen.study --workdir=runs/study \
        --config=configs/studies/gan_objectives.py:gan,lsgan,ebgan,wgan,wgan_gp \
        --config.data.name=/images --config.data.image_size=32 --config.data.channels=3

What differs between the objectives is in `configs/gans_base.py`, `compared`, and in a table of the
report. Arguments: digits, ring, grid, stacked, mnist, fashion_mnist, cifar10, gan, cgan, lsgan,
ebgan, wgan, wgan_gp, smoke.
"""

from ml_collections import ConfigDict

from configs import common

_EXPERIMENTS = ("digits", "ring", "grid", "stacked")
_IMAGES = {"mnist": (28, 1), "fashion_mnist": (28, 1), "cifar10": (32, 3)}
_OBJECTIVES = ("gan", "cgan", "lsgan", "ebgan", "wgan", "wgan_gp")


def get_config(arg=""):
    sets = (*_EXPERIMENTS, *_IMAGES)
    words = common.arguments(arg, (*sets, *_OBJECTIVES))
    chosen = [name for name in sets if name in words] or ["digits"]
    if len(chosen) > 1:
        raise ValueError(f"{' and '.join(chosen)} are two data sets; name one.")
    data, smoke = chosen[0], "smoke" in words
    path = f"configs/gans_{'digits' if data in _IMAGES else data}.py"
    objectives = [name for name in _OBJECTIVES if name in words] or _OBJECTIVES
    ending = ",smoke" if smoke else ""

    config = ConfigDict()
    config.experiments = tuple(f"{path}:{name}{ending}" for name in objectives)
    config.seeds = 2 if smoke else 3  # 0, 1, ...
    config.seeds_at_once = 0  # trained side by side; 0: all. Both may change later
    config.evaluations = 2 if smoke else 5  # at equal numbers of steps

    # Of every experiment; 0 or "" is that experiment's own.
    config.num_steps = 0
    config.networks = ConfigDict({"features": 0})
    config.evaluation = ConfigDict({"num_images": 0})
    config.data = ConfigDict()
    config.data.name = ""
    config.data.image_size = 0  # also of the networks that have one, as the next two
    config.data.channels = 0
    config.data.num_classes = 0
    config.data.batch_size = 0
    config.data.resize = ""
    config.data.data_dir = ""
    config.data.cache_dir = ""
    if data in _IMAGES:
        config.data.image_size, config.data.channels = _IMAGES[data]
    if data in _IMAGES and not smoke:
        config.data.name = f"tfds:{data}"
        config.networks.features = 64
        config.num_steps = 20_000
    return config
