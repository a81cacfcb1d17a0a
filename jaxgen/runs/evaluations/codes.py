"""What the codes of images tell of their classes: errors of clusters, of few labels, of a line."""

from collections.abc import Callable
from typing import Any

from jaxgen.config.build import Experiment
from jaxgen.core.images import even_rows
from jaxgen.evaluate import clustering, codes
from jaxgen.evaluate.classifier import labels
from jaxgen.runs.evaluations.context import Context, under

BY_DEFAULT = True
TITLES = codes.TITLES | clustering.TITLES
_FITTED = 10_000  # training images that a linear classifier is fitted to, at most


def titles_for(experiment: Experiment) -> dict[str, tuple[str, str]]:
    """Of objectives that encode images; of categories those of labels or else of clusters."""
    abilities = experiment.abilities
    groups = ["codes"] * (abilities.encode is not None)
    if abilities.assignments is not None:
        groups.append("labelled" if experiment.config.data.labelled else "clustering")
    return {k: v for k, v in TITLES.items() if k.partition("/")[0] in groups}


def evaluate(context: Context) -> dict[str, Any]:
    """The accuracy of a line on codes, "codes/linear_accuracy", and the errors of categories.

    Of categories "labelled/..." where labels were trained with, else "clustering/...", named by
    images of `context.choosing`. None of objectives that have neither or of images without labels;
    no accuracy of those of a single class.
    """
    abilities, found = context.experiment.abilities, {}
    if context.held_out.label is None:
        return found
    if abilities.encode is not None:
        found |= _of_codes(context, context.by_chunks(abilities.encode))
    if abilities.assignments is not None:
        found |= _of_categories(context, context.by_chunks(abilities.assignments))
    return found


def _of_codes(context: Context, code: Callable) -> dict[str, Any]:
    training, held_out = context.training, context.held_out
    fitted = code(even_rows(training.image, _FITTED)), even_rows(labels(training), _FITTED)
    accuracy = codes.linear_accuracy(*fitted, code(held_out.image), labels(held_out))
    return {} if accuracy is None else {"codes/linear_accuracy": accuracy}


def _of_categories(context: Context, assigned: Callable) -> dict[str, Any]:
    held_out, labelled = context.held_out, context.experiment.config.data.labelled
    found = assigned(held_out.image)
    if labelled:
        error = clustering.classification_error(found, labels(held_out))
        return under("labelled", {**error, "labels": labelled})
    which, naming = context.choosing
    scores, found = (clustering.log_odds(x) for x in (assigned(naming.image), found))
    errors = clustering.clustering_errors(scores, labels(naming), found, labels(held_out))
    return under("clustering", {**errors, "named_by": f"{which} images"})
