"""What the command's modes do; also for notebooks."""

import contextlib
import json
import os
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import multihost_utils

from jaxgen import experiment as experiment_lib
from jaxgen import session
from jaxgen.core import TrainState, UserError
from jaxgen.data import preprocess
from jaxgen.evaluate import classifier, features, files, grids, report


def enable_compilation_cache() -> None:
    """Keeps compiled programs in the user's cache folder, unless JAX is told of another one."""
    if getattr(jax.config, "jax_compilation_cache_dir", None) is None:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        folder = Path(base) / "jaxgen" / "compiled"
        with contextlib.suppress(OSError):  # only slower without
            folder.mkdir(parents=True, exist_ok=True)
            jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def join_processes(
    coordinator: str | None, num_processes: int | None, process_id: int | None
) -> None:
    """Makes this one of several processes that train together. Before any other use of JAX."""
    if coordinator is None or num_processes is None or process_id is None:
        raise UserError("Give all of --coordinator, --num_processes and --process_id, or none.")
    if not 0 <= process_id < num_processes:
        raise UserError(
            f"--process_id={process_id} must be from 0 to {num_processes - 1}, as "
            f"--num_processes={num_processes}."
        )
    jax.distributed.initialize(coordinator, num_processes, process_id)
    # Connects them while they are in step: CPU processes wait 30 s for a connection, but as long
    # as it takes once connected, and later one may have to decode or to compile more than another.
    multihost_utils.sync_global_devices("jaxgen_joined")


def train(config: Any, workdir: Path, *, fork: bool = False) -> TrainState:
    """Trains or continues a run, see `experiment.run`."""
    enable_compilation_cache()
    return experiment_lib.run(config, workdir, fork=fork)


def sample(workdir: Path, step: int | None, num: int, out: Path, *, seed: int = 0) -> None:
    """Writes `num` samples to a .png grid, or to `image` u8[num,h,w,c] of an .npz."""
    if out.suffix not in (".png", ".npz"):
        raise UserError(f"--out={out} must end in .png or .npz.")
    enable_compilation_cache()
    experiment, state = experiment_lib.restore(workdir, step)
    images = generate(experiment, state, jax.random.key(seed), num)
    try:
        if out.suffix == ".png":
            grids.save_png(out, grids.grid(images))
        else:
            out.parent.mkdir(parents=True, exist_ok=True)
            np.savez(out, image=images)
    except OSError as error:
        raise UserError(f"Cannot write --out={out} ({error.strerror}).") from error
    print(f"{num} samples of step {int(state.step)}: {out}")


def generate(
    experiment: experiment_lib.Experiment, state: TrainState, key: Any, num: int, chunk: int = 250
) -> np.ndarray:
    """`num` samples as u8[num,h,w,c], drawn a chunk at a time."""
    chunk = min(chunk, num)

    @jax.jit
    def draw(state, key):
        return preprocess.to_uint8(experiment.objective.sample(experiment.spec, state, key, chunk))

    keys = jax.random.split(key, -(-num // chunk))
    return np.concatenate([np.asarray(draw(state, key)) for key in keys])[:num]


def evaluate(workdir: Path, step: int | None = None) -> dict[str, Any]:
    """Figures of a checkpoint on held-out data; also written to `evaluation.json`.

    "objective/...": those of the paper's own `evaluate`, a mean over held-out batches of the
    training batch size. The rest: `features.compare`, samples against held-out images.
    """
    enable_compilation_cache()
    experiment, state = experiment_lib.restore(workdir, step)
    training, held_out = (session.load_data(experiment, split) for split in ("train", "test"))
    result: dict[str, Any] = {"step": int(state.step), "data": held_out.name}
    result |= _objective_figures(experiment, state, held_out.image)
    num = experiment.config.evaluation.num_images
    samples = generate(experiment, state, jax.random.key(1), num)
    if held_out.label is None:
        extractor = features.pixel_features()
    else:
        extractor = classifier.classifier_features(training, held_out)
    # Spread over the whole set: data on disk is often sorted by class.
    rows = np.linspace(0, len(held_out.image) - 1, min(num, len(held_out.image))).astype(int)
    result |= features.compare(
        extractor, held_out.image[rows], samples, train_images=training.image
    )
    files.write_atomically(workdir / "evaluation.json", json.dumps(result, indent=2) + "\n")
    report.write_report(workdir, title=workdir.name)
    return result


def _objective_figures(experiment, state, images: np.ndarray) -> dict[str, float]:
    objective, spec = experiment.objective, experiment.spec
    if not hasattr(objective, "evaluate"):
        return {}
    size = min(experiment.config.data.batch_size, len(images))
    count = len(images) // size

    @jax.jit
    def figures(state, images, key):
        key_data, key_step = jax.random.split(key)
        return objective.evaluate(
            spec, state, preprocess.prepare({"image": images}, key_data), key_step
        )

    keys = jax.random.split(jax.random.key(0), count)
    rows = [
        figures(state, jnp.asarray(images[i * size : (i + 1) * size]), keys[i])
        for i in range(count)
    ]
    means = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
    return {f"objective/{name}": value for name, value in means.items()} | {
        "objective/n_real": size * count
    }
