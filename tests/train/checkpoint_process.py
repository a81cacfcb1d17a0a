"""What test_checkpoint.py runs in processes of their own: `checkpoint_process.py ROLE DIR ...`."""

import resource
import sys

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import NamedSharding, PartitionSpec

from jaxgen.core import UserError
from jaxgen.train import checkpoint_files
from jaxgen.train.checkpoint import Checkpoints


def large_state(step: int) -> dict[str, np.ndarray]:
    """48 MB that do not compress; the values depend on the step."""
    bits = np.random.default_rng(step).integers(0, 2**32, (12, 1_000_000), dtype=np.uint32)
    return {f"layer_{i}": row for i, row in enumerate(bits)}


def save_for_ever(directory: str, first: str) -> None:
    checkpoints = Checkpoints(directory, keep=2)
    for step in range(int(first), int(first) + 1000):
        state = jax.tree.map(jnp.asarray, large_state(step))
        checkpoints.wait()
        print("saving", step, flush=True)
        checkpoints.save(step, state, {"step": step})


def fill_disk(directory: str, moment: str) -> None:
    """A save of 48 MB fails before it starts ("early"), under way ("late"), or at a "limit"."""
    checkpoints = Checkpoints(directory, keep=2)
    checkpoints.save(1, {"a": np.arange(1000)}, {})
    checkpoints.wait()
    if moment == "late":
        checkpoint_files.free = lambda _: 10**9
    if moment == "limit":
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))
    try:
        checkpoints.save(2, large_state(2), {})
        print("returned", flush=True)
        checkpoints.wait()
    except UserError as error:
        print(error)
    # The program may go on: there is room for a small one.
    checkpoints.save(3, {"a": np.arange(1000) + 3}, {})
    checkpoints.close()
    found = checkpoints.restore({"a": np.arange(1000)}, step=1)
    assert found is not None
    np.testing.assert_array_equal(found[1]["a"], np.arange(1000))
    print("steps", checkpoints.steps())


def on_one_device(directory: str) -> None:
    assert jax.device_count() == 1
    found = Checkpoints(directory).restore({"a": jax.ShapeDtypeStruct((16, 4), jnp.float32)})
    assert found is not None
    print(float(found[1]["a"].sum()), found[1]["a"].sharding.num_devices)


def distributed(directory: str, port: str, index: str) -> None:
    jax.distributed.initialize(f"127.0.0.1:{port}", 2, int(index))
    assert (jax.process_count(), jax.device_count()) == (2, 4)
    mesh = jax.make_mesh((4,), ("data",), axis_types=(jax.sharding.AxisType.Auto,))
    host = {
        "sharded": np.arange(32, dtype=np.float32).reshape(8, 4),
        "replicated": np.arange(5, dtype=np.int32),
        "step": np.asarray(7, np.int32),
    }
    shardings = {
        name: NamedSharding(mesh, PartitionSpec("data" if name == "sharded" else None))
        for name in ("sharded", "replicated")
    } | {"step": NamedSharding(mesh, PartitionSpec())}
    state = {
        name: jax.make_array_from_callback(x.shape, shardings[name], lambda i, x=x: x[i])
        for name, x in host.items()
    }
    checkpoints = Checkpoints(directory, keep=2, best_metric="loss")
    for step, loss in ((1, 3.0), (2, 1.0), (3, 2.0), (4, 4.0)):
        checkpoints.save(step, {**state, "step": state["step"] + step}, {"n": step}, {"loss": loss})
    checkpoints.save(4, {**state, "step": state["step"] + 4}, {"n": 4})
    checkpoints.wait()
    assert checkpoints.steps() == [2, 3, 4]
    found = checkpoints.restore(state)
    assert found is not None
    step, restored, extra = found
    assert (step, extra) == (4, {"n": 4})
    for name, x in restored.items():
        assert x.sharding == shardings[name]
        for shard in x.addressable_shards:
            expected = host[name][shard.index] + (4 if name == "step" else 0)
            np.testing.assert_array_equal(np.asarray(shard.data), expected)
    checkpoints.close()
    print("done", index)


if __name__ == "__main__":
    {f.__name__: f for f in (save_for_ever, fill_disk, on_one_device, distributed)}[sys.argv[1]](
        *sys.argv[2:]
    )
