"""Which images each number is of: training, validation and test ones that can be told apart."""

import dataclasses
import types

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgen import experiment
from jaxgen.core import UserError
from jaxgen.data.dataset import Dataset
from jaxgen.evaluate import features
from jaxgen.objectives import pixelcnn
from jaxgen.runs import data, sampling
from jaxgen.runs.evaluations import codes, context, kmeans, objective, parzen, quality

pytestmark = pytest.mark.core

NUM, CLASSES = 15, 5
# A gray level for each split, and how far its labels are shifted.
LEVELS = {"train": 40, "validation": 80, "test": 120}
SHIFTS = {"train": 0, "validation": 1, "test": 2}


def split_of(name):
    """Images of one level, a little brighter from one to the next; labels shifted by split."""
    image = np.full((NUM, 8, 8, 1), LEVELS[name], np.uint8) + np.arange(
        NUM, dtype=np.uint8
    ).reshape(-1, 1, 1, 1)
    label = (np.arange(NUM) + SHIFTS[name]) % CLASSES
    return Dataset(name, image, label.astype(np.int32), tuple("abcde"), name)


def made(**abilities):
    """An experiment whose abilities are given, and that has held validation images out."""
    config = types.SimpleNamespace(
        data=types.SimpleNamespace(batch_size=4, validation=NUM, labelled=0, name="digits"),
        evaluation=types.SimpleNamespace(num_images=NUM),
        objective="fake",
        seed=0,
    )
    names = ("encode", "assignments", "as_modelled", "evaluate", "colorize")
    known = {"num_classes": CLASSES, "sample": "some", "entries": ("image",)}
    return types.SimpleNamespace(
        abilities=types.SimpleNamespace(**{**dict.fromkeys(names), **known, **abilities}),
        config=config,
        spec=None,
        kind="image",
        example_batch={"image": np.zeros((4, 8, 8, 1), np.float32)},
        reads_labels=False,
        reads_two_domains=False,
    )


@pytest.fixture
def loads(monkeypatch):
    monkeypatch.setattr(data, "load_data", lambda experiment, split, **more: split_of(split))


def context_of(exp, split="test"):
    return context.Context(exp, None, split_of("train"), split_of(split), split)


def levels_in(images):
    """The splits that images are of."""
    return {
        name for name, level in LEVELS.items() for x in images if level <= x.flat[0] < level + 20
    }


@pytest.fixture(scope="module")
def digits():
    config = experiment.load_config("configs/age_digits.py", **{"data.validation": 100})
    return experiment.build(config)


def rows(dataset):
    return {image.tobytes() for image in dataset.image}


def test_validation_images_are_not_trained_on(digits):
    training, validation, test = (
        data.load_data(digits, s) for s in ("train", "validation", "test")
    )
    assert (len(training.image), len(validation.image), len(test.image)) == (1398, 100, 299)
    every = dataclasses.replace(
        digits, config=experiment.load_config("configs/age_digits.py", **{"data.validation": 0})
    )
    known = rows(data.load_data(every, "train"))
    assert len(rows(training) | rows(validation)) == len(known)
    assert not rows(training) & rows(validation)
    assert not (rows(training) | rows(validation)) & rows(test)
    pipeline = data.make_pipeline(digits, training, seed=0)
    assert rows(types.SimpleNamespace(image=np.asarray(pipeline.source["image"]))) == rows(training)
    with pytest.raises(UserError, match=r"validation=0\); use --split=test"):
        data.load_data(every, "validation")


def test_labels_that_are_used_are_of_images_that_are_trained_on():
    config = experiment.load_config(
        "configs/pixelgan_ae_digits_semisupervised.py:100", **{"data.validation": 700}
    )
    exp = experiment.build(config)
    training, validation = (data.load_data(exp, split) for split in ("train", "validation"))
    pool = data.labelled_pool(exp, training)
    assert rows(pool) <= rows(training)
    assert not rows(pool) & rows(validation)


