"""Images of a second domain: their order, their preparation, and configs that have one or none."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

from jaxgen import experiment
from jaxgen.config import load
from jaxgen.core import UserError
from jaxgen.data import labelled, preprocess, sources
from jaxgen.data.pipeline import Pipeline
from jaxgen.runs import data

pytestmark = pytest.mark.core
CONFIG = "configs/cyclegan_digits.py:smoke"


@pytest.fixture(scope="module")
def digits():
    return sources.load("digits", "train", image_size=8, channels=1)


def domain(digits, name):
    return labelled.keep_classes(digits, name)


@pytest.mark.parametrize("resident", [True, False])
def test_batches_have_images_of_both_domains_in_orders_of_their_own(digits, resident):
    first, other = domain(digits, "0"), domain(digits, "1")
    how = {"batch_size": 16, "seed": 2, "resident": resident, "entries": ("image",)}
    plain, pipeline = Pipeline(first, **how), Pipeline(first, **how, other=other)
    raw, without = pipeline.batches(3, 2), plain.batches(3, 2)
    for i in range(2):
        batch = Pipeline.fetch(pipeline.source, jax.tree.map(lambda x, i=i: x[i], raw))
        assert set(batch) == {"image", "other_image"}
        rows = labelled.indices(
            2, 3 + i, batch_size=16, num_examples=len(other.image), pool="other"
        )
        np.testing.assert_array_equal(batch["other_image"], other.image[rows])
        same = Pipeline.fetch(plain.source, jax.tree.map(lambda x, i=i: x[i], without))
        np.testing.assert_array_equal(batch["image"], same["image"])
    order = labelled.indices(2, 3, batch_size=16, num_examples=len(other.image))
    assert not np.array_equal(order, rows)


def test_a_labelled_pool_and_a_second_domain_go_together(digits):
    pool = labelled.subset(digits, labelled.draw(digits, 20, seed=0))
    how = {"batch_size": 8, "seed": 0, "resident": True, "entries": ("image",)}
    pipeline = Pipeline(digits, **how, labelled=pool, other=domain(digits, "1"))
    batch = Pipeline.fetch(pipeline.source, jax.tree.map(lambda x: x[0], pipeline.batches(0, 1)))
    assert set(batch) == {"image", "labelled_image", "labelled_label", "other_image"}
    assert {x.shape[0] for x in batch.values()} == {8}


def test_they_are_prepared_like_the_others_by_draws_of_their_own():
    image = np.random.default_rng(0).integers(0, 256, (64, 8, 8, 1), np.uint8)
    raw = {"image": image, "other_image": image}
    plain = preprocess.prepare(raw, jax.random.key(0))
    np.testing.assert_allclose(plain["other_image"], image / 127.5 - 1, atol=1e-6)
    flipped = preprocess.prepare(raw, jax.random.key(0), flip=True)
    other_way = np.asarray(plain["other_image"])[:, :, ::-1]
    mirrored = np.isclose(flipped["other_image"], other_way, atol=1e-6).all(axis=(1, 2, 3))
    assert 16 < mirrored.sum() < 48
    assert not np.array_equal(flipped["image"], flipped["other_image"])
    alone = preprocess.prepare({"image": image}, jax.random.key(0), flip=True)
    np.testing.assert_array_equal(alone["image"], flipped["image"])
    cut = preprocess.random_windows(jax.tree.map(jnp.asarray, raw), jax.random.key(0), 4)
    assert cut["other_image"].shape == (64, 4, 4, 1)


def test_the_second_domain_is_other_classes_of_the_same_set_or_another_set(tmp_path):
    made = experiment.build(experiment.load_config(CONFIG))
    first, other = data.load_data(made, "train"), data.load_other(made, "train")
    assert (first.classes, other.classes) == (("0",), ("1",))
    assert first.image.shape[1:] == other.image.shape[1:]
    for number in range(20):
        Image.fromarray(np.full((9, 9), number, np.uint8)).save(tmp_path / f"{number:02d}.png")
    keys = {"data.other_name": str(tmp_path), "data.other_classes": "", "data.keep_classes": ""}
    made = experiment.build(experiment.load_config(CONFIG, **keys))
    folder = data.load_other(made, "train")
    assert folder.image.shape == (18, 8, 8, 1)
    assert set(np.unique(folder.image)) <= set(range(20))
    assert len(data.load_data(made, "train").image) == 1498


@pytest.mark.parametrize(
    ("config", "keys", "message"),
    [
        (CONFIG, {"data.other_classes": ""}, "cyclegan translates between two domains; set config"),
        (
            "configs/age_digits.py:smoke",
            {"data.other_classes": "1"},
            "config.data.other_classes=1 has no use, for age reads no second domain; set it to",
        ),
        (
            "configs/age_digits.py:smoke",
            {"data.other_name": "photos"},
            "config.data.other_name=photos has no use, for age reads no second domain; set it to",
        ),
    ],
)
def test_a_second_domain_is_there_exactly_where_it_is_read(config, keys, message):
    with pytest.raises(UserError, match=message):
        experiment.build(experiment.load_config(config, **keys))


def test_unknown_classes_of_it_are_refused():
    made = experiment.build(experiment.load_config(CONFIG, **{"data.other_classes": "ten"}))
    message = 'data.other_classes="ten": "ten" is no class of digits'
    with pytest.raises(UserError, match=message):
        data.load_other(made, "train")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gone/", 'data.other_name is "gone/", and there is no such folder'),
        ("digitz", 'data.other_name is "digitz": use "digits"'),
        ("gone.npz", r'data.other_name is "gone\.npz", and there is no such file'),
    ],
)
def test_what_is_wrong_with_it_is_said_of_its_own_keys(name, message):
    keys = {"data.other_name": name, "data.other_classes": ""}
    made = experiment.build(experiment.load_config(CONFIG, **keys))
    with pytest.raises(UserError, match=message):
        data.load_other(made, "train")


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"data.other_classes": "0"}, "Both domains have class 0 of digits: let config.data.keep"),
        ({"data.keep_classes": "2,3", "data.other_classes": "1, 3"}, "have class 3 of digits"),
        (
            {"data.other_name": "digits", "data.other_classes": "", "data.keep_classes": ""},
            "Both domains have all classes of digits",
        ),
        ({"data.other_classes": "", "data.other_name": "digits"}, "have class 0 of digits"),
        ({"data.keep_classes": ""}, "Both domains have class 1 of digits"),
        ({"data.other_name": "photos", "data.other_classes": "0"}, None),
        ({"data.keep_classes": "1,2", "data.other_classes": "3,4"}, None),
    ],
)
def test_domains_that_share_images(keys, message):
    config = experiment.load_config(CONFIG, **keys)
    if message is None:
        experiment.build(config)
    else:
        with pytest.raises(UserError, match=message):
            experiment.build(config)


def test_a_study_of_translators_is_refused():
    from jaxgen.studies import plan

    study = "configs/studies/gan_objectives.py:ring,gan,smoke"
    config = load.load(study, {"experiments": (CONFIG,)})
    with pytest.raises(UserError, match="translates between two domains, and a study compares"):
        plan.plan(config)


def test_samples_of_a_translator_are_refused():
    made = experiment.build(experiment.load_config(CONFIG))
    with pytest.raises(UserError, match="it translates given ones; use --mode=translate"):
        _ = made.sample
    assert made.reads_two_domains
