import importlib
import threading

import numpy as np
import pytest

from jaxgen.core.errors import UserError
from jaxgen.data import order

pytestmark = pytest.mark.core


def epoch_of(seed, epoch, batch_size, num):
    steps = num // batch_size
    return np.concatenate(
        [
            order.indices(seed, epoch * steps + i, batch_size=batch_size, num_examples=num)
            for i in range(steps)
        ]
    )


def test_each_epoch_is_without_repetition_and_drops_only_the_incomplete_batch():
    for epoch in range(4):
        drawn = epoch_of(3, epoch, 8, 50)
        assert drawn.shape == (48,)
        assert len(set(drawn.tolist())) == 48
        assert set(drawn.tolist()) <= set(range(50))


def test_a_whole_epoch_is_a_permutation_that_differs_by_epoch_and_seed():
    first, second, other = epoch_of(0, 0, 10, 100), epoch_of(0, 1, 10, 100), epoch_of(1, 0, 10, 100)
    for drawn in (first, second, other):
        assert sorted(drawn.tolist()) == list(range(100))
        assert (drawn != np.arange(100)).any()
    assert (first != second).any()
    assert (first != other).any()


def test_every_example_is_as_likely_first():
    firsts = [order.indices(0, epoch, batch_size=10, num_examples=10)[0] for epoch in range(2000)]
    counts = np.bincount(firsts, minlength=10)
    # 5.5 standard deviations of a binomial count of 2000 draws at 1/10.
    assert np.abs(counts - 200).max() < 75


def test_a_function_of_its_arguments_alone():
    steps = [17, 3, 99, 3, 0, 17]
    sizes = {"batch_size": 4, "num_examples": 21}
    drawn = [order.indices(5, step, **sizes) for step in steps]
    again = importlib.reload(order)  # with nothing remembered
    for step, batch in zip(steps, drawn):
        np.testing.assert_array_equal(batch, again.indices(5, step, **sizes))
    threads_drew = []
    thread = threading.Thread(target=lambda: threads_drew.append(order.indices(5, 99, **sizes)))
    thread.start()
    thread.join()
    np.testing.assert_array_equal(threads_drew[0], drawn[2])


def test_the_stream_is_pinned():
    # Worked by the formula: argsort of Philox's raw bits under the key (seed, epoch). A change
    # here would break the resumption of every run that is under way.
    bits = np.random.Philox(key=np.array([7, 2], np.uint64)).random_raw(6)
    expected = sorted(range(6), key=lambda i: bits[i])[2:4]
    got = order.indices(7, 7, batch_size=2, num_examples=6)
    assert got.dtype == np.int64
    assert got.tolist() == expected
    assert order.indices(0, 0, batch_size=6, num_examples=6).tolist() == [0, 2, 1, 5, 4, 3]


def test_callers_cannot_change_the_order():
    batch = order.indices(0, 0, batch_size=4, num_examples=8)
    with pytest.raises(ValueError, match="read-only"):
        batch[0] = 1


def test_negative_seeds_are_seeds():
    drawn = order.indices(-1, 0, batch_size=8, num_examples=8)
    assert sorted(drawn.tolist()) == list(range(8))


@pytest.mark.parametrize("batch_size", [0, 11])
def test_a_batch_that_cannot_be_drawn_names_both_numbers(batch_size):
    with pytest.raises(UserError, match=rf"A batch of {batch_size} .* 10 examples.*1 and 10"):
        order.indices(0, 0, batch_size=batch_size, num_examples=10)
