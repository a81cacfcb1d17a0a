"""The log-likelihood of a Parzen window on 10,000 samples, obsolete; for parity with 2014.

As in the code of 2014 (goodfeli/adversarial, parzen_ll.py): all held-out images, samples that are
not rounded to 8 bits, and the deviation by 1000 validation images, which are training images where
the run holds none out.
"""

from typing import Any

import jax
import numpy as np

from jaxgen.config.build import Experiment
from jaxgen.core.images import even_rows
from jaxgen.data import labelled
from jaxgen.evaluate import parzen
from jaxgen.runs import data, sampling
from jaxgen.runs.evaluations.context import Context, under

BY_DEFAULT = False
TITLES = parzen.TITLES
_SAMPLES, _CHOOSING = 10_000, 1000  # as published


def titles_for(experiment: Experiment) -> dict[str, tuple[str, str]]:
    """Of objectives that draw samples."""
    return {} if experiment.abilities.sample is None else TITLES


def evaluate(context: Context) -> dict[str, Any]:
    """`evaluate.parzen.parzen_estimate`, under "parzen/"."""
    experiment, key = context.experiment, jax.random.key(2)
    samples = sampling.draw(experiment, context.state, key, _SAMPLES, rounded=False)
    which, choosing = context.choosing
    rows = even_rows(np.arange(len(choosing.image)), _CHOOSING)
    known = data.as_modelled(experiment, labelled.subset(choosing, rows, "choosing")).image
    found = parzen.parzen_estimate(samples, known, context.modelled_held_out.image)
    return under("parzen", {**found, "sigma_chosen_on": f"{which} images"})
