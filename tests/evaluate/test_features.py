import dataclasses
import json

import numpy as np
import pytest

from jaxgen.core import UserError
from jaxgen.evaluate import features
from jaxgen.evaluate.features import FeatureExtractor, class_histogram, compare, pixel_features

pytestmark = pytest.mark.core


def _brightness_classes():
    """Images of one constant value each; the class is whether it is bright."""
    return FeatureExtractor(
        name="brightness",
        features=lambda x: x.reshape(len(x), -1)[:, :2].astype(np.float64),
        classify=lambda x: (x.reshape(len(x), -1)[:, 0] > 127).astype(int),
        accuracy=1.0,
        classes=("dark", "bright"),
        class_shares=np.array([0.75, 0.25]),
    )


def _images(rng, n, bright):
    x = rng.integers(0, 100, (n, 8, 8, 1), np.uint8)
    x[: int(n * bright)] += 150
    return x


def test_pixels_are_area_means():
    image = np.random.default_rng(0).integers(0, 256, (3, 32, 48, 3), np.uint8)
    found = pixel_features().features(image)
    means = (image / 127.5 - 1.0).reshape(3, 16, 2, 16, 3, 3).mean(axis=(2, 4))
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, means.reshape(3, -1), atol=1e-6)


def test_pixels_of_sizes_that_do_not_divide():
    image = np.random.default_rng(1).integers(0, 256, (2, 28, 28, 1), np.uint8)
    found = pixel_features(16).features(image).reshape(2, 16, 16)
    # New pixels are 1.75 old ones wide: each is the integral over its square.
    big = np.repeat(np.repeat(image[..., 0] / 127.5 - 1.0, 4, axis=1), 4, axis=2)
    np.testing.assert_allclose(found, big.reshape(2, 16, 7, 16, 7).mean((2, 4)), atol=1e-6)
    small = np.zeros((2, 8, 8, 1), np.uint8)
    assert pixel_features(16).features(small).shape == (2, 64)


def test_floats_and_the_png_they_become_have_equal_features():
    image = np.random.default_rng(2).uniform(-1, 1, (4, 16, 16, 1)).astype(np.float32)
    stored = np.round((image + 1) * 127.5).astype(np.uint8)
    extract = pixel_features().features
    assert np.array_equal(extract(image), extract(stored))


def test_diverged_images_are_named():
    image = np.zeros((5, 8, 8, 1), np.float32)
    image[2, 0, 0, 0] = np.nan
    with pytest.raises(UserError, match="1 of 5 images"):
        pixel_features().features(image)


def test_class_histogram():
    images = _images(np.random.default_rng(3), 40, 0.5)
    found = class_histogram(_brightness_classes(), images)
    kl = 0.5 * np.log(0.5 / 0.75) + 0.5 * np.log(0.5 / 0.25)
    assert found == {
        "class/dark": 0.5,
        "class/bright": 0.5,
        "class_kl": pytest.approx(kl),
        "classes_covered": 2,
    }
    collapsed = class_histogram(_brightness_classes(), images[:10])
    assert collapsed["class_kl"] == pytest.approx(np.log(4))
    assert (collapsed["classes_covered"], collapsed["class/dark"]) == (1, 0.0)
    with pytest.raises(ValueError, match="no classes"):
        class_histogram(pixel_features(), images)


def test_compare_of_good_and_collapsed_samplers():
    rng = np.random.default_rng(4)
    real, good, train = (_images(rng, n, 0.25) for n in (200, 160, 400))
    extractor = _brightness_classes()
    scores = compare(extractor, real, good, train_images=train)
    assert (scores["feature_space"], scores["feature_accuracy"]) == ("brightness", 1.0)
    assert (scores["n_real"], scores["n_fake"], scores["reference/n_fake"]) == (200, 160, 160)
    assert scores["class_kl"] == pytest.approx(0, abs=1e-12)
    assert scores["coverage"] > 0.9
    collapsed = compare(extractor, real, np.repeat(good[:1], 160, axis=0))
    assert collapsed["frechet"] > 20 * scores["frechet"]
    assert collapsed["coverage"] < 0.1
    assert not any(name.startswith("reference/") for name in collapsed)


def test_the_reference_uses_the_whole_of_sorted_training_data():
    rng = np.random.default_rng(5)
    train = _images(rng, 400, 0.25)  # bright ones first
    scores = compare(_brightness_classes(), _images(rng, 50, 0.25), train[:20], train_images=train)
    assert scores["reference/class/bright"] == pytest.approx(0.25, abs=0.05)


