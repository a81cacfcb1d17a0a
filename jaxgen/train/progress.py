"""What a training run says on the terminal: a bar where there is one, plain lines elsewhere."""

import contextlib
import sys
import time
from collections.abc import Mapping

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn


class Terminal:
    """Writes to standard error; one line a logging interval, and a bar where it is a terminal.

    A terminal that is closed, or cannot show a letter, never ends training. quiet: says nothing
    (processes other than the first).
    """

    def __init__(self, *, quiet: bool = False):
        self._console = Console(
            stderr=True, quiet=quiet, highlight=False, soft_wrap=True, markup=False
        )
        self._bar: Progress | None = None
        self._total = 0

    def say(self, text: str) -> None:
        """One line."""
        try:
            self._console.print(text)
        except UnicodeEncodeError:
            with contextlib.suppress(OSError):
                self._console.print(text.encode("ascii", "replace").decode())
        except OSError:
            self._bar = None  # there is nobody left to see it

    def start(self, step: int, total: int) -> None:
        """Begins to show progress from `step` to `total`."""
        self._total, self._first, self._began = total, step, time.monotonic()
        if self._console.is_terminal and sys.stderr.isatty():
            self._bar = Progress(
                TextColumn("training"),
                BarColumn(),
                TaskProgressColumn(),
                TextColumn("step {task.completed:.0f}/{task.total:.0f}"),
                TextColumn("{task.fields[rate]}"),
                console=self._console,
                transient=True,
            )
            self._bar.start()
            self._task = self._bar.add_task("training", total=total, completed=step, rate="")

    def advance(self, step: int) -> None:
        """Moves the bar."""
        if self._bar:
            with contextlib.suppress(OSError):
                self._bar.update(self._task, completed=step, rate=self._rate(step))

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """One line with the step, rate, time to go and every metric."""
        values = "  ".join(
            f"{name} {value:.4g}" for name, value in metrics.items() if not name.startswith("time/")
        )
        self.say(f"step {step}/{self._total}  {self._rate(step)}  {values}")

    def _rate(self, step: int) -> str:
        seconds = time.monotonic() - self._began
        done = step - self._first
        if done <= 0 or seconds <= 0:
            return ""
        left = int((self._total - step) * seconds / done)
        return f"{done / seconds:.3g} steps/s  {left // 60}:{left % 60:02d} to go"

    def stop(self) -> None:
        """Removes the bar."""
        if self._bar:
            with contextlib.suppress(OSError):
                self._bar.stop()
            self._bar = None
