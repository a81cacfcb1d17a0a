import logging
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from jaxgen.core.errors import UserError
from jaxgen.data import sources

pytestmark = pytest.mark.core


def write(path, value, size=(4, 4)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", size, value).save(path)


def load(folder, cache, split="train", **options):
    options = {"image_size": 4, "channels": 1, "progress": False, **options}
    return sources.load(f"{folder}{os.sep}", split, cache_dir=str(cache), **options)


def values(data):
    return data.image[:, 0, 0, 0].tolist()


def test_a_flat_folder_has_no_labels_and_each_tenth_file_is_for_test(tmp_path):
    for i in range(20):
        write(tmp_path / "faces" / f"{i:03}.png", i)
    train = load(tmp_path / "faces", tmp_path / "cache")
    test = load(tmp_path / "faces", tmp_path / "cache", "test")
    assert train.label is None
    assert train.classes == ()
    assert values(test) == [9, 19]
    assert values(train) == [i for i in range(20) if i not in (9, 19)]
    assert isinstance(train.image, np.memmap)
    assert not train.image.flags.writeable


def test_subfolders_are_classes_at_any_depth(tmp_path):
    for i in range(10):
        write(tmp_path / "set" / "b" / "deep" / f"{i}.png", i)
        write(tmp_path / "set" / "a" / f"{i}.png", 100 + i)
    train = load(tmp_path / "set", tmp_path / "cache")
    test = load(tmp_path / "set", tmp_path / "cache", "test")
    assert train.classes == test.classes == ("a", "b")
    assert train.label.dtype == np.int32
    assert train.label.tolist() == [0] * 9 + [1] * 9
    assert values(test) == [109, 9]
    assert test.label.tolist() == [0, 1]


@pytest.mark.parametrize("held_out", ["test", "val"])
def test_train_and_test_folders_are_the_splits(tmp_path, held_out):
    for i in range(10):
        write(tmp_path / "set" / "train" / "cat" / f"{i}.png", i)
        write(tmp_path / "set" / "train" / "dog" / f"{i}.png", 50 + i)
    write(tmp_path / "set" / held_out / "dog" / "0.png", 200)
    (tmp_path / "set" / "classes.tsv").write_text("beside the splits")
    train = load(tmp_path / "set", tmp_path / "cache")
    test = load(tmp_path / "set", tmp_path / "cache", "test")
    assert values(train) == [*range(10), *range(50, 60)]
    assert values(test) == [200]
    assert test.classes == ("cat", "dog")
    assert test.label.tolist() == [1]


def test_a_train_folder_alone_is_cut(tmp_path):
    for i in range(10):
        write(tmp_path / "set" / "train" / f"{i}.png", i)
    assert values(load(tmp_path / "set", tmp_path / "cache")) == list(range(9))
    assert values(load(tmp_path / "set", tmp_path / "cache", "test")) == [9]


@pytest.mark.parametrize("other", ["train/dog/0.png", "train/0.png"])
def test_a_test_image_beside_a_class_is_refused_only_where_there_are_classes(tmp_path, other):
    write(tmp_path / "set" / "train" / "cat" / "0.png", 0)
    write(tmp_path / "set" / other, 1)
    write(tmp_path / "set" / "test" / "0.png", 2)
    if "dog" in other:
        with pytest.raises(UserError, match="has images outside of class folders"):
            load(tmp_path / "set", tmp_path / "cache", "test")
    else:
        assert values(load(tmp_path / "set", tmp_path / "cache", "test")) == [2]


def test_splits_with_different_classes_are_refused(tmp_path):
    write(tmp_path / "set" / "train" / "cat" / "0.png", 0)
    write(tmp_path / "set" / "train" / "dog" / "0.png", 0)
    write(tmp_path / "set" / "test" / "cow" / "0.png", 0)
    with pytest.raises(UserError, match=r'has the class "cow", unlike .*train'):
        load(tmp_path / "set", tmp_path / "cache", "test")


def test_hidden_files_are_skipped_and_others_counted(tmp_path, caplog):
    write(tmp_path / "set" / "a.png", 7)
    write(tmp_path / "set" / ".hidden.png", 8)
    write(tmp_path / "set" / ".thumbnails" / "b.png", 9)
    (tmp_path / "set" / "notes.txt").write_text("text")
    (tmp_path / "set" / "list.csv").write_text("text")
    with caplog.at_level(logging.WARNING):
        assert values(load(tmp_path / "set", tmp_path / "cache")) == [7]
        load(tmp_path / "set", tmp_path / "cache")
    assert caplog.messages == [f"2 files in {tmp_path / 'set'} are no images: ignored"]
    (tmp_path / "set" / "list.csv").unlink()
    load(tmp_path / "set", tmp_path / "cache")
    assert caplog.messages[1:] == [f"1 file in {tmp_path / 'set'} is no image: ignored"]


def test_modes_and_odd_sizes_are_handled(tmp_path):
    folder = tmp_path / "set"
    write(folder / "a.png", 90, (3, 5))
    Image.new("RGB", (1, 9), (90, 90, 90)).save(folder / "b.jpg", quality=100)
    Image.new("RGBA", (6, 2), (0, 0, 0, 0)).save(folder / "c.PNG")
    Image.fromarray(np.full((4, 4), 90 * 257, np.uint16)).save(folder / "d.tif")
    data = load(folder, tmp_path / "cache", channels=3)
    assert data.image.shape == (4, 4, 4, 3)
    assert values(data) == [90, 90, 255, 90]


def of_16_bits(path, pixels):
    """A PNG of u16[h,w,3], which Pillow does not write."""
    rows = b"".join(b"\0" + row.tobytes() for row in pixels.astype(">u2"))
    header = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 16, 2, 0, 0, 0)
    content = b"\x89PNG\r\n\x1a\n"
    for kind, data in ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")):
        code = zlib.crc32(kind + data)
        content += struct.pack(">I", len(data)) + kind + data + struct.pack(">I", code)
    path.write_bytes(content)


