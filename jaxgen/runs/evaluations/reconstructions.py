"""How near reconstructions of held-out images are to them, and how sharp."""

from typing import Any

import jax

from jaxgen.config.build import Experiment
from jaxgen.evaluate import reconstructions
from jaxgen.runs.evaluations.context import Context, under

BY_DEFAULT = True
TITLES = reconstructions.TITLES


def titles_for(experiment: Experiment) -> dict[str, tuple[str, str]]:
    """Of objectives that rebuild images from codes, without their labels."""
    return TITLES if _applies(experiment) else {}


def evaluate(context: Context) -> dict[str, Any]:
    """`evaluate.reconstructions`, under "reconstruction/", of the images of `context.real`.

    Of images as they are modelled: binary ones where those are. None where nothing is rebuilt.
    """
    if not _applies(context.experiment):
        return {}
    rebuild: Any = context.experiment.abilities.reconstruct

    def of_images(spec: Any, state: Any, image: Any) -> Any:
        return rebuild(spec, state, {"image": image}, jax.random.key(0))

    rebuilt = context.by_chunks(of_images)(context.real)
    return under("reconstruction", reconstructions.reconstruction_metrics(context.real, rebuilt))


def _applies(experiment: Experiment) -> bool:
    rebuilds = experiment.abilities.reconstruct is not None
    return rebuilds and not experiment.reads_labels and experiment.kind == "image"
