"""The pictures that a run draws, of images and of points of the plane."""

import types

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgen.data import points
from jaxgen.pictures import of_a_run

pytestmark = pytest.mark.core

SPEC = types.SimpleNamespace(hparams=None)


def warm(picture):
    """Where a sample is: red over blue."""
    return picture[..., 0].astype(int) - picture[..., 2] > 60


@pytest.fixture
def held_out():
    return points.draw("ring", "test", 3000)[0].reshape(-1, 1, 1, 2)


def sample(spec, state, key, num):
    return jnp.broadcast_to(state, (num, 1, 1, 2))


def reconstruct(spec, state, batch, key):
    return -batch["image"]


def interpolate(spec, state, start, end, num):
    weight = jnp.linspace(0.0, 1.0, num).reshape(1, num, 1, 1, 1)
    return start[:, None] * (1 - weight) + end[:, None] * weight


def test_a_run_on_points_draws_scatter_plots(held_out):
    objective = types.SimpleNamespace(
        sample=sample, reconstruct=reconstruct, interpolate=interpolate
    )
    draw = of_a_run.artist(objective, SPEC, held_out)
    where = jnp.array([0.3, 0.3]).reshape(1, 1, 1, 2)
    drawn = draw(where)
    assert set(drawn) == {"samples", "reconstructions", "interpolations"}
    for picture in drawn.values():
        assert picture.shape == (480, 480, 3)
        assert picture.dtype == np.uint8
    # All samples in one place, kept in the scale of the data: 0.3 of 1.5.
    rows, columns = np.nonzero(warm(drawn["samples"])[40:])
    assert abs(columns.mean() - 0.6 * 479) < 1
    assert abs(rows.mean() + 40 - 0.4 * 479) < 1
    np.testing.assert_array_equal(draw(where)["samples"], drawn["samples"])


def test_the_minimum_is_samples_of_any_number_of_points(held_out):
    draw = of_a_run.artist(types.SimpleNamespace(sample=sample), SPEC, held_out[:3])
    assert set(draw(jnp.zeros((1, 1, 1, 2)))) == {"samples"}


def test_stacked_images_are_tiles():
    objective = types.SimpleNamespace(
        sample=lambda spec, state, key, num: jnp.broadcast_to(state, (num, 8, 8, 3)),
        reconstruct=reconstruct,
    )
    images = np.zeros((40, 8, 8, 3), np.uint8)
    drawn = of_a_run.artist(objective, SPEC, images)(jnp.ones((1, 1, 1, 3)))
    assert drawn["samples"].max() == 255
    assert drawn["samples"].shape == drawn["reconstructions"].shape == (8 * 50 - 2, 8 * 50 - 2, 3)


def test_pictures_of_data_that_is_sorted_by_class_show_all_of_it():
    shades = np.repeat(np.arange(8, dtype=np.uint8) * 30, 50)
    images = np.broadcast_to(shades[:, None, None, None], (400, 50, 50, 1))
    seen = []

    def spy(spec, state, batch, key):
        jax.debug.callback(lambda image: seen.append(np.asarray(image)), batch["image"])
        return batch["image"]

    objective = types.SimpleNamespace(
        sample=lambda spec, state, key, num: jnp.zeros((num, 50, 50, 1)), reconstruct=spy
    )
    of_a_run.artist(objective, SPEC, images)(jnp.zeros(()))
    jax.effects_barrier()
    assert len(np.unique(seen[0])) == 8
