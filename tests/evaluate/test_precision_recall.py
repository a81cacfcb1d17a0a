import numpy as np
import pytest

from jaxgen.core import UserError
from jaxgen.evaluate import precision_recall
from jaxgen.evaluate.precision_recall import precision_recall_density_coverage

pytestmark = pytest.mark.core


def _by_loops(real, fake, k):
    def radius(set_, i):
        return sorted(np.linalg.norm(set_[i] - x) for j, x in enumerate(set_) if j != i)[k - 1]

    radii, fake_radii = ([radius(s, i) for i in range(len(s))] for s in (real, fake))
    inside = [[np.linalg.norm(y - x) <= r for x, r in zip(real, radii)] for y in fake]
    reached = [any(np.linalg.norm(y - x) <= r for y, r in zip(fake, fake_radii)) for x in real]
    return {
        "precision": np.mean([any(row) for row in inside]),
        "recall": np.mean(reached),
        "density": np.sum(inside) / (k * len(fake)),
        "coverage": np.mean([any(row[i] for row in inside) for i in range(len(real))]),
    }


@pytest.mark.parametrize("neighbours", [1, 3, 5])
def test_equals_the_definition(neighbours, monkeypatch):
    monkeypatch.setattr(precision_recall, "_ROWS", 7)  # several chunks, the last one short
    rng = np.random.default_rng(neighbours)
    real, fake = rng.normal(size=(40, 3)) + 100, rng.normal(size=(31, 3)) * 1.5 + 100.5
    expected = _by_loops(real, fake, neighbours)
    assert 0 < expected["precision"] < 1
    found = precision_recall_density_coverage(real, fake, neighbours=neighbours)
    assert found == pytest.approx({**expected, "neighbours": neighbours})
    if neighbours == 5:  # unless given
        assert precision_recall_density_coverage(real, fake) == found


def test_a_perfect_sampler():
    rng = np.random.default_rng(0)
    n, k = 1500, 5
    scores = precision_recall_density_coverage(
        rng.normal(size=(n, 2)), rng.normal(size=(n, 2)), neighbours=k
    )
    i = np.arange(1, k + 1)
    coverage = 1 - np.prod((n - i) / (2 * n - i))  # 0.969, Naeem et al. lemma 2
    assert scores["coverage"] == pytest.approx(coverage, abs=0.02)
    assert scores["density"] == pytest.approx(1.0, abs=0.08)
    assert scores["precision"] > 0.97
    assert scores["recall"] > 0.97


def test_a_sampler_that_copies_one_image():
    real = np.random.default_rng(1).normal(size=(200, 4))
    scores = precision_recall_density_coverage(real, np.repeat(real[:1], 100, axis=0))
    assert scores["precision"] == 1.0
    assert scores["recall"] == pytest.approx(1 / 200)  # its balls are points: that image alone
    covered = np.sum(
        [np.linalg.norm(x - real[0]) <= np.sort(np.linalg.norm(real - x, axis=1))[5] for x in real]
    )
    assert scores["coverage"] == pytest.approx(covered / 200)


def test_a_sampler_that_leaves_half_out():
    rng = np.random.default_rng(2)
    real = rng.normal(size=(400, 2))
    real[200:] += 50
    scores = precision_recall_density_coverage(real, rng.normal(size=(400, 2)))
    assert scores["precision"] > 0.95
    assert scores["recall"] == pytest.approx(0.5, abs=0.03)
    assert 0.45 < scores["coverage"] <= 0.5


def test_a_sampler_elsewhere():
    real = np.random.default_rng(3).normal(size=(50, 3))
    scores = precision_recall_density_coverage(real, real + 1e3)
    assert {v for k, v in scores.items() if k != "neighbours"} == {0.0}


def test_equal_rows_are_inside_a_ball_of_radius_zero():
    # Six copies of each row: with five neighbours every radius is 0, in spite of rounding.
    real = np.repeat(np.random.default_rng(4).normal(size=(20, 64)) * 1e3, 6, axis=0)
    scores = precision_recall_density_coverage(real, real)
    assert (scores["precision"], scores["recall"], scores["coverage"]) == (1.0, 1.0, 1.0)
    assert scores["density"] == pytest.approx(6 / 5)


def test_refuses_too_few_images():
    with pytest.raises(UserError, match="5 real and 9 generated"):
        precision_recall_density_coverage(np.zeros((5, 2)), np.zeros((9, 2)))


def test_coverage_of_a_perfect_sampler_with_three_neighbours():
    rng = np.random.default_rng(5)
    real, fake = rng.normal(size=(2, 1500, 2))
    scores = precision_recall_density_coverage(real, fake, neighbours=3)
    assert scores["coverage"] == pytest.approx(0.875, abs=0.025)
