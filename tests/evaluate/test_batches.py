import numpy as np
import pytest

from jaxgen.evaluate.batches import in_batches

pytestmark = pytest.mark.core


def test_any_number_of_images_in_batches_of_one_shape():
    shapes = []

    def function(batch):
        shapes.append(batch.shape)
        return batch.sum(axis=(1, 2)), batch + 1

    images = np.random.default_rng(0).normal(size=(7, 2, 3))
    sums, plus = in_batches(function, images, 3)
    np.testing.assert_array_equal(sums, images.sum(axis=(1, 2)))
    np.testing.assert_array_equal(plus, images + 1)
    assert shapes == [(3, 2, 3)] * 3
