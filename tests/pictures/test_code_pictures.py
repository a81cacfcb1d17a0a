import numpy as np
import pytest

from jaxgen.pictures import codes

pytestmark = pytest.mark.core


def test_picture_has_the_colour_of_each_class_in_its_place():
    points = np.array([[-2.0, -2.0], [2.0, 2.0]])
    picture = codes.code_picture(points, np.array([0, 1]), ("0", "1"), size=100)
    assert picture.shape == (100, 100, 3)
    extent = 2.5  # 1.2 * 2, in halves
    for place, colour in zip(points, codes.COLOURS):
        column, row = np.round((place / extent + 1) / 2 * 99).astype(int)
        np.testing.assert_array_equal(picture[99 - row, column], colour)
    with pytest.raises(ValueError, match=r"f\[n,2\]"):
        codes.code_picture(np.zeros((3, 4)), np.zeros(3), ())
