"""The errors of k-means on the pixels, with as many clusters, beside a run that finds clusters."""

from typing import Any

from jaxgen.config.build import Experiment
from jaxgen.core.errors import UserError
from jaxgen.evaluate import clustering
from jaxgen.evaluate.classifier import labels
from jaxgen.runs.evaluations.context import Context, under

BY_DEFAULT = False
TITLES = clustering.TITLES


def titles_for(experiment: Experiment) -> dict[str, tuple[str, str]]:
    """Of objectives that find clusters without labels."""
    clusters = experiment.abilities.assignments is not None and not experiment.config.data.labelled
    return {k: v for k, v in TITLES.items() if clusters and k.startswith("kmeans/")}


def evaluate(context: Context) -> dict[str, Any]:
    """`evaluate.clustering.kmeans_errors`, started from `config.seed`, under "kmeans/"."""
    experiment, held_out = context.experiment, context.held_out
    config, abilities = experiment.config, experiment.abilities
    if not titles_for(experiment) or held_out.label is None:
        raise UserError(
            "--with=kmeans needs a run that finds clusters and a labelled data set; "
            f"{config.objective} on {held_out.name} is none."
        )
    which, naming = context.choosing
    errors = clustering.kmeans_errors(
        context.training.image,
        naming.image,
        labels(naming),
        held_out.image,
        held_out.label,
        abilities.num_classes,
        config.seed,
    )
    return under("kmeans", {**errors, "named_by": f"{which} images"})
