import numpy as np
import pytest

from jaxgen.evaluate.codes import linear_accuracy

pytestmark = pytest.mark.core


@pytest.fixture
def labels():
    return np.arange(200) % 2


def test_a_linear_classifier_on_separate_codes(labels):
    noise = np.random.default_rng(0).standard_normal((200, 2))
    separate = noise + 10.0 * labels[:, None]
    assert linear_accuracy(separate[:100], labels[:100], separate[100:], labels[100:]) == 1.0
    chance = linear_accuracy(noise[:100], labels[:100], noise[100:], labels[100:])
    assert chance == pytest.approx(0.5, abs=0.15)


def test_one_class_has_no_accuracy(labels):
    codes = np.random.default_rng(0).standard_normal((200, 2))
    assert linear_accuracy(codes[:100], np.ones(100, int), codes[100:], np.ones(100, int)) is None
    # A held-out part of one class is one all the same.
    bright = labels == 1
    codes[bright] += 10.0
    assert linear_accuracy(codes, labels, codes[bright], labels[bright]) == 1.0