def test_images_of_16_bits_are_counted_also_by_a_cache(tmp_path):
    folder = tmp_path / "set"
    for name in ("a.png", "b.png", "c.png", "d.jpg"):
        write(folder / name, 90)
    Image.fromarray(np.full((4, 4), 90 * 257, np.uint16)).save(folder / "e.tif")
    Image.fromarray(np.full((4, 4), 90 * 257, np.uint16)).save(folder / "f.png")
    of_16_bits(folder / "g.png", np.full((4, 4, 3), 90 * 257))
    for _ in range(2):
        data = load(folder, tmp_path / "cache", channels=3)
        assert values(data) == [90] * 7
        assert data.deep == 3


def test_a_truncated_file_is_named_and_leaves_no_cache(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    write(tmp_path / "set" / "a.png", 0)
    Image.fromarray(pixels).save(tmp_path / "set" / "b.jpg")
    whole = (tmp_path / "set" / "b.jpg").read_bytes()
    (tmp_path / "set" / "b.jpg").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match=r"set/b\.jpg cannot be read as an image .*truncated"):
        load(tmp_path / "set", tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_dangling_link_is_named(tmp_path):
    write(tmp_path / "set" / "a.png", 0)
    (tmp_path / "set" / "b.png").symlink_to(tmp_path / "nowhere.png")
    with pytest.raises(UserError, match=r"b\.png cannot be read as an image"):
        load(tmp_path / "set", tmp_path / "cache")


def test_linked_folders_are_followed_but_not_round_and_round(tmp_path):
    write(tmp_path / "elsewhere" / "a.png", 3)
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "cats").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "set" / "again").symlink_to(tmp_path / "set")
    data = load(tmp_path / "set", tmp_path / "cache")
    assert values(data) == [3]
    assert data.label is None  # a single folder is no class


def test_missing_and_empty_folders_are_refused(tmp_path):
    with pytest.raises(UserError, match="no such folder"):
        load(tmp_path / "nowhere", tmp_path / "cache")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="empty has no image files"):
        load(tmp_path / "empty", tmp_path / "cache")
    write(tmp_path / "few" / "a.png", 0)
    with pytest.raises(UserError, match="few has too few images for a test split"):
        load(tmp_path / "few", tmp_path / "cache", "test")


