import numpy as np
import pytest

from jaxgen.core import UserError
from jaxgen.evaluate import kernel_distance as module
from jaxgen.evaluate.kernel_distance import kernel_distance, squared_mmd

pytestmark = pytest.mark.core


def _by_loops(x, y):
    k = lambda a, b: (np.dot(a, b) / len(a) + 1) ** 3  # noqa: E731
    m, n = len(x), len(y)
    within_x = sum(k(x[i], x[j]) for i in range(m) for j in range(m) if i != j)
    within_y = sum(k(y[i], y[j]) for i in range(n) for j in range(n) if i != j)
    between = sum(k(a, b) for a in x for b in y)
    return within_x / (m * (m - 1)) + within_y / (n * (n - 1)) - 2 * between / (m * n)


def test_equals_the_definition(monkeypatch):
    monkeypatch.setattr(module, "_ROWS", 4)  # several chunks, the last one short
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(13, 5)), rng.normal(size=(9, 5)) + 1
    np.testing.assert_allclose(squared_mmd(x, y), _by_loops(x, y), rtol=1e-12)


def test_two_points_each_by_hand():
    # d = 1: k(0,0) = k(0,1) = 1, k(1,1) = 8, so 1 + 8 - 2.
    assert squared_mmd(np.zeros((2, 1)), np.ones((2, 1))) == pytest.approx(7.0)


def test_a_set_against_itself_is_not_positive():
    x = np.random.default_rng(1).normal(size=(60, 8))
    assert squared_mmd(x, x) < 0


def test_unbiased_at_any_size():
    """The mean over many small draws is that of large ones, though each is noisy."""
    rng = np.random.default_rng(2)
    draw = lambda n, shift: rng.normal(size=(n, 2)) + shift  # noqa: E731
    equal = [squared_mmd(draw(8, 0), draw(8, 0)) for _ in range(4000)]
    assert abs(np.mean(equal)) < 4 * np.std(equal) / np.sqrt(len(equal))
    small = [squared_mmd(draw(8, 0), draw(8, 0.5)) for _ in range(4000)]
    large = squared_mmd(draw(4000, 0), draw(4000, 0.5))
    assert np.mean(small) == pytest.approx(large, abs=5 * np.std(small) / np.sqrt(len(small)))


def test_subsets():
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(400, 6)), rng.normal(size=(300, 6)) + 0.5
    found = kernel_distance(x, y, subsets=30, subset_size=100)
    assert found == kernel_distance(x, y, subsets=30, subset_size=100)
    assert found["kernel_distance_std"] > 0
    error = 4 * found["kernel_distance_std"] / np.sqrt(30)
    assert found["kernel_distance"] == pytest.approx(squared_mmd(x, y), abs=error)
    same = kernel_distance(x, x, subsets=30, subset_size=100)
    assert abs(same["kernel_distance"]) < found["kernel_distance"] / 10


def test_subsets_of_few_images_still_differ():
    x = np.random.default_rng(4).normal(size=(20, 3))
    assert kernel_distance(x, x + 1)["kernel_distance_std"] > 0


def test_one_subset_takes_no_row_twice(monkeypatch):
    seen = []
    monkeypatch.setattr(module, "squared_mmd", lambda x, y: seen.append((x, y)) or 0.0)
    kernel_distance(np.arange(40.0)[:, None], np.arange(60.0)[:, None], subsets=3, subset_size=15)
    assert [len(np.unique(z[:, 0])) for pair in seen for z in pair] == [15] * 6


def test_refuses_one_image_and_other_widths():
    with pytest.raises(UserError, match="1 real and 5 generated"):
        kernel_distance(np.zeros((1, 3)), np.zeros((5, 3)))
    with pytest.raises(ValueError, match=r"f\[n,d\]"):
        squared_mmd(np.zeros((5, 3)), np.zeros((5, 4)))
