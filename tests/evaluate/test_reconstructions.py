"""Errors and sharpness of reconstructions, by hand."""

import numpy as np
import pytest

from jaxgen.evaluate.reconstructions import reconstruction_metrics

pytestmark = pytest.mark.core


def test_a_known_answer():
    """Differences of 200, 0 across and 100, 100 down, against 100, 100 across and none down."""
    image = np.array([[0, 200], [100, 100]], np.uint8).reshape(1, 2, 2, 1)
    rebuilt = np.array([[0, 100], [0, 100]], np.uint8).reshape(1, 2, 2, 1)
    found = reconstruction_metrics(image, rebuilt)
    assert found == pytest.approx({"l1": 50 / 127.5, "sharpness": 1 / 3})


def test_what_is_the_same_and_what_is_blurred():
    image = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 3), np.uint8)
    assert reconstruction_metrics(image, image) == {"l1": 0.0, "sharpness": 1.0}
    mean = np.broadcast_to(image.mean(axis=(1, 2), keepdims=True) / 127.5 - 1.0, image.shape)
    assert reconstruction_metrics(image, mean)["sharpness"] == pytest.approx(0.0, abs=1e-6)
    assert reconstruction_metrics(np.zeros_like(image), image)["sharpness"] > 1e6
    with pytest.raises(ValueError, match=r"shape \(4, 8, 8, 3\), images \(5, 8, 8, 3\)"):
        reconstruction_metrics(image, image[:4])
