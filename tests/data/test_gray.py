"""Gray images that are left out of color sets, and what is left of labels, caches and progress."""

import io
import json
import sys

import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

from jaxgen.core.color import rgb_to_lab
from jaxgen.core.errors import UserError
from jaxgen.data import cache, gray, sources
from jaxgen.data.dataset import Examples, fingerprint

pytestmark = pytest.mark.core


def mean_chroma(image):
    lab = np.asarray(rgb_to_lab(jnp.asarray(image) / 255.0), np.float64)
    return np.sqrt(lab[..., 1] ** 2 + lab[..., 2] ** 2).mean((-2, -1))


# More than are looked at together, of a number of pixels that makes uneven parts.
@pytest.mark.parametrize("size", [1, 5, 16])
def test_images_below_the_mean_chroma_of_all_pixels_are_gray(size):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (53, size, size, 3)).astype(np.float64)
    saturation = rng.uniform(0, 1, (53, 1, 1, 1))
    images = images.mean(-1, keepdims=True) * (1 - saturation) + images * saturation
    images = np.round(images).astype(np.uint8)
    # A few colorful pixels in a gray image, at either end.
    images[:2] = images[:2].mean(-1, keepdims=True).astype(np.uint8)
    images[0, 0, 0] = images[1, -1, -1] = (0, 0, 255)
    chroma = mean_chroma(images)
    for least in (*np.sort(chroma)[[1, 20, 45]], chroma[0], chroma[1]):
        for factor in (0.999, 1.001):
            np.testing.assert_array_equal(
                gray.in_color(images, least * factor), chroma >= least * factor
            )


def test_grays_have_next_to_no_chroma():
    levels = np.repeat(np.arange(256, dtype=np.uint8), 3).reshape(256, 1, 1, 3)
    assert not gray.in_color(levels, 0.007).any()
    assert gray.in_color(np.array([[[[120, 120, 126]]]], np.uint8), 2.0).all()


def colorful(i):
    return i % 7 != 3


