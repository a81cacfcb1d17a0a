import numpy as np
import pytest

from jaxgen.core import UserError
from jaxgen.evaluate import ms_ssim as module
from jaxgen.evaluate.ms_ssim import mean_pair_similarity, ms_ssim, scales

pytestmark = pytest.mark.core

PUBLISHED = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]


def _slow(x, y, count):
    """Of two planes f64[h,w], window by window."""
    weights = np.array(PUBLISHED[:count]) / sum(PUBLISHED[:count])
    result = 1.0
    for scale in range(count):
        size = min(11, (min(x.shape) - 1) // 2 * 2 + 1)
        at = np.arange(size) - size // 2
        w = np.exp(-(at[:, None] ** 2 + at[None] ** 2) / (2 * 1.5**2))
        w /= w.sum()
        full, structure = [], []
        for i in range(x.shape[0] - size + 1):
            for j in range(x.shape[1] - size + 1):
                a, b = (z[i : i + size, j : j + size] for z in (x, y))
                ma, mb = (w * a).sum(), (w * b).sum()
                va, vb = (w * (a - ma) ** 2).sum(), (w * (b - mb) ** 2).sum()
                cov = (w * (a - ma) * (b - mb)).sum()
                c1, c2 = 6.5025, 58.5225
                structure.append((2 * cov + c2) / (va + vb + c2))
                full.append(structure[-1] * (2 * ma * mb + c1) / (ma**2 + mb**2 + c1))
        mean = np.mean(full if scale == count - 1 else structure)
        result *= max(mean, 0.0) ** weights[scale]
        h, w_ = (side // 2 for side in x.shape)
        x, y = (z[: 2 * h, : 2 * w_].reshape(h, 2, w_, 2).mean((1, 3)) for z in (x, y))
    return result


def _smooth(rng, shape):
    """Images with structure at all scales, and their noisy versions."""
    walk = rng.normal(size=shape).cumsum(axis=1).cumsum(axis=2)
    x = 255 * (walk - walk.min()) / (walk.max() - walk.min())
    y = np.clip(x + rng.normal(size=shape) * 12, 0, 255)
    return x.astype(np.uint8), y.astype(np.uint8)


@pytest.mark.parametrize(
    ("side", "count"), [(8, 1), (16, 1), (28, 2), (32, 2), (64, 3), (128, 4), (176, 5), (400, 5)]
)
def test_number_of_scales(side, count):
    assert scales((side, side)) == count
    assert scales((side, side + 100, 3)) == count


@pytest.mark.parametrize("shape", [(8, 8), (16, 16), (29, 24), (46, 44)])
def test_equals_a_slow_implementation(shape):
    rng = np.random.default_rng(0)
    x, y = _smooth(rng, (2, *shape, 2))
    count = {8: 1, 16: 1, 24: 2, 44: 3}[shape[1]]
    expected = [
        np.mean([_slow(a[..., c].astype(float), b[..., c].astype(float), count) for c in (0, 1)])
        for a, b in zip(x, y)
    ]
    assert 0.05 < min(expected) < max(expected) < 0.99
    np.testing.assert_allclose(ms_ssim(x, y), expected, rtol=1e-5)


@pytest.mark.parametrize("side", [16, 32, 64])
def test_equal_images_are_one(side):
    x = np.random.default_rng(1).integers(0, 256, (3, side, side, 3), np.uint8)
    np.testing.assert_allclose(ms_ssim(x, x), 1.0, rtol=1e-12)


def test_constant_images_differ_in_luminance_alone():
    x, y = (np.full((1, 64, 64, 1), value, np.uint8) for value in (50, 200))
    luminance = (2 * 50 * 200 + 6.5025) / (50**2 + 200**2 + 6.5025)
    weight = PUBLISHED[2] / sum(PUBLISHED[:3])
    np.testing.assert_allclose(ms_ssim(x, y), luminance**weight, rtol=1e-5)


def test_opposite_images_are_zero():
    x = np.random.default_rng(2).integers(0, 256, (2, 32, 32, 1), np.uint8)
    np.testing.assert_array_equal(ms_ssim(x, 255 - x), 0.0)


def test_chunks_do_not_matter(monkeypatch):
    x, y = _smooth(np.random.default_rng(3), (7, 16, 16, 1))
    whole = ms_ssim(x, y)
    monkeypatch.setattr(module, "_PAIRS", 3)
    np.testing.assert_allclose(ms_ssim(x, y), whole, rtol=1e-12)
    assert ms_ssim(x[:0], y[:0]).shape == (0,)


def test_floats_score_as_the_png_they_become():
    x, y = _smooth(np.random.default_rng(4), (2, 16, 16, 1))
    np.testing.assert_allclose(ms_ssim(x / 127.5 - 1, y / 127.5 - 1), ms_ssim(x, y), rtol=1e-6)


def test_a_collapsed_sampler_is_one_and_noise_is_low():
    noise = np.random.default_rng(5).integers(0, 256, (40, 32, 32, 1), np.uint8)
    collapsed = mean_pair_similarity(np.repeat(noise[:1], 40, axis=0), pairs=70)
    assert collapsed == {"ms_ssim": pytest.approx(1.0), "ms_ssim_pairs": 70}
    assert mean_pair_similarity(noise, pairs=70)["ms_ssim"] < 0.2


def test_pairs_within_classes_see_collapse_within_them():
    x = np.random.default_rng(6).integers(0, 256, (4, 16, 16, 1), np.uint8)
    classes = np.arange(40) % 4
    within = mean_pair_similarity(x[classes], classes=classes, pairs=50)
    assert within["ms_ssim"] == pytest.approx(1.0)
    assert mean_pair_similarity(x[classes], pairs=50)["ms_ssim"] < 0.6


@pytest.fixture
def compared(monkeypatch):
    """(first, second) image of each pair that is compared, of images whose pixels are their row."""
    seen = []

    def record(x, y):
        seen.extend(zip(x[:, 0, 0, 0].tolist(), y[:, 0, 0, 0].tolist()))
        return np.zeros(len(x))

    def of(classes, pairs):
        seen.clear()
        images = np.arange(len(classes), dtype=np.uint8)[:, None, None, None].repeat(8, 1)
        mean_pair_similarity(images.repeat(8, 2), classes=classes, pairs=pairs)
        return np.array(seen).T

    monkeypatch.setattr(module, "ms_ssim", record)
    return of


def test_random_pairs_are_of_two_images_and_of_one_class(compared):
    classes = np.array([5, 3, 5, 3, 3, 9, 5, 5])  # the 9 has no other
    first, second = compared(classes, 4000)
    assert len(first) == 4000
    assert np.all(first != second)
    assert np.array_equal(classes[first], classes[second])
    found = {(int(i), int(j)) for i, j in zip(first, second)}
    assert len(found) == 4 * 3 + 3 * 2
    share = np.bincount(first, minlength=8) / 4000
    np.testing.assert_allclose(share, (classes != 9) / 7, atol=0.03)
    # Where no class has two images, any pair will do.
    first, second = compared(np.arange(3), 100)
    assert {(int(i), int(j)) for i, j in zip(first, second)} == {
        (i, j) for i in range(3) for j in range(3) if i != j
    }


def test_refuses_one_image_and_other_shapes():
    with pytest.raises(UserError, match="at least 2 images"):
        mean_pair_similarity(np.zeros((1, 16, 16, 1), np.uint8))
    with pytest.raises(ValueError, match="one shape"):
        ms_ssim(np.zeros((1, 16, 16, 1), np.uint8), np.zeros((1, 16, 16, 3), np.uint8))