def test_compare_without_classes():
    rng = np.random.default_rng(6)
    scores = compare(pixel_features(), _images(rng, 30, 0.5), _images(rng, 20, 0.5))
    assert scores["n_fake"] == 20
    assert not any(name.startswith("class") or name == "feature_accuracy" for name in scores)


def _with_probabilities(score="classifier_score"):
    """Brightness classes of a confident classifier, and the number of images of each call."""
    calls = []

    def probabilities(images):
        calls.append(len(images))
        return np.eye(2)[(images.reshape(len(images), -1)[:, 0] > 127).astype(int)]

    def classify(images):
        raise AssertionError("the probabilities are known")

    base = _brightness_classes()
    extractor = dataclasses.replace(
        base, probabilities=probabilities, classify=classify, score=score
    )
    return extractor, calls


def test_compare_has_all_metrics_with_titles_and_json_can_hold_them():
    rng = np.random.default_rng(7)
    real, good, train = (_images(rng, n, 0.25) for n in (120, 80, 300))
    extractor, calls = _with_probabilities()
    scores = compare(extractor, real, good, train_images=train)
    assert json.loads(json.dumps(scores, allow_nan=False)) == scores
    assert calls == [80, 80]
    # A split of 8 of one class has 1; the sum of the shares squared otherwise.
    assert 1.0 <= scores["classifier_score"] <= 2.0
    assert scores["classifier_score_std"] >= 0
    for name in ("kernel_distance", "kernel_distance_std", "ms_ssim", "classifier_score"):
        assert f"reference/{name}" in scores
    assert scores["ms_ssim_pairs"] == 500
    shown = [k for k in scores if not k.startswith(("class/", "reference/", "memorisation/n_"))]
    assert [k for k in shown if k not in features.TITLES] == [
        *("feature_space", "feature_accuracy", "ms_ssim_pairs", "memorisation/feature_space")
    ]
    memory = {k.removeprefix("memorisation/"): v for k, v in scores.items() if "memorisation" in k}
    assert memory["feature_space"] == "pixels, at most 8x8"
    assert (memory["n_real"], memory["n_fake"], memory["n_train"]) == (80, 80, 300)
    assert memory["nearest_distance_ratio"] == pytest.approx(1.0, abs=0.05)
    assert not any(name.startswith("reference/memorisation") for name in scores)


def test_compare_shows_collapse_and_copies():
    rng = np.random.default_rng(8)
    real, good, train = (_images(rng, n, 0.25) for n in (120, 100, 300))
    extractor, _ = _with_probabilities()
    scores = compare(extractor, real, good, train_images=train)
    collapsed = compare(extractor, real, np.repeat(good[:1], 100, axis=0), train_images=train)
    assert collapsed["ms_ssim"] == pytest.approx(1.0)
    assert scores["ms_ssim"] < 0.5
    assert collapsed["classifier_score"] == pytest.approx(1.0)
    assert collapsed["kernel_distance"] > 10 * abs(scores["kernel_distance"])
    assert collapsed["memorisation/distinct_neighbours"] < 0.02
    copied = compare(extractor, real, train[:100], train_images=train)
    assert copied["memorisation/nearest_distance_ratio"] < 1e-6


def test_the_score_has_the_name_of_its_network():
    rng = np.random.default_rng(9)
    real, fake = _images(rng, 30, 0.5), _images(rng, 30, 0.5)
    extractor, _ = _with_probabilities("inception_score")
    # As Inception: probabilities, but no classes of the data.
    extractor = dataclasses.replace(extractor, classify=None, class_shares=None, classes=())
    scores = compare(extractor, real, fake)
    assert "inception_score" in scores
    assert not any("class" in name for name in scores)


def test_copies_are_looked_for_in_chunks_and_among_a_limited_number(monkeypatch):
    rng = np.random.default_rng(10)
    real, train = _images(rng, 30, 0.5), _images(rng, 100, 0.5)
    whole = compare(pixel_features(), real, train[:30], train_images=train)
    monkeypatch.setattr(features, "_CHUNK", 7)
    chunked = compare(pixel_features(), real, train[:30], train_images=train)
    assert chunked == pytest.approx(whole)
    monkeypatch.setattr(features, "_MOST_TRAIN", 50)
    assert compare(pixel_features(), real, real, train_images=train)["memorisation/n_train"] == 50


