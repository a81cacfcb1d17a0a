"""The grids that a run draws while it trains."""

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxgen.core import Spec, TrainState
from jaxgen.core.images import even_rows
from jaxgen.data import points, preprocess
from jaxgen.pictures import codes, grids, scatter

_TILES = 64
_PAIRS, _POINTS = 8, 8
_MOST_COLUMNS = 30
_CODES = 2000
_DOTS = 2500  # samples that PacGAN (arXiv:1712.04086) judges


def artist(
    objective: Any,
    spec: Spec,
    held_out: np.ndarray,
    *,
    label: np.ndarray | None = None,
    classes: tuple[str, ...] = (),
) -> Callable[[TrainState], dict[str, np.ndarray]]:
    """A function from a state to pictures u8[H,W,c]; the same noise and images at every call.

    held_out: u8[n,h,w,c]. "samples" always; "reconstructions" (original, reconstruction, original,
    ...) where the objective reconstructs; "interpolations" (a row from one held-out image to
    another) where it interpolates; "walks" (a row from one latent to another) where it has no
    encoder but latents; "codes", of held-out images in the colours of their classes (label i32[n]),
    where the objective has an encoder to codes of two real numbers. Classes or clusters are the
    columns of "samples". Of points, f32[n,1,1,2], each picture is a scatter plot over
    held-out ones. Networks run with running statistics.
    """
    dots = held_out.shape[1:] == points.SHAPE
    categories = getattr(objective, "categories", lambda _: 0)(spec.hparams)
    kinds = categories or getattr(spec.hparams, "num_classes", 0)
    columns = kinds if 0 < kinds <= _MOST_COLUMNS else 8
    # Of clusters at least four samples each.
    count = _DOTS if dots else max(_TILES, 4 * columns)
    coded = _coded(objective, spec, held_out, label) if not categories else None
    images = np.asarray(even_rows(held_out, count // 2))
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
        elif _walks(objective) and not dots:
            drawn["walks"] = _walk(objective, spec, state, jax.random.key(2))
        return drawn if dots else {k: preprocess.to_uint8(v) for k, v in drawn.items()}

    def grid(state: TrainState) -> dict[str, np.ndarray]:
        drawn = {name: np.asarray(array) for name, array in draw(state, images).items()}
        if dots:
            return _scattered(drawn, held_out[:_DOTS])
        result = {"samples": grids.grid(drawn["samples"], columns=columns)}
        if "reconstructions" in drawn:
            interleaved = grids.interleave(images, drawn["reconstructions"])
            result["reconstructions"] = grids.grid(interleaved, columns=8)
        if coded is not None:
            found, labels = coded(state)
            result["codes"] = codes.code_picture(found, labels, classes)
        for name in ("interpolations", "walks"):
            if name in drawn:
                rows = drawn[name].reshape(-1, *images.shape[1:])
                result[name] = grids.grid(rows, columns=_POINTS)
        return result

    return grid


def _coded(objective: Any, spec: Spec, held_out: np.ndarray, label: np.ndarray | None) -> Any:
    """A function from a state to (codes f[n,2], labels i[n]) of held-out images, or None."""
    if label is None or getattr(spec.hparams, "code_size", 0) != 2:
        return None
    images, labels = even_rows(held_out, _CODES), even_rows(label, _CODES)

    @jax.jit
    def encode(state: TrainState, images: jax.Array) -> jax.Array:
        image = preprocess.prepare({"image": images}, jax.random.key(0))["image"]
        return objective.encode(spec, state, image)

    return lambda state: (np.asarray(encode(state, images)), labels)


def _walks(objective: Any) -> bool:
    """Whether latents alone, without a condition, make an image."""
    conditional = hasattr(objective, "batch_entries")
    return not conditional and hasattr(objective, "draw_latent") and hasattr(objective, "decode")


def _walk(objective: Any, spec: Spec, state: TrainState, key: jax.Array) -> jax.Array:
    """Straight lines between latents, f32[pairs * points,h,w,c]."""
    latent = objective.draw_latent(spec, key, 2 * _PAIRS)
    start, end = latent[:_PAIRS, None], latent[_PAIRS:, None]
    share = jnp.linspace(0.0, 1.0, _POINTS)[None, :, None]
    line = (1.0 - share) * start + share * end
    if getattr(spec.hparams, "latent_prior", "") == "normal":
        # Back to a typical norm, which the middle of a straight line has not.
        norm = jnp.linalg.norm(line, axis=-1, keepdims=True)
        line = line * math.sqrt(line.shape[-1]) / jnp.maximum(norm, 1e-6)
    return objective.decode(spec, state, line.reshape(-1, line.shape[-1]))


def _scattered(drawn: dict[str, np.ndarray], real: np.ndarray) -> dict[str, np.ndarray]:
    return {name: scatter.picture(real, made, names=("real", name)) for name, made in drawn.items()}
