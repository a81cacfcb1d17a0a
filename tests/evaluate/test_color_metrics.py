"""Metrics of colors against float64 numpy, pixel by pixel, and against published definitions."""

import json
import tarfile

import jax
import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_images

from jaxgen.core import UserError
from jaxgen.evaluate import color as module
from jaxgen.evaluate import ms_ssim
from jaxgen.evaluate.color import (
    baselines,
    chroma_metrics,
    colorfulness,
    compare,
    mean_color,
    median_given_lightness,
    psnr,
    with_chroma,
)

pytestmark = pytest.mark.core

TO_XYZ = np.array(
    [[0.412453, 0.35758, 0.180423], [0.212671, 0.71516, 0.072169], [0.019334, 0.119193, 0.950227]]
)
EMPTY = np.zeros((0, 8, 8, 3), np.uint8)


def lab_of(rgb):
    v = rgb.astype(np.float64) / 255
    linear = np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)
    t = linear @ TO_XYZ.T / np.array([0.95047, 1, 1.08883])
    f = np.where(t > 0.008856, np.cbrt(t), 7.787 * t + 16 / 116)
    x, y, z = np.moveaxis(f, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def plain(rgb, *shape):
    return np.broadcast_to(np.array(rgb, np.uint8), (*shape, 3))


@pytest.fixture(scope="module")
def photographs():
    """Tiles u8[n,16,16,3] of scikit-learn's two photographs: for training and held out."""
    pictures = np.stack(load_sample_images().images)
    tiles = pictures[:, 27:427, :640].reshape(2, 25, 16, 40, 16, 3).swapaxes(2, 3)
    return tiles[:, :, :30].reshape(-1, 16, 16, 3), tiles[:, ::3, 30::2].reshape(-1, 16, 16, 3)


@pytest.fixture(scope="module")
def scored(photographs):
    training, true = photographs
    return {name: compare(true, found) for name, found in baselines(training, true, 0).items()}


@pytest.mark.parametrize(("offset", "expected"), [(51, 13.9794), (1, 48.1308), (0, 100.0)])
def test_psnr_of_a_constant_offset(offset, expected):
    true = np.random.default_rng(0).integers(0, 200, (3, 8, 8, 3), np.uint8)
    found = psnr(true, true + np.uint8(offset))
    assert found == {key: pytest.approx(expected, abs=1e-4) for key in ("psnr", "psnr_pooled")}


def test_psnr_of_images_is_not_that_of_their_mean_error():
    true = np.zeros((2, 8, 8, 3), np.uint8)
    found = np.stack([plain([51] * 3, 8, 8), plain([5] * 3, 8, 8)])
    decibels = [-10 * np.log10(np.mean((x / 255) ** 2)) for x in (found[0], found[1], found)]
    assert psnr(true, found)["psnr"] == pytest.approx(np.mean(decibels[:2]))
    assert psnr(true, found)["psnr_pooled"] == pytest.approx(decibels[2])
    # One equal image counts for 100 dB, and the pooled ratio is of both.
    found[1] = 0
    assert psnr(true, found)["psnr"] == pytest.approx((decibels[0] + 100) / 2)
    assert psnr(true, found)["psnr_pooled"] == pytest.approx(decibels[0] + 10 * np.log10(2))


@pytest.mark.parametrize(
    ("halves", "expected"),
    [
        (((90, 90, 90), (200, 200, 200)), 0.0),
        (((255, 0, 0), (255, 0, 0)), 85.5302),
        (((0, 255, 0), (0, 255, 0)), 85.5302),
        (((0, 0, 255), (0, 0, 255)), 76.5),
        (((255, 255, 0), (255, 255, 0)), 76.5),
        (((255, 0, 0), (0, 255, 255)), 285.0987),  # signed: absolute values would have 85.5
    ],
    ids=str,
)
def test_known_colorfulness(halves, expected):
    image = np.concatenate([plain(half, 1, 4, 8) for half in halves], axis=1)
    np.testing.assert_allclose(colorfulness(image), [expected], atol=1e-3)


def test_colorfulness_is_of_an_image_and_not_of_the_set(photographs):
    rgb = photographs[0][::40]
    expected = []
    for red, green, blue in rgb.reshape(len(rgb), -1, 3).transpose(0, 2, 1).astype(float):
        rg, yb = red - green, 0.5 * (red + green) - blue
        spread = np.sqrt(np.mean((rg - rg.mean()) ** 2) + np.mean((yb - yb.mean()) ** 2))
        expected.append(spread + 0.3 * np.sqrt(rg.mean() ** 2 + yb.mean() ** 2))
    np.testing.assert_allclose(colorfulness(rgb), expected, rtol=1e-12)
    gray = np.full_like(rgb, 7)
    found = compare(rgb, np.concatenate([gray[:-5], rgb[-5:]]))
    assert found["colorfulness_true"] == pytest.approx(np.mean(expected))
    assert found["colorfulness"] == pytest.approx(np.sum(expected[-5:]) / len(rgb))
    assert found["colorfulness_difference"] == pytest.approx(-np.sum(expected[:-5]) / len(rgb))


def test_ssim_is_that_of_libraries(photographs):
    """It is also what `ms_ssim` has of images of fewer than 22 pixels, at one scale."""
    true = photographs[0][::50]
    found = with_chroma(true, np.array([20.0, -10.0]))
    np.testing.assert_allclose(ms_ssim.ssim(true, found), ms_ssim.ms_ssim(true, found), rtol=1e-12)
    assert compare(true, found)["ssim"] == pytest.approx(ms_ssim.ssim(true, found).mean())
    library = pytest.importorskip("dm_pix")
    with jax.numpy_rank_promotion("allow"):
        x, y = (np.float32(images) / 255 for images in (true, found))
        np.testing.assert_allclose(ms_ssim.ssim(true, found), library.ssim(x, y), atol=2e-5)


def test_ssim_refuses_other_shapes():
    with pytest.raises(ValueError, match="one shape"):
        ms_ssim.ssim(np.zeros((1, 16, 16, 1), np.uint8), np.zeros((1, 16, 16, 3), np.uint8))
    assert ms_ssim.ssim(EMPTY, EMPTY).shape == (0,)


@pytest.mark.parametrize(
    ("distance", "expected"),
    [(0.0, 1.0), (0.5, 150 / 151), (75.0, 76 / 151), (75.5, 75 / 151), (150.0, 1 / 151), (151, 0)],
)
def test_accuracy_of_a_constant_error(distance, expected):
    true = np.full((1, 4, 4, 2), -50.0)
    found = true + distance * np.array([0.6, 0.8])
    metrics = chroma_metrics(true.astype(np.float32), np.round(found, 6))
    assert metrics["ab_auc"] == pytest.approx(expected)
    assert metrics["ab_auc_rebalanced"] == pytest.approx(expected)
    assert metrics["ab_l1"] == pytest.approx(0.7 * distance, abs=1e-5)


def slow_chroma_metrics(true, found):
    true, found = true.reshape(-1, 2), found.reshape(-1, 2)
    distance = np.sqrt(((true - found) ** 2).sum(axis=1))
    within = [float(np.mean([d <= t for t in range(151)])) for d in distance]
    colors = [tuple(np.round(x / 10).astype(int)) for x in true]
    predicted = [tuple(np.round(x / 10).astype(int)) for x in found]
    by_color = {c: [w for w, other in zip(within, colors) if other == c] for c in set(colors)}
    divergence = 0.0
    for c in set(colors) | set(predicted):
        p, q = colors.count(c) / len(colors), predicted.count(c) / len(predicted)
        divergence += sum(x * np.log2(2 * x / (p + q)) / 2 for x in (p, q) if x)
    return {
        "ab_l1": np.mean(np.abs(true - found)),
        "ab_auc": np.mean(within),
        "ab_auc_rebalanced": np.mean([np.mean(w) for w in by_color.values()]),
        "ab_divergence": divergence,
        "chroma_ratio": np.hypot(*found.T).mean() / np.hypot(*true.T).mean(),
    }


def test_chroma_metrics_equal_a_slow_implementation(photographs, monkeypatch):
    rng = np.random.default_rng(1)
    true = rng.normal([0.0, 20.0], 30, (5, 6, 7, 2)).clip(-104, 104)
    found = 0.5 * true + rng.normal(0, 8, true.shape)
    expected = slow_chroma_metrics(true, found)
    assert chroma_metrics(true, found) == pytest.approx(expected)
    monkeypatch.setattr(module, "_PIXELS", 50)  # an image at a time
    assert chroma_metrics(true, found) == pytest.approx(expected)
    monkeypatch.setattr(module, "_PIXELS", 600)
    rgb, other = photographs[0][100:107], photographs[1][:7]
    expected = slow_chroma_metrics(lab_of(rgb)[..., 1:], lab_of(other)[..., 1:])
    assert chroma_metrics(rgb, other) == pytest.approx(expected, rel=1e-3)
    assert chroma_metrics(rgb, lab_of(other)[..., 1:]) == pytest.approx(expected, rel=1e-3)


def test_disjoint_colors_diverge_by_one_bit_and_the_place_of_a_color_does_not_matter():
    first, second = np.array([40.0, 0.0]), np.array([0.0, -40.0])
    true = np.stack([first, second])[np.arange(32).reshape(2, 4, 4) % 2]
    assert chroma_metrics(true, np.full_like(true, 80.0))["ab_divergence"] == pytest.approx(1.0)
    swapped = chroma_metrics(true, true[:, :, ::-1])
    assert swapped["ab_divergence"] == 0.0
    assert swapped["ab_auc"] == pytest.approx((150 - 56) / 151)  # the distance is 56.6
    grays = np.arange(256, dtype=np.uint8)[None, None, :, None].repeat(3, axis=-1)
    assert chroma_metrics(grays, grays[:, :, ::-1])["ab_divergence"] == 0.0


def test_the_truth_is_perfect_and_all_is_json(scored):
    perfect = {"ab_auc": 1, "ab_auc_rebalanced": 1, "chroma_ratio": 1, "ab_l1": 0}
    perfect |= {"psnr": 100, "psnr_pooled": 100, "ssim": 1, "ab_divergence": 0}
    perfect |= {"colorfulness_difference": 0, "height": 16, "width": 16, "n": 90}
    for name, value in perfect.items():
        assert scored["truth"][name] == pytest.approx(value), name
    for name, metrics in scored.items():
        json.dumps(metrics, allow_nan=False)
        assert {f"color/{key}" for key in metrics} <= module.TITLES.keys()
        assert {f"color_{name}/{key}" for key in metrics} <= module.TITLES.keys()
    assert scored.keys() == module.BASELINES.keys()


def test_gray_images_have_no_color(scored, photographs):
    gray = scored["gray"]
    assert gray["colorfulness"] == 0.0
    assert gray["colorfulness_difference"] == -gray["colorfulness_true"] < -15
    assert gray["chroma_ratio"] < 1e-3
    true = photographs[1]
    image = baselines(true[:1], true, 0)["gray"]
    assert (image == image[..., :1]).all()
    assert np.abs(lab_of(image)[..., 0] - lab_of(true)[..., 0]).max() < 0.5  # a level's
    without = chroma_metrics(image, true)
    assert "chroma_ratio" not in without
    assert without["ab_l1"] == pytest.approx(gray["ab_l1"])


def test_what_each_baseline_is_good_for(scored):
    """The order of the predictors, which PSNR and SSIM do not tell apart."""
    order = ("truth", "median_given_lightness", "mean_color")
    errors = [scored[name]["ab_l1"] for name in order]
    assert errors == sorted(errors)
    assert scored["random_image"]["ab_l1"] > scored["mean_color"]["ab_l1"]
    worst = min(scored, key=lambda name: scored[name]["ab_auc"])
    assert worst == "random_image"
    divergences = {name: metrics["ab_divergence"] for name, metrics in scored.items()}
    del divergences["truth"]
    assert min(divergences, key=lambda name: divergences[name]) == "random_image"
    assert min(divergences["gray"], divergences["mean_color"]) > 1.5 * divergences["random_image"]
    assert all(metrics["ssim"] > 0.7 for metrics in scored.values())


def test_the_median_given_lightness_is_better_where_color_depends_on_lightness():
    rng = np.random.default_rng(2)
    dark = rng.integers([0, 0, 90], [20, 20, 160], (40, 8, 8, 3), np.uint8)
    light = rng.integers([220, 160, 100], [256, 200, 140], (40, 8, 8, 3), np.uint8)
    images = np.where(rng.random((40, 8, 8, 1)) < 0.4, dark, light)
    found = baselines(images[:30], images[30:], 0)
    errors = {k: chroma_metrics(images[30:], v)["ab_l1"] for k, v in found.items()}
    assert errors["median_given_lightness"] < 0.5 * errors["mean_color"]


def test_means_and_medians_are_those_of_the_pixels(photographs, monkeypatch):
    training = photographs[0]
    monkeypatch.setattr(module, "_PIXELS", 20_000)
    lab = lab_of(training).reshape(-1, 3)
    np.testing.assert_allclose(mean_color(training), lab[:, 1:].mean(axis=0), atol=1e-4)
    medians = median_given_lightness(training)
    assert medians.shape == (50, 2)
    rows, seen = np.floor(lab[:, 0] / 2).astype(int), 0
    for row in range(50):
        if np.sum(rows == row) > 100:
            seen += 1
            expected = np.median(lab[rows == row, 1:], axis=0)
            np.testing.assert_allclose(medians[row], expected, atol=0.2)
    assert seen > 40
    # Rows without pixels have the medians of all.
    two = median_given_lightness(np.concatenate([plain((200, 30, 30), 3, 2, 2)]))
    expected = lab_of(np.array([200, 30, 30]))[1:]
    np.testing.assert_allclose(two, np.broadcast_to(expected, (50, 2)), atol=0.126)


def test_random_images_are_whole_training_images_drawn_by_the_seed():
    colors = np.random.default_rng(3).integers(100, 180, (7, 1, 1, 3), np.uint8)
    training = colors.repeat(4, axis=1).repeat(4, axis=2)
    true = plain([128] * 3, 200, 4, 4)
    found, again, other = (baselines(training, true, seed)["random_image"] for seed in (0, 0, 1))
    np.testing.assert_array_equal(found, again)
    assert (found != other).any()
    assert (found == found[:, :1, :1]).all()
    ab, wanted = lab_of(found)[:, 0, 0, 1:], lab_of(colors)[:, 0, 0, 1:]
    distance = np.linalg.norm(ab[:, None] - wanted, axis=-1)
    assert distance.min(axis=1).max() < 1.0
    counts = np.bincount(distance.argmin(axis=1), minlength=7)
    assert counts.min() > 200 / 7 / 2


def test_a_new_chroma_keeps_lightness_and_is_clipped(photographs):
    true = photographs[1]
    ab = lab_of(true)[..., 1:]
    np.testing.assert_array_equal(with_chroma(true, ab), true)
    mid = plain([119] * 3, 1, 2, 2)
    lab = lab_of(with_chroma(mid, [20, -10]))
    np.testing.assert_allclose(lab, np.broadcast_to([50.03, 20, -10], lab.shape), atol=0.5)
    clipped = with_chroma(mid, [120, -120])
    np.testing.assert_array_equal(clipped[..., 1], 0)
    np.testing.assert_array_equal(clipped[..., 2], 255)


def test_chunks_do_not_matter(photographs, monkeypatch):
    training, true = photographs[0][::9], photographs[1][:11]
    whole = baselines(training, true, 0)
    metrics = compare(true, whole["random_image"])
    monkeypatch.setattr(module, "_PIXELS", 4 * 256 + 100)
    parts = baselines(training, true, 0)
    for name, images in whole.items():
        np.testing.assert_array_equal(parts[name], images)
    assert compare(true, whole["random_image"]) == pytest.approx(metrics)


def test_refuses_what_it_cannot_compare():
    rgb = np.zeros((2, 8, 8, 3), np.uint8)
    for other in (rgb / 255, rgb[..., :1], rgb[0], EMPTY):
        for call in (compare, psnr, chroma_metrics, lambda x, y: baselines(x, y, 0)):
            with pytest.raises(UserError, match="RGB images"):
                call(rgb, other)
            with pytest.raises(UserError, match="RGB images"):
                call(other, rgb)
    for call in (compare, psnr, chroma_metrics):
        for other in (rgb[:1], rgb[:, :4]):
            with pytest.raises(UserError, match="same photographs"):
                call(rgb, other)
    with pytest.raises(UserError, match=r"got \[4, 8, 3\] and \[8, 8, 3\]: resize"):
        baselines(rgb[:, :4], rgb, 0)
    with pytest.raises(UserError, match="1 of 2 images"):
        chroma_metrics(rgb, np.stack([np.zeros((8, 8, 2)), np.full((8, 8, 2), np.nan)]))


# Mean PSNR, pooled PSNR, L1, AuC and colorfulness of the 10,000 test images of CIFAR-10 saved as
# JPEG, with 50,000 for training, computed elsewhere; here are 1000 of them, with 980.
ANCHORS = {
    "gray": (25.72, 21.96, 9.07, 0.9015, 0.0),
    "mean_color": (24.75, 22.25, None, 0.9032, 5.23),
    "median_given_lightness": (24.99, 22.33, None, 0.9057, 8.08),
    "random_image": (21.36, 19.56, None, None, 29.65),
    "truth": (None, None, 0.0, 1.0, 30.61),
}


def _small_photographs(path):
    """Every fiftieth training and every fifth test image u8[n,32,32,3] of an archive of JPEG."""
    images = {"train": [], "test": []}
    with tarfile.open(path) as archive:
        for member in archive:
            split, *_, name = member.name.split("/")
            if name[2:4] in ("00", "50") if split == "train" else name[3:4] in ("0", "5"):
                photograph = Image.open(archive.extractfile(member)).convert("RGB")
                images[split].append(np.asarray(photograph))
    return np.stack(images["train"]), np.stack(images["test"])


def test_anchors_of_small_photographs(shared_data):
    training, true = _small_photographs(shared_data / "cifar10_jpeg.tar.xz")
    keys = ("psnr", "psnr_pooled", "ab_l1", "ab_auc", "colorfulness")
    for name, images in baselines(training, true, 0).items():
        metrics = {**psnr(true, images), **chroma_metrics(true, images)}
        metrics["colorfulness"] = colorfulness(images).mean()
        for key, anchor, off in zip(keys, ANCHORS[name], (0.5, 0.4, 0.25, 0.003, 1.5)):
            if anchor is not None:
                assert metrics[key] == pytest.approx(anchor, abs=off), (name, key)
    # That of the colors of another image is before clipping.
    rows = np.random.default_rng(0).integers(len(training), size=len(true))
    raw = chroma_metrics(true, lab_of(training[rows])[..., 1:])
    assert raw["ab_auc"] == pytest.approx(0.8593, abs=0.003)
