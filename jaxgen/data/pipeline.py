"""Batches for the training loop: resident on the devices when they fit, else streamed to them."""

import copy
import functools
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import jax
import numpy as np
from jax.sharding import NamedSharding, PartitionSpec, Sharding

from jaxgen.core.errors import UserError
from jaxgen.core.types import Array
from jaxgen.data import labelled as labelled_lib
from jaxgen.data import order
from jaxgen.data.dataset import Dataset

# Without a report of the device's memory (CPU) copies share the host's memory.
_CPU_RESIDENT_BYTES = 2**31


class Pipeline:
    """Feeds a compiled step with the examples of `dataset`, as a function of (seed, step) alone.

    Resident: `source` holds the whole data set on every device and `batches` only indices.
    Streaming: `source` is empty and `batches` the images. Either way the compiled step begins with
    `raw = Pipeline.fetch(source, raw)`, and the numbers are the same.

    Args:
      dataset: what batches are drawn from.
      batch_size: the global batch.
      seed: of the order.
      sharding: of a batch axis, e.g. `NamedSharding(mesh, PartitionSpec("data"))`; None is the
        default device.
      resident: None decides by size.
      resident_limit_bytes: up to which it is; by default a quarter of the device's memory, on CPU
        2 GiB over all copies.
      entries: what a batch holds, e.g. ("image",); None is "image", and "label" where there is one.
        "index" are the rows i32 of the images in `dataset`.
      labelled: a pool of images from which every batch has as many more, "labelled_image" and
        "labelled_label", in an order of its own.
      other: a second domain, from which every batch has as many more, "other_image", likewise.

    Raises UserError for: a batch that does not fit the data set or the devices, an entry that the
    data set does not have.
    """

    def __init__(
        self,
        dataset: Dataset,
        *,
        batch_size: int,
        seed: int,
        sharding: Sharding | None = None,
        resident: bool | None = None,
        resident_limit_bytes: int | None = None,
        entries: Sequence[str] | None = None,
        labelled: Dataset | None = None,
        other: Dataset | None = None,
    ):
        self._batch_size = batch_size
        self._seed = seed
        self._num_examples = len(dataset.image)
        order.indices(seed, 0, batch_size=batch_size, num_examples=self._num_examples)
        if sharding is None:
            sharding = jax.sharding.SingleDeviceSharding(jax.local_devices()[0])
        _check_divisible(batch_size, sharding)
        self._chunk_sharding, replicated = _chunk_shardings(sharding)
        self._arrays = select(dataset, entries)
        self._pools: dict[str, dict[str, np.ndarray]] = {}
        for pool, images, names in (
            ("labelled", labelled, ("image", "label")),
            ("other", other, ("image",)),
        ):
            if images is not None:
                chosen = select(images, names)
                self._pools[pool] = {f"{pool}_{name}": array for name, array in chosen.items()}
        every = self._arrays | {k: v for pool in self._pools.values() for k, v in pool.items()}
        if resident is None:
            size = sum(array.nbytes for array in every.values())
            resident = _fits(size, sharding, resident_limit_bytes)
        self.resident = resident
        self.source: dict[str, jax.Array] = {}
        if resident:
            self.source = {
                name: jax.make_array_from_callback(
                    array.shape, replicated, lambda index, array=array: array[index]
                )
                for name, array in every.items()
            }

    def reseeded(self, seed: int) -> "Pipeline":
        """The same data, which both share, in the order of another seed."""
        other = copy.copy(self)
        other._seed = seed
        return other

    @staticmethod
    def fetch(source: Mapping[str, Array], raw: Mapping[str, Array]) -> Mapping[str, Array]:
        """The examples of one step, {"image": [b,h,w,c], "label"?: i32[b]}; pure, for jit.

        Images are u8, or f32 where the data set has points.
        """
        if not source:
            return raw
        return {
            name: array.at[raw[_index_of(name)]].get(mode="promise_in_bounds")
            for name, array in source.items()
        }

    def batches(self, step: int, count: int) -> dict[str, jax.Array]:
        """The data of `count` steps from `step`: arrays [count, batch_size, ...] on the devices.

        Resident: {"index": i32}, and "labelled_index", "other_index" with such pools. Streaming:
        the entries themselves. The batch axis is laid out like `sharding`; a process reads only the
        rows of its own devices.
        """
        steps, size = range(step, step + count), self._batch_size

        def chunk(index, indices, num, arrays):
            rows = np.stack(
                [indices(self._seed, s, batch_size=size, num_examples=num) for s in steps]
            )
            if self.resident:
                return {index: self._on_devices(rows.shape, lambda i: rows[i].astype(np.int32))}
            return {
                name: self._on_devices(
                    rows.shape + array.shape[1:], lambda i, array=array: array[rows[i[:2]]]
                )
                for name, array in arrays.items()
            }

        result = chunk("index", order.indices, self._num_examples, self._arrays)
        for pool, arrays in self._pools.items():
            indices = functools.partial(labelled_lib.indices, pool=pool)
            result |= chunk(f"{pool}_index", indices, len(arrays[f"{pool}_image"]), arrays)
        return result

    def _on_devices(self, shape, rows_of) -> jax.Array:
        return jax.make_array_from_callback(shape, self._chunk_sharding, rows_of)

    def iterate(
        self, start_step: int, count: int, stop_step: int
    ) -> Generator[dict[str, jax.Array], None, None]:
        """`batches` from `start_step` up to `stop_step`, `count` steps at a time (the last fewer).

        The next chunk is made by a thread while the devices work on this one. The thread's errors
        are raised here, and it ends with the iteration, also when that is broken off.
        """
        steps = iter(range(start_step, stop_step, count))

        def submit():
            step = next(steps, None)
            return (
                step
                if step is None
                else pool.submit(self.batches, step, min(count, stop_step - step))
            )

        pool = ThreadPoolExecutor(1, thread_name_prefix="jaxgen-prefetch")
        try:
            pending = submit()
            while pending is not None:
                chunk = pending.result()
                pending = submit()
                yield chunk
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _index_of(name: str) -> str:
    """The entry of a batch that has the rows of array `name` of a resident data set."""
    pool = name.partition("_")[0]
    return f"{pool}_index" if pool in ("labelled", "other") else "index"


