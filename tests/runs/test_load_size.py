"""data.load_size and data.least_chroma of a run: who sees random windows, who the middle."""

import itertools
import types

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

from jaxgen import experiment
from jaxgen.config import load
from jaxgen.core import Spec, TrainState
from jaxgen.data import labelled, sources
from jaxgen.data.dataset import Dataset, centered
from jaxgen.runs import data
from jaxgen.train import program
from jaxgen.train.program import Program

pytestmark = [pytest.mark.core, pytest.mark.usefixtures("quick_compilation")]

GAN = "configs/gans_digits.py:gan,smoke"  # of 16 x 16
SEMISUPERVISED = "configs/pixelgan_ae_digits_semisupervised.py:100,smoke"


def built(path=GAN, **keys):
    named = {f"data.{key}": value for key, value in keys.items()}
    return experiment.build(load.load(path, named))


def steps_of(made, training, count=4, seed=3):
    """The batches of the first steps, as a compiled step has them."""
    found = []
    for resident in ("always", "never"):
        config = load.override(made.config, "data.resident", resident)
        again = experiment.build(config)
        pipeline = data.make_pipeline(again, training, seed=seed)
        prepare, raw = jax.jit(data.loader(again, pipeline)), pipeline.batches(0, count)
        one = [jax.tree.map(lambda x, i=i: x[i], raw) for i in range(count)]
        keys = [jax.random.fold_in(jax.random.key(seed), step) for step in range(count)]
        found.append([prepare(pipeline.source, x, key) for x, key in zip(one, keys)])
    jax.tree.map(np.testing.assert_array_equal, *found)
    return found[0]


def places_in(whole, batch):
    """(row, y, x) of each image of a batch, in the images it was cut from."""
    size = batch.shape[1]
    images = np.asarray(np.round((batch + 1) * 127.5), np.uint8)
    shifts = range(whole.shape[1] - size + 1)
    windows = {
        whole[row, y : y + size, x : x + size].tobytes(): (row, y, x)
        for row in range(len(whole))
        for y in shifts
        for x in shifts
    }
    return [windows[image.tobytes()] for image in images]


def test_every_split_is_the_middle_of_the_larger_images():
    made = built(load_size=21, validation=30)
    for split, num in (("train", 1468), ("validation", 30), ("test", 299)):
        given = data.load_data(made, split)
        assert given.image.shape == (num, 16, 16, 1)
        assert given.whole.shape == (num, 21, 21, 1)
        np.testing.assert_array_equal(given.image, given.whole[:, 2:18, 2:18])
    stored = sources.load("digits", "test", image_size=21, channels=1)
    np.testing.assert_array_equal(given.whole, stored.image)
    known = sources.load("digits", "train", image_size=21, channels=1)
    rest, held_out = labelled.hold_out(known, 30, made.config.seed)
    np.testing.assert_array_equal(data.load_data(made, "validation").whole, held_out.image)
    np.testing.assert_array_equal(data.load_data(made, "train").label, rest.label)


@pytest.mark.parametrize("load_size", [0, 16])
def test_without_larger_images_all_is_as_before(load_size):
    made = built(load_size=load_size)
    training = data.load_data(made, "train")
    assert training.whole is None
    stored = sources.load("digits", "train", image_size=16, channels=1)
    assert training.fingerprint == stored.fingerprint
    for batch, before in zip(steps_of(made, training), steps_of(built(), stored)):
        jax.tree.map(np.testing.assert_array_equal, batch, before)


def test_each_step_cuts_new_windows_of_whole_images():
    made = built(load_size=19, batch_size=24, keep_classes="3")
    training = data.load_data(made, "train")
    per_epoch = len(training.image) // 24
    batches = steps_of(made, training, count=2 * per_epoch)
    places = [place for batch in batches for place in places_in(training.whole, batch["image"])]
    assert {place[1:] for place in places} == {(y, x) for y in range(4) for x in range(4)}
    windows = {row: [p[1:] for p in places if p[0] == row] for row in {p[0] for p in places}}
    twice = [found for found in windows.values() if len(found) == 2]
    assert 0 < sum(a == b for a, b in twice) < len(twice) / 4
    first = [place[1:] for place in places[:24]]
    assert first != [place[1:] for place in places[24:48]]


