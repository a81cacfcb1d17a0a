"""The files of a checkpoint that are not orbax's: the record, and which steps are kept.

The record has the dtype, shape and CRC-32 of every array, and a CRC-32 of itself. Sums are over the
logical values on the host, so they hold for any number of devices.
"""

import errno
import json
import os
import re
import shutil
import time
import zlib
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import multihost_utils

from jaxgen.core.errors import UserError, reason
from jaxgen.core.types import PyTree

RECORD = "record.json"
_DISCARDED = ".discarded"


_UNREADABLE = ("EACCES", "EPERM", "EIO", "ESTALE", "EMFILE", "ENFILE", "ENOMEM", "ETIMEDOUT")


class Damaged(Exception):
    """A checkpoint whose files are missing or changed."""


def require_readable(directory: Path, step: int, error: BaseException) -> None:
    """Raises UserError if `error` says that a checkpoint could not be read, whatever is in it."""
    texts = [os.strerror(getattr(errno, name)) for name in _UNREADABLE if hasattr(errno, name)]
    chain, reasons = error, []
    while chain is not None:
        reasons.append(str(chain))
        chain = chain.__cause__ or chain.__context__
    found = next((text for text in texts if any(text in reason for reason in reasons)), None)
    if found is None and isinstance(error, MemoryError):
        found = "not enough memory"
    if found is not None:
        raise UserError(
            f"The checkpoint of step {step} in {directory} could not be read ({found}); it was "
            "left as it is: see to that and start the same command again."
        ) from error


def require_plain_path(directory: Path) -> None:
    """Raises UserError for a path that orbax would take for a pattern when it saves."""
    odd = re.search(r"\[[^\]]+\]|\\|\*\*", str(directory))
    if odd:
        raise UserError(
            f'Checkpoints cannot be saved in {directory}: "{odd[0]}" in a path is read as a '
            "pattern by orbax, which would leave files that cannot be restored; choose a --workdir "
            "without brackets, backslashes and double stars, also in the folders above it."
        )


def flatten(tree: PyTree) -> tuple[dict[str, Any], Any]:
    """Leaves by path ("params/generator/Dense_0/kernel") and the structure to put them back."""
    pairs, treedef = jax.tree_util.tree_flatten_with_path(tree)
    leaves = {jax.tree_util.keystr(path, simple=True, separator="/"): leaf for path, leaf in pairs}
    if len(leaves) < len(pairs):
        raise ValueError("Two arrays of the state have the same path once joined by slashes.")
    return leaves, treedef


def kind(leaf: Any) -> tuple[str, list[int]]:
    """Name of the dtype, and shape."""
    array = leaf if hasattr(leaf, "dtype") else np.asarray(leaf)
    return array.dtype.name, list(array.shape)


def to_host(leaves: dict[str, Any]) -> dict[str, np.ndarray]:
    """The whole value of every leaf, on every process."""
    return {name: np.asarray(x) for name, x in jax.device_get(_addressable(leaves)).items()}


def _addressable(leaves: dict[str, Any]) -> dict[str, Any]:
    def addressable(x):
        if not isinstance(x, jax.Array) or x.is_fully_addressable:
            return x
        if x.is_fully_replicated:
            return x.addressable_data(0)
        return multihost_utils.process_allgather(x, tiled=True)

    return {name: addressable(x) for name, x in leaves.items()}


def place(host: np.ndarray, like: Any) -> Any:
    """`host` as the kind of array that `like` is, on the devices where it is."""
    if isinstance(like, bool | int | float):
        return type(like)(host)
    if not isinstance(like, jax.Array | jax.ShapeDtypeStruct):
        return host
    # An array that nobody placed must stay free to follow others to their devices.
    if like.sharding is None or not getattr(like, "committed", True):
        return jnp.array(host)
    return jax.make_array_from_callback(host.shape, like.sharding, lambda index: host[index])


def checksum(array: np.ndarray) -> int:
    """CRC-32 of the bytes in C order."""
    return zlib.crc32(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)


def seal(arrays: dict[str, np.ndarray], **content: Any) -> dict[str, Any]:
    """The record of `arrays` and of JSON-able `content`, with a checksum of itself."""
    sums = {name: [*kind(x), checksum(x)] for name, x in arrays.items()}
    # As JSON will give it back: integer keys become text, which sorts differently.
    record = json.loads(json.dumps({"arrays": sums, **content}))
    return {**record, "crc32": _checksum_of_record(record)}


def read(directory: Path, step: int) -> dict[str, Any]:
    """The record of a step; raises Damaged if it is not what `seal` made.

    Raises UserError if it could not be read.
    """
    path = directory / str(step) / "record" / RECORD
    try:
        record = json.loads(path.read_text())
        expected = record.pop("crc32")
    except (OSError, ValueError, KeyError, AttributeError) as error:
        require_readable(directory, step, error)
        raise Damaged(f"{path.name} is missing or no record") from error
    if _checksum_of_record(record) != expected:
        raise Damaged(f"the checksum of {path.name} does not match")
    if record.get("step", step) != step:
        raise Damaged(f"it is that of step {record['step']}, under another name")
    return record


