import hashlib
import math

import numpy as np
import pytest

from jaxgen.core.errors import UserError
from jaxgen.data import points, sources
from jaxgen.data.bits import random_bits
from jaxgen.data.names import POINTS

pytestmark = pytest.mark.core


def load(name, split="train"):
    return sources.load(name, split, image_size=1, channels=2)


def squared_distances(point, means):
    return ((point[:, None, :] - means[None]) ** 2).sum(-1)


def test_the_ring_has_eight_different_modes_on_the_unit_circle():
    ring = points.mixture("ring")
    np.testing.assert_allclose((ring.means**2).sum(-1), np.ones(8), rtol=1e-12)
    np.testing.assert_allclose(ring.means[[0, 1, 2]], [[1, 0], [0.5**0.5] * 2, [0, 1]], atol=1e-12)
    neighbour = np.sqrt(((ring.means - np.roll(ring.means, 1, axis=0)) ** 2).sum(-1))
    np.testing.assert_allclose(neighbour, np.full(8, 2 * math.sin(math.pi / 8)), rtol=1e-12)
    assert ring.sigma == 0.01


def test_the_grid_is_pacgans_over_the_square_root_of_eight():
    grid = points.mixture("grid")
    expected = {(x, y) for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)}
    assert {tuple(mean) for mean in np.round(grid.means * math.sqrt(8), 9)} == expected
    assert math.isclose(grid.sigma * math.sqrt(8), 0.05)
    np.testing.assert_allclose(grid.means.var(axis=0), [1, 1], rtol=1e-12)


@pytest.mark.parametrize(("name", "modes"), [("ring", 8), ("grid", 25)])
def test_draws_are_of_the_mixture(name, modes):
    data, target = load(name), points.mixture(name)
    assert data.image.dtype == np.float32
    assert data.image.shape == (100_000, 1, 1, 2)
    assert data.label.dtype == np.int32
    assert len(data.classes) == len(set(data.classes)) == modes
    point = data.image.reshape(-1, 2).astype(np.float64)
    distances = squared_distances(point, target.means)
    np.testing.assert_array_equal(distances.argmin(-1), data.label)
    # Within 3 sigma lie 1 - exp(-9/2) of a Gaussian in the plane; three standard errors.
    share = (distances.min(-1) <= (3 * target.sigma) ** 2).mean()
    assert abs(share - (1 - math.exp(-4.5))) < 0.001
    noise = (point - target.means[data.label]) / target.sigma
    np.testing.assert_allclose(np.cov(noise.T), np.eye(2), atol=0.02)
    np.testing.assert_allclose(noise.mean(0), [0, 0], atol=0.01)
    np.testing.assert_allclose((noise**4).mean(0), [3, 3], atol=0.12)
    counts = np.bincount(data.label, minlength=modes)
    statistic = ((counts - 1e5 / modes) ** 2 / (1e5 / modes)).sum()
    assert statistic < modes - 1 + 4 * math.sqrt(2 * (modes - 1))


def test_splits_and_sets_are_other_draws_and_each_always_the_same():
    train, test = load("ring"), load("ring", "test")
    assert test.image.shape == (10_000, 1, 1, 2)
    assert len(np.intersect1d(train.image[..., 0], test.image[..., 0])) < 1000
    assert (train.label[:10_000] != test.label).mean() > 0.8
    np.testing.assert_array_equal(load("ring").image, train.image)
    ids = {load(name, split).fingerprint for name in POINTS for split in ("train", "test")}
    assert len(ids) == 4
    with pytest.raises(ValueError, match="read-only"):
        train.image[0] = 0


def test_no_version_of_numpy_changes_the_data():
    digest = hashlib.sha256(load("grid").label.astype("<i4").tobytes()).hexdigest()
    assert digest.startswith("fa7bc932945d1245")
    np.testing.assert_allclose(
        load("ring").image[:2, 0, 0], [[-0.7022026, 0.7218823], [-0.0320829, 1.0015388]], atol=1e-6
    )
    np.testing.assert_array_equal(random_bits(4, "a", 1), random_bits(9, "a", 1)[:4])
    assert not np.isin(random_bits(100, "a", 1), random_bits(100, "a", 2)).any()


@pytest.mark.parametrize(("image_size", "channels"), [(1, 1), (8, 2), (64, 3)])
def test_other_shapes_say_what_to_set(image_size, channels):
    with pytest.raises(UserError, match=r'"ring" has points .* set them to 1 and 2'):
        sources.shape_of("ring", image_size=image_size, channels=channels)
    assert sources.shape_of("grid", image_size=1, channels=2) == (1, 1, 2)
    with pytest.raises(ValueError, match="there are ring, grid"):
        points.mixture("spiral")
