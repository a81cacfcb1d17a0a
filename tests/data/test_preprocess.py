import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import skimage.color
from jax.sharding import AxisType, NamedSharding, PartitionSpec

from jaxgen.core.images import to_uint8
from jaxgen.data import preprocess

pytestmark = pytest.mark.core


def some_images(batch=64, size=6, channels=3):
    return np.random.default_rng(0).integers(0, 256, (batch, size, size, channels), np.uint8)


def scaled(image):
    return (np.asarray(image, np.float64) / 255 - 0.5) / 0.5


def test_scale_is_that_of_the_papers():
    image = np.arange(256, dtype=np.uint8).reshape(4, 8, 8, 1)
    out = preprocess.prepare({"image": jnp.asarray(image)}, jax.random.key(0))["image"]
    assert out.dtype == jnp.float32
    np.testing.assert_allclose(out, scaled(image), atol=2e-7)
    assert out.min() == -1.0
    assert out.max() == 1.0


def test_other_entries_are_passed_on():
    label = jnp.arange(4, dtype=jnp.int32)
    raw = {"image": jnp.zeros((4, 2, 2, 1), jnp.uint8), "label": label}
    batch = preprocess.prepare(raw, jax.random.key(0), flip=True, crop_padding=1)
    assert set(batch) == {"image", "label"}
    np.testing.assert_array_equal(batch["label"], label)


def test_floats_keep_their_values():
    point = jnp.asarray(np.random.default_rng(0).normal(0, 3, (8, 1, 1, 2)), jnp.float32)
    for options in ({}, {"flip": True, "crop_padding": 1}):
        out = preprocess.prepare({"image": point}, jax.random.key(0), **options)["image"]
        assert out.dtype == jnp.float32
        np.testing.assert_array_equal(out, point)


def test_to_uint8_inverts_and_clips():
    image = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    batch = preprocess.prepare({"image": jnp.asarray(image)}, jax.random.key(0))
    np.testing.assert_array_equal(to_uint8(batch["image"]), image)
    extremes = to_uint8(jnp.array([-3.0, -1.0, 0.0, 1.0, 1.5]))
    assert extremes.tolist() == [0, 0, 128, 255, 255]


def test_flip_mirrors_about_half_and_leaves_the_others():
    image = some_images(batch=400)
    raw = {"image": jnp.asarray(image)}
    out = to_uint8(preprocess.prepare(raw, jax.random.key(1), flip=True)["image"])
    same = (np.asarray(out) == image).all((1, 2, 3))
    mirrored = (np.asarray(out) == image[:, :, ::-1]).all((1, 2, 3))
    assert (same ^ mirrored).all()
    assert 140 < mirrored.sum() < 260
    again = preprocess.prepare(raw, jax.random.key(1), flip=True)["image"]
    other = preprocess.prepare(raw, jax.random.key(2), flip=True)["image"]
    np.testing.assert_array_equal(to_uint8(again), out)
    assert (to_uint8(other) != out).any()


def test_crop_is_a_window_of_the_reflected_image():
    image, padding = some_images(), 2
    raw = {"image": jnp.asarray(image)}
    out = preprocess.prepare(raw, jax.random.key(0), crop_padding=padding)["image"]
    out = np.asarray(to_uint8(out))
    padded = np.pad(image, ((0, 0), (padding,) * 2, (padding,) * 2, (0, 0)), mode="reflect")
    corners = set()
    for i in range(len(image)):
        found = [
            (y, x)
            for y in range(2 * padding + 1)
            for x in range(2 * padding + 1)
            if (padded[i, y : y + 6, x : x + 6] == out[i]).all()
        ]
        assert len(found) == 1
        corners.add(found[0])
    assert {y for y, _ in corners} == {x for _, x in corners} == set(range(5))


def test_numbers_do_not_depend_on_the_devices_and_need_no_communication():
    mesh = jax.make_mesh((8,), ("data",), axis_types=(AxisType.Auto,))
    image = some_images()

    def augment(raw):
        return preprocess.prepare(raw, jax.random.key(3), flip=True, crop_padding=1)

    alone = jax.jit(augment)({"image": jnp.asarray(image)})
    split = jax.device_put(image, NamedSharding(mesh, PartitionSpec("data")))
    compiled = jax.jit(augment).lower({"image": split}).compile()
    np.testing.assert_array_equal(compiled({"image": split})["image"], alone["image"])
    collectives = re.findall(r"(?:all|collective|reduce)-[a-z-]+\(", compiled.as_text())
    assert collectives == []


def test_lightness_and_chroma_are_those_of_the_image_as_it_is_seen():
    """Flipped and cropped as the image is, of u8 as of nothing else; absent unless asked for."""
    raw = {"image": jnp.asarray(some_images())}
    options = {"flip": True, "crop_padding": 2}
    entries = ("lightness", "chroma")
    batch = preprocess.prepare(raw, jax.random.key(3), **options, entries=entries)
    plain = preprocess.prepare(raw, jax.random.key(3), **options)
    assert set(plain) == {"image"}
    np.testing.assert_array_equal(batch["image"], plain["image"])
    seen = to_uint8(np.asarray(batch["image"]))
    lab = skimage.color.rgb2lab(seen)
    np.testing.assert_allclose(batch["lightness"], lab[..., :1] / 50 - 1, atol=1e-5)
    np.testing.assert_allclose(batch["chroma"], lab[..., 1:] / 110, atol=1e-5)
    assert batch["lightness"].shape == (64, 6, 6, 1)
    assert batch["chroma"].shape == (64, 6, 6, 2)
