"""The pictures that a run draws while it trains."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxgen.core import color
from jaxgen.core.images import even_rows, to_uint8
from jaxgen.core.keys import key_for
from jaxgen.core.objective import Objective
from jaxgen.core.spec import Spec
from jaxgen.core.state import TrainState
from jaxgen.data import preprocess
from jaxgen.data.dataset import Dataset
from jaxgen.pictures import codes, grids, scatter, walks

_TILES = 64
_COLORED, _COLUMNS = 24, 8
_PAIRS, _STEPS = 8, 8  # walks, and images of each
_MOST_COLUMNS = 30
_CODES = 2000
_DOTS = 2500  # samples that PacGAN (arXiv:1712.04086) judges
Pictures = dict[str, np.ndarray]


def drawer(
    abilities: Objective, spec: Spec, held_out: Dataset, other: Dataset | None = None
) -> Callable[[TrainState], Pictures] | None:
    """A function from a state to pictures u8[H,W,c]; the same noise and images at every call.

    None of an objective that only classifies.

    - "samples", where the objective has them; classes or clusters are its columns
    - "colorized", gray images, the same with its colors, and as they were, row by row, where it
      colors images
    - "translated", images of the first domain, the same translated and translated back, row by row,
      then such of `other`, the second domain, where it translates
    - "reconstructions" (original, reconstruction, original, ...) where the objective has them
    - "interpolations", rows from one held-out image's code to another's, where it encodes and
      decodes; or "walks", rows from one drawn code to another, where it only decodes
    - "codes" of held-out images in the colours of their classes, where they are two real numbers

    Of points each picture is a scatter plot over held-out ones, and walks are left out. Networks
    run with running statistics.
    """
    if abilities.only_classifies:
        return None
    dots = held_out.kind == "points"
    columns = abilities.sampled_classes
    columns = columns if 0 < columns <= _MOST_COLUMNS else 8
    # Of clusters at least four samples each.
    count = _DOTS if dots else max(_TILES, 4 * columns)
    images = np.asarray(even_rows(held_out.image, count // 2))
    if abilities.colorize is not None:
        return _colorized(abilities, spec, held_out)
    if other is not None:
        return _translated(abilities, spec, held_out, other)
    draw = _samples_and_reconstructions(abilities, spec, count, _labels(held_out, count // 2))
    walk = None if dots else _walk(abilities, spec, held_out)
    code_picture = _code_picture(abilities, spec, held_out)

    def pictures(state: TrainState) -> Pictures:
        drawn = {name: np.asarray(array) for name, array in draw(state, images).items()}
        seen = drawn.pop("seen", None)
        if dots:
            real = held_out.image[:_DOTS]
            return {k: scatter.picture(real, made, names=("real", k)) for k, made in drawn.items()}
        found = {"samples": grids.grid(drawn["samples"], columns=columns)}
        if seen is not None:
            pairs = grids.interleave(to_uint8(seen), to_uint8(drawn["reconstructions"]))
            found["reconstructions"] = grids.grid(pairs, columns=8)
        return found | (walk(state) if walk else {}) | code_picture(state)

    return pictures


def _labels(held_out: Dataset, count: int) -> np.ndarray:
    """Of at most `count` held-out images from all over the set; 0 where these have none."""
    label = held_out.label
    if label is None:
        label = np.zeros(len(held_out.image))
    return even_rows(label, count).astype(np.int32)


def _samples_and_reconstructions(
    abilities: Objective, spec: Spec, count: int, label: np.ndarray
) -> Callable:
    """label: i[n], of the images whose reconstructions are drawn."""
    classes, key = abilities.sampled_classes, jax.random.key(1)
    sample: Any = abilities.sample
    labels = {"label": jnp.asarray(label)} if "label" in abilities.entries else {}
    condition = jnp.arange(count, dtype=jnp.int32) % classes if classes else None

    @jax.jit
    def draw(state: TrainState, images: jax.Array) -> dict[str, jax.Array]:
        key_sample = key_for(key, "samples")
        drawn = {"samples": sample(spec, state, key_sample, count, condition)}
        if abilities.reconstruct is not None:
            image = _prepared(images)
            if abilities.as_modelled is not None:
                image = abilities.as_modelled(spec, image, key_for(key, "seen"))
            key_images = key_for(key, "reconstructions")
            batch = {"image": image, **labels}
            reconstructions = abilities.reconstruct(spec, state, batch, key_images)
            drawn |= {"seen": image, "reconstructions": reconstructions}
        return drawn

    return draw


def _colorized(
    abilities: Objective, spec: Spec, held_out: Dataset
) -> Callable[[TrainState], Pictures]:
    images = np.asarray(even_rows(held_out.image, _COLORED))
    images = images[: len(images) - len(images) % _COLUMNS or len(images)]
    key = jax.random.key(1)
    colorize: Any = abilities.colorize

    @jax.jit
    def draw(state: TrainState, images: jax.Array) -> tuple[jax.Array, ...]:
        raw, entries = {"image": images}, preprocess.COMPUTED
        batch = preprocess.prepare(raw, jax.random.key(0), entries=entries)
        lightness = batch["lightness"]
        made = colorize(spec, state, lightness, key_for(key, "colorized"))
        gray, colored = (
            2.0 * color.from_lightness_and_chroma(lightness, x) - 1.0 for x in (0.0 * made, made)
        )
        return gray, colored, batch["image"]

    def pictures(state: TrainState) -> Pictures:
        columns = min(_COLUMNS, len(images))
        rows = [np.asarray(x).reshape(-1, columns, *images.shape[1:]) for x in draw(state, images)]
        tiles = np.stack(rows, axis=1).reshape(-1, *images.shape[1:])
        return {"colorized": grids.grid(tiles, columns=columns)}

    return pictures


def _translated(
    abilities: Objective, spec: Spec, held_out: Dataset, other: Dataset
) -> Callable[[TrainState], Pictures]:
    starts = {"image": held_out.image, "other_image": other.image}
    starts = {name: np.asarray(even_rows(images, _COLUMNS)) for name, images in starts.items()}
    translate, key = abilities.translate, jax.random.key(1)
    assert translate is not None

    @jax.jit
    def draw(state: TrainState, starts: dict[str, jax.Array]) -> tuple[jax.Array, ...]:
        rows = []
        for name, back in (("image", "other_image"), ("other_image", "image")):
            start = _prepared(starts[name])
            there = translate(spec, state, {name: start}, key_for(key, name))
            again = translate(spec, state, {back: there}, key_for(key, f"{name} back"))
            rows += [start, there, again]
        return tuple(rows)

    def pictures(state: TrainState) -> Pictures:
        columns = max(len(images) for images in starts.values())
        rows = [np.asarray(row) for row in draw(state, starts)]
        # A domain of fewer images than columns.
        filled = [np.resize(row, (columns, *row.shape[1:])) for row in rows]
        return {"translated": grids.grid(np.concatenate(filled), columns=columns)}

    return pictures


def _walk(
    abilities: Objective, spec: Spec, held_out: Dataset
) -> Callable[[TrainState], Pictures] | None:
    """Rows from one code to another, of images where the objective encodes them; or None."""
    encode, decode, draw_code = abilities.encode, abilities.decode, abilities.draw_code
    if decode is None or (encode is None and draw_code is None):
        return None
    pairs = min(_PAIRS, len(held_out.image) // 2)
    name, key = "walks" if encode is None else "interpolations", jax.random.key(2)
    # A conditional decoder is given the class of the image at the start.
    label = _labels(held_out, 2 * pairs)
    conditional = "label" in abilities.entries
    condition = jnp.repeat(jnp.asarray(label[:pairs]), _STEPS) if conditional else None
    images = np.asarray(even_rows(held_out.image, 2 * pairs))

    @jax.jit
    def ends(state, images):
        if encode is not None:
            return encode(spec, state, _prepared(images))
        return draw_code(spec, key_for(key, "codes"), 2 * pairs)  # type: ignore

    @jax.jit
    def decoded(state, code):
        return decode(spec, state, code, condition, key_for(key, "pixels"))

    def picture(state: TrainState) -> Pictures:
        code = np.asarray(ends(state, images))
        path = walks.spherical if abilities.arcs else walks.linear
        line = walks.walk(code[:pairs], code[pairs:], _STEPS, along=path)
        shown = np.asarray(decoded(state, line.reshape(-1, line.shape[-1])))
        return {name: grids.grid(shown, columns=_STEPS)}

    return picture if pairs else None


def _code_picture(
    abilities: Objective, spec: Spec, held_out: Dataset
) -> Callable[[TrainState], Pictures]:
    """Codes of held-out images, where these have labels and codes are pairs of real numbers."""
    encode = abilities.encode
    if encode is None or held_out.label is None or abilities.assignments is not None:
        return lambda state: {}
    images, labels = even_rows(held_out.image, _CODES), even_rows(held_out.label, _CODES)
    some = jax.jit(lambda state, images: encode(spec, state, _prepared(images)))

    def picture(state: TrainState) -> Pictures:
        if jax.eval_shape(some, state, images).shape[1] != 2:
            return {}
        code = np.asarray(some(state, images))
        return {"codes": codes.code_picture(code, labels, held_out.classes)}

    return picture


def _prepared(images: jax.Array) -> jax.Array:
    return preprocess.prepare({"image": images}, jax.random.key(0))["image"]
