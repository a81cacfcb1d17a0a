import jax
import numpy as np
import pytest

from jaxgen.core import UserError, create
from jaxgen.data import sources
from jaxgen.data.dataset import Dataset
from jaxgen.evaluate import classifier, features
from jaxgen.evaluate.classifier import classifier_features

pytestmark = pytest.mark.core


@pytest.fixture(scope="module")
def digits():
    load = lambda split: sources.load("digits", split, image_size=16, channels=1)  # noqa: E731
    return load("train"), load("test")


@pytest.fixture(scope="module")
def cache_dir(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def extractor(digits, cache_dir):
    return classifier_features(*digits, cache_dir=cache_dir)


@pytest.fixture
def tiny():
    """Two classes, dark and bright."""
    label = np.arange(20, dtype=np.int32) % 2
    image = np.broadcast_to((label * 200).astype(np.uint8)[:, None, None, None], (20, 8, 8, 1))
    return Dataset("tiny", np.ascontiguousarray(image), label, ("dark", "bright"), "0123abcd")


@pytest.fixture
def trained(monkeypatch):
    """Replaces training by initial weights; the names of the data sets that it was called for."""
    calls = []

    def fit(spec, train, *, say, seed):
        calls.append(train.fingerprint)
        inputs = {"classifier": (np.zeros((1, *train.image.shape[1:]), np.float32),)}
        state = create(spec, jax.random.key(seed), inputs)
        return jax.device_get(state.params["classifier"])

    monkeypatch.setattr(classifier, "fit", fit)
    return calls


def test_digits_are_told_apart(digits, extractor):
    _, test = digits
    assert extractor.accuracy > 0.97
    assert extractor.accuracy == np.mean(extractor.classify(test.image) == test.label)
    assert extractor.name == "classifier of digits@16"
    probabilities = extractor.probabilities(test.image)
    assert probabilities.dtype == np.float64
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-12)
    np.testing.assert_array_equal(probabilities.argmax(axis=1), extractor.classify(test.image))
    found = extractor.features(test.image)
    assert (found.shape, found.dtype) == ((len(test.image), 64), np.float64)
    np.testing.assert_allclose(extractor.class_shares.sum(), 1.0)


def test_scores_rank_samplers(digits, extractor):
    train, test = digits
    rng = np.random.default_rng(0)
    noisy = np.clip(train.image[:299] + rng.normal(scale=60, size=(299, 16, 16, 1)), 0, 255)
    one_class = train.image[train.label == 3]
    scores = {
        "real": features.compare(extractor, test.image, train.image[-299:]),
        "noisy": features.compare(extractor, test.image, noisy.astype(np.uint8)),
        "one class": features.compare(extractor, test.image, one_class),
    }
    frechet = [scores[name]["frechet"] for name in ("real", "noisy", "one class")]
    assert frechet == sorted(frechet)
    assert scores["real"]["coverage"] > 0.8 > 0.3 > scores["one class"]["coverage"]
    assert scores["real"]["classes_covered"] == 10
    assert scores["real"]["classifier_score"] > 8 > 2 > scores["one class"]["classifier_score"]
    assert scores["real"]["kernel_distance"] < scores["noisy"]["kernel_distance"]
    assert scores["real"]["class_kl"] < 0.05 < 1.8 < scores["one class"]["class_kl"]


def test_trained_weights_come_back_from_the_cache(digits, extractor, cache_dir, trained):
    again = classifier_features(*digits, cache_dir=cache_dir)
    assert not trained
    images = digits[1].image[:5]
    np.testing.assert_array_equal(again.features(images), extractor.features(images))


def test_batches_do_not_matter(digits, extractor):
    images = digits[1].image[:131]
    whole, alone = extractor.features(images), extractor.features(images[130:])
    np.testing.assert_allclose(whole[130:], alone, rtol=1e-4, atol=1e-5)


def test_other_shapes_are_refused(extractor):
    with pytest.raises(ValueError, match=r"\[n,16,16,1\]"):
        extractor.features(np.zeros((2, 8, 8, 1), np.uint8))


def test_training_happens_once_per_data_set_and_seed(tiny, trained, tmp_path):
    def features(dataset, seed=0):
        found = classifier_features(dataset, dataset, cache_dir=tmp_path, seed=seed)
        return found.features(tiny.image)

    other = Dataset("tiny", tiny.image, tiny.label, tiny.classes, "4567")
    first = features(tiny)
    assert np.array_equal(features(tiny), first)
    features(other)
    assert not np.array_equal(features(tiny, seed=1), first)
    assert trained == ["0123abcd", "4567", "0123abcd"]
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "other shape"])
def test_a_damaged_cache_is_replaced(tiny, trained, tmp_path, damage):
    first = classifier_features(tiny, tiny, cache_dir=tmp_path)
    (path,) = tmp_path.iterdir()
    content = bytearray(path.read_bytes())
    if damage == "cut":
        del content[len(content) // 2 :]
    elif damage == "flipped":
        content[len(content) // 2] ^= 16
    elif damage == "empty":
        content.clear()
    else:
        with np.load(path) as archive:
            arrays = {name: archive[name] for name in archive.files}
        np.savez(path, **{name: array[..., :1] for name, array in arrays.items()})
        content = path.read_bytes()
    path.write_bytes(content)
    with pytest.warns(UserWarning, match="Training the classifier again"):
        again = classifier_features(tiny, tiny, cache_dir=tmp_path)
    assert np.array_equal(first.features(tiny.image), again.features(tiny.image))
    classifier_features(tiny, tiny, cache_dir=tmp_path)
    assert len(trained) == 2


def test_a_cache_that_cannot_be_written_is_a_warning(tiny, trained, tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    with pytest.warns(UserWarning, match="not cached"):
        classifier_features(tiny, tiny, cache_dir=file)


def test_progress_is_said_and_nothing_printed(tiny, tmp_path, capsys):
    lines = []
    classifier_features(tiny, tiny, cache_dir=tmp_path, say=lines.append)
    first, *steps, last = lines
    assert "classifier of tiny" in first
    assert "300 steps" in first
    assert [line.partition(",")[0] for line in steps] == [
        f"classifier: step {step}/300" for step in (100, 200, 300)
    ]
    assert "right on 100.00% of held-out images" in last
    classifier_features(tiny, tiny, cache_dir=tmp_path, say=lines.append)
    assert lines[5:] == [last]  # from the cache
    assert capsys.readouterr() == ("", "")


def test_unusable_data_sets_are_named(tiny, tmp_path):
    unlabelled = Dataset("faces", tiny.image, None, (), "1")
    with pytest.raises(UserError, match="faces has no labels"):
        classifier_features(unlabelled, unlabelled, cache_dir=tmp_path)
    small = Dataset("dots", tiny.image[:, :4, :4], tiny.label, tiny.classes, "2")
    with pytest.raises(UserError, match="4x4 pixels"):
        classifier_features(small, small, cache_dir=tmp_path)


def test_shifts_move_each_image_by_at_most_a_sixteenth():
    images = np.random.default_rng(0).integers(0, 256, (64, 32, 16, 3), np.uint8)
    shifted = classifier.shifted(images, np.random.default_rng(1))
    padded = np.pad(images, [(0, 0), (1, 1), (1, 1), (0, 0)], mode="reflect")
    places = [
        (i, j)
        for image, moved in zip(padded, shifted)
        for i in range(3)
        for j in range(3)
        if np.array_equal(image[i : i + 32, j : j + 16], moved)
    ]
    assert len(places) == 64
    assert set(places) == {(i, j) for i in range(3) for j in range(3)}
