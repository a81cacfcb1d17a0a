"""Metrics of the paper's own, a mean over all held-out images.

In batches of nearly equal size, for some metrics are of a batch: as large as those of training or
larger, where there are so many images, and smaller than twice that. Each counts as many times as it
has images.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxgen.data import preprocess
from jaxgen.runs.evaluations.context import Context, under

BY_DEFAULT = True
TITLES = {
    "objective/image_l1": ("Reconstruction error", "mean |x - g(e(x))| on the scale [-1, 1]"),
    "objective/image_l2": ("Squared reconstruction error", "on the scale [-1, 1]; lower is better"),
    "objective/latent_cosine": ("Latents found again", "cosine of z and e(g(z)); 1 is right"),
    "objective/nll": ("Negative log-likelihood", "nats an image; lower is better"),
    "objective/bits_per_dim": ("Bits per dimension", "lower is better"),
    "objective/critic_distance": ("Critic's distance", "of held-out and generated images"),
    "objective/reconstruction_nats": ("Reconstruction", "nats an image; lower is better"),
    "objective/exact_nats": ("Negative log-likelihood", "nats an image, exact; lower is better"),
    "objective/importance_nats": ("Negative log-likelihood", "nats an image, an estimate"),
    "objective/code_nats": ("What codes tell", "nats an image; 0 where they are ignored"),
    "objective/restyled_nats": ("Reconstruction, other styles", "nats an image"),
}


def evaluate(context: Context) -> dict[str, Any]:
    """The means, under "objective/"; none where the objective has no metrics.

    None either where it is given labels, and held-out images have none.
    """
    experiment, held_out = context.experiment, context.held_out
    metrics, spec = experiment.abilities.evaluate, experiment.spec
    if metrics is None:
        return {}
    arrays: dict[str, Any] = {"image": held_out.image}
    if experiment.reads_labels:
        if held_out.label is None:
            return {}
        arrays["label"] = held_out.label
    count = max(1, len(held_out.image) // experiment.config.data.batch_size)

    @jax.jit
    def of_batch(state, raw, key):
        key_data, key_step = jax.random.split(key)
        return metrics(spec, state, preprocess.prepare(raw, key_data), key_step)

    rows, sizes = [], []
    for i, key in enumerate(jax.random.split(jax.random.key(0), count)):
        # Each batch from all over the set: folders are sorted by class.
        raw = {name: jnp.asarray(x[i::count]) for name, x in arrays.items()}
        rows.append(of_batch(context.state, raw, key))
        sizes.append(len(raw["image"]))
    means = {k: float(np.average([row[k] for row in rows], weights=sizes)) for k in rows[0]}
    return under("objective", {**means, "n_real": sum(sizes)})
