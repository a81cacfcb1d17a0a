"""A training step: who moves when, on which rows, with which noise, as numbers worked by hand."""

import dataclasses
import functools

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from jaxgen.core import (
    Layout,
    Spec,
    Turn,
    by_phase,
    create,
    finish,
    key_for,
    nets,
    optimise,
    take_turns,
)
from jaxgen.core.step import batches_per_step, check_batch, optimise_each, split_batch

pytestmark = pytest.mark.core

KEY = 7  # of every run here


class Number(nn.Module):
    """A network that is one number."""

    start: float = 0.0

    @nn.compact
    def __call__(self, *, train):
        return self.param("w", nn.initializers.constant(self.start), ())


class Diary(nn.Module):
    """A network of `size` rows, of which it returns the last; see `write`."""

    size: tuple[int, ...]

    @nn.compact
    def __call__(self, *, train):
        return self.param("rows", nn.initializers.zeros, self.size)[-1]


def write():
    """An optimiser that appends the last row's gradient to a `Diary`'s rows: all that it was given.

    Exact: the new row minus the old one is added to the old one, which is 0.
    """

    def update(gradient, state, params=None):
        def append(rows, gradient):
            return jnp.concatenate([rows[1:], rows[:1] + gradient[-1:]]) - rows

        return jax.tree.map(append, params, gradient), state

    return optax.GradientTransformation(lambda params: optax.EmptyState(), update)


def read(state, name):
    return np.asarray(state.params[name]["rows"])


def spec_of(nets, tx=None, **options):
    """A spec of the given modules; SGD at rate 0.1 where nothing else is said."""
    tx = {name: optax.sgd(0.1) for name in nets} | (tx or {})
    return Spec(nets=nets, tx=tx, hparams=None, **options)


def start(spec):
    return create(spec, jax.random.key(0), {name: () for name in spec.nets})


def play(spec, turns, batch=None, *, state=None, key=KEY):
    """(state, metrics) after a step."""
    batch = {"image": jnp.zeros(1)} if batch is None else batch
    return take_turns(spec, state or start(spec), batch, jax.random.key(key), turns)


def numbers(state):
    return {name: float(params["w"]) for name, params in state.params.items()}


def product(nets, spec, image, key):
    """a b: the gradient of each is the other."""
    a, b = nets("a"), nets("b")
    return a * b, {"a/seen": a, "b/seen": b}


def seen(name):
    """A loss by which the diary `name` writes down the entry that it was given."""

    def loss(nets, spec, entry, key):
        return jnp.sum(nets(name) * entry), {f"{name}/mean": jnp.mean(entry)}

    return loss


def drawn(name):
    """A loss by which the diary `name` writes down noise drawn from its key."""

    def loss(nets, spec, image, key):
        return jnp.sum(nets(name) * jax.random.normal(key, (3,))), {}

    return loss


# Order, and who moves


def test_each_turn_meets_what_the_others_have_become():
    spec = spec_of({"a": Number(1.0), "b": Number(2.0)})
    state, metrics = play(spec, (Turn("a", product), Turn("b", product)))
    # a <- 1 - 0.1 * 2, then b <- 2 - 0.1 * a.
    assert numbers(state) == pytest.approx({"a": 0.8, "b": 1.92}, rel=1e-6)
    assert float(metrics["a/seen"]) == pytest.approx(0.8)  # of the last turn
    state, _ = play(spec, (Turn("b", product), Turn("a", product)))
    assert numbers(state) == pytest.approx({"a": 0.81, "b": 1.9}, rel=1e-6)


def test_updates_of_one_turn_follow_each_other():
    spec = spec_of({"a": Number(1.0), "b": Number(2.0)})
    state, _ = play(spec, (Turn("a", product, updates=3), Turn("b", product, updates=2)))
    assert numbers(state) == pytest.approx({"a": 0.4, "b": 1.92}, rel=1e-6)

    def square(nets, spec, image, key):
        a = nets("a")
        return jnp.square(a) / 2, {"a/seen": a}

    state, metrics = play(spec, (Turn("a", square, updates=3),))
    assert numbers(state)["a"] == pytest.approx(0.9**3, rel=1e-6)
    assert float(metrics["a/seen"]) == pytest.approx((1 + 0.9 + 0.9**2) / 3, rel=1e-6)