def select(dataset: Dataset, entries: Sequence[str] | None) -> dict[str, np.ndarray]:
    """The arrays of `dataset` that batches are made of; by default all.

    Images are the whole ones, of which a step cuts windows. Raises UserError for an entry that it
    does not have.
    """
    # np.asarray: fancy indexing of a plain view of the map is faster than of np.memmap.
    arrays = {"image": np.asarray(dataset.image if dataset.whole is None else dataset.whole)}
    if dataset.label is not None:
        arrays["label"] = np.asarray(dataset.label)
    if "index" in (entries or ()):
        arrays["index"] = np.arange(len(dataset.image), dtype=np.int32)
    for name in entries or ():
        if name == "label" and name not in arrays:
            raise UserError(
                f"The data set {dataset.name} has no labels, and this objective needs them: use a "
                'folder with a subfolder for each class, an .npz with "label", or a labelled set '
                'such as "digits".'
            )
        if name not in arrays:
            raise UserError(
                f'The objective needs "{name}" in its batches, and data sets have "image" and '
                '"label": change its batch_entries.'
            )
    return arrays if entries is None else {name: arrays[name] for name in entries}


def _chunk_shardings(sharding: Sharding) -> tuple[Sharding, Sharding]:
    """Shardings of [count, batch, ...] arrays and of the replicated data set."""
    if not isinstance(sharding, NamedSharding):
        return sharding, sharding
    mesh, spec = sharding.mesh, sharding.spec
    return (
        NamedSharding(mesh, PartitionSpec(None, *spec)),
        NamedSharding(mesh, PartitionSpec()),
    )


def _check_divisible(batch_size: int, sharding: Sharding) -> None:
    shards = 1
    if isinstance(sharding, NamedSharding) and len(sharding.spec) and sharding.spec[0] is not None:
        axes = sharding.spec[0]
        for axis in (axes,) if isinstance(axes, str) else axes:
            shards *= sharding.mesh.shape[axis]
    if batch_size % shards:
        below = batch_size // shards * shards
        choices = f"{below} or {below + shards}" if below else f"{shards}"
        raise UserError(
            f"A batch of {batch_size} cannot be split evenly over {shards} devices: set the batch "
            f"size to a multiple of {shards}, such as {choices}."
        )


def _fits(size: int, sharding: Sharding, limit: int | None) -> bool:
    devices = sharding.addressable_devices
    if limit is not None:
        return size <= limit
    stats = [device.memory_stats() for device in devices]
    limits = [s["bytes_limit"] for s in stats if s and "bytes_limit" in s]
    if limits:
        return size <= min(limits) // 4
    return size * len(devices) <= _CPU_RESIDENT_BYTES
