"""--out=FOLDER/ of --mode=sample: what names a folder, and what is written there."""

import numpy as np
import pytest
from PIL import Image

from jaxgen.commands import flags, pictures
from jaxgen.commands.sample import FLAGS, sample
from jaxgen.core.errors import UserError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("new/", "new/"),
        ("new//", "new/"),
        ("./a/new/", "a/new/"),
        ("x.png", "x.png"),
        ("~/new/", "/home/me/new/"),
        ("~/x.npz", "/home/me/x.npz"),
    ],
)
def test_out_keeps_the_slash_at_its_end(monkeypatch, text, value):
    monkeypatch.setenv("HOME", "/home/me")
    assert flags.parse([f"--out={text}"], FLAGS) == ({"out": value}, {})


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "--out= is empty"), ("gs://bucket/new/", "is an address"), ("//", "is the root of all")],
)
def test_out_is_looked_at_as_every_path(text, message):
    with pytest.raises(UserError, match=message):
        flags.parse([f"--out={text}"], FLAGS)


def test_a_folder_is_one_that_is_there_or_ends_in_a_slash(tmp_path):
    assert pictures.new_folder(f"{tmp_path}/new/")
    assert pictures.new_folder(tmp_path)
    assert pictures.new_folder(str(tmp_path))
    (tmp_path / "file.png").touch()
    for name in ("new", "new.png", "file.png"):
        assert not pictures.new_folder(f"{tmp_path}/{name}")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "name", ["000000.png", "000012_class7.png", "000012_cat.png", "1000000.png"]
)
def test_a_folder_with_samples_is_refused_before_anything_is_read(tmp_path, name):
    (tmp_path / "other.png").touch()
    (tmp_path / "0000.png").touch()
    assert pictures.new_folder(tmp_path)
    (tmp_path / name).touch()
    message = f"--out={tmp_path} has samples already, such as {name}; choose another folder"
    with pytest.raises(UserError, match=message):
        sample(tmp_path / "no run", out=tmp_path)


def test_each_image_is_a_file_with_its_number_and_class(tmp_path):
    drawn = np.arange(3 * 4 * 5 * 3, dtype=np.uint8).reshape(3, 4, 5, 3)
    pictures.write_each(tmp_path / "a" / "b", drawn, None)
    pictures.write_each(tmp_path / "gray", drawn[..., :1], np.array([7, 0, 12], np.int32))
    names = ("cat", "n/a or so", "7")
    pictures.write_each(tmp_path / "named", drawn, np.array([0, 1, 2], np.int32), names)
    for folder, names in {
        "a/b": ("000000.png", "000001.png", "000002.png"),
        "gray": ("000000_class7.png", "000001_class0.png", "000002_class12.png"),
        "named": ("000000_cat.png", "000001_n-a-or-so.png", "000002_class7.png"),
    }.items():
        assert sorted(path.name for path in (tmp_path / folder).iterdir()) == list(names)
        for name, image in zip(names, drawn):
            with Image.open(tmp_path / folder / name) as written:
                shown = image[..., 0] if folder == "gray" else image
                np.testing.assert_array_equal(np.asarray(written), shown)
