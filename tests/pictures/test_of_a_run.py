"""The pictures that a run draws, of images and of points of the plane."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgen.core.objective import Objective
from jaxgen.core.step import Turn
from jaxgen.data import points
from jaxgen.data.dataset import Dataset
from jaxgen.pictures import of_a_run

pytestmark = pytest.mark.core

SPEC = None


def game(**abilities):
    """An objective with the given abilities and no others."""
    names = [field.name for field in dataclasses.fields(Objective)]
    classes = {"num_classes": 0, "sampled_classes": abilities.get("num_classes", 0)}
    empty = dict.fromkeys(names) | classes | {"arcs": False, "turns": ()}
    return Objective(**(empty | abilities))


def data(images, label=None, classes=()):
    return Dataset("made", images, label, classes, "")


def warm(picture):
    """Where a sample is: red over blue."""
    return picture[..., 0].astype(int) - picture[..., 2] > 60


@pytest.fixture
def held_out():
    return points.draw("ring", "test", 3000)[0].reshape(-1, 1, 1, 2)


def sample(spec, state, key, num, condition):
    assert condition is None
    return jnp.broadcast_to(state, (num, 1, 1, 2))


def reconstruct(spec, state, batch, key):
    return -batch["image"]


def test_a_classifier_draws_nothing(held_out):
    assert of_a_run.drawer(game(assignments=sample), SPEC, data(held_out)) is None


def test_a_run_on_points_draws_scatter_plots(held_out):
    draw = of_a_run.drawer(game(sample=sample, reconstruct=reconstruct), SPEC, data(held_out))
    where = jnp.array([0.3, 0.3]).reshape(1, 1, 1, 2)
    drawn = draw(where)
    assert set(drawn) == {"samples", "reconstructions"}
    for picture in drawn.values():
        assert picture.shape == (480, 480, 3)
        assert picture.dtype == np.uint8
    # All samples in one place, kept in the scale of the data: 0.3 of 1.5.
    rows, columns = np.nonzero(warm(drawn["samples"])[40:])
    assert abs(columns.mean() - 0.6 * 479) < 1
    assert abs(rows.mean() + 40 - 0.4 * 479) < 1
    np.testing.assert_array_equal(draw(where)["samples"], drawn["samples"])


def test_the_minimum_is_samples_of_any_number_of_points(held_out):
    draw = of_a_run.drawer(game(sample=sample), SPEC, data(held_out[:3]))
    assert set(draw(jnp.zeros((1, 1, 1, 2)))) == {"samples"}


def test_originals_are_shown_as_they_are_modelled():
    objective = game(
        sample=lambda spec, state, key, num, condition: jnp.broadcast_to(state, (num, 8, 8, 1)),
        reconstruct=reconstruct,
        as_modelled=lambda spec, image, key: jnp.where(image > 0.0, 1.0, -1.0),
    )
    images = np.tile(np.array([100, 180], np.uint8).reshape(2, 1, 1, 1), (20, 8, 8, 1))
    drawn = of_a_run.drawer(objective, SPEC, data(images))(jnp.ones((1, 1, 1, 1)))
    assert set(drawn) == {"samples", "reconstructions"}
    row = drawn["reconstructions"][4, 4::10, 0]
    assert set(row) == {0, 255}


def test_stacked_images_are_tiles():
    objective = game(
        sample=lambda spec, state, key, num, condition: jnp.broadcast_to(state, (num, 8, 8, 3)),
        reconstruct=reconstruct,
    )
    images = np.zeros((40, 8, 8, 3), np.uint8)
    drawn = of_a_run.drawer(objective, SPEC, data(images))(jnp.ones((1, 1, 1, 3)))
    assert drawn["samples"].max() == 255
    assert drawn["samples"].shape == drawn["reconstructions"].shape == (8 * 50 - 2, 8 * 50 - 2, 3)


def test_pictures_of_data_that_is_sorted_by_class_show_all_of_it():
    shades = np.repeat(np.arange(8, dtype=np.uint8) * 30, 50)
    images = np.broadcast_to(shades[:, None, None, None], (400, 50, 50, 1))
    seen = []

    def spy(spec, state, batch, key):
        jax.debug.callback(lambda image: seen.append(np.asarray(image)), batch["image"])
        return batch["image"]

    objective = game(
        sample=lambda spec, state, key, num, condition: jnp.zeros((num, 50, 50, 1)), reconstruct=spy
    )
    of_a_run.drawer(objective, SPEC, data(images))(jnp.zeros(()))
    jax.effects_barrier()
    assert len(np.unique(seen[0])) == 8


def test_classes_are_columns_and_are_asked_for_in_turn():
    asked = []

    def one_of(spec, state, key, num, condition):
        asked.append(condition)
        shade = condition[:, None, None, None] / 2.0 - 1.0
        return jnp.broadcast_to(shade, (num, 8, 8, 1))

    images = np.zeros((40, 8, 8, 1), np.uint8)
    draw = of_a_run.drawer(game(sample=one_of, num_classes=3), SPEC, data(images))
    picture = draw(jnp.zeros(()))["samples"]
    assert picture.shape[1] == 3 * 50 - 2
    assert [picture[24, 50 * column + 24, 0] for column in range(3)] == [0, 64, 128]
    assert len(asked[0]) >= 64


def test_classes_that_are_not_sampled_are_not_asked_for():
    def one(spec, state, key, num, condition):
        assert condition is None
        return jnp.zeros((num, 8, 8, 1))

    objective = game(sample=one, num_classes=3, sampled_classes=0)
    draw = of_a_run.drawer(objective, SPEC, data(np.zeros((40, 8, 8, 1), np.uint8)))
    assert draw(jnp.zeros(()))["samples"].shape[1] == 8 * 50 - 2


def encode(spec, state, image):
    return jnp.mean(image, axis=(1, 2))


def decode(spec, state, code, condition=None, key=None):
    level = code if condition is None else code * 0 + condition[:, None] / 2.0
    return jnp.broadcast_to(level[:, None, None], (len(code), 8, 8, 1))


def test_interpolations_go_from_the_code_of_one_image_to_that_of_another():
    shades = np.linspace(0, 255, 16).astype(np.uint8)
    images = np.broadcast_to(shades[:, None, None, None], (16, 8, 8, 1))
    objective = game(
        sample=lambda *_: jnp.zeros((64, 8, 8, 1)), encode=encode, decode=decode, draw_code=sample
    )
    drawn = of_a_run.drawer(objective, SPEC, data(images))(jnp.zeros(()))
    assert set(drawn) == {"samples", "interpolations"}
    rows = drawn["interpolations"][24::50, 24::50, 0].astype(int)
    assert rows.shape == (8, 8)
    # Evenly from the shade of image i to that of image i + 8.
    expected = np.linspace(shades[:8].astype(float), shades[8:].astype(float), 8, axis=1)
    np.testing.assert_allclose(rows, expected, atol=1)


def test_a_conditional_decoder_is_given_the_class_of_the_first_image():
    images = np.zeros((16, 8, 8, 1), np.uint8)
    label = np.array([0, 1] * 8, np.int32)
    objective = game(
        sample=lambda *_: jnp.zeros((64, 8, 8, 1)), encode=encode, decode=decode, num_classes=2
    )
    objective = dataclasses.replace(objective, turns=(turn_with_labels(),))
    drawn = of_a_run.drawer(objective, SPEC, data(images, label, ("a", "b")))(jnp.zeros(()))
    rows = drawn["interpolations"][24::50, 24::50, 0]
    assert [set(row) for row in rows] == [{128}, {191}] * 4


def test_a_conditional_decoder_rebuilds_an_image_as_of_its_class():
    images = np.zeros((64, 8, 8, 1), np.uint8)
    label = np.repeat(np.array([0, 1, 2], np.int32), [16, 32, 16])
    objective = game(
        sample=lambda *_: jnp.zeros((64, 8, 8, 1)),
        reconstruct=lambda spec, state, batch, key: (
            0 * batch["image"] + batch["label"][:, None, None, None] / 2
        ),
    )
    objective = dataclasses.replace(objective, turns=(turn_with_labels(),))
    for labels, levels in ((label, {128, 191, 255}), (None, {128})):
        drawn = of_a_run.drawer(objective, SPEC, data(images, labels))(jnp.zeros(()))
        tiles = drawn["reconstructions"][24::50, 24::50, 0]
        assert set(tiles[:, ::2].ravel()) == {0}
        assert set(tiles[:, 1::2].ravel()) == levels
        shown = tiles[:, 1::2].ravel()
        assert list(shown) == sorted(shown)


def turn_with_labels():
    return Turn("decoder", None, ("image", "label"))


def test_what_only_decodes_walks_among_draws_and_only_codes_of_two_are_drawn():
    label = np.zeros(16, np.int32)
    images = np.zeros((16, 8, 8, 1), np.uint8)
    drawn_codes = jnp.linspace(-1.0, 1.0, 16)[:, None]
    latents = game(
        sample=lambda *_: jnp.zeros((64, 8, 8, 1)),
        decode=decode,
        draw_code=lambda spec, key, num: drawn_codes,
    )
    drawn = of_a_run.drawer(latents, SPEC, data(images, label, ("a",)))(jnp.zeros(()))
    assert set(drawn) == {"samples", "walks"}
    for width, pictures in ((1, {"samples"}), (2, {"samples", "codes"})):
        coded = game(
            sample=lambda *_: jnp.zeros((64, 8, 8, 1)),
            encode=lambda spec, state, image, width=width: jnp.zeros((len(image), width)),
        )
        drawn = of_a_run.drawer(coded, SPEC, data(images, label, ("a",)))(jnp.zeros(()))
        assert set(drawn) == pictures


def test_a_colorizer_shows_gray_images_its_colors_and_the_truth():
    """Row by row of eight, the same images in each column; chroma is where the network puts it."""

    def colorize(spec, state, lightness, key):
        return jnp.broadcast_to(state, (*lightness.shape[:3], 2))

    shades = np.linspace(60, 200, 30).astype(np.uint8)
    images = np.zeros((30, 4, 4, 3), np.uint8)
    images[..., 0], images[..., 1:] = shades[:, None, None], 90
    drawn = of_a_run.drawer(game(colorize=colorize), SPEC, data(images))(jnp.array([0.0, -0.5]))
    assert set(drawn) == {"colorized"}
    picture = drawn["colorized"].astype(int)
    cell = picture.shape[1] // 8
    assert picture.shape[0] // cell == 9
    tiles = picture[cell // 2 :: cell, cell // 2 :: cell][:9, :8]
    gray, made, true = tiles[0::3], tiles[1::3], tiles[2::3]
    assert np.max(np.ptp(gray, axis=-1)) <= 1
    assert np.all(made[..., 2] > made[..., 0] + 40)  # b below 0 is blue
    assert np.all(np.abs(true[..., 1:] - 90) <= 1)
    assert np.all(np.diff(true.reshape(-1, 3)[:, 0]) >= 0)  # from all over the set, in order
    # Lightness is kept: where the truth is brighter, so are both of its neighbours.
    for row in (gray, made):
        assert np.all(np.diff(row.reshape(-1, 3).sum(-1)) >= 0)


def test_few_images_are_shown_in_one_row():
    images = np.full((3, 4, 4, 3), 90, np.uint8)
    objective = game(colorize=lambda spec, state, x, key: jnp.zeros((*x.shape[:3], 2)))
    picture = of_a_run.drawer(objective, SPEC, data(images))(jnp.zeros(()))["colorized"]
    assert picture.shape[0] == picture.shape[1]
