"""Metrics of the paper's own, a mean over all held-out images.

In batches of nearly equal size, for some metrics are of a batch: as large as those of training or
larger, where there are so many images, and smaller than twice that. Each counts as many times as it
has images.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxgen.config.build import Experiment
from jaxgen.core.progress import lines
from jaxgen.data import preprocess
from jaxgen.runs.evaluations.context import Context, under

BY_DEFAULT = True
TITLES = {"objective/n_real": ("Held-out images", "that the objective's own metrics are of")}


def titles_for(experiment: Experiment) -> dict[str, tuple[str, str]]:
    """Of objectives with metrics of their own, which those titles are beside."""
    return {} if experiment.abilities.evaluate is None else TITLES


def evaluate(context: Context) -> dict[str, Any]:
    """The means, under "objective/"; none where the objective has no metrics.

    None either where it is given labels, and held-out images have none.
    """
    experiment, held_out = context.experiment, context.held_out
    metrics, spec = experiment.abilities.evaluate, experiment.spec
    if metrics is None:
        return {}
    arrays: dict[str, Any] = {"image": held_out.image}
    if experiment.reads_two_domains:
        arrays["other_image"] = context.other.image
    if experiment.reads_labels:
        if held_out.label is None:
            return {}
        arrays["label"] = held_out.label
    count = max(1, len(held_out.image) // experiment.config.data.batch_size)

    @jax.jit
    def of_batch(state, raw, key):
        key_data, key_step = jax.random.split(key)
        batch = preprocess.prepare(raw, key_data, entries=experiment.abilities.entries)
        return metrics(spec, state, batch, key_step)

    rows, sizes = [], []
    tell = lines(context.say or (lambda _: None), "batches of held-out images evaluated", count)
    for i, key in enumerate(jax.random.split(jax.random.key(0), count)):
        # Each batch from all over the set: folders are sorted by class.
        raw = {name: jnp.asarray(x[i::count]) for name, x in arrays.items()}
        found = of_batch(context.state, raw, key)
        rows.append({name: float(value) for name, value in found.items()})
        sizes.append(len(raw["image"]))
        tell(i + 1)
    means = {k: float(np.average([row[k] for row in rows], weights=sizes)) for k in rows[0]}
    return under("objective", {**means, "n_real": sum(sizes)})
