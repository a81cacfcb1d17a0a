"""Samples, codes and their images of a trained state, some at a time."""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxgen.config import fields
from jaxgen.config.build import Experiment
from jaxgen.core import color
from jaxgen.core.errors import NotFiniteError, UserError, did_you_mean
from jaxgen.core.files import require_memory
from jaxgen.core.images import to_uint8
from jaxgen.core.state import TrainState
from jaxgen.data import preprocess

CHUNK = 250  # samples at a time


def draw(
    experiment: Experiment,
    state: TrainState,
    key: Any,
    num: int,
    condition: np.ndarray | None = None,
    *,
    chunk: int = CHUNK,
    rounded: bool = True,
    progress: Callable[[int, int], None] = lambda done, num: None,
) -> np.ndarray:
    """`num` samples, `chunk` at a time: images u8[num,h,w,c], or points f32[num,1,1,2].

    condition: what each is to be, [num,...]; by default what the objective chooses for a chunk.
    rounded: to 8 bits; otherwise images are f32[num,h,w,c] in [-1,1].
    progress: called with (samples done, num) after every chunk. Raises UserError where they would
    not fit the memory, and NotFiniteError.
    """
    advice = "draw fewer at a time, with another --sample_seed each time"
    require_room(experiment, num, "samples", advice)
    rows = _chunks(num, chunk)
    drawn = []
    for part, part_key in enumerate(jax.random.split(key, len(rows))):
        given = None if condition is None else np.asarray(condition)[rows[part]]
        drawn.append(np.asarray(experiment.sample(state, part_key, given, rows.shape[1])))
        progress(min((part + 1) * rows.shape[1], num), num)
    return _pixels(experiment, np.concatenate(drawn)[:num], rounded=rounded)


def require_room(experiment: Experiment, num: int, what: str, advice: str) -> None:
    """Raises UserError where `num` images of the network's size would not fit the memory."""
    size = 4 * num * math.prod(experiment.example_batch["image"].shape[1:])
    require_memory(size, f"{num:,} {what} take", advice)


def colored(experiment: Experiment, state: TrainState, key: Any, images: np.ndarray) -> np.ndarray:
    """Images u8[n,h,w,3] of the network's size with their own lightness and colors by the model.

    Colors outside of sRGB are clipped. Raises UserError for an objective that does not colorize,
    and NotFiniteError.
    """
    colorize = experiment.abilities.colorize
    if colorize is None:
        raise UserError(f"A run of {experiment.config.objective} does not color images.")

    @jax.jit
    def some(state, key, raw):
        entries = preprocess.COMPUTED
        batch = preprocess.prepare({"image": raw}, jax.random.key(0), entries=entries)
        lightness = batch["lightness"]
        chroma = colorize(experiment.spec, state, lightness, key)
        return 2.0 * color.from_lightness_and_chroma(lightness, chroma) - 1.0

    drawn = _in_chunks(lambda raw, key: some(state, key, raw), images, key)
    return _pixels(experiment, drawn)


def completions(
    experiment: Experiment,
    state: TrainState,
    key: Any,
    images: np.ndarray,
    known: np.ndarray,
    count: int,
) -> np.ndarray:
    """`count` completions u8[n,count,h,w,c] of each of images u8[n,h,w,c].

    known: bool[h,w], what is kept; of objectives that complete images.
    """
    complete: Any = experiment.abilities.complete

    @jax.jit
    def some(raw, key):
        return complete(experiment.spec, state, key, _prepared(raw), jnp.asarray(known))

    drawn = _in_chunks(some, np.repeat(images, count, axis=0), key)
    completed = _pixels(experiment, drawn)
    return completed.reshape(-1, count, *completed.shape[1:])


def conditions(experiment: Experiment, labels: Sequence[int | str], num: int) -> np.ndarray | None:
    """`labels` in turn, i32[num]; by default all classes, or None where samples have none.

    A label is a number, or text: the name of a class, or else a number. Raises UserError for labels
    where there are no classes, and for those that are none.
    """
    classes = experiment.abilities.sampled_classes
    if labels and not classes:
        raise UserError(
            f"--labels={','.join(map(str, labels))} was given, but samples of "
            f"{experiment.config.objective} have no class; leave it out."
        )
    if not classes:
        return None
    names = class_names(experiment)
    numbers = [_number_of(label, names, classes) for label in labels] or range(classes)
    return np.resize(np.asarray(numbers, np.int32), num)


