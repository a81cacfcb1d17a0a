import numpy as np
import pytest

from jaxgen.core.errors import UserError
from jaxgen.data import cache, names, sources, stacked

pytestmark = pytest.mark.core


def load(name, split="train", size=8, **options):
    options = {"channels": 3, "progress": False, **options}
    return sources.load(name, split, image_size=size, **options)


def npz(folder, num=100, classes=10):
    image = np.random.default_rng(0).integers(0, 256, (num, 6, 6), np.uint8)
    label = np.arange(num) % classes
    path = folder / "base.npz"
    np.savez(path, train_image=image, train_label=label, test_image=image, test_label=label)
    return path, image, label


@pytest.mark.parametrize(("split", "num"), [("train", 32_000), ("test", 10_000)])
def test_each_channel_is_a_digit_and_the_label_its_three_classes(split, num):
    base = sources.load("digits", split, image_size=8, channels=1)
    data = load("stacked:digits", split)
    rows = stacked.rows(len(base.image), split)
    assert data.image.shape == (num, 8, 8, 3)
    assert data.image.dtype == np.uint8
    assert data.label.dtype == np.int32
    assert not data.image.flags.writeable
    for channel in range(3):
        np.testing.assert_array_equal(
            data.image[..., channel], base.image[rows[:, channel], ..., 0]
        )
    digits = base.label[rows]
    np.testing.assert_array_equal(data.label, digits @ np.array([100, 10, 1]))
    assert data.classes[int(data.label[0])] == "".join(str(digit) for digit in digits[0])
    assert len(data.classes) == 1000
    assert len(np.unique(data.label)) == 1000


def test_base_images_are_drawn_evenly_and_independently():
    rows = stacked.rows(500, "train")
    counts = np.bincount(rows.ravel(), minlength=500)
    assert ((counts - 192) ** 2 / 192).sum() < 499 + 4 * np.sqrt(2 * 499)
    correlation = np.corrcoef(rows.T)
    assert np.abs(correlation - np.eye(3)).max() < 0.03
    np.testing.assert_array_equal(rows, stacked.rows(500, "train"))
    assert (rows != stacked.rows(500, "train", seed=1)).mean() > 0.99
    assert (rows[:10_000] != stacked.rows(500, "test")).mean() > 0.99


def test_large_sets_have_the_counts_of_pacgan():
    assert stacked.rows(60_000, "train").shape == (128_000, 3)
    assert stacked.rows(60_000, "train").max() < 60_000
    assert stacked.rows(10_000, "test").shape == (26_000, 3)


def test_stacks_of_files_are_decoded_once_and_mapped(tmp_path, monkeypatch):
    path, image, label = npz(tmp_path)
    data = load(f"stacked:{path}", size=6, cache_dir=str(tmp_path / "cache"))
    assert isinstance(data.image, np.memmap)
    rows = stacked.rows(100, "train")
    np.testing.assert_array_equal(data.image, np.moveaxis(image[rows], 1, -1))
    np.testing.assert_array_equal(data.label, label[rows] @ np.array([100, 10, 1]))
    monkeypatch.setattr(cache, "_write", lambda *args: pytest.fail("decoded a second time"))
    again = load(f"stacked:{path}", size=6, cache_dir=str(tmp_path / "cache"))
    np.testing.assert_array_equal(again.image[:10], data.image[:10])
    assert again.fingerprint == data.fingerprint


def test_fingerprints_follow_the_base():
    options = [("train", 8), ("test", 8), ("train", 9)]
    assert len({load("stacked:digits", s, size).fingerprint for s, size in options}) == 3


def test_unstack_gives_back_the_three():
    images = np.random.default_rng(0).integers(0, 256, (5, 4, 4, 3), np.uint8)
    parts = stacked.unstack(images)
    assert [part.shape for part in parts] == [(5, 4, 4, 1)] * 3
    np.testing.assert_array_equal(np.concatenate(parts, axis=-1), images)
    with pytest.raises(ValueError, match=r"n,h,w,3"):
        stacked.unstack(images[..., :1])
    assert stacked.mode_of(np.array([[1, 0], [2, 0], [3, 7]])).tolist() == [123, 7]
    assert names.base_name("stacked:tfds:mnist") == "tfds:mnist"


def test_other_bases_are_refused_with_what_to_use(tmp_path):
    with pytest.raises(UserError, match=r'photos has 2 classes: .* "stacked:digits"'):
        load("stacked:photos")
    path, _, _ = npz(tmp_path, classes=9)
    with pytest.raises(UserError, match=r"base\.npz has 9 classes: .* 10 classes"):
        load(f"stacked:{path}", size=6, cache_dir=str(tmp_path / "cache"))
    np.savez(path, image=np.zeros((20, 6, 6), np.uint8))
    with pytest.raises(UserError, match=r"base\.npz has no labels"):
        load(f"stacked:{path}", size=6, cache_dir=str(tmp_path / "cache"))
    with pytest.raises(UserError, match=r"three channels, but data\.channels is 1: set it to 3"):
        sources.shape_of("stacked:digits", image_size=8, channels=1)
