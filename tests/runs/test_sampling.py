"""Samples of any number, some at a time."""

import types

import jax
import numpy as np
import pytest

from jaxgen.core import NotFiniteError, UserError, files
from jaxgen.runs import sampling

pytestmark = pytest.mark.core


def of_images(sample):
    """An experiment of images of 2x2 pixels."""
    example = {"image": jax.ShapeDtypeStruct((5, 2, 2, 1), np.float32)}
    return types.SimpleNamespace(sample=sample, kind="image", example_batch=example)


def test_more_samples_than_fit_are_refused_before_any_is_drawn(monkeypatch):
    monkeypatch.setattr(files, "available_memory", lambda: 16 * 100 - 1)
    never = of_images(lambda *args: pytest.fail("drawn"))
    with pytest.raises(UserError, match=r"100 samples take 0.0 GiB of memory, and 0.0 GiB are fr"):
        sampling.draw(never, None, jax.random.key(0), 100)
    none = of_images(lambda state, key, condition, num: np.zeros((num, 2, 2, 1)))
    assert len(sampling.draw(none, None, jax.random.key(0), 99)) == 99


def test_chunks_have_noise_of_their_own_and_say_how_far_they_are():
    def sample(state, key, condition, num):
        noise = jax.random.uniform(key, (num, 2, 2, 1), minval=-1.0, maxval=1.0)
        return noise if condition is None else noise * 0 + condition[:, None, None, None] / 10

    experiment, seen = of_images(sample), []
    images = sampling.draw(
        *(experiment, None, jax.random.key(0), 10),
        chunk=4,
        progress=lambda *done: seen.append(done),
    )
    assert images.shape == (10, 2, 2, 1)
    assert images.dtype == np.uint8
    assert seen == [(4, 10), (8, 10), (10, 10)]
    assert len({image.tobytes() for image in images}) == 10
    asked = np.arange(10) - 5
    given = sampling.draw(experiment, None, jax.random.key(0), 10, asked, chunk=4)
    np.testing.assert_array_equal(given[:, 0, 0, 0], np.round((asked / 10 + 1) * 127.5))


def test_samples_that_are_not_finite_are_no_black_images():
    bad = of_images(lambda state, key, condition, num: np.full((num, 2, 2, 1), np.nan))
    with pytest.raises(NotFiniteError, match="3 of 3 samples are not finite"):
        sampling.draw(bad, None, jax.random.key(0), 3)


def with_classes(count, names=(), labelled=True):
    abilities = types.SimpleNamespace(sampled_classes=count, draw_code=None, decode=None)
    return types.SimpleNamespace(
        abilities=abilities,
        config=types.SimpleNamespace(objective="some"),
        kind="image",
        classes=names,
        reads_some_labels=labelled,
    )


def test_labels_are_asked_for_in_turn():
    assert sampling.conditions(with_classes(0), (), 4) is None
    assert sampling.conditions(with_classes(3), (), 4).tolist() == [0, 1, 2, 0]
    assert sampling.conditions(with_classes(9), (8, 2), 3).tolist() == [8, 2, 8]
    with pytest.raises(UserError, match="samples of some have no class"):
        sampling.conditions(with_classes(0), (3,), 4)
    with pytest.raises(UserError, match="--labels=3 is no class; classes are 0 to 2"):
        sampling.conditions(with_classes(3), (3,), 4)


