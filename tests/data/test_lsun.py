import importlib.util
import io

import numpy as np
import pytest
from PIL import Image

from jaxgen.core.errors import UserError
from jaxgen.data import lsun, sources

pytestmark = pytest.mark.core


def encoded(value, form="WEBP", size=(6, 4)):
    file = io.BytesIO()
    options = {"lossless": True} if form == "WEBP" else {}
    Image.new("RGB", size, (value % 256, value // 256, 7)).save(file, form, **options)
    return file.getvalue()


@pytest.fixture
def write():
    lmdb = pytest.importorskip("lmdb", reason="LSUN is read by lmdb, of the extra jaxgen[lsun]")

    def write(path, values):
        path.mkdir(parents=True)
        environment = lmdb.open(str(path), map_size=2**24)
        with environment.begin(write=True) as transaction:
            for key, value in values.items():
                transaction.put(key.encode(), value)
        environment.close()

    return write


def images(num, first=0, form="WEBP"):
    # Keys whose order is not that of insertion.
    return {f"{i:05d}": encoded(i, form) for i in reversed(range(first, first + num))}


def load(path, cache, split="train", **options):
    options = {"image_size": 4, "channels": 3, "progress": False, **options}
    return sources.load(f"lsun:{path}", split, cache_dir=str(cache), **options)


def numbers(data):
    return (data.image[:, 0, 0, 0] + 256 * data.image[:, 0, 0, 1].astype(int)).tolist()


def test_the_folder_beside_it_is_the_test_split(tmp_path, write):
    write(tmp_path / "church_train_lmdb", images(30))
    write(tmp_path / "church_val_lmdb", images(5, first=600))
    train = load(tmp_path / "church_train_lmdb", tmp_path / "cache")
    test = load(tmp_path / "church_train_lmdb", tmp_path / "cache", "test")
    assert numbers(train) == list(range(30))
    assert numbers(test) == list(range(600, 605))
    assert train.image.shape == (30, 4, 4, 3)
    assert isinstance(train.image, np.memmap)
    assert train.label is None
    assert train.classes == ()
    assert train.fingerprint != test.fingerprint
    # Both may be of one file, and open at once.
    val = load(tmp_path / "church_val_lmdb", tmp_path / "cache")
    assert numbers(val) == list(range(600, 605))


def test_alone_it_gives_every_tenth_and_any_row_can_be_read(tmp_path, write):
    write(tmp_path / "rooms", images(403))
    train = load(tmp_path / "rooms", tmp_path / "cache")
    held_out = list(range(9, 403, 10))
    rest = [i for i in range(403) if i not in held_out]
    assert numbers(train) == rest
    assert numbers(load(tmp_path / "rooms", tmp_path / "cache", "test")) == held_out
    _, opener = lsun.source(f"lsun:{tmp_path}/rooms", "test", 3, 2**20)
    _, other = lsun.source(f"lsun:{tmp_path}/rooms", "train", 3, 2**20)
    assert opener().num == 40
    for start, stop in ((0, 1), (20, 40), (5, 5), (39, 40)):
        red = [image.getpixel((0, 0))[0] for image, _, _ in opener().read(start, stop)]
        assert red == [i % 256 for i in held_out[start:stop]]
    assert [name[-9:] for *_, name in other().read(111, 120)] == [
        f"key {i:05d}" for i in rest[111:120]
    ]


def test_jpeg_gray_and_the_data_file_itself(tmp_path, write):
    write(tmp_path / "rooms", images(10, form="JPEG"))
    data = load(tmp_path / "rooms" / "data.mdb", tmp_path / "cache", channels=1, image_size=8)
    assert data.image.shape == (9, 8, 8, 1)


def test_the_112_pixels_of_lsgan_ignore_the_aspect_ratio(tmp_path, write):
    pixels = np.random.default_rng(0).integers(0, 256, (128, 170, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "WEBP", lossless=True)
    write(tmp_path / "rooms", dict.fromkeys("0123456789", file.getvalue()))
    data = load(tmp_path / "rooms", tmp_path / "cache", image_size=112)
    expected = Image.fromarray(pixels).resize((112, 112), Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(data.image[0], np.asarray(expected))


def test_a_value_that_is_no_image_is_named_by_its_key(tmp_path, write):
    write(tmp_path / "rooms", {**images(20), "00013": b"junk"})
    for _ in range(2):
        with pytest.raises(UserError, match=r"rooms key 00013 cannot be read as an image"):
            load(tmp_path / "rooms", tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_what_is_no_lmdb_is_told(tmp_path, write):
    (tmp_path / "empty").mkdir()
    for name in ("empty", "missing"):
        with pytest.raises(UserError, match=rf"{name} is no lmdb \(.*name the folder with data"):
            load(tmp_path / name, tmp_path / "cache")
    (tmp_path / "file").write_text("something else")
    with pytest.raises(UserError, match=r"file is no lmdb \(.*not an LMDB file"):
        load(tmp_path / "file", tmp_path / "cache")
    write(tmp_path / "few", images(9))
    assert len(load(tmp_path / "few", tmp_path / "cache").image) == 9
    with pytest.raises(UserError, match=r"few has 9 images, too few for a test split"):
        load(tmp_path / "few", tmp_path / "cache", "test")


def test_a_truncated_file_is_seen_before_it_is_mapped(tmp_path, write):
    write(tmp_path / "rooms", images(200))
    path = tmp_path / "rooms" / "data.mdb"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match=r"data\.mdb has [\d,]+ of [\d,]+ bytes: it is truncated"):
        load(tmp_path / "rooms", tmp_path / "cache")


def test_without_the_package_one_sentence_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install 'jaxgen\[lsun\]'"):
        load(tmp_path, tmp_path / "cache")
