"""Which images are held out of a set that has no test split."""

import numpy as np
import pytest

from jaxgen.data.dataset import split_rows

pytestmark = pytest.mark.core


@pytest.mark.parametrize(
    ("num", "at_most", "held_out"), [(9, None, 0), (10, None, 1), (1000, 7, 7)]
)
def test_splits_share_nothing_and_leave_nothing_out(num, at_most, held_out):
    train, test = (split_rows(num, split, at_most=at_most) for split in ("train", "test"))
    assert len(test) == held_out
    np.testing.assert_array_equal(np.sort(np.concatenate([train, test])), np.arange(num))


def test_at_most_so_many_come_from_all_over():
    test = split_rows(10_000, "test", at_most=100)
    assert np.diff(test).max() <= 110
    assert test[0] < 100
    assert test[-1] > 9_800


def test_a_class_of_one_image_is_trained_on():
    for num in (12, 30):
        train = split_rows(num, "train", np.arange(num))
        np.testing.assert_array_equal(train, np.arange(num))
        assert not len(split_rows(num, "test", np.arange(num)))
    label = np.repeat(np.arange(9), 5)
    assert set(label[split_rows(45, "train", label)]) == set(range(9))


def test_small_classes_give_what_they_can():
    label = np.repeat([0, 1, 2], [4, 25, 11])
    np.testing.assert_array_equal(np.bincount(label[split_rows(40, "test", label)]), [0, 2, 2])
