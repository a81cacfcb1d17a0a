"""Clustering errors with known answers."""

import numpy as np
import pytest

from jaxgen.core import UserError
from jaxgen.evaluate import clustering

pytestmark = pytest.mark.core

# Four validation images in two clusters. Cluster 0 is most confident of an image of class 1, though
# most of its images are of class 0.
VALIDATION = np.array([[0.6, 0.4], [0.7, 0.3], [0.9, 0.1], [0.2, 0.8]])
VALIDATION_LABELS = np.array([0, 0, 1, 2])
TEST = np.array([[0.8, 0.2], [0.8, 0.2], [0.7, 0.3], [0.1, 0.9], [0.4, 0.6]])
TEST_LABELS = np.array([0, 0, 1, 2, 2])


def test_three_protocols_of_one_clustering():
    found = clustering.clustering_errors(VALIDATION, VALIDATION_LABELS, TEST, TEST_LABELS)
    assert found["cluster_error"] == pytest.approx(2 / 5)  # cluster 0 is called 1
    assert found["cluster_error_majority"] == pytest.approx(1 / 5)  # ... 0
    assert found["cluster_error_matched"] == pytest.approx(1 / 5)
    share = np.array([3, 2]) / 5
    assert found["cluster_usage_entropy"] == pytest.approx(-(share * np.log(share)).sum())
    assert (found["clusters"], found["clusters_used"]) == (2, 2)
    assert (found["n_validation"], found["n_test"]) == (4, 5)


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


def test_a_cluster_that_no_validation_image_is_in_is_named_by_its_exemplar():
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
    found = clustering.classification_error(TEST, np.array([0, 0, 1, 1, 1]))
    assert found == {"error": pytest.approx(1 / 5), "n_test": 5}


@pytest.mark.parametrize(
    ("probabilities", "labels"),
    [(np.zeros((0, 2)), []), (np.zeros((3, 2)), [0]), (np.zeros(3), [0] * 3)],
)
def test_mismatched_arrays_are_refused(probabilities, labels):
    with pytest.raises(UserError, match="Clustering errors need"):
        clustering.classification_error(probabilities, np.array(labels))
