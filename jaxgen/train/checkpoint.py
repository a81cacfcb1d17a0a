"""Checkpoints: asynchronous saves, verified restores. The only file that imports orbax.

On disk a step is `DIRECTORY/STEP/`, renamed into place when complete. Its item `state` holds the
arrays by path, its item `record` their shapes, dtypes and checksums (see `checkpoint_files`): orbax
restores a flipped byte without complaint. orbax's own CheckpointManager is not used, because it
cannot be opened when one metrics file is damaged, and must not be opened while another process
trains in the same directory.
"""

import contextlib
import errno
import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import jax
import numpy as np
import orbax.checkpoint as ocp
from jax.experimental import multihost_utils

from jaxgen.core.errors import UserError
from jaxgen.core.types import PyTree
from jaxgen.train import checkpoint_files as files

_LOG = logging.getLogger(__name__)
_FULL_DISK = (os.strerror(errno.ENOSPC), os.strerror(errno.EDQUOT))


def _not_from_orbax(entry: logging.LogRecord) -> bool:
    # Orbax narrates every save on absl's logger, which is also the user's: its level stays theirs.
    return "/orbax/" not in entry.pathname.replace("\\", "/")


def _not_a_second_failure(entry: logging.LogRecord) -> bool:
    # Of several arrays that could not be written orbax raises the first one's error; asyncio tells
    # of the others, with tracebacks, whenever their tasks are collected.
    text = entry.getMessage().replace("\\", "/")
    return "exception was never retrieved" not in text or "/orbax/" not in text


def _silence_late_callbacks() -> None:
    # When one array cannot be read or written, orbax closes its event loop at once, and each other
    # array still under way then prints a traceback about that: thousands of lines for one damage.
    previous = sys.unraisablehook

    def hook(unraisable):
        if unraisable.object is not None or str(unraisable.exc_value) != "Event loop is closed":
            previous(unraisable)

    sys.unraisablehook = hook


logging.getLogger("absl").addFilter(_not_from_orbax)
logging.getLogger("asyncio").addFilter(_not_a_second_failure)
_silence_late_callbacks()