def test_labelled_images_are_cut_as_well_and_looked_at_in_the_middle():
    side = built(SEMISUPERVISED).config.data.image_size
    made = built(SEMISUPERVISED, load_size=side + 3)
    training = data.load_data(made, "train")
    pool = data.labelled_pool(made, training)
    np.testing.assert_array_equal(pool.image, pool.whole[:, 1:-2, 1:-2])
    assert pool.image.shape[1] == side
    batches = steps_of(made, training, count=6)
    shapes = {name: value.shape for name, value in batches[0].items()}
    assert shapes == {name: value.shape for name, value in made.example_batch.items()}
    places = [p for b in batches for p in places_in(pool.whole, b["labelled_image"])]
    assert len({place[1:] for place in places}) > 10
    labels = np.concatenate([batch["labelled_label"] for batch in batches])
    np.testing.assert_array_equal(labels, pool.label[[place[0] for place in places]])


def pictures_of(made, training, run, seeds, starts, sharding=None):
    """What the steps of a compiled program see, from each start on to the next."""

    def step(spec, state, batch, key):
        return state.replace(step=state.step + 1), {"image": batch["image"]}

    pipelines = [data.make_pipeline(made, training, seed=s, sharding=sharding) for s in seeds]
    compiled, key = run(step, data.loader(made, pipelines[0]))
    found = []
    for start, stop in itertools.pairwise(starts):
        raws = tuple(pipeline.batches(start, stop - start) for pipeline in pipelines)
        state = TrainState(jnp.int32(start), {}, {}, {}, {})
        raw = raws if sharding is None else raws[0]
        found.append(compiled(state, pipelines[0].source, raw, key)[1]["image"])
    return np.concatenate(found)


def test_a_run_that_is_continued_and_one_of_a_study_see_the_same_windows():
    made = built(load_size=19, flip=True)
    training, spec = data.load_data(made, "train"), Spec(nets={}, tx={}, hparams=None)
    mesh = program.make_mesh()
    single = Program(None, None, spec, (5,), mesh)
    study = Program(None, None, spec, (4, 5))

    def alone(step, load):
        return program.compile_step(step, spec, mesh, load), single.key("run")

    def beside(step, load):
        return program.compile_seeds(step, spec, load), study.key("run")

    sharding = program.batch_sharding(mesh)
    straight = pictures_of(made, training, alone, (5,), (0, 4), sharding)
    continued = pictures_of(made, training, alone, (5,), (0, 1, 4), sharding)
    np.testing.assert_array_equal(straight, continued)
    with jax.debug_key_reuse(False):
        of_study = pictures_of(made, training, beside, (4, 5), (0, 4))
    np.testing.assert_array_equal(of_study[:, 1], straight)
    assert (of_study[:, 0] != straight).any()


def test_what_is_modelled_is_the_middle_alone():
    image = np.random.default_rng(0).integers(0, 256, (6, 9, 9, 1), np.uint8)
    given = centered(Dataset("some", image, None, (), "f00d"), 5)
    abilities = types.SimpleNamespace(as_modelled=lambda spec, image, key: -image)
    changed = data.as_modelled(types.SimpleNamespace(abilities=abilities, spec=None), given)
    np.testing.assert_array_equal(changed.image, 255 - given.image)
    assert changed.whole is None


def test_gray_images_are_left_out_of_every_split_and_counted(tmp_path):
    (tmp_path / "images").mkdir()
    for i in range(60):
        color = (90, 90, 90) if i % 4 == 0 or i in (29, 30) else (200, 4 * i, 10)
        Image.new("RGB", (20, 20), color).save(tmp_path / "images" / f"{i:02d}.png")
    files = {"name": str(tmp_path / "images"), "cache_dir": str(tmp_path / "cache")}
    made = built(**files, channels=3, least_chroma=2.0, load_size=20, validation=5)
    splits = {split: data.load_data(made, split) for split in ("train", "validation", "test")}
    reds = [splits[split].image[:, 0, 0, 0] for split in splits]
    assert [len(red) for red in reds] == [33, 5, 5]  # every tenth is for test, 29 among them
    assert (np.concatenate(reds) == 200).all()
    line = data.described(splits["train"], splits["test"], 5)
    assert line.endswith(
        "images: 33 training, 5 held out to choose settings on and 5 held-out images; 17 gray "
        "images left out of these splits (16 training, 1 held-out), no labels"
    )


def test_an_earlier_record_is_of_whole_images_and_of_all():
    record = load.to_json(load.load_config(GAN))
    for key in ("load_size", "least_chroma"):
        del record["data"][key]
    config = load.from_json(record)
    assert (config.data.load_size, config.data.least_chroma) == (0, 0.0)


def test_a_small_experiment_of_color_images_has_digits_all_the_same():
    config = load.load_config("configs/wgan_folder.py")
    config.unlock()
    config.data.update(least_chroma=2.0, load_size=72)
    load.shrink(config)
    assert (config.data.name, config.data.least_chroma) == ("digits", 0.0)
    assert config.data.load_size == 72