def test_joint_players_move_from_one_point_on_one_loss():
    spec = spec_of({"a": Number(1.0), "b": Number(2.0)})
    state, metrics = play(spec, (Turn(("a", "b"), product),))
    assert numbers(state) == pytest.approx({"a": 0.8, "b": 1.9}, rel=1e-6)
    assert {name: float(value) for name, value in metrics.items()} == {"a/seen": 1, "b/seen": 2}


def test_a_network_that_is_not_named_does_not_move():
    tx = {name: optax.adam(0.1) for name in "ab"}
    spec = spec_of({"a": Number(1.0), "b": Number(2.0)}, tx)
    before = start(spec)
    state, _ = play(spec, (Turn("a", product),), state=before)
    assert numbers(state)["b"] == 2.0
    assert numbers(state)["a"] == pytest.approx(0.9, rel=1e-5)
    moved = jax.tree.leaves(state.opt_state["b"]), jax.tree.leaves(before.opt_state["b"])
    assert all(np.array_equal(now, then) for now, then in zip(*moved))


def test_the_update_of_a_turn_may_do_more():
    calls = []

    def twice(spec, state, names, loss, *args, phase=None):
        calls.append((names, phase, len(args)))
        state, _ = optimise(spec, state, names, loss, *args, phase=phase)
        return optimise(spec, state, names, loss, *args, phase=phase)

    spec = spec_of({"a": Number(1.0), "b": Number(2.0)})
    turns = (Turn("a", product, phase="only", update=twice), Turn("b", product))
    state, _ = play(spec, turns)
    assert numbers(state) == pytest.approx({"a": 0.6, "b": 1.94}, rel=1e-6)
    assert calls == [(("a",), "only", 2)]


# Phases


def test_a_phase_picks_its_optimiser():
    tx = {"a": by_phase({"large": optax.sgd(0.1), "small": optax.sgd(0.001)})}
    spec = spec_of({"a": Number(1.0), "b": Number(2.0)}, tx)
    turns = (Turn("a", product, phase="large"), Turn("a", product, phase="small", updates=2))
    state, _ = play(spec, turns)
    assert numbers(state) == pytest.approx({"a": 1 - 0.2 - 2 * 0.002, "b": 2.0}, rel=1e-6)


def test_optimisers_know_the_training_step_and_not_the_updates():
    def update(gradient, state, params=None, *, step, **extra):
        return jax.tree.map(lambda g: (1.0 + step) * jnp.ones_like(g), gradient), state

    tx = optax.GradientTransformationExtraArgs(lambda params: optax.EmptyState(), update)
    spec = spec_of({"a": Number(), "b": Number()}, {"a": tx})
    turns = (Turn("a", product, updates=3),)
    state, _ = play(spec, turns)
    assert numbers(state)["a"] == 3.0
    state, _ = play(spec, turns, state=state)
    assert numbers(state)["a"] == 9.0


# Batches


def test_a_batch_is_dealt_row_by_row():
    np.testing.assert_array_equal(split_batch(jnp.arange(6), 3), [[0, 3], [1, 4], [2, 5]])
    rows = jnp.arange(24).reshape(4, 2, 3)
    np.testing.assert_array_equal(split_batch(rows, 2), [rows[::2], rows[1::2]])
    np.testing.assert_array_equal(split_batch(rows, 1), rows[None])
    with pytest.raises(ValueError, match="A batch of 4 cannot be split into 3 equal parts"):
        split_batch(rows, 3)


def test_fresh_updates_share_out_the_batch_and_others_see_its_first():
    nets = {name: Diary((4, 2)) for name in ("a", "b", "c")}
    spec = spec_of(nets, {name: write() for name in nets})
    turns = (
        Turn("a", seen("a"), updates=2, fresh=True),
        Turn("b", seen("b"), updates=3),
        Turn("c", seen("c"), updates=1, fresh=True),
    )
    assert batches_per_step(turns) == 3
    state, metrics = play(spec, turns, {"image": jnp.array([0.0, 1, 2, 10, 11, 12])})
    np.testing.assert_array_equal(read(state, "a")[2:], [[0, 10], [1, 11]])
    np.testing.assert_array_equal(read(state, "b")[1:], [[0, 10]] * 3)
    np.testing.assert_array_equal(read(state, "c")[3:], [[2, 12]])
    assert not np.any(read(state, "c")[:3])  # as many updates as were asked for
    found = {name: float(value) for name, value in metrics.items()}
    assert found == {"a/mean": 5.5, "b/mean": 5.0, "c/mean": 7.0}


