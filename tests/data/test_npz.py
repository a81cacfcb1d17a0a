import io
import zipfile

import numpy as np
import pytest

from jaxgen.core import files
from jaxgen.core.errors import UserError
from jaxgen.data import names, sources

pytestmark = pytest.mark.core


def load(path, split="train", **options):
    options = {"image_size": 4, "channels": 1, "resize": "none", "progress": False, **options}
    return sources.load(str(path), split, cache_dir=str(path.parent / "cache"), **options)


def some_images(num=20, *channels):
    return np.random.default_rng(0).integers(0, 256, (num, 4, 4, *channels), np.uint8)


@pytest.mark.parametrize("channels", [(), (1,)])
def test_of_one_array_every_tenth_is_for_test(tmp_path, channels):
    image, label = some_images(20, *channels), np.arange(20) % 3
    # Sorted by class: 0 0 0 0 0 0 0 1 1 1 ... of which the tenth is the third of class 1.
    test_rows = [7, 17]
    train_rows = [i for i in range(20) if i not in test_rows]
    np.savez(tmp_path / "a.npz", image=image, label=label)
    train, test = load(tmp_path / "a.npz"), load(tmp_path / "a.npz", "test")
    np.testing.assert_array_equal(train.image, image.reshape(20, 4, 4, 1)[train_rows])
    np.testing.assert_array_equal(test.image, image.reshape(20, 4, 4, 1)[test_rows])
    np.testing.assert_array_equal(train.label, label[train_rows])
    np.testing.assert_array_equal(test.label, label[test_rows])
    assert train.label.dtype == np.int32
    assert train.classes == test.classes == ("0", "1", "2")
    assert isinstance(train.image, np.memmap)


def test_an_array_that_does_not_fit_is_refused_before_it_is_read(tmp_path, monkeypatch):
    """As of a small archive of very many zeros."""
    np.savez_compressed(tmp_path / "a.npz", image=np.zeros((2**14, 16, 16), np.uint8))
    assert (tmp_path / "a.npz").stat().st_size < 2**14
    monkeypatch.setattr(files, "available_memory", lambda: 2**21)
    monkeypatch.setattr(np.lib.format, "read_array", lambda *a, **k: pytest.fail("read"))
    with pytest.raises(UserError, match=r'"image" in .*a.npz takes 0.0 GiB of memory, and 0.0 GiB'):
        load(tmp_path / "a.npz")


@pytest.mark.parametrize("order", ["sorted", "reversed", "dealt", "shuffled"])
def test_both_splits_have_every_class_in_whatever_order_they_are_stored(tmp_path, order):
    label = np.repeat(np.arange(7), 30)
    label = {
        "sorted": label,
        "reversed": label[::-1],
        "dealt": np.arange(210) % 7,
        "shuffled": np.random.default_rng(0).permutation(label),
    }[order]
    image = np.arange(210, dtype=np.uint8)[:, None, None] + np.zeros((1, 4, 4), np.uint8)
    np.savez(tmp_path / "a.npz", image=image, label=label)
    train, test = load(tmp_path / "a.npz"), load(tmp_path / "a.npz", "test")
    np.testing.assert_array_equal(np.bincount(train.label), [27] * 7)
    np.testing.assert_array_equal(np.bincount(test.label), [3] * 7)
    there = np.concatenate([data.image[:, 0, 0, 0] for data in (train, test)])
    np.testing.assert_array_equal(np.sort(there), np.arange(210))
    for data in (train, test):  # each image has its own label
        np.testing.assert_array_equal(data.label, label[data.image[:, 0, 0, 0]])


@pytest.mark.parametrize("keys", [("train_image", "test_image"), ("train", "test")])
def test_pairs_of_keys_are_the_splits(tmp_path, keys):
    train, test = some_images(5, 3), some_images(3, 3)[::-1]
    labels = {"train_label": np.arange(5, dtype=np.uint8), "test_label": np.array([7, 0, 0])}
    np.savez_compressed(tmp_path / "a.npz", **dict(zip(keys, (train, test))), **labels)
    for split, expected in (("train", train), ("test", test)):
        data = load(tmp_path / "a.npz", split, channels=3)
        np.testing.assert_array_equal(data.image, expected)
        np.testing.assert_array_equal(data.label, labels[f"{split}_label"])
        assert len(data.classes) == 8


