"""The log-likelihood of a Parzen window on 10,000 samples, obsolete; for parity with 2014."""

from typing import Any

import jax

from jaxgen.core.images import even_rows
from jaxgen.evaluate import parzen
from jaxgen.runs import sampling
from jaxgen.runs.evaluations.context import Context, under

BY_DEFAULT = False
TITLES = parzen.TITLES
_SAMPLES = 10_000  # as published


def evaluate(context: Context) -> dict[str, Any]:
    """`evaluate.parzen.parzen_estimate`, under "parzen/"."""
    samples = sampling.draw(context.experiment, context.state, jax.random.key(2), _SAMPLES)
    known = even_rows(context.training.image, 1000)
    return under("parzen", parzen.parzen_estimate(samples, known, context.real))