def test_turns_without_fresh_batches_see_all_of_it():
    spec = spec_of({"a": Diary((2, 4))}, {"a": write()})
    turns = (Turn("a", seen("a"), updates=2),)
    assert batches_per_step(turns) == 1
    state, _ = play(spec, turns, {"image": jnp.arange(4.0)})
    np.testing.assert_array_equal(read(state, "a"), [[0, 1, 2, 3]] * 2)


def test_a_loss_is_given_its_entries_in_order():
    def loss(nets, spec, first, second, key):
        assert first.dtype == jnp.int32
        assert second.shape == (2, 5)  # of another number of rows than `first`
        assert jnp.issubdtype(key.dtype, jax.dtypes.prng_key)
        return nets("a"), {"a/first": jnp.sum(first), "a/second": jnp.sum(second)}

    batch = {"image": jnp.zeros((2, 3)), "label": jnp.arange(3), "other_image": jnp.ones((2, 5))}
    turn = Turn("a", loss, ("label", "other_image"))
    _, metrics = play(spec_of({"a": Number()}), (turn,), batch)
    assert (int(metrics["a/first"]), float(metrics["a/second"])) == (3, 10.0)


def test_every_entry_is_dealt_alike():
    def both(nets, spec, image, label, key):
        return jnp.sum(nets("a") * jnp.stack([image, label.astype(jnp.float32)])), {}

    spec = spec_of({"a": Diary((2, 2, 2))}, {"a": write()})
    turn = Turn("a", both, ("image", "label"), updates=2, fresh=True)
    batch = {"image": jnp.array([0.5, 1.5, 2.5, 3.5]), "label": jnp.arange(4)}
    state, _ = play(spec, (turn,), batch)
    rows = [[[0.5, 2.5], [0, 2]], [[1.5, 3.5], [1, 3]]]
    np.testing.assert_array_equal(read(state, "a"), rows)


def test_a_batch_that_lacks_an_entry_is_an_error():
    turn = Turn("a", seen("a"), ("image", "label"))
    message = r'The turn of "a" needs image, label in its batches, which lack label\.'
    with pytest.raises(ValueError, match=message):
        play(spec_of({"a": Number()}), (turn,))


def test_optional_turns_are_taken_where_their_entries_are():
    nets = {"a": Number(1.0), "b": Number(2.0)}
    extra = Turn("b", lambda nets, spec, x, y, key: (nets("b"), {"b/loss": nets("b")}), ("x", "y"))
    turns = (Turn("a", product), dataclasses.replace(extra, optional=True))
    image, one = {"image": jnp.zeros(1)}, jnp.zeros(1)
    for batch in (image, image | {"x": one}):
        state, metrics = play(spec_of(nets), turns, batch)
        assert numbers(state) == pytest.approx({"a": 0.8, "b": 2.0})
        assert "b/loss" not in metrics
    state, metrics = play(spec_of(nets), turns, image | {"x": one, "y": one})
    assert numbers(state) == pytest.approx({"a": 0.8, "b": 1.9})
    assert float(metrics["b/loss"]) == 2.0


def test_leaving_out_an_optional_turn_deals_no_other_batch_to_the_rest():
    nets = {name: Diary((1, 2)) for name in "ab"}
    spec = spec_of(nets, {name: write() for name in nets})
    turns = (
        Turn("a", seen("a"), ("other",), fresh=True, optional=True),
        Turn("b", seen("b"), fresh=True),
    )
    batch = {"image": jnp.arange(4.0), "other": jnp.arange(4.0)}
    without, _ = play(spec, turns, {"image": batch["image"]})
    state, _ = play(spec, turns, batch)
    np.testing.assert_array_equal(read(without, "b"), [[1, 3]])
    np.testing.assert_array_equal(read(state, "b"), [[1, 3]])


# How many of the updates


