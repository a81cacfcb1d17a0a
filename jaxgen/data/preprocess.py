"""From stored images to the batches that an objective sees; runs inside the compiled step."""

from collections.abc import Collection, Mapping

import jax
import jax.numpy as jnp

from jaxgen.core import color
from jaxgen.core.images import windows
from jaxgen.core.keys import key_for
from jaxgen.core.types import Array, Batch, Key

COMPUTED = ("lightness", "chroma")  # entries that are no part of a data set


def prepare(
    raw: Mapping[str, Array],
    key: Key,
    *,
    flip: bool = False,
    crop_padding: int = 0,
    entries: Collection[str] = (),
) -> Batch:
    """A batch with images u8[b,h,w,c] as f32[b,h,w,c] in [-1,1]; other entries are passed on.

    Images are "image" and, where there are some, "labelled_image" and "other_image". The scale is
    x / 127.5 - 1; floats (points of the plane) keep theirs. `flip` mirrors each image left to right
    with probability 1/2; `crop_padding` p pads each side by p reflected pixels and cuts a window of
    the old size at a random place. Both are drawn for the global batch, so the numbers do not
    depend on the devices it is spread over. Where `entries` has "lightness" or "chroma" the batch
    has both, of each "image" f32[b,h,w,1] and f32[b,h,w,2], see
    `core.color.to_lightness_and_chroma`.
    """
    batch, keys = dict(raw), (*(jax.random.fold_in(key, number) for number in (2, 1)), key)
    for name, key_image in zip(("other_image", "labelled_image", "image"), keys):
        if name in raw:
            batch[name] = _scaled(raw[name], key_image, flip, crop_padding)
    if any(name in entries for name in COMPUTED):
        both = color.to_lightness_and_chroma((batch["image"] + 1.0) / 2.0)
        batch |= dict(zip(COMPUTED, both))
    return batch


def random_windows(raw: Mapping[str, Array], key: Key, size: int) -> dict[str, Array]:
    """`raw` with a window size x size of each image, at a random place; other entries as they are.

    raw: the images of `prepare`, [b,s,s,c] with s of `size` or more.
    Places are drawn for the global batch, see `prepare`.
    """
    cut = dict(raw)
    for name in ("image", "labelled_image", "other_image"):
        if name in raw:
            cut[name] = _windows(raw[name], key_for(key, f"window/{name}"), size)
    return cut


def _scaled(image: Array, key: Key, flip: bool, crop_padding: int) -> Array:
    flip_key, crop_key = jax.random.split(key)
    if flip:
        mirrored = jax.random.bernoulli(flip_key, 0.5, (image.shape[0], 1, 1, 1))
        image = jnp.where(mirrored, image[:, :, ::-1], image)
    if crop_padding:
        image = _random_crop(image, crop_key, crop_padding)
    if jnp.issubdtype(image.dtype, jnp.floating):
        return image
    return image.astype(jnp.float32) / 127.5 - 1.0


def _random_crop(image: Array, key: Key, padding: int) -> Array:
    sides = ((0, 0), (padding, padding), (padding, padding), (0, 0))
    return _windows(jnp.pad(image, sides, mode="reflect"), key, image.shape[1])


def _windows(image: Array, key: Key, size: int) -> Array:
    batch, side = image.shape[:2]  # squares, as all decoded images are
    corner = jax.random.randint(key, (batch, 2), 0, side - size + 1)
    return windows(image, corner, size, size)
