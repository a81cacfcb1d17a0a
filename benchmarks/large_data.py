r"""Data sets that are large: more bytes than memory, or more files than anybody likes.

    python -m benchmarks.large_data --of=map --gigabytes=20 --folder=/tmp
    python -m benchmarks.large_data --of=folder --files=200000 --folder=/tmp

`map`: a step of a DCGAN on images of 64x64 that are streamed from a memory map of so many bytes,
against the same step on images that are resident: milliseconds a step, the share of a step that is
waited for its batch, and the memory of the process, its own and the pages of the map, which the
system takes back when it wants them. `folder`: seconds from a folder of so many small JPEG files to
arrays, images a second, and busy cores. What is generated goes to a temporary folder of --folder.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np
from PIL import Image

from benchmarks import harness
from configs import comparisons
from jaxgen import experiment
from jaxgen.data import sources
from jaxgen.data.dataset import Dataset
from jaxgen.data.pipeline import Pipeline
from jaxgen.data.preprocess import prepare

_SIDE, _BATCH = 64, 64
_BLOCK = 4096  # images written at a time
_CLASSES, _DIFFERENT = 10, 100  # of the folder: classes, and contents of its files


def write_map(path: Path, count: int) -> np.ndarray:
    """The memory map u8[count,64,64,3] of random pixels, written to `path`."""
    block = np.random.default_rng(0).integers(0, 256, (_BLOCK, _SIDE, _SIDE, 3), np.uint8)
    images = np.lib.format.open_memmap(path, "w+", np.uint8, (count, *block.shape[1:]))
    for start in range(0, count, _BLOCK):
        part = images[start : start + _BLOCK]
        part[:] = block[: len(part)]
        part[:, 0, 0, 0] = np.arange(start, start + len(part)) % 256  # no two blocks are alike
    images.flush()
    del images
    return np.load(path, mmap_mode="r")


def train(image: np.ndarray, steps: int, resident: bool, features: int) -> dict[str, float]:
    """Milliseconds a step, share of it waited for batches, and MB of memory before and after."""
    config: Any = comparisons.images("gan", features=features, latent_size=100, num_steps=steps)
    config.data.update(name="photos", image_size=_SIDE, channels=3, batch_size=_BATCH)
    exp = experiment.build(config)
    pipeline = Pipeline(
        Dataset("random", image, None, (), ""), batch_size=_BATCH, seed=0, resident=resident
    )

    def run(state: Any, source: Any, raw: Any, key: Any) -> Any:
        batch = prepare(Pipeline.fetch(source, jax.tree.map(lambda x: x[0], raw)), key)
        return exp.objective.train_step(exp.spec, state, batch, key)[0]

    step = jax.jit(run, donate_argnums=0)
    state, key = jax.jit(exp.create_state)(jax.random.key(0)), jax.random.key(1)
    for _ in range(2):  # compiles, for a new state and for one of a step
        state = jax.block_until_ready(step(state, pipeline.source, pipeline.batches(0, 1), key))
    before, waited, began = resident_mb(), 0.0, time.perf_counter()
    asked = began
    for raw in pipeline.iterate(1, 1, steps + 1):
        waited += time.perf_counter() - asked
        state = jax.block_until_ready(step(state, pipeline.source, raw, key))
        asked = time.perf_counter()
    seconds = asked - began
    after = resident_mb()
    return {
        "ms a step": 1e3 * seconds / steps,
        "share waited": waited / seconds,
        "MB before": before["RssAnon"],
        "MB after": after["RssAnon"],
        "MB of the map": after["RssFile"] - before["RssFile"],
    }


def resident_mb() -> dict[str, float]:
    """MB of this process that are its own (RssAnon) and that are pages of files (RssFile)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in lines if line.startswith("Rss"))
    return {name: int(value.split()[0]) / 1024 for name, value in fields.items()}


def write_folder(folder: Path, count: int) -> None:
    """`count` JPEG files of 64x64 in ten class folders, of a hundred different contents."""
    rng, contents = np.random.default_rng(0), []
    scratch = folder / "content.jpg"
    for _ in range(_DIFFERENT):
        small = Image.fromarray(rng.integers(0, 256, (8, 8, 3), np.uint8))
        small.resize((_SIDE, _SIDE), Image.Resampling.BICUBIC).save(scratch, quality=90)
        contents.append(scratch.read_bytes())
    scratch.unlink()
    for name in range(_CLASSES):
        (folder / str(name)).mkdir()
    for i in range(count):
        content = contents[i // _CLASSES % _DIFFERENT]
        (folder / str(i % _CLASSES) / f"{i:06}.jpg").write_bytes(content)


def decode(folder: Path, cache: Path) -> dict[str, float]:
    """Seconds from the folder to arrays of its training images, and what they were spent on."""
    began, cpu = time.perf_counter(), time.process_time()
    options: Any = {"image_size": _SIDE, "channels": 3, "cache_dir": str(cache)}
    count = len(sources.load(str(folder), "train", **options).image)
    seconds, busy = time.perf_counter() - began, time.process_time() - cpu
    began = time.perf_counter()
    sources.load(str(folder), "train", **options)
    again = time.perf_counter() - began
    return {
        "images": count,
        "seconds": seconds,
        "images a second": count / seconds,
        "busy cores": busy / seconds,
        "seconds of the second time": again,
    }


def _of_map(folder: Path, flags: argparse.Namespace) -> dict[str, dict[str, float]]:
    images = write_map(folder / "image.npy", int(flags.gigabytes * 1e9) // (_SIDE * _SIDE * 3))
    few = np.array(images[:_BLOCK])
    found = {}
    for name, data, resident in (("resident", few, True), ("map", images, False)):
        found[name] = train(data, flags.steps, resident, flags.features)
    return found


def _of_folder(folder: Path, flags: argparse.Namespace) -> dict[str, dict[str, float]]:
    images, cache = folder / "images", folder / "cache"
    images.mkdir()
    write_folder(images, flags.files)
    return {"folder": decode(images, cache)}


def main() -> None:
    """Prints a table of what --of names."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    cases: dict[str, Callable[..., Any]] = {"map": _of_map, "folder": _of_folder}
    parser.add_argument("--of", choices=cases, default="map")
    parser.add_argument("--gigabytes", type=float, default=20.0, help="of the map")
    parser.add_argument("--steps", type=int, default=100, help="of training, on the map")
    parser.add_argument("--features", type=int, default=64, help="of the DCGAN")
    parser.add_argument("--files", type=int, default=200_000, help="of the folder")
    parser.add_argument("--folder", default=None, help="where a temporary folder is made")
    flags = parser.parse_args()
    folder = Path(tempfile.mkdtemp(dir=flags.folder))
    try:
        found = cases[flags.of](folder, flags)
    finally:
        shutil.rmtree(folder)
    rows = [["", *found]]
    for name in next(iter(found.values())):
        rows.append([name, *(f"{numbers[name]:,.3f}" for numbers in found.values())])
    print(harness.table(rows))
    harness.report({**found, "machine": harness.machine()})


if __name__ == "__main__":
    main()
