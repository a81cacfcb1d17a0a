import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import AxisType, NamedSharding, PartitionSpec

from jaxgen.core.errors import UserError
from jaxgen.data import labelled, order, preprocess
from jaxgen.data.pipeline import Pipeline
from jaxgen.data.sources import Dataset

pytestmark = pytest.mark.core


def some_dataset(num=100, labelled=True):
    image = np.random.default_rng(0).integers(0, 256, (num, 4, 4, 3), np.uint8)
    label = np.arange(num, dtype=np.int32) % 7 if labelled else None
    return Dataset("some", image, label, tuple("0123456") if labelled else (), "00")


def data_sharding(devices=8):
    mesh = jax.make_mesh(
        (devices,), ("data",), axis_types=(AxisType.Auto,), devices=jax.devices()[:devices]
    )
    return NamedSharding(mesh, PartitionSpec("data"))


@jax.jit
def consume(source, raw):
    def one(raw):
        return preprocess.prepare(Pipeline.fetch(source, raw), jax.random.key(0), flip=True)

    return jax.lax.map(one, raw)


def threads():
    return [t for t in threading.enumerate() if t.name.startswith("jaxgen-prefetch")]


@pytest.mark.parametrize("devices", [None, 1, 8])
@pytest.mark.parametrize("resident", [True, False])
def test_batches_are_the_rows_that_order_names(devices, resident):
    data = some_dataset()
    sharding = None if devices is None else data_sharding(devices)
    pipeline = Pipeline(data, batch_size=16, seed=4, sharding=sharding, resident=resident)
    raw = pipeline.batches(5, 3)
    rows = [order.indices(4, step, batch_size=16, num_examples=100) for step in (5, 6, 7)]
    if resident:
        assert set(raw) == {"index"}
        assert set(pipeline.source) == {"image", "label"}
        np.testing.assert_array_equal(raw["index"], rows)
    else:
        assert pipeline.source == {}
        assert set(raw) == {"image", "label"}
        assert raw["image"].dtype == jnp.uint8
    for i, row in enumerate(rows):
        batch = Pipeline.fetch(pipeline.source, jax.tree.map(lambda x, i=i: x[i], raw))
        np.testing.assert_array_equal(batch["image"], data.image[row])
        np.testing.assert_array_equal(batch["label"], data.label[row])


def test_resident_and_streaming_are_equal_bit_for_bit_over_any_devices():
    data, results = some_dataset(), []
    for devices in (1, 8):
        for resident in (True, False):
            pipeline = Pipeline(
                data, batch_size=16, seed=4, sharding=data_sharding(devices), resident=resident
            )
            chunks = pipeline.iterate(2, 3, 12)
            parts = [consume(pipeline.source, raw) for raw in chunks]
            results.append({k: np.concatenate([p[k] for p in parts]) for k in parts[0]})
    assert results[0]["image"].shape == (10, 16, 4, 4, 3)
    for result in results[1:]:
        np.testing.assert_array_equal(result["image"], results[0]["image"])
        np.testing.assert_array_equal(result["label"], results[0]["label"])


@pytest.mark.parametrize("resident", [True, False])
def test_the_batch_axis_is_split_and_the_source_replicated(resident):
    sharding = data_sharding()
    pipeline = Pipeline(some_dataset(), batch_size=16, seed=0, sharding=sharding, resident=resident)
    for array in pipeline.batches(0, 2).values():
        assert array.sharding.spec == PartitionSpec(None, "data")
        assert array.addressable_shards[0].data.shape[:2] == (2, 2)
    for array in pipeline.source.values():
        assert array.sharding.is_fully_replicated
        assert len(array.addressable_shards) == 8
    batch = consume(pipeline.source, pipeline.batches(0, 2))["image"]
    assert batch.sharding.spec[1] == "data"


def test_without_labels_there_are_none():
    for resident in (True, False):
        pipeline = Pipeline(some_dataset(labelled=False), batch_size=4, seed=0, resident=resident)
        assert set(consume(pipeline.source, pipeline.batches(0, 1))) == {"image"}


@pytest.mark.parametrize("resident", [True, False])
@pytest.mark.parametrize("entries", [("image",), ("image", "label"), ("label",)])
def test_batches_hold_the_entries_that_are_asked_for(entries, resident):
    data = some_dataset()
    pipeline = Pipeline(data, batch_size=4, seed=0, resident=resident, entries=entries)
    assert set(pipeline.source) == (set(entries) if resident else set())
    raw = jax.tree.map(lambda x: x[0], pipeline.batches(3, 1))
    batch = Pipeline.fetch(pipeline.source, raw)
    assert set(batch) == set(entries)
    rows = order.indices(0, 3, batch_size=4, num_examples=100)
    for name in entries:
        np.testing.assert_array_equal(batch[name], getattr(data, name)[rows])


@pytest.mark.parametrize("devices", [None, 1, 8])
@pytest.mark.parametrize("resident", [True, False])
def test_images_come_with_their_rows_where_these_are_asked_for(devices, resident):
    """In every epoch the same number for the same image, also where it is prepared."""
    data = some_dataset()
    sharding = None if devices is None else data_sharding(devices)
    how = {"batch_size": 16, "seed": 4, "sharding": sharding, "resident": resident}
    pipeline = Pipeline(data, **how, entries=("image", "index"))
    seen = {}
    for step in (0, 3, 7, 11):  # six batches an epoch
        raw = jax.tree.map(lambda x: x[0], pipeline.batches(step, 1))
        batch = preprocess.prepare(Pipeline.fetch(pipeline.source, raw), jax.random.key(0))
        rows = order.indices(4, step, batch_size=16, num_examples=100)
        assert batch["index"].dtype == jnp.int32
        np.testing.assert_array_equal(batch["index"], rows)
        np.testing.assert_allclose(batch["image"], data.image[rows] / 127.5 - 1, atol=1e-6)
        seen[step] = set(rows.tolist())
    assert not seen[0] & seen[3]
    assert (seen[0] | seen[3]) & (seen[7] | seen[11])
    without = Pipeline(data, **how)
    batch = Pipeline.fetch(without.source, jax.tree.map(lambda x: x[0], without.batches(0, 1)))
    assert "index" not in batch