@pytest.mark.parametrize(("step", "made"), [(0, 1), (1, 2), (2, 3), (9, 3)])
def test_only_as_many_updates_as_are_counted(step, made):
    """Rows, noise and means are those of the first few; of no more than there are."""
    spec = spec_of({"a": Diary((3, 1))}, {"a": write()})
    turn = Turn("a", seen("a"), updates=3, fresh=True, count=lambda step: step + 1)
    state = start(spec).replace(step=jnp.asarray(step))
    batch = {"image": jnp.array([1.0, 2, 6])}
    after, metrics = jax.jit(functools.partial(take_turns, spec, turns=(turn,)))(
        state, batch, jax.random.key(KEY)
    )
    written = batch["image"][:made]
    np.testing.assert_array_equal(read(after, "a")[:, 0], [0] * (3 - made) + [*written])
    assert float(metrics["a/mean"]) == pytest.approx(float(written.mean()), rel=1e-6)
    assert int(after.step) == step + 1


def test_no_update_at_all_leaves_the_network_and_no_metric_that_is_not_a_number():
    spec = spec_of({"a": Number(1.0), "b": Number(2.0)})
    turn = Turn("a", product, count=lambda step: step % 2)
    state, metrics = play(spec, (turn,))
    assert numbers(state) == {"a": 1.0, "b": 2.0}
    assert all(np.isfinite(value) for value in metrics.values())
    state, metrics = play(spec, (turn,), state=state)
    assert numbers(state) == pytest.approx({"a": 0.8, "b": 2.0})
    assert float(metrics["b/seen"]) == 2.0


# The end of a step


def test_a_step_is_counted_once_and_averages_follow_once():
    spec = spec_of({"a": Number(1.0), "b": Number(2.0)}, ema={"a": 0.75})
    turns = (Turn("a", product, updates=2), Turn("b", product))
    state, _ = play(spec, turns)
    assert int(state.step) == 1
    assert state.ema.keys() == {"a"}
    # a is 0.6 after both of its updates.
    assert float(state.ema["a"]["w"]) == pytest.approx(0.75 * 1.0 + 0.25 * 0.6, rel=1e-6)
    ended = finish(spec, state)
    assert int(ended.step) == 2
    assert numbers(ended) == numbers(state)
    assert float(ended.ema["a"]["w"]) == pytest.approx(0.75 * 0.9 + 0.25 * 0.6, rel=1e-6)


def test_metrics_of_all_turns_are_there():
    spec = spec_of({"a": Number(1.0), "b": Number(2.0)})
    turns = tuple(
        Turn(name, lambda nets, spec, x, key, n=name: (nets(n), {f"{n}/loss": nets(n)}))
        for name in ("a", "b")
    )
    _, metrics = play(spec, turns)
    assert {name: float(value) for name, value in metrics.items()} == {"a/loss": 1, "b/loss": 2}
    assert all(value.shape == () for value in metrics.values())


def test_memory_is_kept():
    spec = spec_of({"a": Number(1.0), "b": Number(2.0)})
    state = start(spec).replace(memory={"pool": jnp.arange(3.0)})
    state, _ = play(spec, (Turn("a", product, updates=2),), state=state)
    np.testing.assert_array_equal(state.memory["pool"], [0, 1, 2])


# Keys


def noise(turns, *, step=0, key=KEY, batch=None):
    """What each diary wrote down of its noise, {name: f[updates, 3]}."""
    names = {"a", "b", "c"}
    spec = spec_of({n: Diary((4, 3)) for n in names}, {n: write() for n in names})
    state = start(spec).replace(step=jnp.asarray(step))
    state, _ = play(spec, turns, batch, state=state, key=key)
    rows = {name: read(state, name) for name in names}
    return {name: x[np.any(x != 0, axis=1)] for name, x in rows.items()}


def turn(player, **options):
    return Turn(player, drawn(player), **options)


def test_every_update_turn_step_and_run_has_noise_of_its_own():
    turns = (turn("a", updates=3), turn("b", updates=2))
    dealt = [noise(turns), noise(turns, step=1), noise(turns, key=KEY + 1)]
    rows = np.concatenate([x for one in dealt for x in one.values()])
    assert rows.shape == (3 * (3 + 2), 3)
    assert len(np.unique(rows)) == rows.size


def test_noise_is_a_function_of_key_step_purpose_and_number():
    found = noise((turn("a", updates=3),), step=5)["a"]
    key = key_for(jax.random.fold_in(jax.random.key(KEY), 5), "a")
    for number, row in enumerate(found):
        # Up to the rounding of a compiled scan.
        expected = jax.random.normal(jax.random.fold_in(key, number), (3,))
        np.testing.assert_allclose(row, expected, rtol=1e-6)


