"""Temporal ensembling: what is remembered of which image, from which pass, and what it weighs."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import PartitionSpec
from tiny_games import BATCH, CLASSES, PIXELS, SIDE, setup, spec_of, update_key

from jaxgen.core import Layout, Nets, key_for
from jaxgen.objectives import temporal_ensembling as te
from jaxgen.train import program

pytestmark = pytest.mark.core

ROWS = 2 * BATCH
KEY = 1


def setup_of(**hparams):
    return setup("temporal_ensembling", **hparams)


def softmax(x):
    return np.exp(x) / np.exp(x).sum(1, keepdims=True)


def said_in_training(state, image):
    """Probabilities that the classifier of `tiny_games` gives to images that are not moved."""
    flat = np.asarray(image, np.float64).reshape(len(image), PIXELS)
    return softmax(flat @ np.asarray(state.params["classifier"]["kernel"], np.float64) + 0.25)


def test_an_ensemble_by_hand_over_three_epochs():
    """Of each image the exponential mean of what was said, over how often it was."""
    spec, state, batch = setup_of(decay=0.6, consistency_weight=2.0)
    halves = [batch | {"index": jnp.arange(BATCH, dtype=jnp.int32) + start} for start in (0, BATCH)]
    halves[1]["image"] = -batch["image"][::-1]
    ensemble = np.zeros((ROWS, CLASSES))
    np.testing.assert_array_equal(state.memory["ensemble"], ensemble)
    for epoch in range(3):
        for half in halves if epoch % 2 == 0 else halves[::-1]:
            rows = np.asarray(half["index"])
            shown, memory = te.show(spec, state, half, jax.random.key(KEY))
            # Zero at first, and then without a weight.
            correction = 1 - 0.6**epoch if epoch else 1
            np.testing.assert_allclose(
                shown["made_target"], ensemble[rows] / correction, rtol=1e-5, atol=1e-7
            )
            np.testing.assert_array_equal(shown["made_weight"], 2.0 if epoch else 0.0)
            ensemble[rows] = 0.6 * ensemble[rows] + 0.4 * said_in_training(state, half["image"])
            after, metrics = te.train_step(spec, state, half, jax.random.key(KEY))
            np.testing.assert_allclose(memory["ensemble"], ensemble, rtol=1e-5, atol=1e-7)
            np.testing.assert_array_equal(after.memory["ensemble"], memory["ensemble"])
            assert (float(metrics["classifier/consistency"]) > 0) == (epoch > 0)
            assert np.any(
                after.params["classifier"]["kernel"] != state.params["classifier"]["kernel"]
            )
            state = after


def test_targets_are_probabilities_however_often_an_image_was_seen():
    spec, state, batch = setup_of()
    for number in range(3):
        seen_less = batch if number else batch | {"index": batch["index"].at[0].set(0)}
        state, _ = te.train_step(spec, state, seen_less, jax.random.key(KEY))
    shown, _ = te.show(spec, state, batch, jax.random.key(KEY))
    np.testing.assert_allclose(shown["made_target"].sum(1), 1.0, rtol=1e-5)
    share = np.asarray(state.memory["ensemble"].sum(1))
    # Rows 1 to 4, of which 4 was called 0 once; the others were never seen.
    expected = [1 - 0.6, *[1 - 0.6**3] * 3, 1 - 0.6**2, *[0.0] * (ROWS - 5)]
    np.testing.assert_allclose(share, expected, rtol=1e-5)


def test_equal_images_have_ensembles_of_their_own():
    """By their rows in the training set, not by content or place in the batch."""
    spec, state, batch = setup_of()
    batch["image"] = jnp.broadcast_to(batch["image"][:1], batch["image"].shape)
    other = state.memory["ensemble"].at[3].set(jnp.array([0.3, 0.1, 0.0]))
    state = state.replace(memory={"ensemble": other})
    batch["index"] = jnp.array([5, 3, 7, 0], jnp.int32)
    shown, memory = te.show(spec, state, batch, jax.random.key(KEY))
    np.testing.assert_allclose(shown["made_target"][1], [0.75, 0.25, 0.0], rtol=1e-6)
    np.testing.assert_array_equal(shown["made_target"][jnp.array([0, 2, 3])], 0.0)
    np.testing.assert_array_equal(shown["made_weight"] > 0, [False, True, False, False])
    said = said_in_training(state, batch["image"])[0]
    expected = np.zeros((ROWS, CLASSES))
    expected[[0, 5, 7]] = 0.4 * said
    expected[3] = 0.4 * said + 0.6 * np.array([0.3, 0.1, 0.0])
    np.testing.assert_allclose(memory["ensemble"], expected, rtol=1e-5, atol=1e-7)


def test_what_is_remembered_is_the_pass_that_was_trained_on():
    """The same place in the image, and the same noise."""
    spec, state, batch = setup_of(translation=1, flip=True)
    state = state.replace(step=jnp.int32(7))
    _, memory = te.show(spec, state, batch, jax.random.key(KEY))
    key = update_key(jax.random.key(KEY), "classifier", step=7)
    seen = []

    class Seeing(Nets):
        def __call__(self, name, image, *, key=None, train=True):
            seen.append((image, key))
            return super().__call__(name, image, key=key, train=train)

    nets = Seeing(spec, state.params, state.model_state)
    entries = ("image", "made_target", "made_weight", "labelled_image", "labelled_label")
    te.temporal_loss(nets, spec, *(batch[name] for name in entries), key)
    expected = 0.4 * said_in_training(state, seen[0][0])
    np.testing.assert_allclose(memory["ensemble"][batch["index"]], expected, rtol=1e-5)
    first, labelled = (jax.random.key_data(key) for _, key in seen)
    assert np.any(first != labelled)


def test_both_passes_of_pi_are_apart_and_labels_are_of_a_third():
    spec, state, batch = setup_of(form="pi", translation=1)
    seen = []

    def nets(name, image, *, key):
        seen.append((np.asarray(image), np.asarray(jax.random.key_data(key))))
        return jnp.zeros((len(image), CLASSES))

    many = jax.random.uniform(jax.random.key(3), (40, SIDE, SIDE, 1))
    args = (many, jnp.ones(40), many, jnp.zeros(40, jnp.int32))
    te.pi_loss(nets, spec, *args, jax.random.key(KEY))
    assert len(seen) == 3
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert np.mean(np.any(seen[one][0] != seen[other][0], axis=(1, 2, 3))) > 0.5
        assert np.any(seen[one][1] != seen[other][1])
    assert state.memory == {}
    assert te.num_images(spec.hparams) == 0
    del batch["index"]
    _, metrics = te.train_step(spec, state, batch, jax.random.key(KEY))
    assert float(metrics["classifier/consistency"]) > 0


@pytest.mark.parametrize(
    ("step", "share"),
    [(0, np.exp(-5)), (20, np.exp(-5 * 0.75**2)), (80, 1.0), (1000, 1.0)],
)
def test_the_weight_grows_to_its_own(step, share):
    for form in te.FORMS:
        spec, state, batch = setup_of(form=form, consistency_weight=7.0, ramp_steps=80)
        if form == "temporal":
            state = state.replace(memory={"ensemble": jnp.full((ROWS, CLASSES), 0.2)})
        shown, _ = te.show(spec, state.replace(step=jnp.int32(step)), batch, jax.random.key(KEY))
        np.testing.assert_allclose(shown["made_weight"], 7.0 * share, rtol=1e-5)


def test_without_a_weight_only_labels_are_read():
    spec, state, batch = setup_of(consistency_weight=0.0)
    assert state.memory == {}
    entries = {name: batch[name] for name in ("labelled_image", "labelled_label")}
    after, metrics = te.train_step(spec, state, entries, jax.random.key(KEY))
    assert set(metrics) == {
        *("classifier/loss", "classifier/supervised", "classifier/labelled_accuracy"),
    }
    assert float(metrics["classifier/loss"]) == float(metrics["classifier/supervised"])
    assert np.any(after.params["classifier"]["kernel"] != state.params["classifier"]["kernel"])


def test_images_are_moved_by_at_most_so_many_pixels_with_reflected_edges():
    spec = spec_of("temporal_ensembling", translation=2)
    ramp = np.arange(36.0).reshape(6, 6)
    image = jnp.broadcast_to(jnp.asarray(ramp)[None, :, :, None], (400, 6, 6, 1))
    moved = np.asarray(te.augment(spec, image, jax.random.key(0)))[..., 0]
    padded = np.pad(ramp, 2, "reflect")
    places = {}
    for x in moved:
        top, left = divmod(int(x[2, 2]) - 14, 6)  # of the pixel in row 2, column 2
        top, left = (top, left) if left < 3 else (top + 1, left - 6)
        np.testing.assert_array_equal(x, padded[top + 2 : top + 8, left + 2 : left + 8])
        places[top, left] = places.get((top, left), 0) + 1
    assert set(places) == {(i, j) for i in range(-2, 3) for j in range(-2, 3)}
    assert max(places.values()) < 40  # of 16 on average
    mirrors = spec_of("temporal_ensembling", translation=0, flip=True)
    turned = np.asarray(te.augment(mirrors, image, jax.random.key(0)))[..., 0]
    mirrored = (turned == ramp[:, ::-1]).all(axis=(1, 2))
    assert 150 < mirrored.sum() < 250
    assert (turned[~mirrored] == ramp).all()
    still = spec_of("temporal_ensembling", translation=0)
    np.testing.assert_array_equal(te.augment(still, image, jax.random.key(0)), image)


def test_the_ensemble_is_of_the_global_batch():
    """Split over two devices, every device remembers what all have seen."""
    spec, state, batch = setup_of(translation=1, flip=True)
    state = state.replace(memory={"ensemble": jnp.full((ROWS, CLASSES), 0.2)})
    key = key_for(jax.random.key(KEY), "step")
    alone = te.show(spec, state, batch, key)
    sharded = PartitionSpec("data")
    split = jax.jit(
        jax.shard_map(
            functools.partial(te.show, spec.on(Layout("data"))),
            mesh=program.make_mesh(jax.devices()[:2]),
            in_specs=(PartitionSpec(), sharded, PartitionSpec()),
            out_specs=(sharded, PartitionSpec()),
        )
    )
    found = split(state, batch, jax.random.clone(key))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6), found, alone)
    assert np.sum(np.any(np.asarray(found[1]["ensemble"]) != 0.2, axis=1)) == BATCH


def test_figures_of_held_out_images():
    spec, state, batch = setup("temporal_ensembling", trained=False)
    flat = np.asarray(batch["image"], np.float64).reshape(BATCH, PIXELS)
    logits = flat @ np.asarray(state.params["classifier"]["kernel"], np.float64)
    found = te.assignments(spec, state, batch["image"])
    np.testing.assert_allclose(found, logits, rtol=1e-5, atol=1e-6)
    p = softmax(logits)
    expected = {
        "usage_entropy": -(p.mean(0) * np.log(p.mean(0))).sum(),
        "assignment_entropy": -(p * np.log(p)).sum(1).mean(),
    }
    measured = te.evaluate(spec, state, batch, jax.random.key(0))
    assert {k: float(v) for k, v in measured.items()} == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("hparams", "message"),
    [
        ({"form": "mean"}, 'form="mean"'),
        ({"num_classes": 1}, "num_classes=1"),
        ({"num_images": 0}, "does not tell their number; set num_images"),
        ({"num_images": -1}, "num_images=-1"),
        ({"decay": 1.0}, "decay=1.0 must be below 1"),
        ({"translation": -1}, "translation=-1"),
        ({"consistency_weight": -1.0}, "consistency_weight=-1.0"),
    ],
)
def test_what_is_no_method(hparams, message):
    with pytest.raises(ValueError, match=message):
        te.Hparams(**hparams)
    te.Hparams(form="pi", num_images=0)
    te.Hparams(consistency_weight=0.0, num_images=0)
