import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from jaxgen.core.errors import UserError
from jaxgen.data import embedded, sources

pytestmark = pytest.mark.core


def test_digits_are_scikit_learns():
    from sklearn.datasets import load_digits

    pixels, label = load_digits(return_X_y=True)
    pixels = pixels.reshape(-1, 8, 8)
    test = np.arange(1797) % 6 == 5
    for split, chosen in (("train", ~test), ("test", test)):
        data = sources.load("digits", split, image_size=8, channels=1, resize="none")
        assert data.image.dtype == np.uint8
        np.testing.assert_array_equal(
            data.image[..., 0], np.round(pixels[chosen] * 255 / 16).astype(np.uint8)
        )
        np.testing.assert_array_equal(data.label, label[chosen])
        assert data.label.dtype == np.int32
        assert data.classes == tuple("0123456789")
        counts = np.bincount(data.label, minlength=10) / len(data.label)
        assert counts.min() > 0.07
        assert counts.max() < 0.13


@pytest.mark.parametrize(("name", "channels"), [("digits", 1), ("photos", 3)])
def test_without_scikit_learns_files_its_loaders_give_the_same(name, channels, monkeypatch):
    options = {"image_size": 8, "channels": channels}
    known = sources.load(name, "test", **options)
    monkeypatch.setattr(embedded, "_shipped", lambda name: Path("nowhere", name))
    again = sources.load(name, "test", **options)
    assert again.fingerprint == known.fingerprint
    np.testing.assert_array_equal(again.image, known.image)
    np.testing.assert_array_equal(again.label, known.label)


def test_embedded_images_do_not_cost_the_second_that_importing_their_loaders_takes():
    code = (
        "import sys; from jaxgen.data import sources\n"
        "sources.load('digits', 'train', image_size=8, channels=1)\n"
        "sources.load('photos', 'test', image_size=64, channels=3)\n"
        "assert not {'sklearn', 'scipy'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_digits_are_enlarged_bilinearly():
    small = sources.load("digits", "test", image_size=8, channels=1).image[0, ..., 0]
    large = sources.load("digits", "test", image_size=16, channels=3).image
    assert large.shape == (299, 16, 16, 3)
    expected = Image.fromarray(small).resize((16, 16), Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(large[0, ..., 0], np.asarray(expected))
    np.testing.assert_array_equal(large[..., 0], large[..., 2])


def test_photos_are_tiles_of_disjoint_regions():
    from sklearn.datasets import load_sample_images

    china, flower = (np.asarray(image) for image in load_sample_images().images)
    train = sources.load("photos", "train", image_size=64, channels=3)
    test = sources.load("photos", "test", image_size=64, channels=3)
    assert train.image.shape[1:] == test.image.shape[1:] == (64, 64, 3)
    assert train.classes == ("china", "flower")
    np.testing.assert_array_equal(train.image[0], china[:64, :64])
    np.testing.assert_array_equal(train.image[1], china[:64, 16:80])
    np.testing.assert_array_equal(test.image[0], china[:64, 480:544])
    last_row = (427 - 64) // 16 * 16
    np.testing.assert_array_equal(train.image[-1], flower[last_row : last_row + 64, 416:480])
    np.testing.assert_array_equal(np.bincount(train.label), [len(train.image) // 2] * 2)
    gray = sources.load("photos", "test", image_size=64, channels=1)
    assert gray.image.shape == (len(test.image), 64, 64, 1)
    with pytest.raises(UserError, match=r"up to 160 pixels, not 161"):
        sources.load("photos", "train", image_size=161, channels=3)


def test_embedded_sets_are_read_only_and_their_fingerprint_tells_them_apart():
    options = [
        ("digits", "train", 8, 1),
        ("digits", "test", 8, 1),
        ("digits", "train", 16, 1),
        ("digits", "train", 8, 3),
        ("photos", "train", 8, 3),
    ]
    ids = []
    for name, split, size, channels in options:
        data = sources.load(name, split, image_size=size, channels=channels)
        assert not data.image.flags.writeable
        assert data.image.flags.c_contiguous
        ids.append(data.fingerprint)
    assert len(set(ids)) == len(ids)
    assert sources.load("digits", "train", image_size=8, channels=1).fingerprint == ids[0]


@pytest.mark.parametrize("name", ["digits", "photos", "/data/a.npz", "a.npz", "faces/train"])
@pytest.mark.parametrize("prefix", ["", "./", "~/", "/"])
def test_files_and_embedded_sets_are_valid_names(name, prefix):
    sources.validate_name(prefix + name)
    assert sources.shape_of(prefix + name, image_size=9, channels=1) == (9, 9, 1)


@pytest.mark.parametrize(
    "name",
    [
        *("tfds:mnist", "tfds:lsun/bedroom", "tfds:mnist:3.0.1", "tfds:a/b-c.1:1.0.0", "./faces"),
        *("stacked:digits", "stacked:tfds:mnist", "stacked:a.npz", "lsun:church_train_lmdb"),
    ],
)
def test_names_of_every_kind_are_valid(name):
    sources.validate_name(name)
    assert sources.shape_of(name, image_size=32, channels=3) == (32, 32, 3)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("digit", r'did you mean "digits"\?'),
        ("Photo", r'did you mean "photos"\?'),
        ("mnist", r'did you mean "tfds:mnist"\?'),
        (
            "photos_of_me",
            r'no folder of that name here, and a TFDS set would be "tfds:ph',
        ),
        ("C:\\images\\cats", r"there is no folder of that name here\.$"),
        ("", r'"digits", "photos", "tfds:NAME"'),
        ("tfds:", r'form "tfds:NAME"'),
        ("tfds:MNIST", r'try "tfds:mnist"'),
        ("tfds:mnist/", r'form "tfds:NAME"'),
        ("data/faces.tar", "an archive: unpack it"),
        ("rings", r'did you mean "ring"\?'),
        ("stacked:digit", r'data.name is "digit": .* did you mean "digits"\?'),
        ("stacked:ring", r'stacks are of gray images: use "stacked:digits"'),
        ("stacked:stacked:digits", r'use "stacked:digits", "stacked:tfds:mnist"'),
        ("lsun:", r'"lsun:PATH"'),
    ],
)
def test_other_names_are_refused_with_what_was_meant(name, message):
    with pytest.raises(UserError, match=message):
        sources.validate_name(name)


def test_a_bare_folder_name_is_valid_where_it_exists(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="a folder of images"):
        sources.validate_name("faces")
    (tmp_path / "faces").mkdir()
    sources.validate_name("faces")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"split": "valid"}, r'split of data is "valid": it must be "train" or "test"'),
        ({"resize": "bicubic"}, r'resize of data is "bicubic": it must be "bilinear" or "celeba"'),
        ({"image_size": 0}, r"image_size is 0"),
        ({"channels": 2}, r"channels is 2: it must be 1 \(gray\) or 3 \(color\)"),
    ],
)
def test_options_out_of_range_say_what_is_allowed(options, message):
    options = {"split": "train", "image_size": 8, "channels": 1, **options}
    with pytest.raises(UserError, match=message):
        sources.load("digits", **options)


def test_importing_the_package_loads_no_heavy_library(repository):
    code = (
        "import sys, jaxgen.data.sources, jaxgen.data.pipeline\n"
        "heavy = {'sklearn', 'tensorflow_datasets', 'tensorflow'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=repository)
