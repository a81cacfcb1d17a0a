"""TFDS data sets, read from prepared array_record or parquet files without TensorFlow."""

import difflib
import importlib.util
import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from jaxgen.core.errors import UserError
from jaxgen.core.files import local_path
from jaxgen.data import images, tfds_downloads
from jaxgen.data.dataset import Examples, split_rows

_READABLE = ("array_record", "parquet")


def default_dir() -> str:
    """TFDS's own: $TFDS_DATA_DIR, else ~/tensorflow_datasets."""
    return os.environ.get("TFDS_DATA_DIR", "~/tensorflow_datasets")


def source(
    name: str, split: str, channels: int, max_pixels: int, data_dir: str | None, progress: bool
) -> tuple[list, Callable[[], Examples]]:
    """(identity, examples) of `name` = "tfds:<name>[/config][:version]" under `data_dir`.

    Where it is not prepared and TensorFlow is installed, TFDS prepares it first, in a process of
    its own. The image and the label are found by their types; a set with several kinds of label,
    none of them called "label", has none. Without a "test" split "validation" stands in, without
    both every tenth image of "train". Raises UserError for: an unknown name, a set that is neither
    prepared nor can be, a file format that needs TensorFlow, no images in it.
    """
    name = name.removeprefix("tfds:")
    root = local_path(data_dir or default_dir(), "data.data_dir")
    folder = _prepared(name, root)
    if folder is None:
        check_known(name)
        _prepare(name, root, progress)
        folder = _prepared(name, root)
        assert folder is not None
    import tensorflow_datasets as tfds

    builder = tfds.builder_from_directory(folder)
    file_format = getattr(builder.info.file_format, "value", "unknown")
    if file_format not in _READABLE:
        raise UserError(
            f"{folder} holds {file_format} files, which only TensorFlow reads: "
            f"prepare it again as array_record in another folder (python -m jaxgen.data.prepare "
            f"{name} --data_dir=FOLDER) and set data.data_dir to that."
        )
    key, rows = _split_rows(builder.info.splits, split, name)
    info = builder.info.splits[key]
    identity = ["tfds", builder.info.full_name, key, info.num_examples, info.num_bytes]
    # Two numbers where nothing is cut, as caches of earlier versions have.
    identity += [0, info.num_examples] if len(rows) == info.num_examples else ["every tenth", split]
    return identity, lambda: _examples(builder, key, rows, channels, max_pixels)


def _prepared(name: str, root: Path) -> Path | None:
    """The newest prepared version under `root`, rather one in a format that can be read."""
    name, _, version = name.partition(":")
    found = []
    for info in (root / name).glob(f"{version or '*.*.*'}/dataset_info.json"):
        numbers = [int(n) if n.isdigit() else -1 for n in info.parent.name.split(".")]
        text = info.read_text()
        found.append((any(form in text for form in _READABLE), numbers, info.parent))
    return max(found)[2] if found else None


def check_known(name: str) -> None:
    """Raises UserError for: a name that TFDS does not have or cannot prepare; uses no network."""
    import tensorflow_datasets as tfds

    base = name.partition(":")[0].partition("/")[0]
    known = tfds.list_builders(with_community_datasets=False)
    if base not in known:
        close = difflib.get_close_matches(base, known, n=3)
        hint = f"did you mean {' or '.join(close)}?" if close else "see tensorflow.org/datasets."
        raise UserError(f'TFDS has no data set "{base}": {hint}')
    config = name.partition(":")[0].partition("/")[2]
    configs = list(tfds.builder_cls(base).builder_configs)
    if config and config not in configs:
        close = difflib.get_close_matches(config, configs, n=3, cutoff=0.4) or configs[:5]
        allowed = f"use one of {', '.join(close)}, ..." if close else "leave the config away."
        raise UserError(f'The TFDS data set "{base}" has no config "{config}": {allowed}')
    if base == "lsun":
        raise UserError(
            "TFDS can no longer prepare LSUN: unpack the lmdb that its authors distribute, and set "
            'data.name to "lsun:PATH", such as "lsun:church_outdoor_train_lmdb".'
        )