def examples(num=300, colorful=colorful, classes=("a", "b", "c")):
    """Images that tell their number: of color, but for every seventh, gray from 200 on."""

    def read(start, stop):
        for i in range(start, stop):
            place = (i % 256, i // 256, 200) if colorful(i) else (200, 200, 200)
            yield Image.new("RGB", (4, 4), place), i % 3 if classes else None, f"image {i}"

    return Examples(num, read, classes)


def open_set(directory, opener=examples, least=2.0, title=None):
    options = {"directory": directory, "title": title, "split": "train", "least_chroma": least}
    return cache.on_disk("some", "f00d", opener, (4, 4, 3), "none", **options)


def never():
    raise AssertionError("decoded a second time")


def check(data, num=300):
    kept = np.array([i for i in range(num) if colorful(i)])
    pixels = np.stack([kept % 256, kept // 256, np.full(len(kept), 200)], axis=-1)
    np.testing.assert_array_equal(data.image, np.tile(pixels[:, None, None], (1, 4, 4, 1)))
    if data.label is not None:
        np.testing.assert_array_equal(data.label, kept % 3)
    assert data.left_out == num - len(kept)


def test_a_cache_holds_the_others_with_their_labels(tmp_path):
    check(open_set(tmp_path))
    again = open_set(tmp_path, never)
    check(again)
    assert isinstance(again.image, np.memmap)
    assert json.loads((tmp_path / "f00d" / "meta.json").read_text())["left_out"] == 43
    whole = np.load(tmp_path / "f00d" / "image.npy")
    assert (tmp_path / "f00d" / "image.npy").stat().st_size == 128 + whole.nbytes
    unlabelled = open_set(tmp_path / "u", lambda: examples(classes=()))
    check(unlabelled)
    assert unlabelled.label is None


def test_the_number_of_images_may_lose_digits(tmp_path):
    """The header is written before it is known, and must not move what follows it."""
    data = open_set(tmp_path, lambda: examples(1001, lambda i: i in (5, 999)))
    np.testing.assert_array_equal(data.image[:, 0, 0], [[5, 0, 200], [231, 3, 200]])
    np.testing.assert_array_equal(data.label, [2, 0])


def test_in_memory_it_is_the_same():
    options = {"split": "train", "least_chroma": 2.0}
    check(cache.in_memory("some", "f00d", examples(), (4, 4, 3), "none", **options))


def test_without_a_least_chroma_all_images_stay(tmp_path):
    for data in (
        open_set(tmp_path, least=0.0),
        cache.in_memory("some", "f00d", examples(), (4, 4, 3), "none"),
    ):
        assert len(data.image) == 300
        assert data.left_out == 0
    meta = json.loads((tmp_path / "f00d" / "meta.json").read_text())
    del meta["left_out"]  # as earlier versions wrote it
    (tmp_path / "f00d" / "meta.json").write_text(json.dumps(meta))
    assert open_set(tmp_path, never, least=0.0).left_out == 0


def test_gray_images_alone_are_refused_and_leave_nothing(tmp_path):
    sentence = (
        r"some has no color images in its train split: the mean chroma of all 300 is below 2; "
        r"lower data\.least_chroma or name a folder of color photographs\."
    )
    only_gray = examples(colorful=lambda i: False)
    with pytest.raises(UserError, match=sentence):
        open_set(tmp_path, lambda: only_gray)
    assert list(tmp_path.iterdir()) == []
    options = {"split": "train", "least_chroma": 2.0}
    with pytest.raises(UserError, match=sentence):
        cache.in_memory("some", "f00d", only_gray, (4, 4, 3), "none", **options)


def test_progress_counts_what_is_decoded(tmp_path, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    open_set(tmp_path, title="Decoding some")
    assert "300/300" in terminal.getvalue()


@pytest.fixture
def folder(tmp_path):
    """40 images of two classes; every fourth is gray, every fourth pale."""
    for i in range(40):
        color = ((90, 90, 90), (90, 90, 100), (200, 40, 10), (10, 60, 200))[i // 2 % 4]
        path = tmp_path / "images" / "ab"[i % 2] / f"{i:02d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (6, 6), color).save(path)
    return tmp_path / "images"


def test_each_least_chroma_has_a_cache_of_its_own_and_goes_for_both_splits(folder, tmp_path):
    def load(split, **least):
        options = {"image_size": 4, "channels": 3, "cache_dir": str(tmp_path / "cache")}
        return sources.load(str(folder), split, **options, **least, progress=False)

    for split, num in (("train", 36), ("test", 4)):
        every = load(split)
        assert len(every.image) == num
        assert every.fingerprint == load(split, least_chroma=0.0).fingerprint
        loaded = [load(split, least_chroma=least) for least in (2.0, 20.0, 2.0)]
        assert len({data.fingerprint for data in (every, *loaded)}) == 3
        for data, least in zip(loaded, (2.0, 20.0, 2.0)):
            kept = mean_chroma(every.image) >= least
            np.testing.assert_array_equal(data.image, every.image[kept])
            np.testing.assert_array_equal(data.label, every.label[kept])
            assert data.left_out == num - kept.sum()
            assert data.classes == ("a", "b")
        assert loaded[0].left_out < loaded[1].left_out


def test_embedded_sets_are_the_same_and_their_identity_is_that_of_earlier_versions():
    options = {"image_size": 128, "channels": 3}
    every = sources.load("photos", "test", **options)
    assert every.fingerprint == fingerprint(1, "photos", "test", (128, 128, 3), "bilinear")
    chroma = mean_chroma(every.image)
    least = float(np.median(chroma)) + 1e-3
    some = sources.load("photos", "test", **options, least_chroma=least)
    assert some.fingerprint != every.fingerprint
    np.testing.assert_array_equal(some.image, every.image[chroma >= least])
    np.testing.assert_array_equal(some.label, every.label[chroma >= least])
    assert some.left_out == (chroma < least).sum() > 0
    with pytest.raises(UserError, match=r"^digits has no color .* test split: .* all 299 "):
        sources.load("digits", "test", image_size=8, channels=3, least_chroma=2.0)


@pytest.mark.parametrize(
    ("name", "size", "channels", "text"),
    [
        ("photos", 8, 1, "with data.channels=1 all of them are: set data.channels to 3, or data."),
        ("ring", 1, 2, 'the data set "ring" has points of the plane: set it to 0.'),
        ("stacked:digits", 8, 3, "has digits in the channels of its images: set it to 0."),
    ],
)
def test_sets_without_colors_are_refused(name, size, channels, text):
    with pytest.raises(UserError) as error:
        sources.load(name, "train", image_size=size, channels=channels, least_chroma=2.5)
    assert str(error.value).startswith("data.least_chroma is 2.5, which leaves out gray images, ")
    assert text in str(error.value)
