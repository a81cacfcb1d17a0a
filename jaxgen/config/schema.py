"""Every key that all configs have: its default, what is allowed, and what it means.

One line a key. `config.optim` and its kinds are in `config.optimisers`; the keys of
`config.hparams` and of `config.networks.NAME` are the fields of the objective's Hparams and of the
network's class, see `config.fields`. A new key's default means "as before", so that the configs of
earlier runs complete themselves; of a field that cannot, `config.upgrade` says what was before.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any


@dataclasses.dataclass(frozen=True)
class Key:
    """One key of a config.

    Attributes:
      default: its value where a config does not say; its type is that of all values.
      meaning: one sentence or less, as `--print_config` prints it.
      least: the least value of a number.
      below: what a number must be below.
      choices: the values that are allowed, if not all.
      free: whether a run may be continued, or evaluated, with another value.
      required: whether a config must say it, `default` giving its type only.
    """

    default: Any
    meaning: str
    least: float | None = None
    below: float | None = None
    choices: tuple[str, ...] = ()
    free: bool = False
    required: bool = False


RUN = {
    "objective": Key(
        "", "a module of jaxgen.objectives, or the dotted path of one of yours", required=True
    ),
    "precision": Key(
        "float32",
        "of products; mixed: bfloat16 products accumulated in float32",
        choices=("float32", "mixed"),
    ),
    "seed": Key(0, "of everything random", least=0),
    "num_steps": Key(0, "training steps", least=1, free=True, required=True),
    "steps_per_dispatch": Key(1, "training steps that the device takes per call", least=1),
    "log_every": Key(50, "training steps between log lines", least=1, free=True),
    "sample_every": Key(500, "training steps between pictures", least=1, free=True),
    "checkpoint_every": Key(500, "training steps between checkpoints", least=1, free=True),
    "evaluate_every": Key(
        0,
        "training steps between evaluations on validation images, which the log then has; 0: none",
        least=0,
        free=True,
    ),
    "checkpoint_keep": Key(2, "how many of the newest checkpoints are kept", least=1, free=True),
    "checkpoint_best": Key(
        "",
        "a metric of the log, evaluation/frechet for instance, whose best checkpoint is kept as "
        "well; none if empty",
        free=True,
    ),
    "checkpoint_best_mode": Key(
        "min", "which value of checkpoint_best is the best", choices=("min", "max"), free=True
    ),
    "init_from": Key(
        "", "a workdir whose networks are the start, with fresh optimisers; none if empty"
    ),
}

DATA = {
    "name": Key(
        "digits",
        "digits, photos, ring, grid, tfds:NAME, stacked:NAME, lsun:PATH, a folder or a .npz",
    ),
    "image_size": Key(0, "pixels a side; the data set's own unless given", least=1, required=True),
    "load_size": Key(
        0,
        "pixels a side that images are brought to by resize, of which a step cuts windows of "
        "image_size at random and all else sees the middle; 0: image_size",
        least=0,
    ),
    "channels": Key(
        3, "1 (gray), 3 (color) or 2 (points); the data set's own unless given", least=1
    ),
    "resize": Key(
        "bilinear",
        "how images come to their size: squashed, aligned as CelebA, their middle square scaled, "
        "or not",
        choices=("bilinear", "celeba", "center_crop", "none"),
    ),
    "max_pixels": Key(
        2**26, "of an image file, 67 million being 300 MB; larger ones are refused", 1, free=True
    ),
    "batch_size": Key(64, "images of one update, over all devices", least=1),
    "micro_batches": Key(
        1,
        "parts that an update takes its images in, one after the other, to save memory; gradients "
        "are averaged, BatchNorm and divergences are of a part",
        least=1,
    ),
    "flip": Key(False, "whether images are mirrored at random"),
    "crop_padding": Key(0, "pixels by which random crops are shifted at most", least=0),
    "least_chroma": Key(
        0.0,
        "mean chroma of CIELAB below which an image of a color set is left out as gray, of every "
        "split, 2 for instance; 0: none is",
        least=0.0,
    ),
    "resident": Key(
        "auto",
        "whether the data set stays on the device",
        choices=("auto", "always", "never"),
        free=True,
    ),
    "keep_classes": Key("", "the only classes that are kept, such as 0,1,2; all if empty"),
    "other_name": Key(
        "", "of the second domain, which some objectives translate to; as name, or name if empty"
    ),
    "other_classes": Key(
        "", "the only classes that are kept of the second domain, such as 3; all if empty"
    ),
    "validation": Key(0, "training images that are held out, drawn by the seed", least=0),
    "labelled": Key(0, "training images whose labels are used, drawn by the seed", least=0),
    "data_dir": Key("", "where TFDS keeps prepared sets; its own default if empty", free=True),
    "cache_dir": Key(
        "", "where decoded images are kept; the user's cache directory if empty", free=True
    ),
}

EVALUATION = {
    "num_images": Key(
        2000, "samples, and at most as many held-out images beside them", least=2, free=True
    ),
}

# Groups of keys that differ by experiment, and what they are.
GROUPS = {
    "hparams": "the fields of the objective's Hparams",
    "networks": "of each network its module and the fields of that class",
    "optim": "of each network its optimiser, or one for each phase of a step",
    "ema": "of networks whose parameters are averaged as well, the decay of the average",
}
MODULE = Key("", "a class of jaxgen.models, or the dotted path of one of yours", required=True)
DECAY = Key(
    0.0, "decay of the average of parameters, below 1; 0: there is none", least=0.0, below=1.0
)

SECTIONS: dict[str, dict[str, Key]] = {"": RUN, "data": DATA, "evaluation": EVALUATION}

STUDY = {
    "experiments": Key((), "configs, each with its arguments, such as configs/gans_digits.py:gan"),
    "seeds": Key(3, "0, 1, ... of each experiment", least=1, free=True),
    "seeds_at_once": Key(0, "trained side by side; 0: all", least=0, free=True),
    "evaluations": Key(5, "at equal numbers of steps", least=1),
    "num_steps": Key(0, "of every experiment; 0: its own", least=0),
}
STUDY_DATA = {
    "name": Key("", "of every experiment; its own if empty"),
    "image_size": Key(0, "of every experiment; 0: its own", least=0),
    "load_size": Key(0, "of every experiment; 0: its own", least=0),
    "channels": Key(0, "of every experiment; 0: its own", least=0),
    "batch_size": Key(0, "of every experiment; 0: its own", least=0),
    "resize": Key("", "of every experiment; its own if empty"),
    "least_chroma": Key(0.0, "of every experiment; 0: its own", least=0.0),
    "data_dir": Key("", "of every experiment; its own if empty", free=True),
    "cache_dir": Key("", "of every experiment; its own if empty", free=True),
}
STUDY_SECTIONS: dict[str, dict[str, Key]] = {
    "": STUDY,
    "data": STUDY_DATA,
    "networks": {"features": Key(0, "of every network that has them; 0: its own", least=0)},
    "evaluation": {"num_images": Key(0, "of every experiment; 0: its own", least=0)},
}


def is_free(key: str, sections: Mapping[str, Mapping[str, Key]] = SECTIONS) -> bool:
    """Whether the dotted `key` may change in a run that is continued.

    >>> is_free("data.cache_dir"), is_free("data.name"), is_free("hparams.latent_size")
    (True, False, False)
    """
    section, _, name = key.rpartition(".")
    known = sections.get(section, {}).get(name)
    return known is not None and known.free
