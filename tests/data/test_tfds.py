import glob
import gzip
import importlib.util
import io
import os
import subprocess
import sys
import time
import types
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from jaxgen.core.errors import UserError
from jaxgen.data import prepare, sources, tfds_downloads, tfds_source

CLASSES = ("circle", "square", "star")


def pixels(i):
    return np.random.default_rng(i).integers(0, 256, (6, 8, 3), np.uint8)


def write_set(data_dir, name, splits, features=None, file_format="array_record"):
    """Prepares a tiny data set with TFDS itself; PNG files as input need no TensorFlow."""
    import tensorflow_datasets as tfds

    features = features or {
        "image": tfds.features.Image(shape=(6, 8, 3)),
        "label": tfds.features.ClassLabel(names=CLASSES),
        "other": tfds.features.Scalar(np.int64),
    }

    class Tiny(tfds.core.GeneratorBasedBuilder, skip_registration=True):
        VERSION = tfds.core.Version("1.0.0")

        def _info(self):
            return tfds.core.DatasetInfo(
                builder=self, features=tfds.features.FeaturesDict(features)
            )

        def _split_generators(self, dl_manager):
            return {split: self._generate_examples(num) for split, num in splits.items()}

        def _generate_examples(self, num):
            for i in range(num):
                file = io.BytesIO()
                Image.fromarray(pixels(i)).save(file, "PNG")
                file.seek(0)
                values = {"image": file, "label": i % 3, "kind": 0, "sort": 1, "other": i}
                yield i, {key: values[key] for key in features}

    Tiny.name = name
    Tiny(data_dir=data_dir, file_format=file_format).download_and_prepare()


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    import tensorflow_datasets as tfds

    folder = tmp_path_factory.mktemp("tfds")
    write_set(folder, "shapes", {"train": 20, "test": 7, "validation": 3})
    write_set(folder, "halves", {"train": 20, "validation": 3}, file_format="parquet")
    unlabelled = {"image": tfds.features.Image(shape=(6, 8, 3))}
    write_set(folder, "only_train", {"train": 20}, unlabelled)
    kinds = {key: tfds.features.ClassLabel(num_classes=3) for key in ("kind", "sort")}
    write_set(folder, "kinds", {"train": 20}, unlabelled | kinds)
    write_set(folder, "numbers", {"train": 20}, {"other": tfds.features.Scalar(np.int64)})
    return folder


def load(name, data_dir, cache, split="train"):
    return sources.load(
        f"tfds:{name}",
        split,
        image_size=6,
        channels=3,
        resize="center_crop",
        data_dir=str(data_dir),
        cache_dir=str(cache),
        progress=False,
    )


def as_written(data, num):
    """For each image the number it was written under; TFDS shuffles."""
    written = {pixels(i)[:, 1:7].tobytes(): i for i in range(num)}
    return [written[image.tobytes()] for image in data.image]


@pytest.mark.core
def test_prepared_files_are_read_without_tensorflow(data_dir, tmp_path):
    for split, num in (("train", 20), ("test", 7)):
        data = load("shapes", data_dir, tmp_path, split)
        numbers = as_written(data, num)
        assert sorted(numbers) == list(range(num))
        assert data.label.tolist() == [i % 3 for i in numbers]
        assert data.classes == CLASSES
        assert isinstance(data.image, np.memmap)
    assert "tensorflow" not in sys.modules


@pytest.mark.core
def test_splits_stand_in_where_there_is_no_test(data_dir, tmp_path):
    assert len(load("halves", data_dir, tmp_path).image) == 20
    assert sorted(as_written(load("halves", data_dir, tmp_path, "test"), 3)) == [0, 1, 2]
    train = load("only_train", data_dir, tmp_path)
    test = load("only_train", data_dir, tmp_path, "test")
    assert (len(train.image), len(test.image)) == (18, 2)
    assert sorted(as_written(train, 20) + as_written(test, 20)) == list(range(20))


def test_features_are_found_by_type(data_dir, tmp_path):
    for name in ("only_train", "kinds"):
        data = load(name, data_dir, tmp_path)
        assert data.label is None
        assert data.classes == ()
    with pytest.raises(UserError, match=r'"numbers" has the features other, and none is an'):
        load("numbers", data_dir, tmp_path)


def test_a_version_may_be_named(data_dir, tmp_path):
    assert len(load("shapes:1.0.0", data_dir, tmp_path).image) == 20
    with pytest.raises(UserError, match='no data set "shapes"'):
        load("shapes:2.0.0", data_dir, tmp_path)