@pytest.mark.parametrize(
    "turns",
    [
        (turn("b"), turn("a", updates=2)),
        (turn("a", updates=2), turn("b"), turn("c", updates=3)),
        (turn("c", updates=2), turn("b", optional=True, entries=("x",)), turn("a", updates=2)),
        (turn("a", updates=4),),
        (turn("a", updates=2, name="a"),),
    ],
    ids=["behind", "before", "optional", "longer", "named"],
)
def test_another_turn_deals_no_noise_anew(turns):
    alone = noise((turn("a", updates=2),))["a"]
    assert alone.shape == (2, 3)
    np.testing.assert_allclose(noise(turns)["a"][:2], alone, rtol=1e-6)


def test_the_purpose_is_a_name_or_players_and_phase():
    assert turn("a").purpose == "a"
    assert Turn(("a", "b"), product, phase="joint").purpose == "a+b/joint"
    assert Turn("a", product, phase="second", name="own").purpose == "own"
    phases = [noise((turn("a", phase=phase),))["a"] for phase in ("first", "second", None)]
    assert len(np.unique(phases)) == 9
    named = noise((turn("a", name="other"),))["a"]
    assert not np.any(np.isin(named, phases))


def test_two_turns_of_one_purpose_are_an_error():
    with pytest.raises(ValueError, match=r"need different names, but they are \['a', 'b', 'a'\]"):
        noise((turn("a"), turn("b"), turn("a")))
    twice = noise((turn("a"), turn("b"), turn("a", name="again")))["a"]
    assert len(np.unique(twice)) == 6


# In a compiled program, and over devices


def test_parts_of_a_batch_make_one_update_of_their_mean():
    """What is read of each part, and when: running numbers move part by part."""
    seen_rows = []

    def loss(nets, spec, image, label, key):
        seen_rows.append(image.shape)
        error = jnp.mean(jnp.square(nets("a") - image) * label)
        return error, {"a/error": error, "a/noise": jax.random.uniform(key)}

    batch = {"image": jnp.arange(6.0), "label": jnp.arange(6) % 2 + 1}
    turns = (Turn("a", loss, ("image", "label")),)
    spec = spec_of({"a": Number(1.0)})
    whole, expected = play(spec, turns, batch)
    parts, found = play(dataclasses.replace(spec, micro_batches=3), turns, batch)
    assert set(seen_rows) == {(6,), (2,)}
    assert numbers(parts) == pytest.approx(numbers(whole), rel=1e-6)
    assert float(found["a/error"]) == pytest.approx(float(expected["a/error"]), rel=1e-6)
    assert float(found["a/noise"]) != float(expected["a/noise"])
    with pytest.raises(ValueError, match=r"6 images of an update .* micro_batches=4 equal parts"):
        play(dataclasses.replace(spec, micro_batches=4), turns, batch)


def test_batch_normalisation_is_of_a_part_and_its_average_moves_with_each():
    class Norm(nn.Module):
        @nn.compact
        def __call__(self, x, *, train):
            return nn.BatchNorm(use_running_average=not train, momentum=0.5, use_bias=False)(x)

    def loss(nets, spec, image, key):
        value = jnp.mean(nets("a", image) ** 3)
        return value, {"a/loss": value}

    image = jnp.array([[0.0], [10.0], [1.0], [30.0]])
    tx = {"a": optax.sgd(1.0)}
    spec = Spec(nets={"a": Norm()}, tx=tx, hparams=None, micro_batches=2)
    state = create(spec, jax.random.key(0), {"a": (image,)})
    moved, metrics = take_turns(spec, state, {"image": image}, jax.random.key(1), [Turn("a", loss)])
    mean = moved.model_state["a"]["batch_stats"]["BatchNorm_0"]["mean"]
    # Rows 0 and 2, then rows 1 and 3.
    np.testing.assert_allclose(mean, [0.5 * (0.5 * 0.5) + 0.5 * 20.0], rtol=1e-6)
    np.testing.assert_allclose(metrics["a/loss"], 0.0, atol=1e-5)  # of pairs; of all four it is not