def test_samples_are_compared_with_held_out_images_and_training_ones_are_the_reference(
    monkeypatch,
):
    found = {}

    def compare(space, real, samples, *, train_images):
        found.update(real=levels_in(real), train=levels_in(train_images))
        return {}

    monkeypatch.setattr(features, "compare", compare)
    ctx = context_of(made())
    ctx.__dict__["samples"], ctx.__dict__["space"] = None, None
    assert quality.evaluate(ctx) == {"real_images": "as they are"}
    assert found == {"real": {"test"}, "train": {"train"}}


def test_the_classifier_of_the_features_is_trained_on_training_images(monkeypatch):
    seen = []
    monkeypatch.setattr(
        context.classifier,
        "classifier_features",
        lambda training, held_out, say: seen.append((training.name, held_out.name)),
    )
    _ = context_of(made()).space
    assert seen == [("train", "test")]


def test_metrics_of_the_objective_are_of_held_out_images():
    def evaluate(spec, state, batch, key):
        return {"mean": jnp.mean(batch["image"])}

    found = objective.evaluate(context_of(made(evaluate=evaluate)))
    held_out = split_of("test").image
    assert found["objective/mean"] == pytest.approx((held_out / 127.5 - 1).mean(), abs=1e-5)
    assert found["objective/n_real"] == NUM


def one_cluster_an_image(spec, state, image):
    """Image i is in cluster s i mod 5, where s is 1 in training, 2 in validation, 3 in test images.

    So cluster c is of class c / s + shift modulo 5: any two splits agree on one cluster in five.
    """
    level = jnp.round((image[:, 0, 0, 0] + 1.0) * 127.5).astype(jnp.int32)
    split, number = jnp.divmod(level, 40)
    return 9.0 * jax.nn.one_hot(split * number % CLASSES, CLASSES)


@pytest.mark.parametrize(
    ("split", "validation", "named_by"),
    [
        ("test", NUM, "validation images"),
        ("test", 0, "training images"),
        ("validation", NUM, "training images"),
    ],
)
def test_clusters_are_named_by_images_that_are_not_counted(
    loads, monkeypatch, split, validation, named_by
):
    """Named by themselves no image would be wrong; by labels of others in their clusters, all."""
    asked = []
    original = split_of

    def load(experiment, name, **more):
        asked.append(name)
        return original(name)

    monkeypatch.setattr(data, "load_data", load)
    exp = made(encode=lambda spec, state, x: x[:, 0, 0], assignments=one_cluster_an_image)
    exp.config.data.validation = validation
    found = codes.evaluate(context_of(exp, split))
    assert found["clustering/named_by"] == named_by
    for error in ("cluster_error", "cluster_error_majority"):
        assert found[f"clustering/{error}"] == pytest.approx(4 / 5)
    assert found["clustering/cluster_error_matched"] == 0.0
    assert asked == (["validation"] if named_by == "validation images" else [])


def test_categories_need_no_codes(loads):
    alone = made(assignments=one_cluster_an_image)
    with_codes = made(encode=lambda spec, state, x: x[:, 0, 0], assignments=one_cluster_an_image)
    found, more = (codes.evaluate(context_of(exp)) for exp in (alone, with_codes))
    assert {name.partition("/")[0] for name in found} == {"clustering"}
    assert more == {**found, "codes/linear_accuracy": more["codes/linear_accuracy"]}
    assert codes.evaluate(context_of(made())) == {}


def test_kmeans_is_fitted_to_training_images_and_named_by_validation_ones(loads, monkeypatch):
    seen = {}

    def errors(train, naming, naming_labels, test, test_labels, clusters, seed):
        seen.update(train=levels_in(train), naming=levels_in(naming), test=levels_in(test))
        seen.update(labels=(list(naming_labels[:2]), list(test_labels[:2])))
        return {}

    monkeypatch.setattr(kmeans.clustering, "kmeans_errors", errors)
    found = kmeans.evaluate(context_of(made(assignments=one_cluster_an_image)))
    assert found == {"kmeans/named_by": "validation images"}
    assert seen == {
        "train": {"train"},
        "naming": {"validation"},
        "test": {"test"},
        "labels": ([1, 2], [2, 3]),
    }


