"""CycleGAN's pools, what discriminators are shown, and translations."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import PartitionSpec
from tiny_games import BATCH, SIDE, setup

from jaxgen.core import Layout, key_for
from jaxgen.objectives import cyclegan
from jaxgen.train import program

pytestmark = pytest.mark.core


def images_of(state, name, image):
    """What a generator of `tiny_games` makes in training."""
    flat = np.asarray(image).reshape(len(image), -1)
    made = np.tanh(flat @ np.asarray(state.params[name]["kernel"]) + 0.25)
    return made.reshape(image.shape)


def one_by_one(images, count, made, coins, places):
    """The authors' pool: a list that grows, and from then on changes an image or not."""
    pool, shown = list(images[:count]), []
    for image, coin, place in zip(made, coins, places, strict=True):
        if len(pool) < len(images):
            pool.append(image)
            shown.append(image)
        elif coin:
            shown.append(pool[place])
            pool[place] = image
        else:
            shown.append(image)
    return np.array(pool), np.array(shown)


@pytest.mark.parametrize("count", [0, 2, 5])
def test_a_pool_gives_an_old_image_for_a_new_one_half_of_the_time(count):
    rng, key = np.random.default_rng(0), jax.random.key(3)
    kept, made = rng.normal(size=(5, 2, 2, 1)), rng.normal(size=(40, 2, 2, 1))
    pool = {"images": jnp.float32(kept), "count": jnp.int32(count)}
    found, shown = cyclegan._exchange(pool, jnp.float32(made), key)
    coin, place = jax.random.split(jax.random.clone(key))
    coins = np.asarray(jax.random.bernoulli(coin, shape=(40,)))
    places = np.asarray(jax.random.randint(place, (40,), 0, 5))
    assert 10 < coins.sum() < 30
    wanted, wanted_shown = one_by_one(kept, count, made, coins, places)
    np.testing.assert_allclose(found["images"], wanted, rtol=1e-6)
    np.testing.assert_allclose(shown, wanted_shown, rtol=1e-6)
    assert int(found["count"]) == 5


def test_pools_begin_empty_and_go_on_from_step_to_step():
    spec, state, batch = setup("cyclegan", pool_size=2 * BATCH)
    assert all(int(pool["count"]) == 0 for pool in state.memory.values())
    first = {"generator": images_of(state, "generator", batch["image"])}
    first["inverse_generator"] = images_of(state, "inverse_generator", batch["other_image"])
    key = jax.random.key(1)
    after, _ = cyclegan.train_step(spec, state, batch, key)
    for name, pool in after.memory.items():
        assert int(pool["count"]) == BATCH
        # Made by the generators before they moved.
        np.testing.assert_allclose(pool["images"][:BATCH], first[name], rtol=1e-5, atol=1e-6)
    second, _ = cyclegan.train_step(spec, after, batch, jax.random.clone(key))
    for name, pool in second.memory.items():
        assert int(pool["count"]) == 2 * BATCH
        np.testing.assert_array_equal(pool["images"][:BATCH], after.memory[name]["images"][:BATCH])
    third, _ = cyclegan.train_step(spec, second, batch, jax.random.clone(key))
    changed = [
        np.any(np.asarray(third.memory[name]["images"] != pool["images"]), axis=(1, 2, 3)).sum()
        for name, pool in second.memory.items()
    ]
    assert all(0 <= count <= BATCH for count in changed)
    assert sum(changed) > 0


def test_without_a_pool_discriminators_are_shown_what_was_just_made():
    spec, state, batch = setup("cyclegan", pool_size=0)
    shown, memory = cyclegan.show(spec, state, batch, jax.random.key(1))
    wanted = images_of(state, "generator", batch["image"])
    np.testing.assert_allclose(shown["made_other_image"], wanted, rtol=1e-5, atol=1e-6)
    wanted = images_of(state, "inverse_generator", batch["other_image"])
    np.testing.assert_allclose(shown["made_image"], wanted, rtol=1e-5, atol=1e-6)
    jax.tree.map(np.testing.assert_array_equal, memory, state.memory)


def test_a_full_pool_shows_old_images_to_the_right_discriminator():
    spec, state, batch = setup("cyclegan", pool_size=3)
    marks = {"generator": 7.0, "inverse_generator": -7.0}
    state = state.replace(
        memory={
            name: {"images": jnp.full((3, SIDE, SIDE, 1), mark), "count": jnp.int32(3)}
            for name, mark in marks.items()
        }
    )
    seen = {"made_other_image": set(), "made_image": set()}
    for seed in range(5):
        shown, _ = cyclegan.show(spec, state, batch, jax.random.key(seed))
        for name, images in shown.items():
            seen[name] |= set(np.asarray(images).ravel().round(3).tolist())
    assert 7.0 in seen["made_other_image"]
    assert -7.0 not in seen["made_other_image"]
    assert -7.0 in seen["made_image"]
    assert 7.0 not in seen["made_image"]


def test_the_pool_is_of_the_global_batch(request):
    """Split over two devices, a batch fills a pool in the same order as on one."""
    spec, state, batch = setup("cyclegan", pool_size=6)
    key = key_for(jax.random.key(1), "step")
    alone = cyclegan.show(spec, state, batch, key)
    sharded = PartitionSpec("data")
    split = jax.jit(
        jax.shard_map(
            functools.partial(cyclegan.show, spec.on(Layout("data"))),
            mesh=program.make_mesh(jax.devices()[:2]),
            in_specs=(PartitionSpec(), sharded, PartitionSpec()),
            out_specs=(sharded, PartitionSpec()),
        )
    )
    found = split(state, batch, jax.random.clone(key))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6), found, alone)


def test_translations_go_both_ways_and_evaluation_around():
    spec, state, batch = setup("cyclegan")
    kernels = {name: np.asarray(state.params[name]["kernel"]) for name in ("generator",)}
    kernels["inverse_generator"] = np.asarray(state.params["inverse_generator"]["kernel"])

    def by(name, x):
        return np.tanh(x.reshape(len(x), -1) @ kernels[name])

    x, y = (np.asarray(batch[name]) for name in ("image", "other_image"))
    key = jax.random.key(0)
    there = cyclegan.translate(spec, state, {"image": batch["image"]}, key)
    back = cyclegan.translate(spec, state, {"other_image": batch["other_image"]}, key)
    flat = (np.asarray(made).reshape(BATCH, -1) for made in (there, back))
    for found, wanted in zip(flat, (by("generator", x), by("inverse_generator", y)), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
    found = cyclegan.evaluate(spec, state, batch, key)
    cycle = np.abs(by("inverse_generator", by("generator", x)) - x.reshape(BATCH, -1)).mean()
    np.testing.assert_allclose(found["cycle_l1"], cycle, rtol=1e-5)
    cycle = np.abs(by("generator", by("inverse_generator", y)) - y.reshape(BATCH, -1)).mean()
    np.testing.assert_allclose(found["inverse_cycle_l1"], cycle, rtol=1e-5)


@pytest.mark.parametrize("name", ["cycle_weight", "identity_weight", "pool_size"])
def test_what_is_no_game(name):
    with pytest.raises(ValueError, match=f"{name}=-1"):
        cyclegan.Hparams(**{name: -1})