def test_labels_are_optional_and_the_fingerprint_is_that_of_the_content(tmp_path):
    np.savez(tmp_path / "a.npz", image=some_images())
    (tmp_path / "b.npz").write_bytes((tmp_path / "a.npz").read_bytes())
    np.savez(tmp_path / "c.npz", image=some_images()[::-1])
    a, b, c = (load(tmp_path / f"{name}.npz") for name in "abc")
    assert a.label is None
    assert a.classes == ()
    assert a.fingerprint == b.fingerprint != c.fingerprint
    kept = [*range(9), *range(10, 19)]
    np.testing.assert_array_equal(c.image[..., 0], some_images()[::-1][kept])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"x": some_images()}, r'a\.npz has the keys x: it must have "image"'),
        ({"image": some_images() / 255}, r'"image" in .* is float64 \[20, 4, 4\] \(keys: image\)'),
        ({"image": some_images(20, 2)}, r"is uint8 \[20, 4, 4, 2\]"),
        ({"image": some_images().reshape(20, 16)}, r"is uint8 \[20, 16\]"),
        ({"image": some_images(), "label": np.zeros(19, int)}, r"must be integers \[20\]"),
        ({"image": some_images(), "label": np.zeros(20)}, r'"label" in .* is float64'),
        ({"image": some_images(), "label": -np.ones(20, int)}, r"0 or more"),
        (
            {"image": some_images(), "label": np.arange(20) * 10**9},
            r"labels in .* go to 19000000000, which is more classes",
        ),
        ({"image": np.array([{}], object)}, r"cannot be read .*allow_pickle"),
        ({"image": some_images(0)}, r"leaves no images for train"),
        ({"image": np.zeros((20, 0, 0), np.uint8)}, r"images without pixels, \[20, 0, 0\]"),
        (
            {"train": some_images(), "test": some_images(), "train_label": np.zeros(20, int)},
            r'has "train_label" and no "test_label": add it',
        ),
    ],
)
def test_other_content_is_refused_with_its_keys(tmp_path, content, message):
    np.savez(tmp_path / "a.npz", **content)
    with pytest.raises(UserError, match=message):
        load(tmp_path / "a.npz")


def test_the_ending_may_be_in_capitals(tmp_path):
    np.savez(tmp_path / "a.npz", image=some_images(), label=np.arange(20) % 3)
    (tmp_path / "a.npz").rename(tmp_path / "A.NPZ")
    assert load(tmp_path / "A.NPZ").classes == ("0", "1", "2")
    assert names.number_of_classes(str(tmp_path / "A.NPZ")) == 3


def test_missing_and_foreign_files_are_refused(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        load(tmp_path / "nowhere.npz")
    (tmp_path / "a.npz").write_bytes(b"\x80\x04 a pickle, perhaps")
    with pytest.raises(UserError, match=r"a\.npz cannot be read \(it is no archive of arrays\)"):
        load(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", image=some_images(200))
    (tmp_path / "b.npz").write_bytes((tmp_path / "b.npz").read_bytes()[:1000])
    with pytest.raises(UserError, match=r"b\.npz cannot be read"):
        load(tmp_path / "b.npz")


def test_real_faces_and_letters(shared_data, tmp_path):
    for name, size, classes in (("olivetti_faces_64", 64, 40), ("emnist_letters_28", 28, 26)):
        raw = np.load(shared_data / f"{name}.npz")
        key = "image" if "image" in raw.files else "test_image"
        data = sources.load(
            str(shared_data / f"{name}.npz"),
            "test",
            image_size=size,
            channels=1,
            resize="none",
            cache_dir=str(tmp_path),
            progress=False,
        )
        expected = raw[key][9::10] if key == "image" else raw[key]
        np.testing.assert_array_equal(data.image, expected)
        assert len(data.classes) == classes


def test_members_that_lie_are_refused(tmp_path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "|u1", "fortran_order": False, "shape": (10**12, 4, 4)}
    )
    for name, content in (("vast", header.getvalue() + b"few"), ("none", b"no array")):
        with zipfile.ZipFile(tmp_path / f"{name}.npz", "w") as archive:
            archive.writestr("image.npy", content)
        with pytest.raises(UserError, match=rf"{name}\.npz cannot be read"):
            load(tmp_path / f"{name}.npz")