@pytest.mark.parametrize(("split", "chosen"), [("test", "validation"), ("validation", "train")])
def test_the_window_is_chosen_on_other_images_and_samples_are_not_rounded(
    loads, monkeypatch, split, chosen
):
    seen = {}

    def estimate(samples, choosing, test):
        seen.update(samples=samples, choosing=levels_in(choosing), test=levels_in(test))
        seen["n"] = len(test)
        return {}

    drawn = np.full((1, 8, 8, 1), 0.001, np.float32)
    exp = made()
    exp.sample = lambda state, key, condition, num: np.repeat(drawn, num, axis=0)
    exp.config.evaluation.num_images = 2
    monkeypatch.setattr(parzen.parzen, "parzen_estimate", estimate)
    parzen.evaluate(context_of(exp, split))
    assert seen["samples"].shape == (10_000, 8, 8, 1)
    assert seen["samples"].flat[0] == np.float32(0.001)
    assert (seen["choosing"], seen["test"], seen["n"]) == ({chosen}, {split}, NUM)
    rounded = sampling.draw(exp, None, jax.random.key(0), 2)
    assert rounded.dtype == np.uint8


@pytest.mark.parametrize("binarise", ["threshold", "sample"])
def test_binary_models_are_compared_with_binary_images(binarise):
    spec = types.SimpleNamespace(
        hparams=pixelcnn.Hparams(output="bernoulli", binarise=binarise),
        layout=types.SimpleNamespace(uniform=jax.random.uniform),
    )
    exp = made(as_modelled=pixelcnn.as_modelled)
    exp.spec = spec
    ramp = np.repeat(np.linspace(0, 255, 16).astype(np.uint8), 8).reshape(2, 8, 8, 1)
    gray = dataclasses.replace(split_of("test"), image=np.repeat(ramp, 300, axis=0))
    black_and_white = data.as_modelled(exp, gray)
    assert set(np.unique(black_and_white.image)) == {0, 255}
    means = black_and_white.image.reshape(2, 300, -1).mean(axis=1) / 255
    expected = ramp.reshape(2, -1) / 255
    if binarise == "threshold":
        np.testing.assert_array_equal(means, expected > 0.5)
    else:
        np.testing.assert_allclose(means, expected, atol=0.12)
    assert black_and_white.fingerprint != gray.fingerprint
    np.testing.assert_array_equal(data.as_modelled(exp, gray).image, black_and_white.image)
    ctx = dataclasses.replace(context_of(exp), held_out=gray, training=gray)
    assert set(np.unique(ctx.real)) == {0, 255}


def test_gray_models_are_compared_with_the_images_themselves():
    exp = made(as_modelled=pixelcnn.as_modelled)
    exp.spec = types.SimpleNamespace(hparams=pixelcnn.Hparams(output="categorical"))
    same = split_of("test")
    assert data.as_modelled(exp, same) is same
    assert data.as_modelled(made(), same) is same


def test_what_was_done_to_real_images_stands_beside_the_numbers(monkeypatch):
    monkeypatch.setattr(features, "compare", lambda *args, **more: {"frechet": 1.0})
    exp = made(as_modelled=lambda spec, image, key: jnp.sign(image - 0.5))
    ctx = context_of(exp)
    ctx.__dict__["samples"], ctx.__dict__["space"] = None, None
    real = quality.evaluate(ctx)["real_images"]
    assert real == "as fake models them: 1 values a channel"


def test_completions_keep_what_is_known():
    def complete(spec, state, key, image, known):
        drawn = jax.random.uniform(key, image.shape, minval=-1.0)
        return jnp.where(known[None, :, :, None], image, drawn)

    exp = made(complete=complete)
    images = split_of("test").image
    known = np.arange(64).reshape(8, 8) < 32
    drawn = sampling.completions(exp, None, jax.random.key(0), images, known, 3)
    assert drawn.shape == (NUM, 3, 8, 8, 1)
    np.testing.assert_array_equal(drawn[:, :, :4], np.repeat(images[:, None, :4], 3, axis=1))
    assert len(np.unique(drawn[0, :, 4:].reshape(3, -1), axis=0)) == 3