def test_rows_are_those_of_the_images_and_not_of_a_labelled_pool():
    data = some_dataset()
    pool = labelled.subset(data, np.array([40, 3, 77]))
    for resident in (True, False):
        how = {"batch_size": 8, "seed": 1, "resident": resident, "entries": ("image", "index")}
        pipeline = Pipeline(data, **how, labelled=pool)
        raw = jax.tree.map(lambda x: x[0], pipeline.batches(2, 1))
        batch = Pipeline.fetch(pipeline.source, raw)
        assert set(batch) == {"image", "index", "labelled_image", "labelled_label"}
        np.testing.assert_array_equal(batch["image"], data.image[np.asarray(batch["index"])])


def test_entries_that_the_data_lacks_are_named():
    data = some_dataset(labelled=False)
    assert Pipeline(data, batch_size=4, seed=0, entries=("image",)).resident
    with pytest.raises(UserError, match=r"set some has no labels.*needs them.*subfolder for each"):
        Pipeline(data, batch_size=4, seed=0, entries=("image", "label"))
    with pytest.raises(UserError, match=r'needs "gray".*"image" and "label"'):
        Pipeline(some_dataset(), batch_size=4, seed=0, entries=("image", "gray"))


def test_points_stay_floats():
    point = np.random.default_rng(1).normal(0, 2, (50, 1, 1, 2)).astype(np.float32)
    data = Dataset("points", point, np.zeros(50, np.int32), ("a",), "00")
    rows = order.indices(2, 0, batch_size=16, num_examples=50)
    for devices in (1, 8):
        for resident in (True, False):
            pipeline = Pipeline(
                data, batch_size=16, seed=2, sharding=data_sharding(devices), resident=resident
            )
            batch = consume(pipeline.source, pipeline.batches(0, 1))
            np.testing.assert_array_equal(batch["image"][0], point[rows])


def test_iteration_resumes_anywhere_and_ends_at_the_stop():
    pipeline = Pipeline(some_dataset(), batch_size=8, seed=1, resident=True)
    straight = [np.asarray(raw["index"]) for raw in pipeline.iterate(0, 4, 30)]
    assert [len(chunk) for chunk in straight] == [4] * 7 + [2]
    resumed = [np.asarray(raw["index"]) for raw in pipeline.iterate(13, 5, 30)]
    np.testing.assert_array_equal(np.concatenate(straight)[13:], np.concatenate(resumed))
    assert list(pipeline.iterate(30, 5, 30)) == []


def test_the_next_chunk_is_made_while_this_one_is_used(monkeypatch):
    pipeline = Pipeline(some_dataset(), batch_size=8, seed=1, resident=True)
    made = {step: threading.Event() for step in range(0, 8, 2)}
    batches = pipeline.batches

    def tell(step, count):
        made[step].set()
        return batches(step, count)

    monkeypatch.setattr(pipeline, "batches", tell)
    chunks = pipeline.iterate(0, 2, 8)
    next(chunks)
    assert made[2].wait(10)
    assert not made[4].is_set()
    chunks.close()


def test_errors_of_the_thread_are_raised_in_the_loop_and_leave_no_thread(monkeypatch):
    pipeline = Pipeline(some_dataset(), batch_size=8, seed=1, resident=True)
    batches = pipeline.batches

    def fail(step, count):
        if step >= 4:
            raise OSError("the disk is gone")
        return batches(step, count)

    monkeypatch.setattr(pipeline, "batches", fail)
    chunks = pipeline.iterate(0, 2, 20)
    assert [len(next(chunks)["index"]) for _ in range(2)] == [2, 2]
    with pytest.raises(OSError, match="the disk is gone"):
        next(chunks)
    assert threads() == []


def test_broken_off_iteration_leaves_no_thread():
    pipeline = Pipeline(some_dataset(), batch_size=8, seed=1, resident=False)
    for _ in pipeline.iterate(0, 2, 100):
        assert threads()
        break
    assert threads() == []

    def interrupted():
        for _ in pipeline.iterate(0, 2, 100):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert threads() == []


def test_resident_when_it_fits():
    data = some_dataset()
    size = data.image.nbytes + data.label.nbytes

    def resident(**options):
        return Pipeline(data, batch_size=8, seed=0, **options).resident

    assert resident()
    assert resident(resident_limit_bytes=size)
    assert not resident(resident_limit_bytes=size - 1)
    assert resident(resident=True, resident_limit_bytes=0)
    assert not resident(resident=False)


def test_a_batch_that_does_not_divide_names_both_numbers():
    with pytest.raises(UserError, match=r"batch of 12 .* 8 devices.*multiple of 8.*8 or 16"):
        Pipeline(some_dataset(), batch_size=12, seed=0, sharding=data_sharding())
    with pytest.raises(UserError, match=r"batch of 4 .* 8 devices.*such as 8"):
        Pipeline(some_dataset(), batch_size=4, seed=0, sharding=data_sharding())


def test_a_batch_larger_than_the_data_is_refused():
    with pytest.raises(UserError, match=r"batch of 101 .* 100 examples"):
        Pipeline(some_dataset(), batch_size=101, seed=0)
