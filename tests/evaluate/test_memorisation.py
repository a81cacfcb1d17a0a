import numpy as np
import pytest

from jaxgen.core import UserError
from jaxgen.evaluate.memorisation import expected_distinct, memorisation, nearest

pytestmark = pytest.mark.core


@pytest.mark.parametrize(
    ("draws", "kinds", "expected"),
    [(1000, 50_000, 990.1), (10_000, 50_000, 9063.5), (10_000, 60_000, 9211)],
)
def test_expected_number_of_distinct_neighbours(draws, kinds, expected):
    assert expected_distinct(kinds, draws) == pytest.approx(expected, rel=1e-4)


def test_nearest_by_loops():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(12, 3)) + 50, rng.normal(size=(30, 3)) + 50
    index, distance = nearest(x, y)
    table = np.array([[np.linalg.norm(a - b) for b in y] for a in x])
    np.testing.assert_array_equal(index, table.argmin(axis=1))
    np.testing.assert_allclose(distance, table.min(axis=1), rtol=1e-12)


def test_a_perfect_sampler():
    rng = np.random.default_rng(1)
    train, held_out, fake = (rng.normal(size=(n, 4)) for n in (3000, 1000, 1500))
    found = memorisation(train, held_out, fake)
    assert (found["n_fake"], found["n_real"], found["n_train"]) == (1000, 1000, 3000)
    assert found["nearest_distance_ratio"] == pytest.approx(1.0, abs=0.06)
    assert found["distinct_neighbours"] == pytest.approx(
        found["distinct_neighbours_held_out"], abs=0.06
    )
    assert 0.7 < found["distinct_neighbours_held_out"] < 1.0  # some are near to everything


def test_uniform_copies_have_the_expected_number_of_neighbours():
    rng = np.random.default_rng(2)
    train = rng.normal(size=(500, 6))
    fake = train[rng.integers(0, 500, 400)]
    found = memorisation(train, rng.normal(size=(400, 6)), fake)
    assert found["distinct_neighbours"] == pytest.approx(1.0, abs=0.05)
    assert found["nearest_distance_ratio"] < 1e-6
    near = memorisation(train, rng.normal(size=(400, 6)), fake + 0.01 * rng.normal(size=(400, 6)))
    assert 1e-3 < near["nearest_distance_ratio"] < 0.1


def test_a_collapsed_sampler_has_one_neighbour():
    rng = np.random.default_rng(3)
    train, held_out = rng.normal(size=(500, 3)), rng.normal(size=(200, 3))
    found = memorisation(train, held_out, np.repeat(held_out[:1], 200, axis=0))
    assert found["distinct_neighbours"] == pytest.approx(1 / expected_distinct(500, 200))


def test_duplicates_of_training_images_among_held_out_ones_are_no_memorisation():
    train = np.random.default_rng(4).normal(size=(50, 3))
    found = memorisation(train, train[:20], train[20:40])
    assert found["nearest_distance_ratio"] == 1.0


def test_held_out_images_are_spread_over_the_set():
    train = np.arange(100.0)[:, None]
    held_out = np.repeat(np.arange(0.0, 100, 10), 10)[:, None]  # sorted
    found = memorisation(train, held_out, np.arange(10.0)[:, None])
    assert found["distinct_neighbours_held_out"] == pytest.approx(10 / expected_distinct(100, 10))


def test_refuses_nothing_and_other_widths():
    with pytest.raises(UserError, match="got 9, 0 and 3"):
        memorisation(np.zeros((9, 2)), np.zeros((0, 2)), np.zeros((3, 2)))
    with pytest.raises(ValueError, match="one width"):
        memorisation(np.zeros((9, 2)), np.zeros((4, 2)), np.zeros((3, 3)))
