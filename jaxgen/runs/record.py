"""The folder of a run: what it was made with, and whether it may be continued."""

import importlib.metadata
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import jaxgen
from jaxgen import config as config_lib
from jaxgen.core import UserError
from jaxgen.train.checkpoint_files import steps

# Changing these continues the same experiment.
FREE = (
    "num_steps",
    "log_every",
    "sample_every",
    "checkpoint_every",
    "checkpoint_keep",
    "checkpoint_best",
    "checkpoint_best_mode",
    "data.data_dir",
    "data.cache_dir",
    "data.resident",
    "evaluation.num_images",
)


def open_for_training(workdir: Path, config: config_lib.Config, *, fork: bool, write: bool) -> None:
    """Creates the folder, or checks that it holds the same experiment; records the config.

    fork: accept another config and keep the old record beside the new one. write: whether this
    process writes (the first one of several). Raises UserError.
    """
    values = config_lib.to_json(config)
    # Before the first checkpoint there is nothing that another config could continue.
    begun = (workdir / "config.json").exists() and steps(workdir / "checkpoints")
    old = read(workdir)["config"] if begun else None
    if old is not None:
        changes = [c for c in differences(old, values) if c[0] not in FREE]
        if changes and not fork:
            listing = "; ".join(f"{key}: {was!r} there, {now!r} here" for key, was, now in changes)
            raise UserError(
                f"{workdir} was made with another config ({listing}): choose another --workdir, or "
                "give --fork to continue from its newest checkpoint with the new config."
            )
    if not write:
        return
    try:
        workdir.mkdir(parents=True, exist_ok=True)
        if old == values:
            # Asks now, not at the first checkpoint, whether the folder can be written.
            (workdir / ".writable").touch()
            (workdir / ".writable").unlink()
            return
        if old is not None:
            number = len(list(workdir.glob("config.*.json"))) + 1
            os.replace(workdir / "config.json", workdir / f"config.{number}.json")
        partial = workdir / "config.json.partial"
        partial.write_text(json.dumps({"config": values, **circumstances()}, indent=2) + "\n")
        os.replace(partial, workdir / "config.json")
    except OSError as error:
        raise UserError(
            f"Cannot write to --workdir={workdir} ({error.strerror}); choose a folder that you may "
            "write to."
        ) from error


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
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise UserError(
            f"{path} cannot be read as a run's config ({error}); restore that file, or train anew "
            "in another --workdir."
        ) from error
    return record


def differences(old: dict, new: dict) -> list[tuple[str, Any, Any]]:
    """(dotted key, old value, new value) of what differs between two nested dicts."""
    old, new = config_lib.flatten(old), config_lib.flatten(new)
    pairs = [(k, old.get(k, "absent"), new.get(k, "absent")) for k in sorted(old | new)]
    return [(key, was, now) for key, was, now in pairs if was != now]


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
