import numpy as np
import pytest

from jaxgen.core import UserError
from jaxgen.evaluate.inception_score import inception_score

pytestmark = pytest.mark.core


def test_certain_and_uniform_is_the_number_of_classes():
    assert inception_score(np.tile(np.eye(10), (20, 1)), splits=1) == pytest.approx((10, 0))


def test_images_that_are_sorted_by_class_score_as_mixed_ones():
    assert inception_score(np.repeat(np.eye(10), 200, axis=0))[0] > 9.5


def test_constant_predictions_score_one():
    rows = np.tile(np.random.default_rng(0).dirichlet(np.ones(7)), (40, 1))
    assert inception_score(rows) == pytest.approx((1.0, 0.0))
    assert inception_score(np.tile(np.eye(7)[:1], (40, 1))) == pytest.approx((1.0, 0.0))


def test_equals_the_definition():
    p = np.random.default_rng(1).dirichlet(np.full(4, 0.3), 30)
    scores, order = [], np.random.default_rng(0).permutation(30)
    for part in (p[order[:10]], p[order[10:20]], p[order[20:]]):
        marginal = part.mean(axis=0)
        divergence = [sum(row * np.log(row / marginal)) for row in part]
        scores.append(np.exp(np.mean(divergence)))
    assert inception_score(p, splits=3) == pytest.approx((np.mean(scores), np.std(scores)))


def test_some_classes_missing():
    rows = np.tile(np.eye(10)[:3], (10, 1))
    assert inception_score(rows, splits=1)[0] == pytest.approx(3.0)


def test_small_splits_pull_it_down():
    p = np.random.default_rng(2).dirichlet(np.full(10, 0.1), 1000)
    assert inception_score(p, splits=200)[0] < inception_score(p, splits=1)[0] - 0.5


def test_fewer_images_than_splits():
    # Each of three splits has one image: p(y|x) = p(y).
    assert inception_score(np.eye(3)) == pytest.approx((1.0, 0.0))


def test_refuses_logits_and_nothing():
    with pytest.raises(ValueError, match="sum to 1"):
        inception_score(np.array([[2.0, -1.0]]))
    with pytest.raises(ValueError, match=r"f\[n,k\]"):
        inception_score(np.zeros(3))
    with pytest.raises(UserError, match="at least 1 image"):
        inception_score(np.zeros((0, 3)))