def _checksum_of_record(record: dict[str, Any]) -> int:
    return zlib.crc32(json.dumps(record, sort_keys=True).encode())


def verify(record: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    """Raise Damaged if an array is not the one that was saved."""
    for name, array in arrays.items():
        if checksum(array) != record["arrays"][name][2]:
            raise Damaged(f"the checksum of {name} does not match")


def check_fit(record: dict[str, Any], leaves: dict[str, Any], name: str, limit: int = 20) -> None:
    """Raise UserError listing the arrays whose presence, dtype or shape is not as in `leaves`."""

    def named(dtype, shape):
        return f"{dtype}{shape}"

    saved = {path: named(*entry[:2]) for path, entry in record["arrays"].items()}
    wanted = {path: named(*kind(leaf)) for path, leaf in leaves.items()}
    lines = [
        f"\n  {path}: saved {saved.get(path, 'nothing')}, wanted {wanted.get(path, 'nothing')}"
        for path in sorted({*saved, *wanted})
        if saved.get(path) != wanted.get(path)
    ]
    if lines:
        more = f"\n  and {len(lines) - limit} more" if len(lines) > limit else ""
        raise UserError(
            f"{name} does not fit this state; use the configuration that it was trained with, or "
            f"another directory. Differences:{''.join(lines[:limit])}{more}"
        )


def steps(directory: Path) -> list[int]:
    """Steps that were saved completely, ascending; none where there is no directory.

    Raises UserError if the directory cannot be read.
    """
    try:
        names = os.listdir(directory)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UserError(
            f"{directory} cannot be read ({reason(error)}), so what it holds is not known; make "
            "it a readable folder, or choose another --workdir."
        ) from error
    return sorted(int(name) for name in names if re.fullmatch("0|[1-9][0-9]*", name, re.ASCII))


def discard_superseded(directory: Path, keep: int, metric: str | None, sign: float) -> None:
    """Delete all but the newest `keep` and the smallest `sign * metric`, if any has that metric."""

    def score(step):
        try:
            value = read(directory, step)["metrics"].get(metric, np.nan) if metric else np.nan
        except (Damaged, UserError):
            value = np.nan
        return np.inf if np.isnan(value) else sign * value

    present = steps(directory)
    scores = {step: score(step) for step in present}
    best = min(present, key=lambda step: (scores[step], -step))
    for step in present[:-keep]:
        if step != best or scores[step] == np.inf:
            discard(directory, step)


def discard(directory: Path, step: int) -> None:
    """Delete a step."""
    # Renamed first, so that a kill during the deletion leaves nothing that looks like a step.
    doomed = directory / f"{step}{_DISCARDED}"
    shutil.rmtree(doomed, ignore_errors=True)
    shutil.rmtree((directory / str(step)).rename(doomed), ignore_errors=True)


def discard_leftovers(directory: Path) -> bool:
    """Delete what a save or a deletion left when it was killed; whether there was any."""
    leftovers = [*directory.glob(f"*{_DISCARDED}"), *directory.glob("*.orbax-checkpoint-tmp*")]
    for path in leftovers:
        shutil.rmtree(path, ignore_errors=True)
    return bool(leftovers)


def discard_failed(directory: Path, quiet: float = 0.5, limit: float = 10.0) -> None:
    """Delete what a failed save left, until nothing comes back for `quiet` seconds.

    When the write of one array fails, orbax returns while those of others go on, and these make
    their directories again. Nothing says when they end, so this gives up after `limit` seconds;
    the first save of the next program deletes the rest.
    """
    started = last = time.monotonic()
    while time.monotonic() < min(last + quiet, started + limit):
        if discard_leftovers(directory):
            last = time.monotonic()
        time.sleep(0.02)


def free(directory: Path) -> int:
    """Bytes free on the disk of `directory`, which need not exist yet."""
    return shutil.disk_usage(next(p for p in (directory, *directory.parents) if p.exists())).free


def megabytes(size: int) -> str:
    """Size in bytes, for people."""
    return f"{size / 1e6:.1f} MB"


def free_space_check(directory: str | Path, needed_bytes: int) -> None:
    """Raise UserError if the disk of `directory`, which need not exist yet, has too little room."""
    available = free(Path(directory).absolute())
    if available < needed_bytes:
        raise UserError(
            f"{directory} needs about {megabytes(needed_bytes)} for checkpoints, but its disk has "
            f"{megabytes(available)} free; free some space, or choose a directory on another disk."
        )
