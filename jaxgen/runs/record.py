"""The folder of a run or study: what it was made with, and whether it may be continued."""

import importlib.metadata
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jaxgen
from jaxgen.config import load, schema
from jaxgen.core.errors import UserError
from jaxgen.core.files import flatten, require_writable, write_atomically
from jaxgen.train.checkpoint_files import steps


def open_for_training(workdir: Path, config: load.Config, *, fork: bool, write: bool) -> None:
    """Creates the folder, or checks that it holds the same experiment; records the config.

    fork: accept another config and keep the old record beside the new one. write: whether this
    process writes (the first one of several). Raises UserError.
    """
    values = load.to_json(config)
    # Before the first checkpoint there is nothing that another config could continue.
    begun = (workdir / "config.json").exists() and steps(workdir / "checkpoints")
    old = load.to_json(config_of(workdir)) if begun else None
    if old is not None and not fork:
        require_same(
            old,
            values,
            schema.is_free,
            f"{workdir} was made with another config",
            "choose another --workdir, or give --fork to continue from its newest checkpoint with "
            "the new config",
        )
    if not write:
        return
    require_writable(workdir, "--workdir")
    if begun and old == values:
        return
    if begun:
        number = len(list(workdir.glob("config.*.json"))) + 1
        os.replace(workdir / "config.json", workdir / f"config.{number}.json")
    write_json(workdir / "config.json", {"config": values, **circumstances()})


def require_same(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    is_free: Callable[[str], bool],
    where: str,
    what_to_do: str,
) -> None:
    """Raises UserError where two nested records differ in a key that is not free."""
    old, new = flatten(old), flatten(new)
    pairs = [(k, old.get(k, "absent"), new.get(k, "absent")) for k in sorted(old | new)]
    changes = [f"{k}: {a!r} there, {b!r} here" for k, a, b in pairs if a != b and not is_free(k)]
    if changes:
        raise UserError(f"{where} ({'; '.join(changes)}): {what_to_do}.")


def read(workdir: Path) -> dict[str, Any]:
    """The record of a run. Raises UserError where there is none or it cannot be read."""
    path = workdir / "config.json"
    try:
        record = json.loads(path.read_text())
        record["config"]["objective"]
    except FileNotFoundError as error:
        raise UserError(
            f"{workdir} holds no run of jaxgen (no config.json); give the --workdir of a training "
            "run."
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{path} cannot be read as a run's config ({error}); restore that file, or train again "
            "in another --workdir."
        ) from error
    return record


def config_of(workdir: Path) -> load.Config:
    """The complete config of a run, also of one that an earlier version made. Raises UserError."""
    return load.from_json(read(workdir)["config"])


def write_json(path: Path, values: Any) -> None:
    """Writes a file of JSON that people can read, whole or not at all."""
    write_atomically(path, json.dumps(values, indent=2, default=float) + "\n")


def circumstances() -> dict[str, Any]:
    """The command line, versions, and the git hash (None outside a checkout)."""
    packages = ("jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "numpy")
    return {
        "command": sys.argv,
        "versions": {
            "jaxgen": jaxgen.__version__,
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in packages},
        },
        "git": _git_hash(),
    }


def _git_hash() -> str | None:
    root = Path(jaxgen.__file__).parents[1]
    if not (root / ".git").exists():
        return None
    try:
        command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=40"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
