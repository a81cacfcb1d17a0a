import json

import numpy as np
import pytest

from jaxgen.core import UserError
from jaxgen.evaluate.modes import (
    TITLES,
    class_modes,
    kl_to_uniform,
    point_modes,
    points_compare,
    stacked_classes,
    stacked_modes,
)

pytestmark = pytest.mark.core

_ANGLES = 2 * np.pi * np.arange(8) / 8
RING = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1), 0.01
GRID = np.array([(x, y) for x in range(-4, 5, 2) for y in range(-4, 5, 2)], float), 0.05


def _mixture(rng, means, sigma, n):
    return means[rng.integers(0, len(means), n)] + sigma * rng.normal(size=(n, 2))


@pytest.mark.parametrize(("mixture", "kl"), [(RING, 0.0014), (GRID, 0.0048)])
def test_the_true_mixture(mixture, kl):
    rng = np.random.default_rng(0)
    found = [point_modes(_mixture(rng, *mixture, 2500), *mixture) for _ in range(20)]
    assert {row["modes"] for row in found} == {len(mixture[0])}
    mean = {name: np.mean([row[name] for row in found]) for name in found[0]}
    assert mean["high_quality_share"] == pytest.approx(1 - np.exp(-4.5), abs=0.002)
    assert mean["reverse_kl"] == pytest.approx(kl, rel=0.25)


@pytest.mark.parametrize("mixture", [RING, GRID])
def test_a_collapsed_sampler(mixture):
    means, sigma = mixture
    found = point_modes(np.repeat(means[3:4], 100, axis=0), means, sigma)
    assert found == {
        "modes": 1,
        "high_quality_share": 1.0,
        "reverse_kl": pytest.approx(np.log(len(means))),
    }


def test_points_far_from_all_means_find_no_mode():
    means, sigma = RING
    found = point_modes(means + 3.001 * sigma * means, means, sigma)
    assert (found["modes"], found["high_quality_share"]) == (0, 0.0)
    assert found["reverse_kl"] == pytest.approx(0.0)  # each still belongs to its nearest mean
    assert point_modes(means + 2.999 * sigma * means, means, sigma)["modes"] == 8


def test_half_of_the_modes_unevenly():
    means = np.array([[0.0, 0], [10, 0], [0, 10], [10, 10]])
    points = np.concatenate([np.zeros((30, 2)), np.full((10, 2), [10.5, 0])])
    found = point_modes(points, means, 0.1)
    assert (found["modes"], found["high_quality_share"]) == (1, 0.75)
    expected = 0.75 * np.log(0.75 * 4) + 0.25 * np.log(0.25 * 4)
    assert found["reverse_kl"] == pytest.approx(expected)


def test_points_compare():
    rng = np.random.default_rng(1)
    means, sigma = GRID
    real, good, train = (_mixture(rng, means, sigma, n) for n in (1000, 800, 3000))
    found = points_compare(real, good, means, sigma, train=train)
    assert json.loads(json.dumps(found)) == found
    own = {name for name in found if not name.startswith("reference/")}
    assert own - TITLES.keys() == {"feature_space"}
    assert (found["n_real"], found["n_fake"], found["reference/n_fake"]) == (1000, 800, 800)
    assert (found["modes"], found["reference/modes"]) == (25, 25)
    assert found["coverage"] > 0.9
    assert abs(found["density"] - found["reference/density"]) < 0.15
    half = points_compare(real, good[good[:, 0] > 1], means, sigma)
    assert half["frechet"] > 5 > 10 * found["frechet"]
    assert half["modes"] == 10
    assert half["recall"] < 0.5 < 0.9 < found["recall"]
    assert not any(name.startswith("reference/") for name in half)


def test_stacked_digits_of_a_perfect_sampler():
    rng = np.random.default_rng(2)
    found = class_modes(rng.integers(0, 1000, 26_000), 1000)
    assert (found["modes"], found["n_fake"]) == (1000, 26_000)
    assert found["kl_to_uniform_floor"] == pytest.approx(0.0192, abs=5e-5)
    assert found["kl_to_uniform"] == pytest.approx(0.0192, abs=0.0015)


def test_stacked_digits_of_a_collapsed_sampler():
    found = class_modes(np.full(50, 123), 1000)
    assert (found["modes"], found["kl_to_uniform"]) == (1, pytest.approx(np.log(1000)))
    two = class_modes(np.arange(50) % 2, 1000)
    assert (two["modes"], two["kl_to_uniform"]) == (2, pytest.approx(np.log(500)))


def test_channels_are_classified_one_by_one():
    """Images whose brightness is their class, and a classifier that sees one channel only."""
    digits = np.array([[0, 0, 7], [9, 9, 9], [1, 2, 3], [1, 2, 3]])
    images = np.broadcast_to(20 * digits[:, None, None, :], (4, 8, 8, 3)).astype(np.uint8)
    shapes = []

    def classify(channel):
        shapes.append(channel.shape)
        return channel[:, 0, 0, 0] // 20

    np.testing.assert_array_equal(stacked_classes(classify, images), [7, 999, 123, 123])
    assert shapes == [(4, 8, 8, 1)] * 3
    found = stacked_modes(classify, images)
    expected = 0.5 * np.log(250) + 0.5 * np.log(500)
    assert (found["modes"], found["kl_to_uniform"]) == (3, pytest.approx(expected))
    assert found["kl_to_uniform_floor"] == pytest.approx(999 / 8)


def test_kl_to_uniform_is_zero_for_equal_counts():
    assert kl_to_uniform(np.full(7, 3)) == 0.0


def test_bad_input_is_named():
    means, sigma = RING
    bad = np.zeros((4, 2))
    bad[1] = np.nan
    with pytest.raises(UserError, match="1 of 4 points"):
        point_modes(bad, means, sigma)
    with pytest.raises(UserError, match="1 of 4 points"):
        points_compare(means, bad, means, sigma)
    with pytest.raises(UserError, match="at least 1 point"):
        point_modes(bad[:0], means, sigma)
    with pytest.raises(ValueError, match="means"):
        point_modes(np.zeros((4, 3)), means, sigma)
    with pytest.raises(ValueError, match="from 0 to 9"):
        class_modes(np.array([0, 10]), 10)
    with pytest.raises(UserError, match="at least 1 sample"):
        class_modes(np.zeros(0, int), 10)
