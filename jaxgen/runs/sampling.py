"""Samples and latents of a trained state, some at a time."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxgen.core import TrainState, UserError
from jaxgen.data import points, preprocess
from jaxgen.core.images import to_uint8

CHUNK = 250  # samples at a time


def draw(
    experiment: Any,
    state: TrainState,
    key: Any,
    num: int,
    condition: np.ndarray | None = None,
    *,
    chunk: int = CHUNK,
    progress: Callable[[int, int], None] = lambda done, num: None,
) -> np.ndarray:
    """`num` samples, `chunk` at a time: images u8[num,h,w,c], or points f32[num,1,1,2].

    condition: what each is to be, [num,...]; by default what the objective chooses for a chunk.
    progress: called with (samples done, num) after every chunk.
    """
    chunk = min(chunk, num)
    parts = -(-num // chunk)
    if condition is not None:
        # Too many at the end, which are cut off again.
        rows = np.resize(np.arange(num), parts * chunk)
        condition = np.asarray(condition)[rows].reshape(parts, chunk, *np.shape(condition)[1:])
    drawn = []
    for part, part_key in enumerate(jax.random.split(key, parts)):
        told = None if condition is None else condition[part]
        drawn.append(np.asarray(experiment.sample(state, part_key, told, chunk)))
        progress(min((part + 1) * chunk, num), num)
    images = np.concatenate(drawn)[:num]
    return images if images.shape[1:] == points.SHAPE else to_uint8(images)


def latents(experiment: Any, key: Any, num: int) -> np.ndarray:
    """The latents f32[num,m] of the samples that `draw` makes of the same key and number.

    Raises UserError for an objective without latents.
    """
    objective = experiment.objective
    if not (hasattr(objective, "draw_latent") and hasattr(objective, "decode")):
        raise UserError(
            f"The objective {experiment.config.objective} has no latents to walk among or to add."
        )
    chunk = min(CHUNK, num)
    some = jax.jit(lambda key: objective.draw_latent(experiment.spec, key, chunk))
    drawn = [np.asarray(some(key)) for key in jax.random.split(key, -(-num // chunk))]
    return np.concatenate(drawn)[:num]


def decoder(experiment: Any, state: TrainState, label: int | None = None) -> Any:
    """A function from latents f32[n,m] to images u8[n,h,w,c], of class `label` if it is given."""
    objective, spec = experiment.objective, experiment.spec
    conditions = () if label is None else (jnp.int32(label),)

    @jax.jit
    def some(latent):
        condition = [jnp.broadcast_to(c, latent.shape[:1]) for c in conditions]
        return preprocess.to_uint8(objective.decode(spec, state, latent, *condition))

    return lambda latent: np.asarray(some(jnp.asarray(latent, jnp.float32)))
