"""What `--mode=evaluate` measures of a colorizer, beside predictors without a model."""

import types

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgen.core import UserError
from jaxgen.data import embedded
from jaxgen.data.dataset import Dataset
from jaxgen.evaluate import color as color_metrics
from jaxgen.evaluate import features, frechet
from jaxgen.runs import sampling
from jaxgen.runs.evaluations import available, color, quality
from jaxgen.runs.evaluations.context import Context

pytestmark = pytest.mark.core
SIZE, AB = 16, (11.0, -22.0)


def photos(split, count):
    examples = embedded.photos(split, 3, SIZE)
    rows = np.linspace(0, examples.num - 1, count).astype(int)
    tiles = [np.asarray(next(examples.read(row, row + 1))[0]) for row in rows]
    return Dataset("photos", np.stack(tiles), None, (), f"{split} {count}")


def experiment_of(colorize, num=40, **data):
    """Of a colorizer; its state is its chroma."""
    abilities = types.SimpleNamespace(colorize=colorize, sample=None, as_modelled=None)
    evaluation = types.SimpleNamespace(num_images=num)
    data = {"name": "photos", "resize": "bilinear", "image_size": SIZE, "load_size": SIZE, **data}
    data = types.SimpleNamespace(**data)
    config = types.SimpleNamespace(objective="mine", seed=3, evaluation=evaluation, data=data)
    return types.SimpleNamespace(abilities=abilities, config=config, spec=None, kind="image")


def one_color(spec, state, lightness, key):
    return jnp.broadcast_to(state, (*lightness.shape[:3], 2))


@pytest.fixture(scope="module")
def found():
    state = jnp.asarray(AB) / 110.0
    context = Context(experiment_of(one_color), state, photos("train", 60), photos("test", 50))
    return context, color.evaluate(context)


def test_the_models_colors_with_the_lightness_of_the_images(found):
    context, metrics = found
    assert len(context.real) == 40
    expected = color_metrics.with_chroma(np.asarray(context.real), np.asarray(AB))
    assert np.max(np.abs(context.colored.astype(int) - expected)) <= 1
    reference = color_metrics.compare(np.asarray(context.real), context.colored)
    assert {k: metrics[f"color/{k}"] for k in reference} == reference
    space = features.pixel_features()
    distance = frechet.frechet_distance(
        space.features(context.real), space.features(context.colored)
    )
    assert metrics["color/frechet"] == pytest.approx(distance)
    assert metrics["color/feature_space"] == space.name


def test_predictors_without_a_model_are_beside_it(found):
    context, metrics = found
    known = color_metrics.baselines(context.training.image, np.asarray(context.real), 3)
    shared = {"n", "height", "width", "colorfulness_true"}
    for name, images in known.items():
        compared = color_metrics.compare(np.asarray(context.real), images)
        for metric in compared.keys() - shared:
            assert metrics[f"color_{name}/{metric}"] == compared[metric], (name, metric)
        assert not {f"color_{name}/{metric}" for metric in shared} & metrics.keys()
    assert metrics["color/n_training"] == len(context.training.image) == 60
    assert metrics["color_truth/frechet"] == pytest.approx(0.0, abs=1e-6)
    assert metrics["color_truth/ab_auc"] == 1.0
    assert metrics["color_gray/colorfulness"] < 1.0
    assert metrics.keys() <= color.TITLES.keys()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({}, "not at all"),  # tiles of a photograph
        ({"name": "tfds:celeb_a", "resize": "center_crop"}, "center_crop"),
        ({"name": "digits"}, "bilinear"),
        ({"name": "./a", "load_size": 20}, "bilinear to 20, the middle 16"),
        ({"name": "./a", "load_size": SIZE, "resize": "none"}, "none"),
    ],
)
def test_how_images_were_resized_is_said(data, expected):
    experiment = experiment_of(one_color, **data)
    context = Context(experiment, jnp.zeros(2), photos("train", 8), photos("test", 1))
    assert color.evaluate(context)["color/resize"] == expected


def test_each_predictor_has_titles_of_its_own():
    titles = [title for title, _ in color.TITLES.values()]
    assert len(set(titles)) == len(titles)
    assert color.TITLES["color_gray/frechet"][0] == "Gray images: Fréchet distance"
    assert color.TITLES["color/frechet"][0] == "Fréchet distance"


def test_only_colorizers_are_measured_so_and_have_no_samples(found):
    context, _ = found
    assert quality.evaluate(context) == {}
    assert available()["color"][0]
    other = Context(experiment_of(None), None, context.training, context.held_out)
    assert color.evaluate(other) == {}
    with pytest.raises(UserError, match="A run of mine does not color images"):
        sampling.colored(other.experiment, None, None, context.held_out.image)


def test_predictors_are_of_so_many_training_images_at_most(monkeypatch):
    monkeypatch.setattr(color, "_KNOWN", 7)
    experiment, known = experiment_of(one_color), photos("train", 20)
    metrics = color.evaluate(Context(experiment, jnp.zeros(2), known, photos("test", 1)))
    assert metrics["color/n_training"] == 7


def test_too_few_images_for_a_distance_leave_it_out():
    state = jnp.zeros(2)
    context = Context(experiment_of(one_color), state, photos("train", 8), photos("test", 1))
    metrics = color.evaluate(context)
    assert "color/frechet" not in metrics
    assert metrics["color/n"] == 1


def test_many_images_are_colored_as_few_are():
    """Chunk by chunk, each image once and in its place."""

    def by_lightness(spec, state, lightness, key):
        return jnp.concatenate([lightness, -lightness], axis=-1) * 0.2

    images = photos("train", 260).image
    whole = sampling.colored(experiment_of(by_lightness), None, jax.random.key(0), images)
    assert whole.shape == images.shape
    for rows in (slice(0, 3), slice(255, 260)):
        part = sampling.colored(experiment_of(by_lightness), None, jax.random.key(0), images[rows])
        assert np.max(np.abs(whole[rows].astype(int) - part)) <= 1
