"""What the command's modes do; also for notebooks."""

import contextlib
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax.experimental import multihost_utils

from jaxgen import evaluation, feed, sampling
from jaxgen import experiment as experiment_lib
from jaxgen.core import TrainState, UserError
from jaxgen.data import points
from jaxgen.evaluate import files, grids, latent, report, scatter


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


def sample(
    workdir: Path,
    step: int | None,
    num: int,
    out: Path,
    *,
    seed: int = 0,
    labels: Sequence[int] = (),
    chunk: int = sampling.CHUNK,
) -> None:
    """Writes `num` samples to a .png grid, or to `image` [num,h,w,c] of an .npz.

    labels: the classes or categories to draw in turn, by default all, for an objective that has
    some; a column each. Points become a scatter plot over held-out ones. chunk: drawn at a time,
    with a word about each where there are several; another number draws other samples.
    """
    if chunk < 1:
        raise UserError(f"--chunk={chunk} must be at least 1.")
    if out.suffix not in (".png", ".npz"):
        raise UserError(f"--out={out} must end in .png or .npz.")
    enable_compilation_cache()
    experiment, state = experiment_lib.restore(workdir, step)
    labels = labels or range(_kinds(experiment))
    condition = _condition(experiment, labels, num) if labels else None
    images = sampling.draw(
        *(experiment, state, jax.random.key(seed), num, condition),
        chunk=chunk,
        progress=_say_progress if num > chunk else lambda done, num: None,
    )
    if out.suffix == ".npz":
        _write(out, lambda: np.savez(out, image=images))
    elif images.shape[1:] == points.SHAPE:
        real = feed.load_data(experiment, "test").image[:num]
        _write(out, lambda: grids.save_png(out, scatter.picture(real, images)))
    else:
        columns = len(labels) if 1 < len(labels) <= num else None
        _write(out, lambda: grids.save_png(out, grids.grid(images, columns=columns)))
    print(f"{num} samples of step {int(state.step)}: {out}")


def interpolate(
    workdir: Path, step: int | None, num: int, out: Path, *, seed: int = 0, label: int | None = None
) -> None:
    """Writes a .png grid with a row of nine images for each of `num` walks between two latents."""
    experiment, state = _restored_for_png(workdir, step, out)
    ends = sampling.latents(experiment, jax.random.key(seed), 2 * num)
    normal = getattr(experiment.spec.hparams, "latent_prior", "normal") == "normal"
    images = latent.decoded_walk(
        _decoder(experiment, state, label),
        ends[:num],
        ends[num:],
        along=latent.spherical if normal else latent.linear,
    )
    _write(out, lambda: grids.save_png(out, grids.grid(images, columns=9)))
    print(f"{num} walks of step {int(state.step)}: {out}")


def arithmetic(
    workdir: Path,
    step: int | None,
    num: int,
    out: Path,
    exemplars: Sequence[Sequence[int]],
    *,
    seed: int = 0,
    label: int | None = None,
) -> None:
    """Writes mean(A) - mean(B) + mean(C) of latents and its neighbourhood, as .png grids.

    exemplars: A, B and C as numbers of samples, counted from 0 along the rows of the grid that
    `sample` draws of the same `num` and `seed`. OUT.png is the result with its eight neighbours,
    OUT_exemplars.png a row for each of A, B and C, its mean at the end.
    """
    experiment, state = _restored_for_png(workdir, step, out)
    if len({len(group) for group in exemplars}) != 1 or not exemplars[0]:
        raise UserError(
            "--a, --b and --c must be equally many numbers of samples, such as 3,10,21."
        )
    bad = [number for group in exemplars for number in group if not 0 <= number < num]
    if bad:
        raise UserError(f"There is no sample {bad[0]}; with --num={num} they are 0 to {num - 1}.")
    drawn = sampling.latents(experiment, jax.random.key(seed), num)
    a, b, c = (drawn[list(group)] for group in exemplars)
    shown, result = latent.decoded_arithmetic(_decoder(experiment, state, label), a, b, c, seed)
    beside = out.with_name(f"{out.stem}_exemplars.png")
    _write(out, lambda: grids.save_png(out, grids.grid(result, columns=3)))
    _write(beside, lambda: grids.save_png(beside, grids.grid(shown, columns=len(a) + 1)))
    print(f"A - B + C of step {int(state.step)}: {out}; A, B, C and their means: {beside}")


def evaluate(
    workdir: Path,
    step: int | None = None,
    *,
    inception_weights: str = "",
    probe: bool = False,
    kmeans: bool = False,
    parzen_window: bool = False,
) -> dict[str, Any]:
    """Figures of a checkpoint on held-out data, `evaluation.figures`; kept in `evaluation.json`."""
    enable_compilation_cache()
    experiment, state = experiment_lib.restore(workdir, step)
    training, held_out = (feed.load_data(experiment, split) for split in ("train", "test"))
    result = {"step": int(state.step), "data": held_out.name} | evaluation.figures(
        experiment,
        state,
        training,
        held_out,
        inception_weights=inception_weights,
        probe=probe,
        kmeans=kmeans,
        parzen_window=parzen_window,
    )
    files.write_atomically(workdir / "evaluation.json", json.dumps(result, indent=2) + "\n")
    report.write_report(workdir, title=workdir.name)
    return result


def _restored_for_png(workdir: Path, step: int | None, out: Path) -> tuple[Any, TrainState]:
    if out.suffix != ".png":
        raise UserError(f"--out={out} must end in .png.")
    enable_compilation_cache()
    return experiment_lib.restore(workdir, step)


def _decoder(experiment: Any, state: TrainState, label: int | None) -> Any:
    if label is None and "label" in experiment.example_batch:
        label = 0
    if label is not None:
        _condition(experiment, [label], 1)
    return sampling.decoder(experiment, state, label)


def _condition(experiment: Any, labels: Sequence[int], num: int) -> np.ndarray:
    """`labels` in turn, i32[num]. Raises UserError for an objective without, or other labels."""
    classes = _kinds(experiment)
    if not classes:
        raise UserError(
            f"--labels={','.join(map(str, labels))} was given, but samples of "
            f"{experiment.config.objective} have no class; leave it out."
        )
    for label in labels:
        if not 0 <= label < classes:
            raise UserError(f"--labels={label} is no class; classes are 0 to {classes - 1}.")
    return np.resize(np.asarray(labels, np.int32), num)


def _kinds(experiment: Any) -> int:
    """How many classes or categories samples can be asked to be of; 0 where there are none."""
    hparams = experiment.spec.hparams
    if "label" in experiment.example_batch:
        return getattr(hparams, "num_classes", 0)
    return getattr(experiment.objective, "categories", lambda _: 0)(hparams)


def _say_progress(done: int, num: int) -> None:
    print(f"drawn: {done} of {num}", file=sys.stderr, flush=True)


def _write(path: Path, save: Callable[[], Any]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save()
    except OSError as error:
        raise UserError(f"Cannot write --out={path} ({error.strerror}).") from error
