import numpy as np
import pytest

from jaxgen.core import UserError
from jaxgen.evaluate.conditional import conditional_accuracy, nearest_sample_accuracy

pytestmark = pytest.mark.core

CLASSES = ("zero", "one", "two")


def _images(classes, rng=None):
    """Brightness is the class."""
    x = np.broadcast_to(100 * np.asarray(classes)[:, None, None, None], (len(classes), 4, 4, 1))
    return (x + (0 if rng is None else rng.integers(0, 40, x.shape))).astype(np.uint8)


def _classify(images):
    return images[:, 0, 0, 0] // 100


def test_accuracy_by_requested_class():
    requested = np.array([0, 0, 0, 0, 2, 2])
    found = conditional_accuracy(_classify, _images([0, 0, 0, 1, 2, 0]), requested, CLASSES)
    assert found == {
        "conditional_accuracy": pytest.approx(4 / 6),
        "conditional_accuracy/zero": 0.75,
        "conditional_accuracy/two": 0.5,
        "n_fake": 6,
    }


def test_a_generator_that_ignores_its_label_is_at_chance():
    requested = np.arange(30) % 3
    found = conditional_accuracy(_classify, _images(np.ones(30, int)), requested, CLASSES)
    assert found["conditional_accuracy"] == pytest.approx(1 / 3)
    assert (found["conditional_accuracy/one"], found["conditional_accuracy/two"]) == (1.0, 0.0)


def test_nearest_samples_of_good_and_bad_generators():
    rng = np.random.default_rng(0)
    label, requested = np.arange(60) % 3, np.arange(30) % 3
    real = _images(label, rng)
    good = nearest_sample_accuracy(_images(requested, rng), requested, real, label)
    assert good == {"nearest_sample_accuracy": 1.0, "n_fake": 30, "n_real": 60}
    swapped = nearest_sample_accuracy(_images(requested, rng), (requested + 1) % 3, real, label)
    assert swapped["nearest_sample_accuracy"] == 0.0
    # Right but without the class "two": those images go to a neighbour.
    two = requested < 2
    partly = nearest_sample_accuracy(_images(requested[two]), requested[two], real, label)
    assert partly["nearest_sample_accuracy"] == pytest.approx(2 / 3)


def test_nearest_samples_in_another_feature_space():
    label = np.arange(9) % 3
    images = _images(label)
    blind = lambda x: np.zeros((len(x), 1))  # noqa: E731
    found = nearest_sample_accuracy(images, label, images, label, features=blind)
    assert found["nearest_sample_accuracy"] == pytest.approx(1 / 3)


def test_refuses_labels_that_do_not_fit():
    images = _images([0, 1])
    with pytest.raises(UserError, match="3 classes for 2 samples"):
        conditional_accuracy(_classify, images, np.zeros(3), CLASSES)
    with pytest.raises(ValueError, match="one class per image"):
        nearest_sample_accuracy(images, np.zeros(3), images, np.zeros(2))
    with pytest.raises(UserError, match="2 real and 0 generated"):
        nearest_sample_accuracy(images[:0], np.zeros(0), images, np.zeros(2))