def test_an_image_of_another_size_is_named_when_nothing_is_resized(tmp_path):
    write(tmp_path / "set" / "a.png", 0, (5, 4))
    with pytest.raises(UserError, match=r"set/a\.png is 5 x 4 pixels"):
        load(tmp_path / "set", tmp_path / "cache", resize="none")


def test_real_archives_of_faces_and_objects(shared_data, tmp_path):
    import tarfile

    wanted = {"anime_faces_64.tar.xz": 40, "utkface_adults_200.tar": 20}
    for archive, num in wanted.items():
        with tarfile.open(shared_data / archive) as tar:
            members = []
            for member in tar:
                members += [member] if member.name.endswith(".jpg") else []
                if len(members) == num:
                    break
            tar.extractall(tmp_path / archive, members, filter="data")
        options = {"image_size": 64, "channels": 3, "resize": "center_crop"}
        train = load(tmp_path / archive, tmp_path / "cache", **options)
        test = load(tmp_path / archive, tmp_path / "cache", "test", **options)
        assert train.image.shape == (num - num // 10, 64, 64, 3)
        assert len(test.image) == num // 10
        files = sorted(member.name for member in members)
        picture = Image.open(tmp_path / archive / files[9]).convert("RGB")
        if picture.size == (64, 64):
            np.testing.assert_array_equal(test.image[0], np.asarray(picture))
        # Photographs and drawings: neither flat nor noise.
        assert train.image.std() > 30


def test_numbers_are_classes_in_the_order_of_numbers(tmp_path):
    for name in ("0", "1", "10", "11", "2", "b", "a"):
        write(tmp_path / "set" / name / "0.png", 0)
    assert load(tmp_path / "set", tmp_path / "cache").classes == (
        "0",
        "1",
        "2",
        "10",
        "11",
        "a",
        "b",
    )


def test_equal_names_sizes_and_times_are_told_apart_by_content(tmp_path):
    for name, value in (("a", 30), ("b", 220)):
        for i in range(3):
            path = tmp_path / name / f"{i}.pgm"
            write(path, value)
            os.utime(path, (315532800, 315532800))
    a, b = (load(tmp_path / name, tmp_path / "cache") for name in "ab")
    assert set(values(a)) == {30}
    assert set(values(b)) == {220}
    assert a.fingerprint != b.fingerprint
    (tmp_path / "b").rename(tmp_path / "moved")
    assert load(tmp_path / "moved", tmp_path / "cache").fingerprint == b.fingerprint


@pytest.mark.parametrize(
    ("files", "warning"),
    [
        (("car/0.png", "Train/0.png"), 'the folder "Train" is taken for a class'),
        (("train/0.png", "car/0.png", "bus/0.png"), "left out: bus, car"),
        (("a/0.png", "b/0.png", "stray.png"), "set has 1 image outside of its 2 folders"),
    ],
)
def test_what_names_may_hide_is_a_warning(tmp_path, caplog, files, warning):
    for file in files:
        write(tmp_path / "set" / file, 0)
    load(tmp_path / "set", tmp_path / "cache")
    assert warning in caplog.text


def test_what_is_no_file_cannot_be_waited_for(tmp_path):
    write(tmp_path / "set" / "a.png", 0)
    os.mkfifo(tmp_path / "set" / "x.png")
    with pytest.raises(UserError, match=r"x\.png is called an image but is no file"):
        load(tmp_path / "set", tmp_path / "cache")


def test_a_link_to_itself_is_named(tmp_path):
    write(tmp_path / "set" / "a.png", 0)
    (tmp_path / "set" / "x.png").symlink_to("x.png")
    with pytest.raises(UserError, match=r"x\.png cannot be read as an image"):
        load(tmp_path / "set", tmp_path / "cache")


def test_a_folder_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    write(tmp_path / "set" / "a" / "a.png", 0)
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith("/a"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(UserError, match=r"set/a/ cannot be read \(Permission denied\)"):
        load(tmp_path / "set", tmp_path / "cache")


def test_a_file_in_the_place_of_a_folder_is_called_one(tmp_path):
    write(tmp_path / "000.png", 0)
    with pytest.raises(UserError, match="it is a file: name a folder of images"):
        sources.load(str(tmp_path / "000.png"), "train", image_size=4, channels=1)
