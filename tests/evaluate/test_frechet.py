import numpy as np
import pytest
import scipy.linalg

from jaxgen.core import UserError
from jaxgen.evaluate.frechet import frechet_distance

pytestmark = pytest.mark.core


def _by_square_root(x, y):
    cx, cy = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    root = scipy.linalg.sqrtm(cx @ cy)
    shift = np.sum((x.mean(0) - y.mean(0)) ** 2)
    return shift + np.trace(cx) + np.trace(cy) - 2 * np.trace(root).real


@pytest.mark.parametrize("size", [2, 7, 40])
def test_equals_the_matrix_square_root(size):
    rng = np.random.default_rng(size)
    x = rng.normal(size=(300, size)) @ rng.normal(size=(size, size)) + 3.0
    y = rng.normal(size=(170, size)) @ rng.normal(size=(size, size))
    np.testing.assert_allclose(frechet_distance(x, y), _by_square_root(x, y), rtol=1e-8)


def test_a_shift_costs_its_square():
    x = np.random.default_rng(0).normal(size=(50, 4))
    shift = np.array([3.0, 0.0, -4.0, 0.0])
    np.testing.assert_allclose(frechet_distance(x, x + shift), 25.0, rtol=1e-12)


def test_scaling_by_two_costs_the_total_variance():
    # C' = 4 C, so tr(C + 4 C - 2 * 2 C) = tr C.
    x = np.random.default_rng(1).normal(size=(80, 5))
    x -= x.mean(axis=0)
    np.testing.assert_allclose(frechet_distance(x, 2 * x), np.trace(np.cov(x.T)), rtol=1e-12)


def test_commuting_covariances():
    # Rows +-sqrt((n - 1) / 2) s_i e_i with n = 2 d have covariance diag(s^2) exactly.
    def diagonal(scales):
        rows = np.diag(scales) * np.sqrt((2 * len(scales) - 1) / 2)
        return np.concatenate([rows, -rows])

    distance = frechet_distance(
        diagonal(np.array([1.0, 2.0, 0.0])), diagonal(np.array([3.0, 2, 1]))
    )
    np.testing.assert_allclose(distance, (1 - 3) ** 2 + 0 + 1, rtol=1e-12)


def test_singular_covariances_and_fewer_rows_than_columns():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(6, 30)), rng.normal(size=(9, 30))
    assert abs(frechet_distance(x, x)) < 1e-12 * np.square(x).sum()
    np.testing.assert_allclose(frechet_distance(x, y), frechet_distance(y, x), rtol=1e-12)
    # A rotation that keeps the origin changes nothing; one that is applied to both sides neither.
    turn = np.linalg.qr(rng.normal(size=(30, 30)))[0]
    np.testing.assert_allclose(frechet_distance(x @ turn, y @ turn), frechet_distance(x, y))
    # Rank one against rank one along e0 and e1: no overlap, so both variances count in full.
    along = np.zeros((4, 30))
    along[:, 0] = [1, -1, 1, -1]
    across = np.roll(along, 1, axis=1)
    np.testing.assert_allclose(frechet_distance(along, across), 8 / 3, rtol=1e-12)


def test_constant_features_are_points():
    x, y = np.full((5, 3), 1.0), np.full((4, 3), 3.0)
    np.testing.assert_allclose(frechet_distance(x, y), 12.0)


def test_float32_features_are_taken_to_float64():
    x = np.random.default_rng(3).normal(size=(40, 3)).astype(np.float32) + 1000
    y = np.random.default_rng(4).normal(size=(40, 3)).astype(np.float32) + 1000
    wide = frechet_distance(x.astype(np.float64), y.astype(np.float64))
    assert frechet_distance(x, y) == wide


def test_refuses_one_row_and_other_widths():
    with pytest.raises(UserError, match="at least 2 images"):
        frechet_distance(np.zeros((1, 3)), np.zeros((5, 3)))
    with pytest.raises(ValueError, match=r"f\[n,d\]"):
        frechet_distance(np.zeros((5, 3)), np.zeros((5, 4)))


def _whitened(rng, n, size):
    """Rows of mean 0 and unbiased covariance 1, exactly."""
    x = rng.normal(size=(n, size))
    x -= x.mean(axis=0)
    return np.linalg.qr(x)[0] * np.sqrt(n - 1)


def test_closed_forms_of_standard_gaussians():
    rng = np.random.default_rng(5)
    x, y = _whitened(rng, 200, 16), _whitened(rng, 300, 16)
    assert frechet_distance(x, y) == pytest.approx(0, abs=1e-10)
    assert frechet_distance(x, y + 0.5) == pytest.approx(16 * 0.25)
    assert frechet_distance(x, 2 * y) == pytest.approx(16)
    assert frechet_distance(x, 3 * y - 1) == pytest.approx(16 + 4 * 16)


def test_equals_the_matrix_square_root_at_the_width_of_the_classifier():
    rng = np.random.default_rng(6)
    x = np.maximum(rng.normal(size=(500, 64)) @ rng.normal(size=(64, 64)), 0)
    y = np.maximum(rng.normal(size=(400, 64)) @ rng.normal(size=(64, 64)) + 1, 0)
    np.testing.assert_allclose(frechet_distance(x, y), _by_square_root(x, y), rtol=1e-8)
