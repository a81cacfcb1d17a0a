"""Images in an .npz file, written by `np.savez`."""

import hashlib
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from jaxgen.core.errors import UserError
from jaxgen.core.files import local_path, require_memory
from jaxgen.data import images
from jaxgen.data.dataset import Examples, split_rows

_FORM = (
    '"image" (uint8 [n,h,w] or [n,h,w,c]) with an optional "label", or such pairs under '
    '"train_image", "train_label", "test_image", "test_label", or "train" and "test"'
)


def source(name: str, split: str, channels: int) -> tuple[list, Callable[[], Examples]]:
    """(identity, examples) of the .npz file `name`.

    Splits are the keys "train_image" and "test_image" or "train" and "test" (labels "train_label"
    and "test_label"); of a single "image" every tenth, class after class, is for test. Pickled
    objects are never loaded. Raises UserError for: a missing file, other keys, shapes or types.
    """
    path = local_path(name, "data.name")
    if not path.is_file():
        raise UserError(f'data.name is "{name}", and there is no such file: fix the path.')
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return ["npz", "every tenth", digest], lambda: _examples(path, split, channels)


def _examples(path: Path, split: str, channels: int) -> Examples:
    try:
        # np.load of anything that is no archive would fall back to pickle, and say only that.
        if not zipfile.is_zipfile(path):
            raise ValueError("it is no archive of arrays")
        with np.load(path, allow_pickle=False) as archive:
            image, label, classes = _arrays(archive, path, split)
    except UserError:
        raise
    except Exception as error:  # archives from anywhere: whatever NumPy and zipfile raise
        raise UserError(
            f"{path} cannot be read ({error}): it must be written by np.savez with {_FORM}."
        ) from error

    def read(start: int, stop: int) -> Iterator[tuple[Image.Image, int | None, str]]:
        for i in range(start, stop):
            where = f"{path} image {i}"
            pixels = Image.fromarray(image[i])
            number = None if label is None else int(label[i])
            yield images.to_channels(pixels, channels, where), number, where

    return Examples(len(image), read, classes)


def _arrays(archive, path: Path, split: str):
    """(u8[n,h,w] or u8[n,h,w,3 or 4], labels or None, classes) of one split."""
    keys = set(archive.files)
    cut = not ({"train_image", "test_image"} <= keys or {"train", "test"} <= keys)
    if "train_image" in keys and not cut:
        image_key, label_key = f"{split}_image", f"{split}_label"
    elif not cut:
        image_key, label_key = split, f"{split}_label"
    else:
        image_key, label_key = "image", "label"
    if image_key not in keys:
        raise UserError(f"{path} has the keys {', '.join(sorted(keys))}: it must have {_FORM}.")
    _require_labels_of_both(path, keys if not cut else set())
    _require_memory(path, *(key for key in (image_key, label_key) if key in keys))
    image = archive[image_key]
    if image.ndim == 4 and image.shape[-1] == 1:
        image = image[..., 0]
    if image.dtype != np.uint8 or not (
        image.ndim == 3 or (image.ndim == 4 and image.shape[-1] in (3, 4))
    ):
        raise UserError(
            f'"{image_key}" in {path} is {image.dtype} {list(image.shape)} '
            f"(keys: {', '.join(sorted(keys))}): it must be uint8 [n,h,w] or [n,h,w,c] with 1, 3 "
            "or 4 channels."
        )
    if 0 in image.shape[1:]:
        raise UserError(f'"{image_key}" in {path} has images without pixels, {list(image.shape)}.')
    label, classes = None, ()
    if label_key in keys:
        label = _labels(archive, label_key, len(image), path)
        # Both splits count, so that they have the same classes.
        every = [archive[key] for key in ("train_label", "test_label", "label") if key in keys]
        count = max(int(labels.max(initial=0)) for labels in every) + 1
        if count > sum(map(len, every)):
            raise UserError(
                f"The labels in {path} go to {count - 1}, which is more classes than there are "
                f"images ({sum(map(len, every))}): number the classes without gaps."
            )
        classes = tuple(str(i) for i in range(count))
    if cut:
        part = split_rows(len(image), split, label)
        image, label = image[part], label if label is None else label[part]
    if not len(image):
        raise UserError(f'"{image_key}" in {path} leaves no images for {split}: add some.')
    return image, label, classes


def _require_labels_of_both(path: Path, keys: set[str]) -> None:
    """Raises UserError for two splits of which one alone has labels."""
    if len(there := sorted({"train_label", "test_label"} & keys)) == 1:
        lacking = "test_label" if there == ["train_label"] else "train_label"
        raise UserError(
            f'{path} has "{there[0]}" and no "{lacking}": add it, or leave out the other.'
        )


def _require_memory(path: Path, *keys: str) -> None:
    """Raises UserError for arrays that do not fit: zeros of any size compress to nothing."""
    with zipfile.ZipFile(path) as archive:
        size = sum(archive.getinfo(f"{key}.npy").file_size for key in keys)
    advice = "give a folder of images, which are decoded one by one"
    require_memory(size, f'"{", ".join(keys)}" in {path} takes', advice)


def _labels(archive, key: str, num: int, path: Path) -> np.ndarray:
    label = archive[key]
    odd = label.dtype.kind not in "iu" or label.shape != (num,)
    if odd or label.min(initial=0) < 0:
        raise UserError(
            f'"{key}" in {path} is {label.dtype} {list(label.shape)}: it must be integers [{num}], '
            "0 or more, one for each image."
        )
    return label
