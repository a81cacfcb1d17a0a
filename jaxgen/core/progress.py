"""How far something is that takes long, on standard error."""

import contextlib
import re
import sys
import time
from collections.abc import Callable, Iterator

SECONDS = 10.0  # between lines


@contextlib.contextmanager
def counted(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """A function to be called with how many of `total` are done.

    A bar on a terminal, which goes at the end, else a line now and then. A terminal that is closed
    ends nothing.
    """
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

        columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        bar = Progress(*columns, console=Console(stderr=True), transient=True)
        task = bar.add_task(title, total=total)
        with contextlib.suppress(OSError):
            bar.start()
        try:
            yield lambda done: bar.update(task, completed=done)
        finally:
            with contextlib.suppress(OSError):
                bar.stop()
        return
    yield lines(say, title, total)


def lines(say: Callable[[str], None], title: str, total: int) -> Callable[[int], None]:
    """A function to be called with how many of `total` are done; it says so now and then."""
    said = time.monotonic()

    def tell(done: int) -> None:
        nonlocal said
        if time.monotonic() - said >= SECONDS:
            said = time.monotonic()
            say(f"{title}: {done} of {total}")

    return tell


def printable(text: str) -> str:
    r"""`text` with what would steer a terminal written out: names of files may hold anything.

    >>> print(printable("a\x1b[31m.png"))
    a\x1b[31m.png
    """
    return re.sub(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", lambda found: repr(found[0])[1:-1], text)


def say(text: str) -> None:
    """One line, unless the terminal is closed."""
    with contextlib.suppress(OSError):
        print(printable(text), file=sys.stderr, flush=True)
