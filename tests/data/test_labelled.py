"""Subsets and labelled draws are pure functions, balanced, and reach the batch as they should."""

import jax
import numpy as np
import pytest

from jaxgen.core import UserError
from jaxgen.data import labelled, preprocess, sources
from jaxgen.data.dataset import Dataset
from jaxgen.data.pipeline import Pipeline

pytestmark = pytest.mark.core


@pytest.fixture(scope="module")
def digits():
    return sources.load("digits", "train", image_size=8, channels=1)


@pytest.mark.parametrize("num", [20, 50, 100])
def test_draws_are_balanced_and_a_function_of_the_seed(digits, num):
    rows = labelled.draw(digits, num, seed=3)
    assert len(np.unique(rows)) == num
    np.testing.assert_array_equal(np.bincount(digits.label[rows]), [num // 10] * 10)
    np.testing.assert_array_equal(rows, labelled.draw(digits, num, seed=3))
    assert len(np.intersect1d(rows, labelled.draw(digits, num, seed=4))) < num / 2


def test_a_seed_means_the_same_images_for_ever(digits):
    first = [107, 132, 206, 403, 447]
    np.testing.assert_array_equal(labelled.draw(digits, 20, seed=0)[:5], first)


def test_larger_draws_hold_smaller_ones(digits):
    """So that an error over 20, 50, 100 labels compares amounts and not luck."""
    small, large = (labelled.draw(digits, num, seed=1) for num in (20, 100))
    assert set(small) < set(large)


@pytest.mark.parametrize(
    ("num", "message"), [(25, "multiple of 10"), (0, "multiple"), (5000, "lower it")]
)
def test_draws_that_cannot_be(digits, num, message):
    with pytest.raises(UserError, match=message):
        labelled.draw(digits, num, seed=0)


def test_a_set_without_labels_has_no_labelled_images(digits):
    bare = Dataset("faces", digits.image, None, (), "x")
    with pytest.raises(UserError, match="faces has none"):
        labelled.draw(bare, 10, seed=0)
    with pytest.raises(UserError, match="faces has none"):
        labelled.keep_classes(bare, "0,1")
    assert labelled.keep_classes(bare, "") is bare


def test_classes_are_kept_and_renumbered(digits):
    part = labelled.keep_classes(digits, "7, 2")
    assert part.classes == ("7", "2")
    assert part.fingerprint != digits.fingerprint
    for new, old in enumerate((7, 2)):
        np.testing.assert_array_equal(
            part.image[part.label == new], digits.image[digits.label == old]
        )
    assert len(part.image) == np.isin(digits.label, (2, 7)).sum()
    assert labelled.keep_classes(digits, "2,7").fingerprint != part.fingerprint
    for names, message in (("0,x", '"x" is no class'), ("1,1", '"1" is named twice')):
        with pytest.raises(UserError, match=message):
            labelled.keep_classes(digits, names)


def test_held_out_images_are_apart(digits):
    rest, held = labelled.hold_out(digits, 300, seed=5)
    assert (len(rest.image), len(held.image)) == (len(digits.image) - 300, 300)
    pixels = np.concatenate([rest.image, held.image]).reshape(len(digits.image), -1)
    np.testing.assert_array_equal(
        np.sort(pixels.sum(1, dtype=int)), np.sort(digits.image.sum((1, 2, 3), dtype=int))
    )
    assert len({digits.fingerprint, rest.fingerprint, held.fingerprint}) == 3
    everything, nothing = labelled.hold_out(digits, 0, seed=5)
    assert everything is digits
    assert len(nothing.image) == 0
    with pytest.raises(UserError, match="cannot be held out"):
        labelled.hold_out(digits, 5000, seed=0)


def test_a_record_names_the_images_and_notices_others(digits):
    rows = labelled.draw(digits, 20, seed=3)
    saved = labelled.record(digits, rows, seed=3)
    assert saved["rows"] == rows.tolist()
    assert saved["labels"] == digits.label[rows].tolist()
    labelled.check_record(saved, saved, "labelled.json")
    other = labelled.record(digits, labelled.draw(digits, 20, seed=4), seed=4)
    with pytest.raises(UserError, match="rows differ"):
        labelled.check_record(saved, other, "labelled.json")


@pytest.mark.parametrize("batch_size", [4, 10, 25])
def test_every_image_of_the_pool_comes_once_a_pass(batch_size):
    steps = [labelled.indices(7, s, batch_size=batch_size, num_examples=10) for s in range(10)]
    stream = np.concatenate(steps)
    for start in range(0, len(stream) - 9, 10):
        np.testing.assert_array_equal(np.sort(stream[start : start + 10]), np.arange(10))
    assert not np.array_equal(stream[:10], stream[10:20])
    other = labelled.indices(8, 0, batch_size=batch_size, num_examples=10)
    assert not np.array_equal(other, steps[0])


@pytest.mark.parametrize("resident", [True, False])
def test_batches_have_labelled_images_beside_the_others(digits, resident):
    pool = labelled.subset(digits, labelled.draw(digits, 20, seed=0))
    plain = Pipeline(digits, batch_size=16, seed=2, resident=resident, entries=("image",))
    pipeline = Pipeline(
        digits, batch_size=16, seed=2, resident=resident, entries=("image",), labelled=pool
    )
    raw, without = pipeline.batches(3, 2), plain.batches(3, 2)
    for i in range(2):
        one = jax.tree.map(lambda x, i=i: x[i], raw)
        batch = Pipeline.fetch(pipeline.source, one)
        assert set(batch) == {"image", "labelled_image", "labelled_label"}
        rows = labelled.indices(2, 3 + i, batch_size=16, num_examples=20)
        np.testing.assert_array_equal(batch["labelled_image"], pool.image[rows])
        np.testing.assert_array_equal(batch["labelled_label"], np.asarray(pool.label)[rows])
        same = Pipeline.fetch(plain.source, jax.tree.map(lambda x, i=i: x[i], without))
        np.testing.assert_array_equal(batch["image"], same["image"])


def test_labelled_images_are_prepared_like_the_others(digits):
    raw = {
        "image": digits.image[:4],
        "labelled_image": digits.image[:4],
        "labelled_label": digits.label[:4],
    }
    batch = preprocess.prepare(raw, jax.random.key(0))
    np.testing.assert_array_equal(batch["labelled_image"], batch["image"])
    assert batch["labelled_label"] is raw["labelled_label"]
    moved = preprocess.prepare(raw, jax.random.key(0), flip=True, crop_padding=2)
    alone = preprocess.prepare(
        {"image": raw["image"]}, jax.random.key(0), flip=True, crop_padding=2
    )
    np.testing.assert_array_equal(moved["image"], alone["image"])
    assert not np.array_equal(moved["image"], moved["labelled_image"])
