"""Scatter plots, and the pictures that a run draws of points of the plane."""

import types

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgen.data import points
from jaxgen.evaluate import pictures, scatter

pytestmark = pytest.mark.core

SIZE = 101  # of which pixel 50 is the origin
SPEC = types.SimpleNamespace(hparams=None)


def saturation(picture):
    """Of each pixel: how far it is from gray, the colour of the axes."""
    pixels = picture.astype(int)
    return pixels.max(-1) - pixels.min(-1)


def warm(picture):
    """Where a sample is: red over blue."""
    return picture[..., 0].astype(int) - picture[..., 2] > 60


def cold(picture):
    return picture[..., 2].astype(int) - picture[..., 0] > 20


def middle(mask):
    """(row, column) of the marked pixels below the legend."""
    rows, columns = np.nonzero(mask & (np.arange(SIZE) > 30)[:, None])
    return rows.mean(), columns.mean()


def test_a_dot_lies_where_its_point_is():
    nothing = np.zeros((0, 2))
    real = scatter.picture(np.array([[0.5, -0.5]]), nothing, size=SIZE, extent=1.0)
    assert real.shape == (SIZE, SIZE, 3)
    assert real.dtype == np.uint8
    assert middle(cold(real)) == (75, 75)
    assert not warm(real)[31:].any()
    made = scatter.picture(nothing, np.array([[-0.5, 0.2]]), size=SIZE, extent=1.0)
    assert middle(warm(made)) == (40, 25)
    assert not cold(made)[31:].any()


def test_samples_lie_over_the_data_and_many_dots_are_darker_than_one():
    point = np.array([[0.5, -0.5]])
    both = scatter.picture(point, point, size=SIZE, extent=1.0)
    assert warm(both)[75, 75]
    many = scatter.picture(point, np.repeat(point, 20, axis=0), size=SIZE, extent=1.0)
    assert saturation(many)[75, 75] > saturation(both)[75, 75]


def test_points_beyond_the_axes_lie_on_the_border_and_bad_ones_nowhere():
    real = np.zeros((1, 2))
    far = scatter.picture(real, np.array([[9.0, -0.5]]), size=SIZE, extent=1.0)
    assert warm(far)[75, -1]
    bad = np.array([[np.nan, 0.5], [np.inf, -0.5]])
    none = scatter.picture(real, bad, size=SIZE, extent=1.0)
    np.testing.assert_array_equal(
        none, scatter.picture(real, np.zeros((0, 2)), size=SIZE, extent=1.0)
    )


def test_the_axes_follow_the_data_and_not_the_draw():
    widths = [
        {scatter.half_width(points.draw(name, split, n)[0]) for split, n in options}
        for name in points.NAMES
        for options in [(("train", 500), ("train", 90_000), ("test", 2500))]
    ]
    assert widths == [{1.5}, {2.0}]
    assert scatter.half_width(np.zeros((3, 2))) == 0.5
    assert scatter.half_width(np.array([[-40.0, 1.0]])) == 48.0


@pytest.mark.parametrize("extent", [0.5, 1.5, 2.0, 48.0, 1e-3])
def test_any_scale_is_drawn(extent):
    real = np.array([[extent / 2, -extent / 2]])
    picture = scatter.picture(real, real, size=SIZE, extent=extent)
    assert middle(warm(picture)) == (75, 75)


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
    draw = pictures.artist(objective, SPEC, held_out)
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
    draw = pictures.artist(types.SimpleNamespace(sample=sample), SPEC, held_out[:3])
    assert set(draw(jnp.zeros((1, 1, 1, 2)))) == {"samples"}


def test_stacked_images_are_tiles():
    objective = types.SimpleNamespace(
        sample=lambda spec, state, key, num: jnp.broadcast_to(state, (num, 8, 8, 3)),
        reconstruct=reconstruct,
    )
    images = np.zeros((40, 8, 8, 3), np.uint8)
    drawn = pictures.artist(objective, SPEC, images)(jnp.ones((1, 1, 1, 3)))
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
    pictures.artist(objective, SPEC, images)(jnp.zeros(()))
    jax.effects_barrier()
    assert len(np.unique(seen[0])) == 8
