"""Metrics of the paper's own, a mean over held-out batches.

Of `config.evaluation.num_images` images in all, or nearly, in batches of the training batch size.
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
    size = min(experiment.config.data.batch_size, len(held_out.image))
    stride = len(held_out.image) // size
    count = min(stride, max(1, context.num // size))

    @jax.jit
    def of_batch(state, raw, key):
        key_data, key_step = jax.random.split(key)
        return metrics(spec, state, preprocess.prepare(raw, key_data), key_step)

    rows = []
    for i, key in enumerate(jax.random.split(jax.random.key(0), count)):
        # Each batch from all over the set: folders are sorted by class.
        raw = {name: jnp.asarray(x[i::stride][:size]) for name, x in arrays.items()}
        rows.append(of_batch(context.state, raw, key))
    means = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
    return under("objective", {**means, "n_real": size * count})
