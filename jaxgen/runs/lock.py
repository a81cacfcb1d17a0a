"""One training process a folder."""

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from jaxgen.core.errors import UserError
from jaxgen.core.files import no_empty_folder, require_writable

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

_NAME = ".lock"


@contextlib.contextmanager
def held(workdir: Path) -> Iterator[None]:
    """Keeps other processes from training in `workdir`, which is made where it is not there.

    The kernel lets go of the lock when the process ends, however it does. Where a file system has
    no locks, nothing is locked. A folder in which nothing was left is gone at the end. Raises
    UserError where another process holds it, and for a folder that cannot be written.
    """
    with no_empty_folder(workdir):
        require_writable(workdir, "--workdir")
        if fcntl is None:
            yield
            return
        path = workdir / _NAME
        file = _locked(path)
        try:
            _say_who(file, f"process {os.getpid()} on {socket.gethostname()}")
            yield
            _say_who(file, "")
        finally:
            with contextlib.suppress(OSError):
                if os.listdir(workdir) == [_NAME]:
                    path.unlink()
            os.close(file)


def _locked(path: Path) -> int:
    """The descriptor of the file `path`, which is made and locked."""
    while True:
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except PermissionError:  # another user's, in a folder that both may write to
            file = os.open(path, os.O_RDONLY)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # type: ignore
        except BlockingIOError as error:
            who = os.pread(file, 200, 0).decode(errors="replace").strip() or "another process"
            os.close(file)
            raise UserError(
                f"{path.parent} is being trained by {who}; wait until it ends or stop it, or "
                "choose another --workdir."
            ) from error
        except OSError:
            return file
        # It may have been removed, with its folder, between the two calls.
        with contextlib.suppress(OSError):
            if os.path.samestat(os.fstat(file), os.stat(path)):
                return file
        os.close(file)


def _say_who(file: int, text: str) -> None:
    with contextlib.suppress(OSError):  # a full disk: the lock holds all the same
        os.ftruncate(file, 0)
        os.pwrite(file, text.encode(), 0)