class Checkpoints:
    """The checkpoints of one run: the newest `keep`, and the best by a metric.

    Every process of a distributed run makes the same calls; process 0 alone writes and deletes.
    Nothing on disk changes before the first `save`, so that a directory can be read while another
    program trains in it.
    """

    def __init__(
        self,
        directory: str | Path,
        *,
        keep: int = 2,
        best_metric: str | None = None,
        best_mode: str = "min",
    ):
        if keep < 1 or best_mode not in ("min", "max"):
            raise UserError(
                f'Checkpoints got keep={keep} and best_mode="{best_mode}"; keep must be 1 or '
                'more, and best_mode "min" or "max".'
            )
        self._directory = Path(directory).absolute()
        self._keep = keep
        self._best_metric = best_metric
        self._sign = 1.0 if best_mode == "min" else -1.0
        self._damaged: set[int] = set()  # passed over by restore, to be deleted by save
        self._pending: tuple[int, int] | None = None  # (step, bytes) of the save under way
        self._checkpointer = _checkpointer()
        self._unproven: int | None = None  # the last save, until it was read back
        self._proven = False  # whether any was

    def steps(self) -> list[int]:
        """Steps that were saved completely, ascending."""
        return files.steps(self._directory)

    def save(
        self, step: int, state: PyTree, extra: dict, metrics: Mapping[str, float] | None = None
    ) -> None:
        """Start to save; `state` may be donated as soon as this returns.

        extra: JSON-able. metrics: may name `best_metric`; NaN is never the best. A good checkpoint
        of the same step is left alone; a damaged one is replaced, and so are later ones that
        `restore` passed over.

        Raises: UserError if this save or the one before failed, or if later steps exist.
        """
        self.wait()
        files.require_plain_path(self._directory)
        if step in self.steps():
            try:
                self._load(step, state)
                return
            except files.Damaged:
                self._damaged.add(step)
        later = [s for s in self.steps() if s > step and s not in self._damaged]
        if later:
            raise UserError(
                f"Step {step} cannot be saved in {self._directory}, which already holds the later "
                f"steps {later}; continue from those, or choose another directory."
            )
        arrays = files.to_host(files.flatten(state)[0])
        scalars = {name: float(value) for name, value in (metrics or {}).items()}
        record = files.seal(arrays, step=step, extra=extra, metrics=scalars)
        size = sum(x.nbytes for x in arrays.values())
        try:
            self._make_room()
            if files.free(self._directory) < size:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            # Orbax copies host arrays before it returns, and refuses those without elements.
            items = ocp.args.Composite(
                state=ocp.args.StandardSave({k: x for k, x in arrays.items() if x.size}),
                record=ocp.args.JsonSave(record),
            )
            self._checkpointer.save(self._directory / str(step), args=items)
        except Exception as error:
            raise self._failure(step, size, error) from error
        self._pending = (step, size)

    def wait(self, *, prove: bool = False) -> None:
        """Return when the last save is complete on disk and superseded ones are gone.

        prove: read that save back; the first one always is, so that training does not go on
        towards checkpoints that are of no use.

        Raises: UserError if that save failed, and older checkpoints are then still good; or if it
        cannot be restored.
        """
        if self._pending is not None:
            self._finish(*self._pending)
        if prove and self._unproven is not None:
            self._prove(self._unproven)

    def _finish(self, step: int, size: int) -> None:
        try:
            self._checkpointer.wait_until_finished()
        except Exception as error:
            self._pending = None
            raise self._failure(step, size, error) from error
        self._pending, self._unproven = None, step
        if not self._proven:
            self._prove(step)
        if jax.process_index() == 0:
            files.discard_superseded(self._directory, self._keep, self._best_metric, self._sign)
        _synchronise("jaxgen_checkpoint_saved")

    def restore(self, target: PyTree, step: int | None = None) -> tuple[int, PyTree, dict] | None:
        """(step, state, extra) of `step`, or of the newest good checkpoint; None if there is none.

        target: arrays, or ShapeDtypeStructs whose `sharding` says where an array goes (the default
        device if None), whatever the number of devices was. Each damaged checkpoint that is passed
        over is logged as a warning.

        Raises: UserError if `step` is absent or damaged, if all are damaged, or if shapes, dtypes
        or the structure differ from `target`.
        """
        self.wait()
        present = self.steps()
        if step is not None and step not in present:
            there = f"the steps there are {present}" if present else "there is none at all"
            raise UserError(f"No checkpoint of step {step} is in {self._directory}; {there}.")
        damage = {}
        for candidate in reversed(present) if step is None else [step]:
            try:
                state, extra = self._load(candidate, target)
            except files.Damaged as error:
                damage[candidate] = error
                continue
            for bad, reason in damage.items():
                _LOG.warning(
                    f"The checkpoint of step {bad} in {self._directory} is damaged ({reason}); "
                    f"step {candidate} is used instead."
                )
            self._damaged.update(damage)
            return candidate, state, extra
        if not damage:
            return None
        found = "; ".join(f"step {bad}: {reason}" for bad, reason in damage.items())
        others = [s for s in present if s not in damage]
        cure = f"try another of the steps {others}" if others else "train in another directory"
        raise UserError(f"No good checkpoint is in {self._directory} ({found}); {cure}.")

    def close(self) -> None:
        """Wait for the last save and read it back, then end orbax's threads.

        Raises: UserError if it failed, or cannot be restored.
        """
        try:
            self.wait(prove=True)
        finally:
            self._checkpointer.close()

    def _load(self, step: int, target: PyTree) -> tuple[PyTree, dict]:
        record = files.read(self._directory, step)
        leaves, treedef = files.flatten(target)
        files.check_fit(record, leaves, f"The checkpoint of step {step} in {self._directory}")
        arrays = self._arrays(step, record)
        placed = [files.place(arrays[name], like) for name, like in leaves.items()]
        return treedef.unflatten(placed), record["extra"]

    def _arrays(self, step: int, record: dict) -> dict[str, np.ndarray]:
        """The arrays of a step as they were saved. Raises Damaged, and UserError if unreadable."""
        arrays = {
            name: np.empty(shape, kind) for name, (kind, shape, _) in record["arrays"].items()
        }
        items = ocp.args.Composite(
            state=ocp.args.StandardRestore({k: x for k, x in arrays.items() if x.size})
        )
        try:
            arrays |= self._checkpointer.restore(self._directory / str(step), args=items)["state"]
        except Exception as error:
            files.require_readable(self._directory, step, error)
            raise files.Damaged(_reason(error)) from error
        files.verify(record, arrays)
        return arrays

    def _prove(self, step: int) -> None:
        """Reads a save back. Raises UserError if it cannot be restored."""
        self._unproven = None
        try:
            self._arrays(step, files.read(self._directory, step))
        except files.Damaged as error:
            raise UserError(
                f"Step {step} was saved in {self._directory}, but cannot be restored from there "
                f"({error}); try a --workdir on another disk."
            ) from error
        self._proven = True

    def _failure(self, step: int, size: int, error: Exception) -> UserError:
        """Clear away what the failed save left, and say what happened in one sentence."""
        with contextlib.suppress(Exception):
            self._checkpointer.close()
        self._checkpointer = _checkpointer()
        if jax.process_index() == 0:
            files.discard_failed(self._directory)
        reason, cure = _reason(error), "fix this"
        if any(text in str(error) for text in _FULL_DISK):
            free = files.megabytes(files.free(self._directory))
            reason = f"the disk is full ({free} free, about {files.megabytes(size)} needed)"
            cure = "free some space"
        good = self.steps()
        kept = f"step {good[-1]} is still good" if good else "there is no earlier checkpoint"
        return UserError(
            f"Step {step} could not be saved in {self._directory}: {reason}; {kept}, so {cure} "
            "and start the same command again."
        )

    def _make_room(self) -> None:
        """Delete damaged checkpoints, and what killed saves left."""
        _synchronise("jaxgen_checkpoint_compared")
        if jax.process_index() == 0:
            self._directory.mkdir(parents=True, exist_ok=True)
            for step in self._damaged.intersection(self.steps()):
                files.discard(self._directory, step)
            files.discard_leftovers(self._directory)
        self._damaged.clear()


def _checkpointer() -> ocp.AsyncCheckpointer:
    record = ocp.JsonCheckpointHandler(filename=files.RECORD)
    state = ocp.StandardCheckpointHandler()
    return ocp.AsyncCheckpointer(ocp.CompositeCheckpointHandler(state=state, record=record))


def _synchronise(name: str) -> None:
    if jax.process_count() > 1:
        multihost_utils.sync_global_devices(name)


def _reason(error: Exception) -> str:
    # Tensorstore appends its whole configuration in brackets.
    line = str(error).strip().split("\n")[0].split(" [")[0]
    return f"{type(error).__name__}: {line}"
