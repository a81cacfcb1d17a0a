"""What is said of the data of a run, and what a continued run checks."""

import dataclasses
import json

import numpy as np
import pytest

from jaxgen.config import load
from jaxgen.config.build import build
from jaxgen.core import UserError
from jaxgen.data.dataset import Dataset
from jaxgen.runs import data

pytestmark = pytest.mark.core


def some(num=54, classes=("a", "b", "c"), fingerprint="f00d"):
    image = np.zeros((num, 4, 4, 1), np.uint8) + np.arange(num, dtype=np.uint8)[:, None, None, None]
    label = np.arange(num, dtype=np.int32) % len(classes) if classes else None
    return Dataset("./cats", image, label, classes, fingerprint)


@pytest.mark.parametrize(
    ("training", "held_out", "validation", "line"),
    [
        (some(), some(6), 0, "./cats: 54 training and 6 held-out images, 3 classes: a, b, c"),
        (
            some(1199),
            some(299),
            299,
            "./cats: 1,199 training, 299 held out to choose settings on and 299 held-out images, "
            "3 classes: a, b, c",
        ),
        (some(5, ()), some(1, ()), 0, "./cats: 5 training and 1 held-out images, no labels"),
        (
            some(20, tuple("abcdefghijkl")),
            some(2),
            0,
            "./cats: 20 training and 2 held-out images, 12 classes: a, b, c, d, e, f, g, h, i, j, "
            "...",
        ),
    ],
)
def test_what_was_found_is_one_line(training, held_out, validation, line):
    assert data.described(training, held_out, validation) == line


def test_what_nothing_can_be_learned_from_is_a_warning():
    line = data.described(dataclasses.replace(some(), image=some(1).image.repeat(54, 0)), some(6))
    assert line == (
        "./cats: 54 training and 6 held-out images; warning: all training images are alike, 3 "
        "classes: a, b, c"
    )
    # As of labels that begin at 1, or of a test split with classes of its own.
    label = some(54, ("a", "b")).label * 2
    line = data.described(dataclasses.replace(some(54, ("a", "b", "c", "d")), label=label), some(6))
    assert line.endswith("4 classes: a, b, c, d; warning: no training images of b, d")


def test_gray_images_in_three_channels_are_said():
    """As of an .npz, whose name does not tell its channels before it is read."""
    gray = some()
    colored = dataclasses.replace(gray, image=gray.image.repeat(3, -1))
    line = data.described(colored, some(6))
    assert "6 held-out images; the images are gray, in three equal channels, 3 classes: a" in line
    colored.image[-1, 0, 0, 2] += 1
    assert "gray" not in data.described(colored, some(6)) + data.described(gray, some(6))


def test_gray_images_that_were_left_out_are_counted():
    def line(*counts):
        return data.described(*(dataclasses.replace(some(9), left_out=num) for num in counts))

    start = "./cats: 9 training and 9 held-out images; "
    assert line(1, 0) == (
        f"{start}1 gray image left out of these splits (1 training, 0 held-out), 3 classes: a, b, c"
    )
    assert line(1000, 234) == (
        f"{start}1,234 gray images left out of these splits (1,000 training, 234 held-out), 3 "
        "classes: a, b, c"
    )


def test_images_of_16_bits_are_counted():
    deep = [dataclasses.replace(some(9), deep=num) for num in (3, 1)]
    assert data.described(*deep) == (
        "./cats: 9 training and 9 held-out images; 4 images rounded from 16 bits to 8, 3 classes: "
        "a, b, c"
    )


def test_a_continued_run_is_given_the_classes_that_it_knows():
    said = []
    saved = data.identity(some())
    data.check_identity(saved, some(), said.append, strict=True)
    data.check_identity(None, some(), said.append, strict=True)  # of an earlier version
    assert said == []
    data.check_identity(saved, some(50, fingerprint="beef"), said.append, strict=True)
    assert said == ["./cats, or the times of its files, changed since this run was last trained"]
    for classes in (("_new", "a", "b", "c"), ("a", "c", "b"), ()):
        changed = dataclasses.replace(some(), classes=classes, fingerprint="beef")
        with pytest.raises(UserError, match="trained on the classes a, b, c, and"):
            data.check_identity(saved, changed, said.append, strict=True)
        data.check_identity(saved, changed, said.append, strict=False)
    assert len(said) == 4


def test_parts_of_a_batch_are_shared_out_over_devices():
    keys = {"data.batch_size": 24, "data.micro_batches": 4}
    experiment = build(load.load("configs/gans_digits.py:gan,smoke", keys))
    data.require_parts(experiment, 3)
    with pytest.raises(UserError, match=r"parts of 6 images, .* over 4 devices; .* multiple of 4"):
        data.require_parts(experiment, 4)


def test_other_labelled_images_are_refused_once_something_was_trained(tmp_path):
    """A run that was killed before its first checkpoint leaves nothing that knows of them."""
    keys = [{"data.labelled": num, "hparams.num_classes": 3} for num in (9, 21)]
    runs = [build(load.load("configs/aae_digits.py:semisupervised,smoke", k)) for k in keys]
    for experiment, num in zip(runs, (9, 21)):
        data.record_labelled(experiment, some(60), tmp_path, begun=False, write=True)
        assert len(json.loads((tmp_path / "labelled.json").read_text())["rows"]) == num
    data.record_labelled(runs[1], some(60), tmp_path, begun=True, write=True)
    with pytest.raises(UserError, match=r"labelled\.json"):
        data.record_labelled(runs[0], some(60), tmp_path, begun=True, write=True)