def class_names(experiment: Experiment) -> tuple[str, ...]:
    """Of the classes that samples are of; () where they are not known.

    Clusters that nobody named are numbers only.
    """
    return experiment.classes if experiment.reads_some_labels else ()


def _number_of(label: int | str, names: Sequence[str], classes: int) -> int:
    if label in names:
        return names.index(str(label))
    text = str(label)
    # A number that could be a name but is none is a mistake, not another class.
    is_number = isinstance(label, int) or not names or any(not name.isdigit() for name in names)
    if is_number and text.isascii() and text.isdigit() and int(text) < classes:
        return int(text)
    if list(names) == [str(number) for number in range(len(names))]:
        names = ()  # as the range tells
    known = f": {', '.join(names[:30])}{', ...' * (len(names) > 30)}" if names else ""
    raise UserError(
        f"--labels={label} is no class; classes are 0 to {classes - 1}{known}."
        f"{did_you_mean(text, names)}"
    )


def codes(experiment: Experiment, key: Any, num: int) -> np.ndarray:
    """`num` codes f32[num,m] of the prior.

    Raises UserError for an objective without codes.
    """
    draw_code, _ = _code_abilities(experiment)
    chunk = min(CHUNK, num)
    some = jax.jit(lambda key: draw_code(experiment.spec, key, chunk))
    drawn = [np.asarray(some(key)) for key in jax.random.split(key, -(-num // chunk))]
    return np.concatenate(drawn)[:num]


def decoder(
    experiment: Experiment, state: TrainState, label: int | str | None = None
) -> Callable[[np.ndarray], np.ndarray]:
    """A function from codes f32[n,m] to images u8[n,h,w,c] or points.

    label: the class of all of them, a number or name, of a conditional objective (default: 0).

    Raises UserError for an objective without codes, and for a class that it cannot be given.
    """
    _, decode = _code_abilities(experiment)
    chosen = _chosen(experiment, label, "codes", "decoded")

    @jax.jit
    def some(state, code, key):
        given = None if chosen is None else jnp.full(code.shape[:1], chosen, jnp.int32)
        return decode(experiment.spec, state, code, given, key)

    def of_codes(code: np.ndarray) -> np.ndarray:
        code = np.asarray(code, np.float32)
        drawn = _in_chunks(lambda *given: some(state, *given), code)
        # Codes are a user's own, and may be to blame.
        why = f"or the codes, of up to {np.abs(code).max():.3g}, are too large"
        return _pixels(experiment, drawn, or_else=why)

    return of_codes


def encoder(experiment: Experiment, state: TrainState) -> Callable[[np.ndarray], np.ndarray]:
    """A function from images u8[n,h,w,c] of the network's size to their codes f32[n,m].

    Raises UserError for an objective that encodes no images, and NotFiniteError.
    """
    experiment.require("encode")
    encode: Any = experiment.abilities.encode
    some = jax.jit(lambda state, raw: encode(experiment.spec, state, _prepared(raw)))

    def of_images(images: np.ndarray) -> np.ndarray:
        return _finite(_in_chunks(lambda raw, _: some(state, raw), images), "codes")

    return of_images


def rebuilt(
    experiment: Experiment,
    state: TrainState,
    key: Any,
    images: np.ndarray,
    label: int | str | None = None,
) -> np.ndarray:
    """Reconstructions u8[n,h,w,c] of images u8[n,h,w,c] of the network's size.

    key: of what is random in them. label: the class of all images, of an objective that rebuilds
    them with it. Raises UserError for an objective that rebuilds none, for a class that it cannot
    be given or lacks, and NotFiniteError.
    """
    experiment.require("reconstruct")
    rebuild: Any = experiment.abilities.reconstruct
    if experiment.reads_labels and label is None:
        raise UserError(
            f"{experiment.config.objective} rebuilds an image with its class; give --labels=CLASS, "
            "the class of all these images."
        )
    chosen = _chosen(experiment, label, "images", "rebuilt")

    @jax.jit
    def some(state, raw, key):
        batch = {"image": _prepared(raw)}
        if chosen is not None:
            batch["label"] = jnp.full(raw.shape[:1], chosen, jnp.int32)
        return rebuild(experiment.spec, state, batch, key)

    drawn = _in_chunks(lambda *given: some(state, *given), images, key)
    return _pixels(experiment, drawn)


def translated(
    experiment: Experiment,
    state: TrainState,
    key: Any,
    images: np.ndarray,
    *,
    inverse: bool = False,
) -> np.ndarray:
    """Images u8[n,h,w,c] of the first domain as ones of the other; inverse: the other way.

    Raises UserError for an objective that translates nothing, and NotFiniteError.
    """
    experiment.require("translate")
    translate: Any = experiment.abilities.translate
    entry = "other_image" if inverse else "image"

    @jax.jit
    def some(state, raw, key):
        return translate(experiment.spec, state, {entry: _prepared(raw)}, key)

    return _pixels(experiment, _in_chunks(lambda *given: some(state, *given), images, key))


def code_size(experiment: Experiment) -> int:
    """Numbers of a code. Raises UserError for an objective without codes."""
    draw_code, _ = _code_abilities(experiment)
    draw = functools.partial(draw_code, experiment.spec, num=1)
    return jax.eval_shape(draw, jax.random.key(0)).shape[1]


def _chosen(experiment: Experiment, label: int | str | None, what: str, done: str) -> int | None:
    """The number of the class that is given with all codes, or images; 0 where none was named."""
    if experiment.reads_labels:
        condition = conditions(experiment, [0 if label is None else label], 1)
        return None if condition is None else int(condition[0])
    if label is not None:
        raise UserError(
            f"--labels={label} was given, but {what} of {experiment.config.objective} are {done} "
            "without a class; leave it out."
        )
    return None


def _code_abilities(experiment: Experiment) -> tuple[Callable, Callable]:
    draw_code, decode = experiment.abilities.draw_code, experiment.abilities.decode
    if draw_code is None or decode is None:
        able = fields.objectives_with("draw_code", "decode")
        raise UserError(
            f"The objective {experiment.config.objective} has no latents to walk among or to add; "
            f"take a run of one that has: {', '.join(able)}."
        )
    return draw_code, decode


def _prepared(raw: Any) -> Any:
    return preprocess.prepare({"image": raw}, jax.random.key(0))["image"]


def _in_chunks(function: Callable, given: np.ndarray, key: Any = None) -> np.ndarray:
    """function(some of `given`, key) of all, some at a time; the keys of the parts differ."""
    rows = _chunks(len(given), CHUNK)
    keys = [jax.random.key(part) for part in range(len(rows))]
    if key is not None:
        keys = jax.random.split(key, len(rows))
    parts = [np.asarray(function(jnp.asarray(given[r]), k)) for r, k in zip(rows, keys)]
    return np.concatenate(parts)[: len(given)]


def _chunks(num: int, chunk: int) -> np.ndarray:
    """Rows i[parts,chunk] of `num` things, some at a time; too many at the end, to be cut off."""
    chunk = min(chunk, num)
    parts = -(-num // chunk)
    return np.resize(np.arange(num), parts * chunk).reshape(parts, chunk)


def _pixels(
    experiment: Experiment, drawn: np.ndarray, *, rounded: bool = True, or_else: str = ""
) -> np.ndarray:
    """What was drawn, in 8 bits if it is images and to be rounded; raises NotFiniteError."""
    drawn = _finite(drawn, "samples", or_else)
    return to_uint8(drawn) if rounded and experiment.kind == "image" else drawn


def _finite(drawn: np.ndarray, what: str, or_else: str = "") -> np.ndarray:
    """`drawn` itself. Raises NotFiniteError; or_else: another reason than divergence."""
    bad = int((~np.isfinite(drawn)).any(axis=tuple(range(1, drawn.ndim))).sum())
    if bad:
        raise NotFiniteError(
            f"{bad} of {len(drawn)} {what} are not finite, so the model has diverged"
            f"{f', {or_else}' if or_else else ''}; take an earlier checkpoint"
            f"{' or other codes' if or_else else ''}."
        )
    return drawn
