"""Windows of larger images: random ones for a step, the middle for all else."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import AxisType, NamedSharding, PartitionSpec

from jaxgen.data import cache, labelled, preprocess
from jaxgen.data.dataset import Dataset, Examples, centered
from jaxgen.data.pipeline import Pipeline

pytestmark = pytest.mark.core


def some_images(num=64, size=9):
    return np.random.default_rng(0).integers(0, 256, (num, size, size, 3), np.uint8)


def some_dataset(num=60, size=9):
    label = np.arange(num, dtype=np.int32) % 3
    return Dataset("some", some_images(num, size), label, ("a", "b", "c"), "00")


def corner_of(window, image):
    """Where the only window of `image` that equals `window` begins."""
    size, side = len(window), len(image)
    found = [
        (y, x)
        for y in range(side - size + 1)
        for x in range(side - size + 1)
        if (image[y : y + size, x : x + size] == window).all()
    ]
    assert len(found) == 1
    return found[0]


def corners_of(windows, images):
    return [corner_of(np.asarray(w), i) for w, i in zip(windows, images, strict=True)]


def test_each_image_has_a_window_of_its_own_anywhere():
    images = some_images()
    raw = {"image": jnp.asarray(images), "label": jnp.arange(64)}
    cut = preprocess.random_windows(raw, jax.random.key(0), 6)
    assert set(cut) == {"image", "label"}
    assert cut["label"] is raw["label"]
    assert cut["image"].shape == (64, 6, 6, 3)
    assert cut["image"].dtype == jnp.uint8
    corners = corners_of(cut["image"], images)
    # All 16 places, so those at each border and those where x is not y.
    assert set(corners) == {(y, x) for y in range(4) for x in range(4)}
    again = preprocess.random_windows(raw, jax.random.key(0), 6)
    np.testing.assert_array_equal(again["image"], cut["image"])
    other = preprocess.random_windows(raw, jax.random.key(1), 6)
    assert corners_of(other["image"], images) != corners


def test_labelled_images_have_windows_of_their_own():
    images = some_images()
    raw = {"image": jnp.asarray(images), "labelled_image": jnp.asarray(images)}
    cut = preprocess.random_windows(raw, jax.random.key(0), 6)
    places = [corners_of(cut[name], images) for name in ("image", "labelled_image")]
    assert places[0] != places[1]
    assert len(set(places[1])) == 16
    alone = preprocess.random_windows({"image": raw["image"]}, jax.random.key(0), 6)
    np.testing.assert_array_equal(alone["image"], cut["image"])


def test_mirroring_is_drawn_apart_from_the_place():
    images = some_images()
    raw = preprocess.random_windows({"image": jnp.asarray(images)}, jax.random.key(0), 6)
    plain, flipped = (
        np.asarray(preprocess.prepare(raw, jax.random.key(0), flip=flip)["image"])
        for flip in (False, True)
    )
    same = (flipped == plain).all((1, 2, 3))
    np.testing.assert_array_equal(flipped[~same], plain[~same][:, :, ::-1])
    assert 16 < same.sum() < 48
    columns = np.array([x for _, x in corners_of(raw["image"], images)])
    assert set(columns[same]) == set(columns[~same]) == set(range(4))


def test_places_do_not_depend_on_the_devices_and_need_no_communication():
    mesh = jax.make_mesh((8,), ("data",), axis_types=(AxisType.Auto,))
    images = some_images()

    def cut(raw):
        return preprocess.random_windows(raw, jax.random.key(3), 6)

    alone = jax.jit(cut)({"image": jnp.asarray(images)})
    split = jax.device_put(images, NamedSharding(mesh, PartitionSpec("data")))
    compiled = jax.jit(cut).lower({"image": split}).compile()
    np.testing.assert_array_equal(compiled({"image": split})["image"], alone["image"])
    assert re.findall(r"(?:all|collective|reduce)-[a-z-]+\(", compiled.as_text()) == []


@pytest.mark.parametrize(("side", "size", "first"), [(9, 5, 2), (9, 6, 1), (8, 6, 1), (9, 9, 0)])
def test_the_middle_is_a_view(side, size, first):
    whole = some_dataset(size=side)
    data = centered(whole, size)
    stop = first + size
    np.testing.assert_array_equal(data.image, whole.image[:, first:stop, first:stop])
    assert np.shares_memory(data.image, whole.image)
    assert (data is whole) == (size == side)
    assert (data.fingerprint == whole.fingerprint) == (size == side)
    assert data.whole is None if size == side else data.whole is whole.image
    assert data.label is whole.label


def test_the_middle_of_a_cache_is_not_read_before_it_is_needed(tmp_path):
    from PIL import Image

    def read(start, stop):
        for i in range(start, stop):
            yield Image.fromarray(some_images(20)[i]), None, str(i)

    options = {"directory": tmp_path, "title": None}
    whole = cache.on_disk("s", "f00d", lambda: Examples(20, read), (9, 9, 3), "none", **options)
    data = centered(whole, 6)
    assert isinstance(data.image, np.memmap)
    np.testing.assert_array_equal(data.image, some_images(20)[:, 1:7, 1:7])
    assert not data.image.flags.writeable


def test_rows_of_the_middle_are_rows_of_the_whole():
    whole = some_dataset()
    rows = np.array([3, 50, 4])
    part = labelled.subset(centered(whole, 5), rows, "some")
    np.testing.assert_array_equal(part.image, whole.image[rows, 2:7, 2:7])
    np.testing.assert_array_equal(part.whole, whole.image[rows])
    np.testing.assert_array_equal(part.label, whole.label[rows])
    others = (labelled.subset(whole, rows, "some"), centered(whole, 5), centered(part, 3))
    assert part.fingerprint not in {other.fingerprint for other in others}


@pytest.mark.parametrize("devices", [1, 8])
def test_streamed_and_resident_steps_cut_the_same_windows_of_whole_images(devices):
    data = centered(some_dataset(), 5)
    pool = labelled.subset(data, labelled.draw(data, 9, seed=0))
    mesh = jax.make_mesh(
        (devices,), ("data",), axis_types=(AxisType.Auto,), devices=jax.devices()[:devices]
    )
    sharding, found = NamedSharding(mesh, PartitionSpec("data")), []
    for resident in (True, False):
        pipeline = Pipeline(
            data, batch_size=16, seed=4, sharding=sharding, resident=resident, labelled=pool
        )
        raw = jax.tree.map(lambda x: x[0], pipeline.batches(3, 1))

        @jax.jit
        def cut(source, raw):
            fetched = Pipeline.fetch(source, raw)
            return fetched, preprocess.random_windows(fetched, jax.random.key(3), 5)

        found.append(cut(pipeline.source, raw))
    jax.tree.map(np.testing.assert_array_equal, *found)
    whole, windows = found[0]
    for name in ("image", "labelled_image"):
        assert whole[name].shape == (16, 9, 9, 3)
        places = corners_of(windows[name], np.asarray(whole[name]))
        assert len(set(places)) > 4
