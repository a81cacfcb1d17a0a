"""The grids that a run draws while it trains."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from jaxgen.core import Spec, TrainState
from jaxgen.data import points, preprocess
from jaxgen.evaluate import grids, scatter

_TILES = 64
_PAIRS, _POINTS = 8, 8
_DOTS = 2500  # samples that PacGAN (arXiv:1712.04086) judges


def artist(
    objective: Any, spec: Spec, held_out: np.ndarray
) -> Callable[[TrainState], dict[str, np.ndarray]]:
    """A function from a state to pictures u8[H,W,c]; the same noise and images at every call.

    held_out: u8[n,h,w,c]. "samples" always; "reconstructions" (original, reconstruction, original,
    ...) where the objective reconstructs; "interpolations" (a row from one held-out image to
    another) where it interpolates. Of points, f32[n,1,1,2], each picture is a scatter plot over
    held-out ones. Networks run with running statistics.
    """
    dots = held_out.shape[1:] == points.SHAPE
    count = _DOTS if dots else _TILES
    images = np.asarray(held_out[: count // 2])
    pairs = min(_PAIRS, len(images) // 2)

    @jax.jit
    def draw(state: TrainState, images: jax.Array) -> dict[str, jax.Array]:
        image = preprocess.prepare({"image": images}, jax.random.key(0))["image"]
        key_sample, key_reconstruct = jax.random.split(jax.random.key(1))
        drawn = {"samples": objective.sample(spec, state, key_sample, count)}
        if hasattr(objective, "reconstruct"):
            drawn["reconstructions"] = objective.reconstruct(
                spec, state, {"image": image}, key_reconstruct
            )
        if hasattr(objective, "interpolate") and pairs:
            start, end = image[:pairs], image[pairs : 2 * pairs]
            drawn["interpolations"] = objective.interpolate(spec, state, start, end, _POINTS)
        return drawn if dots else {k: preprocess.to_uint8(v) for k, v in drawn.items()}

    def grid(state: TrainState) -> dict[str, np.ndarray]:
        drawn = {name: np.asarray(array) for name, array in draw(state, images).items()}
        if dots:
            return _scattered(drawn, held_out[:_DOTS])
        result = {"samples": grids.grid(drawn["samples"], columns=8)}
        if "reconstructions" in drawn:
            interleaved = grids.interleave(images, drawn["reconstructions"])
            result["reconstructions"] = grids.grid(interleaved, columns=8)
        if "interpolations" in drawn:
            rows = drawn["interpolations"].reshape(-1, *images.shape[1:])
            result["interpolations"] = grids.grid(rows, columns=_POINTS)
        return result

    return grid


def _scattered(drawn: dict[str, np.ndarray], real: np.ndarray) -> dict[str, np.ndarray]:
    return {name: scatter.picture(real, made, names=("real", name)) for name, made in drawn.items()}