def without_tensorflow(name: str, root: str | Path) -> str:
    """The sentence that says how to get a prepared copy where TensorFlow is missing."""
    return (
        f'The TFDS data set "{name}" is not prepared in {root}, and preparing needs TensorFlow: '
        "pip install 'jaxgen[prepare]', or prepare it on another machine (python -m "
        f"jaxgen.data.prepare {name}) and set data.data_dir to the folder with the copy."
    )


def _prepare(name: str, root: Path, progress: bool) -> None:
    """Runs `jaxgen.data.prepare`, so that TensorFlow stays out of this process."""
    if importlib.util.find_spec("tensorflow") is None:
        raise UserError(without_tensorflow(name, root))
    import tensorflow_datasets as tfds

    builder = tfds.builder(name, data_dir=root, file_format="array_record")
    tfds_downloads.check(builder, root / "downloads", None)
    # The package may be known to this process by sys.path alone, and GPUs are for training.
    package = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))
    result = subprocess.run(
        [sys.executable, "-m", "jaxgen.data.prepare", name, f"--data_dir={root}"],
        env={**os.environ, "PYTHONPATH": path, "CUDA_VISIBLE_DEVICES": ""},
        stdout=None if progress else subprocess.DEVNULL,
        check=False,
    )
    if result.returncode or _prepared(name, root) is None:
        raise UserError(
            f'TFDS could not prepare "{name}" (its messages are above): put the raw files into '
            f"{root / 'downloads'} or use a folder of images instead."
        )


def _split_rows(splits: Any, split: str, name: str) -> tuple[str, np.ndarray]:
    """(TFDS split, its rows i64) that stand for "train" or "test"."""
    if "train" not in splits and split not in splits:
        raise UserError(
            f'The TFDS data set "{name}" has the splits {", ".join(splits)}, and no "{split}": '
            "export its images to a folder or an .npz file."
        )
    for key in ("train",) if split == "train" else ("test", "validation"):
        held_out = "test" in splits or "validation" in splits
        if key in splits and (split == "test" or held_out):
            return key, np.arange(splits[key].num_examples)
    return "train", split_rows(splits["train"].num_examples, split)


def _examples(builder: Any, key: str, rows: np.ndarray, channels: int, max_pixels: int) -> Examples:
    import tensorflow_datasets as tfds

    name, features = builder.info.name, builder.info.features
    image_key, label_key = _feature_keys(features, name)
    # Of each record these features alone are parsed (CelebA has fifty more), and the image is left
    # encoded, for `images.decode` treats files from everywhere alike.
    wanted = [image_key] if label_key is None else [image_key, label_key]
    parser: Any = tfds.features.FeaturesDict({feature: features[feature] for feature in wanted})
    encoded = {image_key: tfds.decode.SkipDecoding()}
    raw = tfds.decode.DeserializeMethod.RAW_BYTES
    records = builder.as_data_source(split=key, deserialize_method=raw)
    classes = () if label_key is None else tuple(features[label_key].names)

    def read(first: int, last: int) -> Iterator[tuple[Image.Image, int | None, str]]:
        some = rows[first:last].tolist()
        for row, record in zip(some, records.__getitems__(some)):
            where = f"{name} {key} image {row}"
            example = parser.deserialize_example_np(record, decoders=encoded)
            image = images.decode(io.BytesIO(example[image_key]), where, channels, max_pixels)
            yield image, None if label_key is None else int(example[label_key]), where

    return Examples(len(rows), read, classes)


def _feature_keys(features: Any, name: str) -> tuple[str, str | None]:
    """Keys of the image and of the label (None without one), by the types of the features."""
    import tensorflow_datasets as tfds

    found = [
        key
        for key, feature in features.items()
        # Other types are bits of float32 in the channels of a PNG.
        if isinstance(feature, tfds.features.Image) and feature.np_dtype in ("uint8", "uint16")
    ]
    if not found:
        raise UserError(
            f'The TFDS data set "{name}" has the features {", ".join(features)}, and none is an '
            "8 or 16-bit image: choose another set."
        )
    labels = [key for key, f in features.items() if isinstance(f, tfds.features.ClassLabel)]
    image = "image" if "image" in found else found[0]
    for usual in ("label", "label_category"):  # the latter in smallnorb, beside poses and lights
        if usual in labels:
            return image, usual
    return image, labels[0] if len(labels) == 1 else None
