"""Scatter plots."""

import numpy as np
import pytest

from jaxgen.data import names, points
from jaxgen.pictures import scatter

pytestmark = pytest.mark.core

SIZE = 101  # of which pixel 50 is the origin


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
        for name in names.POINTS
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
