"""Clustering errors with known answers."""

import numpy as np
import pytest

from jaxgen.core import UserError
from jaxgen.evaluate import clustering

pytestmark = pytest.mark.core

# Four images that name two clusters. Cluster 0 is most confident of an image of class 1, though
# most of its images are of class 0; those of the test set are mostly of class 3, the most
# confident of class 0.
NAMING = np.array([[0.6, 0.4], [0.7, 0.3], [0.9, 0.1], [0.2, 0.8]])
NAMING_LABELS = np.array([0, 0, 1, 2])
TEST = np.array([[0.8, 0.2], [0.8, 0.2], [0.7, 0.3], [0.95, 0.05], [0.1, 0.9], [0.4, 0.6]])
TEST_LABELS = np.array([3, 3, 3, 0, 2, 2])


def test_three_protocols_of_one_clustering():
    found = clustering.clustering_errors(NAMING, NAMING_LABELS, TEST, TEST_LABELS)
    assert found["cluster_error"] == pytest.approx(4 / 6)  # cluster 0 is called 1
    assert found["cluster_error_majority"] == pytest.approx(3 / 6)  # ... 0
    assert found["cluster_error_matched"] == pytest.approx(1 / 6)  # ... 3, by the test set itself
    share = np.array([4, 2]) / 6
    assert found["cluster_usage_entropy"] == pytest.approx(-(share * np.log(share)).sum())
    assert (found["clusters"], found["clusters_used"]) == (2, 2)
    assert (found["n_naming"], found["n_test"]) == (4, 6)


def test_exemplars_and_majorities_are_of_the_naming_images():
    """Each set has names of its own, so exchanging the two gives other errors."""
    exchanged = clustering.clustering_errors(TEST, TEST_LABELS, NAMING, NAMING_LABELS)
    assert exchanged["cluster_error"] == pytest.approx(1 / 4)  # cluster 0 is called 0
    assert exchanged["cluster_error_majority"] == pytest.approx(3 / 4)  # ... 3


def test_log_odds_tell_confident_images_apart():
    """Their probabilities are all 1 in float32, and even in float64."""
    logits = np.array([[60.0, 0.0, 1.0], [90.0, 3.0, 0.0], [75.0, 0.0, 0.0]], np.float32)
    odds = clustering.log_odds(logits)
    others = [np.logaddexp(0.0, 1.0), np.logaddexp(3.0, 0.0), np.log(2.0)]
    np.testing.assert_allclose(odds[:, 0], logits[:, 0] - others, rtol=1e-12)
    np.testing.assert_array_equal(clustering.exemplar_names(odds, np.array([7, 8, 9]))[0], 8)
    small = np.random.default_rng(0).normal(size=(5, 4))
    q = np.exp(small) / np.exp(small).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(clustering.log_odds(small), np.log(q / (1 - q)), rtol=1e-10)
    np.testing.assert_array_equal(clustering.log_odds(small).argmax(1), q.argmax(1))
    np.testing.assert_array_equal(clustering.log_odds(small[:, :1]), np.zeros((5, 1)))


def test_diverged_assignments_are_refused():
    """NaN would win every comparison."""
    broken = np.where(np.arange(2) == 1, np.nan, NAMING)
    with pytest.raises(UserError, match="4 of 4 assignments to evaluate hold NaN"):
        clustering.clustering_errors(broken, NAMING_LABELS, TEST, TEST_LABELS)
    with pytest.raises(UserError, match="hold NaN"):
        clustering.classification_error(broken, NAMING_LABELS)


def test_a_permuted_perfect_clustering_has_no_error():
    labels = np.repeat(np.arange(5), 4)
    certain = np.eye(5)[(labels + 2) % 5]
    found = clustering.clustering_errors(certain, labels, certain, labels)
    errors = [value for name, value in found.items() if "error" in name]
    assert errors == [0.0, 0.0, 0.0]


def test_split_classes_are_no_error_but_for_the_matching():
    labels = np.array([0, 0, 1, 1])
    own = np.eye(4)
    found = clustering.clustering_errors(own, labels, own, labels)
    assert (found["cluster_error"], found["cluster_error_majority"]) == (0.0, 0.0)
    assert found["cluster_error_matched"] == 0.5


def test_one_cluster_for_all_is_as_good_as_its_class():
    labels = np.array([3, 1, 1, 2, 0])
    collapsed = np.tile([0.1, 0.9], (5, 1))
    found = clustering.clustering_errors(collapsed, labels, collapsed, labels)
    assert found["cluster_error"] == 0.8  # the first of equals, class 3
    assert found["cluster_error_majority"] == 0.6
    assert found["clusters_used"] == 1
    assert found["cluster_usage_entropy"] == 0.0


def test_kmeans_finds_what_is_apart():
    labels = np.repeat(np.arange(3), 20)
    noise = np.random.default_rng(0).normal(size=(60, 2, 2, 1))
    images = 100.0 * labels[:, None, None, None] + noise
    found = clustering.kmeans_errors(images, images, labels, images, labels, 3)
    assert found["cluster_error"] == found["cluster_error_matched"] == 0.0
    two = clustering.kmeans_errors(images, images, labels, images, labels, 2)
    assert two["cluster_error"] == two["cluster_error_majority"] == pytest.approx(1 / 3)
    with pytest.raises(UserError, match="k-means with 61 clusters needs as many images; got 60"):
        clustering.kmeans_errors(images, images, labels, images, labels, 61)


def test_kmeans_is_fitted_to_training_images_alone():
    """Naming and test images lie elsewhere: fitted to them, their classes would be apart."""
    rng = np.random.default_rng(0)
    side = lambda values: np.reshape(values, (-1, 1, 1, 1)).astype(np.float32)  # noqa: E731
    train = side(rng.normal(size=60) + 100.0 * (np.arange(60) % 2))
    labels = np.arange(40) % 2
    others = side(200.0 + 10.0 * labels + 0.01 * rng.normal(size=40))
    found = clustering.kmeans_errors(train, others, labels, others, labels, 2)
    assert found["clusters_used"] == 1
    assert found["cluster_error"] == 0.5


def test_a_cluster_that_no_naming_image_is_in_is_named_by_its_exemplar():
    probabilities = np.array([[0.9, 0.1, 0.0], [0.8, 0.0, 0.2], [0.1, 0.9, 0.0]])
    names = clustering.majority_names(probabilities, np.array([4, 5, 6]))
    np.testing.assert_array_equal(names, [4, 6, 5])


def test_matching_is_the_best_of_all_namings():
    rng = np.random.default_rng(0)
    clusters, labels = rng.integers(0, 3, 60), rng.integers(0, 3, 60)
    from itertools import permutations

    best = min(np.mean(np.array(p)[clusters] != labels) for p in permutations(range(3)))
    assert clustering.matched_error(clusters, labels) == pytest.approx(best)


def test_classification_error():
    found = clustering.classification_error(TEST, np.array([0, 0, 1, 0, 1, 1]))
    assert found == {"error": pytest.approx(1 / 6), "n_test": 6}


@pytest.mark.parametrize(
    ("probabilities", "labels"),
    [(np.zeros((0, 2)), []), (np.zeros((3, 2)), [0]), (np.zeros(3), [0] * 3)],
)
def test_mismatched_arrays_are_refused(probabilities, labels):
    with pytest.raises(UserError, match="Clustering errors need"):
        clustering.classification_error(probabilities, np.array(labels))