def test_what_there_are_enough_images_for_is_given_and_the_rest_named():
    rng = np.random.default_rng(0)
    some = _images(rng, 40, 0.25)
    found = compare(_brightness_classes(), some[:4], some, train_images=some)
    assert found["n_real"] == 4
    assert {"frechet", "class_kl", "ms_ssim", "memorisation/n_train"} <= found.keys()
    assert "precision" not in found
    assert found["left_out"].count("precision and recall with 5 neighbours") == 1
    one = compare(_brightness_classes(), some[:1], some, train_images=some)
    assert "frechet" not in one
    assert {"class_kl", "ms_ssim"} <= one.keys()
    assert "Fréchet" in one["left_out"]
    # Relative to the spread of a single image, which is 0.
    assert not {"spread", "collapsed"} & one.keys()
    assert "Spread and collapse" in one["left_out"]
    assert not {"spread", "collapsed"} & compare(pixel_features(), some[[0] * 9], some).keys()
    assert "left_out" not in compare(_brightness_classes(), some, some)


@pytest.mark.parametrize(
    ("accuracy", "shares", "near"),
    [
        (0.1, [0.1] * 10, True),
        (0.32, [0.1] * 10, True),  # 0.1 + 0.9 / 4 = 0.325
        (0.33, [0.1] * 10, False),
        (0.9, [0.9, 0.1], True),  # always the commonest class
        (0.93, [0.9, 0.1], False),
        (None, [0.5, 0.5], False),
    ],
)
def test_a_classifier_near_chance_measures_nothing(accuracy, shares, near):
    space = dataclasses.replace(
        _brightness_classes(),
        accuracy=accuracy,
        classes=tuple(map(str, range(len(shares)))),
        class_shares=np.array(shares),
    )
    assert features.is_near_chance(space) == near
    some = _images(np.random.default_rng(0), 40, 0.25)
    found = compare(space, some, some, train_images=some)
    assert ("frechet" in found) == ("class_kl" in found) == ("reference/frechet" in found) != near
    assert {"ms_ssim", "reference/ms_ssim", "memorisation/n_train"} <= found.keys()
    if near:
        assert f"right on {accuracy:.0%} of held-out images, near chance" in found["left_out"]


def test_an_infinite_divergence_is_left_out():
    space = dataclasses.replace(_brightness_classes(), class_shares=np.array([1.0, 0.0]))
    found = class_histogram(space, _images(np.random.default_rng(0), 40, 0.25))
    assert found == {"class/dark": 0.75, "class/bright": 0.25, "classes_covered": 2}


def test_gray_noise_is_not_praised():
    """In pixels an untrained network's samples lie among the real ones, near to all of them."""
    rng = np.random.default_rng(0)
    real, train = (rng.integers(0, 2, (n, 16, 16, 1), np.uint8) * 255 for n in (60, 200))
    noise = rng.integers(120, 136, (60, 16, 16, 1), np.uint8)
    found = compare(pixel_features(), real, noise, train_images=train)
    assert found["collapsed"] is True
    assert found["spread"] == pytest.approx(np.std(np.arange(120, 136)) / 127.5, rel=0.05)
    assert not {"precision", "density", "memorisation/nearest_distance_ratio"} & found.keys()
    assert {"frechet", "recall", "coverage", "ms_ssim", "reference/recall"} <= found.keys()
    assert "near to all" in found["left_out"]
    assert "have collapsed" in found["left_out"]
    good = compare(pixel_features(), real, train[:60], train_images=train)
    assert good["collapsed"] is False
    assert good["spread"] == pytest.approx(1.0, abs=0.02)
    assert "memorisation/nearest_distance_ratio" in good
    assert "precision" in compare(_brightness_classes(), real, noise)


def test_held_out_images_that_are_copies_make_no_endless_ratio():
    rng = np.random.default_rng(0)
    train, fake = (_images(rng, n, 0.5) for n in (60, 40))
    found = compare(pixel_features(), train[:40], fake, train_images=train)
    assert "memorisation/nearest_distance_ratio" not in found
    assert "copies of them" in found["left_out"]
    both = compare(pixel_features(), train[:40], train[20:], train_images=train)
    assert both["memorisation/nearest_distance_ratio"] == 1.0


def test_numbers_of_images_that_mislead_are_said():
    rng = np.random.default_rng(0)
    some = _images(rng, 60, 0.25)
    assert "caution" not in compare(_brightness_classes(), some, some, train_images=some)
    found = compare(_brightness_classes(), some, some, train_images=some[:45])
    assert found["caution"].startswith("There are 45 training images in the place of 60 samples")
    assert "num_images=45" in found["caution"]
    wide = dataclasses.replace(
        _brightness_classes(), features=lambda x: x.reshape(len(x), -1)[:, :40].astype(np.float64)
    )
    assert "caution" not in compare(wide, some[:41], some)
    for real, fake in ((some[:40], some), (some, some[:40])):
        said = compare(wide, real, fake)["caution"]
        assert said.startswith("40 images are no more than the 40 features, so the Fréchet")