def test_labels_are_names_of_classes_or_numbers():
    pets = with_classes(3, ("cat", "dog", "7"))
    assert sampling.conditions(pets, ("dog", "0", 1), 4).tolist() == [1, 0, 1, 1]
    some = with_classes(4, ("1", "2", "3", "9"))
    assert sampling.conditions(some, ("1", "9"), 3).tolist() == [0, 3, 0]
    with pytest.raises(UserError, match=r"--labels=0 is no class; classes are 0 to 3: 1, 2, 3, 9"):
        sampling.conditions(some, ("0",), 1)  # that could be meant as a name
    assert sampling.conditions(some, (1, 0), 2).tolist() == [1, 0]  # a number is no name
    with pytest.raises(UserError, match=r"dig is no class; classes are 0 to 2: cat, dog, 7. Did"):
        sampling.conditions(pets, ("dig",), 1)
    # Clusters that no label names have numbers only.
    assert sampling.conditions(with_classes(30, pets.classes, labelled=False), ("7",), 1) == [7]
    assert sampling.conditions(with_classes(30), ("7",), 1) == [7]
    with pytest.raises(UserError, match=r"=cat is no class; classes are 0 to 2\.$"):
        sampling.conditions(with_classes(3, ("cat", "dog", "7"), labelled=False), ("cat",), 1)


def test_codes_of_an_objective_without():
    with pytest.raises(UserError, match=r"some has no latents to walk among .*: aae, .*, wgan_gp"):
        sampling.codes(with_classes(0), jax.random.key(0), 2)


def of_classes(rebuilds):
    """An experiment of images of 2x2 pixels that are rebuilt as a gray of their class."""

    def reconstruct(spec, state, batch, key):
        level = batch["label"][:, None, None, None] / 10 if rebuilds else 0.0
        return batch["image"] * 0 + level

    return types.SimpleNamespace(
        abilities=types.SimpleNamespace(sampled_classes=3, reconstruct=reconstruct),
        config=types.SimpleNamespace(objective="some"),
        kind="image",
        classes=("cat", "dog", "cow"),
        reads_some_labels=rebuilds,
        reads_labels=rebuilds,
        require=lambda *names: None,
        spec=None,
    )


def test_images_are_rebuilt_as_of_the_class_that_is_given():
    images, key = np.zeros((3, 2, 2, 1), np.uint8), jax.random.key(0)
    made = sampling.rebuilt(of_classes(rebuilds=True), None, key, images, "cow")
    np.testing.assert_array_equal(made, round((0.2 + 1) * 127.5))
    with pytest.raises(UserError, match="rebuilds an image with its class; give --labels=CLASS"):
        sampling.rebuilt(of_classes(rebuilds=True), None, key, images)
    with pytest.raises(UserError, match="images of some are rebuilt without a class; leave it"):
        sampling.rebuilt(of_classes(rebuilds=False), None, key, images, "cow")


def test_codes_that_are_too_large_are_not_only_the_models_fault():
    import jax.numpy as jnp

    abilities = types.SimpleNamespace(
        draw_code=..., decode=lambda spec, state, code, given, key: jnp.square(code)[:, None, None]
    )
    config = types.SimpleNamespace(objective="some")
    able = types.SimpleNamespace(
        abilities=abilities, config=config, kind="image", reads_labels=False, spec=None
    )
    decode = sampling.decoder(able, None)
    assert decode(np.full((2, 3), 0.5)).shape == (2, 1, 1, 3)
    message = r"1 of 2 .* diverged, or the codes, of up to 1e\+30, are too large; .* or other codes"
    with pytest.raises(NotFiniteError, match=message):
        decode(np.array([[0.5], [-1e30]]))


def test_reconstructions_of_several_chunks_have_noise_of_their_own(monkeypatch):
    monkeypatch.setattr(sampling, "CHUNK", 2)
    noisy = of_classes(rebuilds=False)
    noisy.abilities.reconstruct = lambda spec, state, batch, key: jax.random.uniform(
        key, batch["image"].shape, minval=-1.0
    )
    images = np.zeros((5, 2, 2, 1), np.uint8)
    made = sampling.rebuilt(noisy, None, jax.random.key(0), images)
    assert len({image.tobytes() for image in made}) == 5
    again = sampling.rebuilt(noisy, None, jax.random.key(0), images)
    np.testing.assert_array_equal(made, again)
    other = sampling.rebuilt(noisy, None, jax.random.key(1), images)
    assert not np.array_equal(made, other)