def test_tfrecord_files_are_refused_with_what_to_do(data_dir, tmp_path):
    folder = tmp_path / "data" / "shapes" / "1.0.0"
    folder.mkdir(parents=True)
    for name in ("dataset_info.json", "features.json"):
        text = (data_dir / "shapes" / "1.0.0" / name).read_text()
        (folder / name).write_text(text.replace("array_record", "tfrecord"))
    with pytest.raises(UserError, match=r"holds tfrecord files.*array_record in another folder"):
        load("shapes", tmp_path / "data", tmp_path / "cache")


@pytest.mark.core
def test_without_tensorflow_one_sentence_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    began = time.monotonic()
    with pytest.raises(UserError, match=r"pip install 'jaxgen\[prepare\]'") as caught:
        load("mnist", tmp_path, tmp_path)
    assert time.monotonic() - began < 5
    assert str(caught.value).count("\n") == 0
    assert prepare.main(["mnist", f"--data_dir={tmp_path}"]) == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.core
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mnistt", r'no data set "mnistt": did you mean .*mnist'),
        ("fashion_mnst", r"did you mean fashion_mnist"),
        ("zzzzzzzzzz", r"see tensorflow\.org/datasets"),
        ("lsun/bedrooms", r'"lsun" has no config "bedrooms": use one of bedroom'),
        ("lsun/bedroom", r'can no longer prepare LSUN: .*"lsun:church_outdoor_train_lmdb"'),
        ("mnist/big", r'"mnist" has no config "big": leave the config away'),
    ],
)
def test_unknown_names_are_told_at_once(name, message, tmp_path):
    began = time.monotonic()
    with pytest.raises(UserError, match=message):
        load(name, tmp_path, tmp_path)
    assert time.monotonic() - began < 5


def test_offline_preparation_fails_before_tfds_retries(tmp_path, monkeypatch, capsys):
    def unreachable(*args, **kwargs):
        raise OSError("no network")

    monkeypatch.setattr(tfds_downloads.socket, "create_connection", unreachable)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    began = time.monotonic()
    with pytest.raises(UserError, match=r"cannot be reached, and 4 of its 4 raw files are not in"):
        load("mnist", tmp_path, tmp_path)
    assert prepare.main(["mnist", f"--data_dir={tmp_path}", "--download_dir=/nowhere"]) == 2
    assert "are not in /nowhere" in capsys.readouterr().err
    assert time.monotonic() - began < 5


def test_a_failed_preparation_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(tfds_downloads, "is_reachable", lambda url: True)
    runs = []

    def fail(command, **options):
        runs.append((command, options["env"]))
        return types.SimpleNamespace(returncode=1)

    monkeypatch.setattr(subprocess, "run", fail)
    with pytest.raises(UserError, match=r'TFDS could not prepare "mnist"'):
        load("mnist", tmp_path, tmp_path)
    command, environment = runs[0]
    assert command[1:] == ["-m", "jaxgen.data.prepare", "mnist", f"--data_dir={tmp_path}"]
    assert environment["CUDA_VISIBLE_DEVICES"] == ""
    assert (Path(environment["PYTHONPATH"].split(os.pathsep)[0]) / "jaxgen").is_dir()


def test_tfds_own_default_folder(monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", "/data/tfds")
    assert tfds_source.default_dir() == "/data/tfds"
    monkeypatch.delenv("TFDS_DATA_DIR")
    assert tfds_source.default_dir() == "~/tensorflow_datasets"


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("tensorflow") is None, reason="needs TensorFlow")
def test_mnist_is_prepared_by_tfds_and_equal_to_its_raw_files(shared_data, tmp_path):
    downloads = tmp_path / "data" / "downloads"
    downloads.mkdir(parents=True)
    for path in (shared_data / "tfds_downloads").glob("cvdf-datasets_mnist_*"):
        (downloads / path.name).symlink_to(path)
    data = sources.load(
        "tfds:mnist",
        "test",
        image_size=28,
        channels=1,
        resize="none",
        data_dir=str(tmp_path / "data"),
        cache_dir=str(tmp_path / "cache"),
    )
    assert "tensorflow" not in sys.modules

    def raw(part, offset):
        (path,) = glob.glob(str(downloads / f"*_{part}-*.gz"))
        return np.frombuffer(gzip.decompress(Path(path).read_bytes()), np.uint8, offset=offset)

    images, labels = raw("t10k-images", 16).reshape(-1, 28, 28, 1), raw("t10k-labels", 8)
    expected = sorted((x.tobytes(), int(y)) for x, y in zip(images, labels))
    assert sorted((x.tobytes(), int(y)) for x, y in zip(data.image, data.label)) == expected
