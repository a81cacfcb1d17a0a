"""One training process a folder."""

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from jaxgen.core.errors import UserError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

_NAME = ".lock"


@contextlib.contextmanager
def held(workdir: Path) -> Iterator[None]:
    """Keeps other processes from training in `workdir`, a folder that can be written.

    The kernel lets go of the lock when the process ends, however it does. Where a file system has
    no locks, nothing is locked. Raises UserError where another process holds it.
    """
    if fcntl is None:
        yield
        return
    path = workdir / _NAME
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except PermissionError:  # another user's, in a folder that both may write to
        file = os.open(path, os.O_RDONLY)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            who = os.pread(file, 200, 0).decode(errors="replace").strip() or "another process"
            raise UserError(
                f"{workdir} is being trained by {who}; wait until it ends or stop it, or choose "
                "another --workdir."
            ) from error
        except OSError:
            pass
        _say_who(file, f"process {os.getpid()} on {socket.gethostname()}")
        yield
        _say_who(file, "")
    finally:
        os.close(file)


def _say_who(file: int, text: str) -> None:
    with contextlib.suppress(OSError):  # a full disk: the lock holds all the same
        os.ftruncate(file, 0)
        os.pwrite(file, text.encode(), 0)
