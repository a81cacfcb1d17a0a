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
    with open(workdir / _NAME, "a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            who = file.read().strip() or "another process"
            raise UserError(
                f"{workdir} is being trained by {who}; wait until it ends or stop it, or choose "
                "another --workdir."
            ) from error
        except OSError:
            pass
        with contextlib.suppress(OSError):  # a full disk: the lock holds all the same
            file.truncate(0)
            file.write(f"process {os.getpid()} on {socket.gethostname()}\n")
            file.flush()
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                file.truncate(0)
