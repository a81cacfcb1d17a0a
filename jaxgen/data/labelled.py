"""Subsets of a data set: some of its classes, a held-out part, a few labelled images.

All are pure functions of their arguments; draws are of the raw bits of a counter-based generator,
so that a seed means the same subset on every machine and for every version of NumPy.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from jaxgen.core.errors import UserError
from jaxgen.data.dataset import Dataset, centered, fingerprint

# Streams of bits apart from each other and from those of `order`, which are numbered from 0.
_DRAW, _HOLD_OUT = 2**62, 2**62 + 1
_ORDERS = {"labelled": 2**61, "other": 2**60}


def keep_classes(dataset: Dataset, names: str) -> Dataset:
    """The images of the classes in `names`, such as "0,1,2"; all of them if it is empty.

    Labels are renumbered in the order of `names`. Raises UserError for a data set without labels,
    an unknown class, or one that is named twice.
    """
    if not names:
        return dataset
    label = _labels(dataset, "data.keep_classes")
    wanted = tuple(name.strip() for name in names.split(","))
    for name in wanted:
        if name not in dataset.classes or wanted.count(name) > 1:
            problem = "is named twice" if name in dataset.classes else "is no class"
            raise UserError(
                f'data.keep_classes="{names}": "{name}" {problem} of {dataset.name}; name some of '
                f"{', '.join(dataset.classes[:20])} once each, separated by commas."
            )
    number = np.full(len(dataset.classes), -1, np.int32)
    number[[dataset.classes.index(name) for name in wanted]] = np.arange(len(wanted))
    kept = subset(dataset, np.flatnonzero(number[label] >= 0), "classes", wanted)
    return dataclasses.replace(kept, label=number[kept.label], classes=wanted)


def hold_out(dataset: Dataset, num: int, seed: int) -> tuple[Dataset, Dataset]:
    """(the rest, `num` images drawn by `seed`), for validation. Raises UserError."""
    if num == 0:
        return dataset, subset(dataset, np.arange(0), "held out", 0)
    if not 0 <= num < len(dataset.image):
        raise UserError(
            f"data.validation={num} images cannot be held out of the {len(dataset.image)} of "
            f"{dataset.name}; set it from 0 to {len(dataset.image) - 1}."
        )
    shuffled = _shuffled(seed, _HOLD_OUT, len(dataset.image))
    rest = subset(dataset, np.sort(shuffled[num:]), "all but held out", num, seed)
    return rest, subset(dataset, np.sort(shuffled[:num]), "held out", num, seed)


def draw(dataset: Dataset, num: int, seed: int) -> np.ndarray:
    """Rows i64[num] of labelled images, as many of each class, sorted; a function of (seed, num).

    Raises UserError unless every class has its share.
    """
    label = _labels(dataset, "data.labelled")
    classes = len(dataset.classes)
    if num < 1 or num % classes:
        raise UserError(
            f"data.labelled={num} labels cannot be even over the {classes} classes of "
            f"{dataset.name}; make it a multiple of {classes}."
        )
    share = num // classes
    shuffled = _shuffled(seed, _DRAW, len(label))
    chosen = []
    for number, name in enumerate(dataset.classes):
        rows = shuffled[label[shuffled] == number]
        if len(rows) < share:
            raise UserError(
                f'data.labelled={num} needs {share} images of class "{name}", and {dataset.name} '
                f"has {len(rows)}; lower it."
            )
        chosen.append(rows[:share])
    return np.sort(np.concatenate(chosen))


def record(dataset: Dataset, rows: np.ndarray, seed: int) -> dict[str, Any]:
    """What to save beside a run, as JSON: which images were labelled, of which data, and how.

    Rows count the training images that are left by `data.keep_classes` and `data.validation`.
    """
    label = _labels(dataset, "data.labelled")[rows]
    return {
        "data": dataset.name,
        "fingerprint": dataset.fingerprint,
        "seed": seed,
        "rows_of": "training images of data.keep_classes, without those of data.validation",
        "rows": [int(row) for row in rows],
        "labels": [int(number) for number in label],
        "classes": list(dataset.classes),
    }


def check_record(saved: Mapping[str, Any], expected: Mapping[str, Any], where: str) -> None:
    """Raises UserError where a continued run would see other labels than it began with."""
    for key in ("fingerprint", "rows", "labels"):
        if saved.get(key) != expected[key]:
            raise UserError(
                f"{where} names other labelled images ({key} differ) than data.labelled and the "
                "seed give now; restore the data set or start in another --workdir."
            )


def subset(dataset: Dataset, rows: np.ndarray, *identity: Any) -> Dataset:
    """The given rows, copied; `identity` is what they are a function of, for the fingerprint."""
    if dataset.whole is not None:
        kept = dataclasses.replace(dataset, image=dataset.whole, whole=None)
        return centered(subset(kept, rows, *identity), dataset.image.shape[1])
    return dataclasses.replace(
        dataset,
        image=np.ascontiguousarray(dataset.image[rows]),
        label=None if dataset.label is None else np.asarray(dataset.label)[rows],
        fingerprint=fingerprint(dataset.fingerprint, *identity),
    )


def indices(
    seed: int, step: int, *, batch_size: int, num_examples: int, pool: str = "labelled"
) -> np.ndarray:
    """Rows i64[batch_size] of a pool that `step` sees; a function of (seed, step, pool).

    pool: "labelled" or "other", whose orders have nothing to do with one another. A stream of
    permutations of the pool, cut into batches: every image comes once a pass, and a batch may be
    larger than the pool.
    """
    place = step * batch_size + np.arange(batch_size)
    passes, within = np.divmod(place, num_examples)
    result = np.empty(batch_size, np.int64)
    for number in np.unique(passes):
        here = passes == number
        result[here] = _shuffled(seed, _ORDERS[pool] + int(number), num_examples)[within[here]]
    return result


def _shuffled(seed: int, stream: int, num: int) -> np.ndarray:
    """A permutation i64[num]."""
    # Raw bits: NumPy promises never to change this stream.
    bits = np.random.Philox(key=np.array([seed % 2**64, stream], np.uint64))
    return np.argsort(bits.random_raw(num), kind="stable")


def _labels(dataset: Dataset, key: str) -> np.ndarray:
    if dataset.label is None:
        raise UserError(
            f"{key} needs labels, and the data set {dataset.name} has none; use a labelled set."
        )
    return np.asarray(dataset.label)
