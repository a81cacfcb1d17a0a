"""Files that are either whole or not there, folders, and names of nested values."""

import contextlib
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jaxgen.core.errors import UserError, reason

EVALUATION = "evaluation/"  # what names of an evaluation's metrics in the log of a run begin with


@contextlib.contextmanager
def atomically(path: str | Path) -> Iterator[Path]:
    """A file beside `path` that becomes `path` once the block has ended, and is gone if it failed.

    Creates missing folders.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    name = os.fsencode(path.name)
    # A file's name has at most 255 bytes, and the path's own may have all of them.
    label = path.name if len(name) < 200 else hashlib.sha256(name).hexdigest()
    temporary = path.with_name(f".{label}.{os.getpid()}.tmp")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_atomically(path: str | Path, content: bytes | str) -> Path:
    """Writes `content` under a temporary name, then renames it; creates missing folders."""
    with atomically(path) as temporary:
        # Names of files need not be UTF-8; a page that shows one must not end a run.
        whole = content.encode(errors="replace") if isinstance(content, str) else content
        temporary.write_bytes(whole)
    return Path(path)


def set_aside(path: Path) -> Path:
    """Renames NAME.SUFFIX to the next of NAME.1.SUFFIX, NAME.2.SUFFIX, ...: the new path."""
    others = path.parent.glob(f"{path.stem}.*{path.suffix}")
    numbers = [other.name.split(".")[1] for other in others]
    number = max((int(text) for text in numbers if text.isdigit()), default=0) + 1
    aside = path.with_name(f"{path.stem}.{number}{path.suffix}")
    os.replace(path, aside)
    return aside


def local_path(path: str | Path, flag: str) -> Path:
    """`path`, given for `flag`, with a leading ~ as the home folder.

    Raises UserError for an address such as gs://bucket/run, where there is no such home, and for
    what cannot be reached: a name that is too long, or below a folder without permission.
    """
    scheme = re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/", str(path))
    if scheme:
        raise UserError(
            f"{flag}={path} is an address, but jaxgen writes to local folders only; choose one, "
            "and copy or mount the other."
        )
    try:
        local = Path(path).expanduser()
        local.stat()
    except RuntimeError as error:
        raise UserError(
            f"{flag}={path} begins with a home folder that is not known here; write it out."
        ) from error
    except (FileNotFoundError, NotADirectoryError):
        pass  # whoever reads or makes it says so
    except (OSError, ValueError) as error:
        raise UserError(
            f"{flag}={path} cannot be reached ({reason(error)}); name another path."
        ) from error
    return local


def require_writable(folder: Path, flag: str) -> None:
    """Creates `folder`, named by the command's `flag`. Raises UserError if it cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".writable.{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UserError(
            f"Cannot write to {flag}={folder} ({reason(error)}); choose a folder that you may "
            "write to."
        ) from error


@contextlib.contextmanager
def no_empty_folder(folder: Path) -> Iterator[None]:
    """Deletes `folder`, and those around it, where the block made them and left them empty."""
    new = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        yield
    finally:
        for path in new:
            with contextlib.suppress(OSError):  # one that has something, or is none
                path.rmdir()


def available_memory() -> int | None:
    """Bytes that a process can still take without swapping; None where it is unknown.

    Of the machine, and of the container where that has a limit.
    """
    found = []
    with contextlib.suppress(OSError):
        kilobytes = re.search(r"MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text())
        found += [1024 * int(kilobytes[1])] if kilobytes else []
    with contextlib.suppress(OSError, ValueError):  # "max" is no limit
        limit, used = (Path(f"/sys/fs/cgroup/memory.{name}") for name in ("max", "current"))
        found.append(int(limit.read_text()) - int(used.read_text()))
    return min(found, default=None)


def require_memory(needed: int, what: str, advice: str) -> None:
    """Raises UserError where `what`, such as "They take", needs more bytes than there are."""
    available = available_memory()
    if available is not None and needed > available:
        raise UserError(
            f"{what} {needed / 2**30:.1f} GiB of memory, and {available / 2**30:.1f} GiB are free: "
            f"{advice}."
        )


def cache_dir(name: str) -> Path:
    """The folder jaxgen/`name` in the user's cache directory; it need not exist."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    if base.startswith("~"):  # a user without a home, as in containers
        base = Path(tempfile.gettempdir()) / f"cache-of-{os.getuid()}"
    return Path(base) / "jaxgen" / name


def flatten(values: Mapping[str, Any], separator: str = ".", prefix: str = "") -> dict[str, Any]:
    """Nested mappings as one, keys joined by `separator`; empty parts keep their own entry.

    >>> flatten({"data": {"name": "digits", "size": 8}, "ema": {}})
    {'data.name': 'digits', 'data.size': 8, 'ema': {}}
    """
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            flat |= flatten(value, separator, f"{prefix}{name}{separator}")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def unflatten(values: Mapping[str, Any], separator: str = ".") -> dict[str, Any]:
    """The nested dicts that `flatten` gave `values` of."""
    nested: dict[str, Any] = {}
    for name, value in values.items():
        *parts, last = name.split(separator)
        node = nested
        for part in parts:
            node = node.setdefault(part, {})
        node[last] = value
    return nested
