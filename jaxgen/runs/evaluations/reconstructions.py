"""How near reconstructions of held-out images are to them, and how sharp."""

from typing import Any

import jax
import numpy as np

from jaxgen.config.build import Experiment
from jaxgen.evaluate import reconstructions
from jaxgen.runs.evaluations.context import Context, under

BY_DEFAULT = True
TITLES = reconstructions.TITLES


def titles_for(experiment: Experiment) -> dict[str, tuple[str, str]]:
    """Of objectives that rebuild images from codes, or from codes and labels."""
    return TITLES if _applies(experiment) else {}


def evaluate(context: Context) -> dict[str, Any]:
    """`evaluate.reconstructions`, under "reconstruction/", of the images of `context.real`.

    Of images as they are modelled: binary ones where those are. None where nothing is rebuilt.
    """
    if not _applies(context.experiment):
        return {}
    rebuild: Any = context.experiment.abilities.reconstruct

    entries = {"image": context.real}
    if context.experiment.reads_labels:
        entries["label"] = np.asarray(context.real_label, np.int32)

    def of_images(spec: Any, state: Any, *values: Any) -> Any:
        batch = dict(zip(entries, values, strict=True))
        return rebuild(spec, state, batch, jax.random.key(0))

    rebuilt = context.by_chunks(of_images)(*entries.values())
    return under("reconstruction", reconstructions.reconstruction_metrics(context.real, rebuilt))


def _applies(experiment: Experiment) -> bool:
    return experiment.abilities.reconstruct is not None and experiment.kind == "image"
