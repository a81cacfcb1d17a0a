"""Samples of any number, some at a time."""

import types

import jax
import numpy as np
import pytest

from jaxgen import sampling

pytestmark = pytest.mark.core


def test_chunks_have_noise_of_their_own_and_say_how_far_they_are():
    def sample(state, key, condition, num):
        noise = jax.random.uniform(key, (num, 2, 2, 1), minval=-1.0, maxval=1.0)
        return noise if condition is None else noise * 0 + condition[:, None, None, None] / 10

    experiment, seen = types.SimpleNamespace(sample=sample), []
    images = sampling.draw(
        *(experiment, None, jax.random.key(0), 10),
        chunk=4,
        progress=lambda *done: seen.append(done),
    )
    assert images.shape == (10, 2, 2, 1)
    assert images.dtype == np.uint8
    assert seen == [(4, 10), (8, 10), (10, 10)]
    assert len({image.tobytes() for image in images}) == 10
    asked = np.arange(10) - 5
    told = sampling.draw(experiment, None, jax.random.key(0), 10, asked, chunk=4)
    np.testing.assert_array_equal(told[:, 0, 0, 0], np.round((asked / 10 + 1) * 127.5))
