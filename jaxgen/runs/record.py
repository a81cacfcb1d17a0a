"""The folder of a run or study: what it was made with, and whether it may be continued."""

import importlib.metadata
import json
import platform
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import jaxgen
from jaxgen.config import fields, load, schema
from jaxgen.core.errors import UserError
from jaxgen.core.files import flatten, set_aside, write_atomically
from jaxgen.train.checkpoint_files import steps

_SHOWN = 12  # differences of two configs


def require_same_run(workdir: Path, config: load.Config) -> None:
    """Raises UserError where a folder holds a run whose config differs in more than free keys.

    Or one whose config is gone, so that nobody knows.
    """
    folder = workdir / "checkpoints"
    if folder.is_dir() and steps(folder) and not (workdir / "config.json").exists():
        raise UserError(
            f"{workdir} has checkpoints and no config.json, so what they were trained with is not "
            "known: restore that file, choose another --workdir, or give --fork to continue from "
            "the newest one with this config."
        )
    old = _begun(workdir, config)
    if old is not None:
        require_same(
            old,
            load.to_json(config),
            schema.is_free,
            f"{workdir} was made with another config",
            "choose another --workdir, or give --fork to continue from its newest checkpoint with "
            "the new config",
        )


def write(workdir: Path, config: load.Config) -> None:
    """Records the config and circumstances of a run; another record is kept beside the new one."""
    values, old = load.to_json(config), _begun(workdir, config)
    if old == values:
        return
    if old is not None:
        set_aside(workdir / "config.json")
    write_json(workdir / "config.json", {"config": values, **circumstances()})


def _begun(workdir: Path, config: load.Config) -> dict[str, Any] | None:
    """The recorded config, as today's are recorded; None before the first checkpoint.

    Until then there is nothing that another config could continue. config: the user's own, whose
    modules may be imported.
    """
    if not (workdir / "config.json").exists() or not steps(workdir / "checkpoints"):
        return None
    values, own = read(workdir)["config"], foreign_modules(load.to_json(config))
    if foreign_modules(values) - own:
        return values  # as it is: another config, whatever its modules would say
    return load.to_json(config_of(workdir, trusted=own))


def require_same(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    is_free: Callable[[str], bool],
    where: str,
    what_to_do: str,
) -> None:
    """Raises UserError where two nested records differ in a key that is not free.

    It names the first differences: of objectives, then of keys that both have, then others.
    """
    old, new = flatten(old), flatten(new)
    both = old.keys() & new.keys()
    keys = sorted(old | new, key=lambda k: (k.rpartition(".")[2] != "objective", k not in both, k))
    pairs = [(k, old.get(k, "absent"), new.get(k, "absent")) for k in keys]
    changes = [f"{k}: {a!r} there, {b!r} here" for k, a, b in pairs if a != b and not is_free(k)]
    if changes:
        more = f"; ... and {len(changes) - _SHOWN} more" if len(changes) > _SHOWN else ""
        raise UserError(f"{where} ({'; '.join(changes[:_SHOWN])}{more}): {what_to_do}.")


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
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unreadable(path, error) from error
    return record


def _unreadable(path: Path, error: Exception) -> UserError:
    return UserError(
        f"{path} cannot be read as a run's config ({error}); restore that file, or train again in "
        "another --workdir."
    )


def foreign_modules(values: Mapping[str, Any]) -> set[str]:
    """The modules outside of jaxgen that a config names, which reading it imports."""
    networks = values.get("networks")
    sections = networks.values() if isinstance(networks, Mapping) else ()
    named = [section.get("module") for section in sections if isinstance(section, Mapping)]
    named = [fields.network_class(str(name)).rpartition(".")[0] for name in named]
    # One without a dot is of jaxgen.objectives.
    objective = str(values.get("objective"))
    named += [objective] if "." in objective else []
    return {name for name in named if name and not f"{name}.".startswith("jaxgen.")}


def require_trusted(values: Mapping[str, Any], where: Path, trusted: Collection[str]) -> None:
    """Raises UserError where a recorded config names other foreign modules than the trusted."""
    foreign = sorted(foreign_modules(values) - set(trusted))
    if foreign:
        raise UserError(
            f"{where} was made with code that is not jaxgen's ({', '.join(foreign)}), which would "
            "be imported and run; if you know that code, give --trust (in Python trust=True)."
        )


def config_of(workdir: Path, *, trust: bool = False, trusted: Collection[str] = ()) -> load.Config:
    """The complete config of a run, also of one that an earlier version made.

    A workdir may come from anywhere, and reading a config imports the modules that it names: those
    outside of jaxgen only if they are `trusted`, or all with `trust`. Raises UserError.
    """
    values = read(workdir)["config"]
    if not trust:
        require_trusted(values, workdir, trusted)
    try:
        return load.from_json(values)
    except UserError:
        raise
    except (AttributeError, TypeError, ValueError) as error:
        raise _unreadable(workdir / "config.json", error) from error


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