@pytest.mark.parametrize("micro_batches", [1, 2])
def test_compiled_and_split_over_devices_a_step_is_the_same(micro_batches):
    """Joint, fresh and counted turns, of a batch whose rows lie on two devices."""

    def loss(nets, spec, image, key):
        noise = spec.layout.normal(key, image.shape)
        value = jnp.mean(jnp.square(nets("a") - nets("b") * image + noise))
        return value, {"a/loss": value}

    nets = {"a": Number(1.0), "b": Number(2.0)}
    spec = spec_of(nets, ema={"b": 0.5}, micro_batches=micro_batches)
    turns = (
        Turn(("a", "b"), loss, updates=2, fresh=True),
        Turn("b", loss, updates=2, count=lambda step: step + 1),
    )
    batch = {"image": jnp.arange(8.0) / 8}
    eager = play(spec, turns, batch)
    compiled = jax.jit(functools.partial(take_turns, spec, turns=turns))
    state = start(spec)
    split = spec.on(Layout("data"))
    over_devices = jax.vmap(
        lambda part: take_turns(split, state, part, jax.random.key(KEY), turns), axis_name="data"
    )(jax.tree.map(lambda x: x.reshape(2, -1), batch))
    for found in (
        compiled(state, batch, jax.random.key(KEY)),
        jax.tree.map(lambda x: x[0], over_devices),
    ):
        for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(eager), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5)


def test_optimise_each_takes_any_arguments():
    """One leading index an update, and no key where the loss needs none."""

    def loss(nets, spec, target, scale):
        return scale * jnp.square(nets("a") - target) / 2, {"a/target": target}

    spec = spec_of({"a": Number(1.0)}, {"a": optax.sgd(1.0)})
    args = (jnp.array([3.0, 7.0]), jnp.array([1.0, 0.5]))
    state, metrics = optimise_each(spec, start(spec), Turn("a", loss), args)
    assert numbers(state)["a"] == pytest.approx(5.0)  # to 3, then half of the way to 7
    assert float(metrics["a/target"]) == 5.0
    assert int(state.step) == 0  # only the whole step is counted


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        ({"image": np.zeros((4, 8, 8, 3), np.uint8)}, r"is uint8\[4, 8, 8, 3\]; .* / 127.5 - 1"),
        ({"image": np.full((4, 8, 8, 3), 255.0)}, r'"image"\] reaches 255; .* / 127.5 - 1'),
        ({"image": np.zeros((4, 3, 8, 8), np.float32)}, r"looks like channels first"),
        ({"label": np.zeros((4, 10), np.int32)}, r'"label"\] is int32\[4, 10\]; .*argmax'),
        ({"label": np.zeros(4, np.float32)}, r'"label"\] is float32\[4\]; labels are integers'),
        ({"labelled_image": np.zeros((4, 8, 8, 1), np.int32)}, r"labelled_image"),
    ],
)
def test_batches_of_another_form_are_a_sentence(batch, message):
    with pytest.raises(ValueError, match=message):
        check_batch(batch)


@pytest.mark.parametrize(
    "shape", [(4, 8, 8, 3), (4, 1, 1, 2), (4, 3, 3, 3), (4, 2), (4, 28, 28, 1)]
)
def test_batches_as_they_should_be_pass(shape):
    for dtype in (np.float32, jnp.bfloat16):
        check_batch({"image": jnp.zeros(shape, dtype), "label": np.zeros(4, np.uint8)})


def test_modules_that_cannot_be_called_are_a_sentence():
    class Mute(nn.Module):
        @nn.compact
        def __call__(self, x):
            return x

    with pytest.raises(ValueError, match=r"Mute is called with train=True or False"):
        nets.init(Mute(), jax.random.key(0), jnp.zeros(3))
    with pytest.raises(ValueError, match=r"Linear is no Linen module .* flax.nnx.bridge"):
        nets.init(nnx.Linear(2, 3, rngs=nnx.Rngs(0)), jax.random.key(0), jnp.zeros(2))

    class Unconditional(nn.Module):
        @nn.compact
        def __call__(self, x, train):
            return x

    given = (
        r"called with float32\[3\], int32\[1\] and train=True or False, and does not take that: "
    )
    with pytest.raises(ValueError, match=f"Unconditional is {given}multiple values"):
        nets.init(Unconditional(), jax.random.key(0), jnp.zeros(3), jnp.zeros(1, jnp.int32))
