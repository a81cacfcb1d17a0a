import numpy as np
import pytest

from jaxgen.core import UserError
from jaxgen.data import sources
from jaxgen.evaluate.linear_probe import linear_probe, max_pool, pooled_features, svm_accuracy

pytestmark = pytest.mark.core


def test_max_pooling_to_four_by_four():
    x = np.random.default_rng(0).normal(size=(2, 8, 12, 3))
    expected = x.reshape(2, 4, 2, 4, 3, 3).max(axis=(2, 4))
    np.testing.assert_array_equal(max_pool(x), expected)


def test_max_pooling_of_sides_that_do_not_divide():
    x = np.arange(7.0)[None, :, None, None] * np.ones((1, 7, 3, 1))
    found = max_pool(x)
    assert found.shape == (1, 4, 3, 1)  # a side of 3 stays as it is
    np.testing.assert_array_equal(found[0, :, 0, 0], [1, 3, 5, 6])  # rows 0-1, 1-3, 3-5, 5-6


def test_features_of_dcgan_have_the_published_width():
    """Six convolutions of 128, 128, 256, 256, 512, 512 channels: 28,672 features."""
    sizes = [(16, 128), (16, 128), (8, 256), (8, 256), (4, 512), (4, 512)]
    sizes_seen = []

    def maps(images):
        sizes_seen.append(len(images))
        return [np.zeros((len(images), s, s, c), np.float32) for s, c in sizes]

    assert pooled_features(maps, np.zeros((3, 32, 32, 3), np.uint8)).shape == (3, 28_672)
    assert sizes_seen == [128]


def test_images_are_batched_and_padding_is_dropped():
    images = np.random.default_rng(1).integers(0, 256, (131, 4, 4, 1), np.uint8)
    found = pooled_features(lambda x: [x, x + 1], images)
    assert found.dtype == np.float64
    flat = images.reshape(131, -1) / 127.5 - 1
    np.testing.assert_allclose(found, np.concatenate([flat, flat + 1], axis=1), atol=1e-6)


def test_a_separable_set_and_a_hopeless_one():
    rng = np.random.default_rng(2)
    label = np.arange(120) % 3
    x = rng.normal(size=(120, 5)) + 1e3  # an offset that centring must remove
    x[:, 0] += 20 * label
    x[:, 1] += 20 * (label == 1)
    accuracy, cost, held = svm_accuracy(x[:80], label[:80], x[80:], label[80:])
    assert (accuracy, held) == (1.0, 16)
    noise = rng.normal(size=(400, 3))
    chance, _, _ = svm_accuracy(noise[:200], np.arange(200) % 4, noise[200:], np.arange(200) % 4)
    assert chance == pytest.approx(0.25, abs=0.12)
    scaled, same_cost, _ = svm_accuracy(1e4 * x[:80], label[:80], 1e4 * x[80:], label[80:])
    assert (scaled, same_cost) == (accuracy, cost)


def test_the_cost_is_chosen_on_part_of_the_training_images():
    """The labels of test images make no difference to it, not even when all are wrong."""
    rng = np.random.default_rng(4)
    label = np.arange(200) % 2
    x = rng.normal(size=(200, 40))
    x[:, :2] += 0.5 * label[:, None]
    costs = (0.01, 100.0)  # test images have 0.72 and 0.68 of them right
    right, chosen, _ = svm_accuracy(x[:150], label[:150], x[150:], label[150:], costs=costs)
    swapped, same, _ = svm_accuracy(x[:150], label[:150], x[150:], 1 - label[150:], costs=costs)
    assert chosen == same
    assert swapped == pytest.approx(1 - right)


def test_more_features_than_images():
    """Columns that repeat others are an orthogonal change and a scale: nothing may change."""
    rng = np.random.default_rng(3)
    label = np.arange(90) % 3
    x = rng.normal(size=(90, 20)) + label[:, None] * np.linspace(0, 0.6, 20)
    narrow = svm_accuracy(x[:60], label[:60], x[60:], label[60:])
    wide = np.tile(x, (1, 10))
    assert svm_accuracy(wide[:60], label[:60], wide[60:], label[60:]) == narrow
    assert 0.4 < narrow[0] < 1


def test_a_probe_of_digits():
    """Maps that keep the edges of digits do as well as pixels; a map of noise does not."""
    load = lambda split: sources.load("digits", split, image_size=8, channels=1)  # noqa: E731
    train, test = load("train"), load("test")
    rows = slice(0, 300)
    data = (train.image[rows], train.label[rows], test.image, test.label)
    edges = lambda x: [x, np.abs(np.diff(x, axis=1)), np.abs(np.diff(x, axis=2))]  # noqa: E731
    found = linear_probe(edges, *data, costs=(0.1, 1.0))
    assert found["probe_accuracy_pixels"] > 0.85
    assert found["probe_accuracy"] > 0.8
    assert found["probe_width"] == 48
    assert (found["n_train"], found["n_validation"], found["n_test"]) == (300, 60, len(test.image))
    dark = linear_probe(lambda x: [x.mean(axis=(1, 2), keepdims=True)], *data, costs=(1.0,))
    assert dark["probe_accuracy"] < 0.4 < dark["probe_accuracy_pixels"]


def test_refuses_one_class():
    images = np.zeros((20, 4, 4, 1), np.uint8)
    with pytest.raises(UserError, match="20 of 1"):
        linear_probe(lambda x: [x], images, np.zeros(20, int), images, np.zeros(20, int))
