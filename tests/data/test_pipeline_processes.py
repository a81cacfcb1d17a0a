"""Two real processes: each reads only its own rows, and together they are one global batch."""

import socket
import subprocess
import sys

import numpy as np
import pytest

from jaxgen.data import order

PROGRAM = """
import sys
import jax
import numpy as np
from jax.sharding import AxisType, NamedSharding, PartitionSpec
jax.config.update("jax_num_cpu_devices", 2)
address, rank, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
jax.distributed.initialize(address, num_processes=2, process_id=rank)
from jaxgen.data.pipeline import Pipeline
from jaxgen.data.sources import Dataset

reads = []
class Counted(np.ndarray):
    def __getitem__(self, index):
        reads.append(np.size(index))
        return np.asarray(super().__getitem__(index))

image = np.arange(40, dtype=np.uint8).reshape(40, 1, 1, 1)
data = Dataset("some", image, np.arange(40, dtype=np.int32), (), "00")
mesh = jax.make_mesh((4,), ("data",), axis_types=(AxisType.Auto,))
sharding = NamedSharding(mesh, PartitionSpec("data"))
for resident in (True, False):
    pipeline = Pipeline(data, batch_size=8, seed=3, sharding=sharding, resident=resident)
    if not resident:
        pipeline._arrays = {k: v.view(Counted) for k, v in pipeline._arrays.items()}
    fetch = jax.jit(lambda s, r: jax.lax.map(lambda r: Pipeline.fetch(s, r), r))
    total = jax.jit(lambda x: x.sum())
    chunks = [fetch(pipeline.source, raw) for raw in pipeline.iterate(2, 2, 8)]
    for name in ("image", "label"):
        local = [
            (shard.index[1].start, np.asarray(shard.data))
            for chunk in chunks for shard in chunk[name].addressable_shards
        ]
        np.savez(f"{folder}/{name}-{resident}-{rank}.npz",
                 start=[s for s, _ in local], rows=[r for _, r in local],
                 total=[total(chunk[name]) for chunk in chunks])
# 6 steps of 4 local rows, for images and for labels.
assert sum(reads) == 6 * 4 * 2, reads
"""


@pytest.mark.core
def test_two_processes_read_what_one_would(tmp_path, repository):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    ranks = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, address, str(rank), str(tmp_path)], cwd=repository
        )
        for rank in range(2)
    ]
    try:
        assert [rank.wait(120) for rank in ranks] == [0, 0]
    finally:
        for rank in ranks:
            rank.kill()
    rows = [order.indices(3, step, batch_size=8, num_examples=40) for step in range(2, 8)]
    expected = np.array(rows).reshape(3, 2, 8)
    for resident in (True, False):
        for name in ("image", "label"):
            got = np.full((3, 2, 8), -1)
            for rank in range(2):
                saved = np.load(tmp_path / f"{name}-{resident}-{rank}.npz")
                for i, (start, block) in enumerate(zip(saved["start"], saved["rows"])):
                    got[i // 2, :, start : start + 2] = block.reshape(2, 2)
                np.testing.assert_array_equal(saved["total"], expected.sum((1, 2)))
            np.testing.assert_array_equal(got, expected)
