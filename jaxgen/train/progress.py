"""What a training run says: a bar on a terminal, one updating output in a notebook, else lines."""

import contextlib
import sys
import time
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from jaxgen.core.progress import printable

_SECONDS = 0.5  # between updates in a notebook


class Terminal:
    """Writes to standard error; one line a logging interval, and a bar where it is a terminal.

    In a notebook all of it is one output of the cell, in which the line of training is replaced by
    the next. A terminal that is closed, or cannot show a letter, never ends training. quiet: says
    nothing (processes other than the first).
    """

    def __init__(self, *, quiet: bool = False):
        self._console = Console(
            stderr=True, quiet=quiet, highlight=False, soft_wrap=True, markup=False
        )
        self._cell = _Cell() if self._console.is_jupyter and not quiet else None
        self._bar: Progress | None = None
        self._total, self._values, self._measured = 0, "", 0.0

    def say(self, text: str) -> None:
        """One line."""
        text = printable(text)
        if self._cell:
            self._cell.say(text)
            return
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
        self._values, self._measured = "", 0.0
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
        """Moves the bar, or the line in a notebook."""
        if self._bar:
            with contextlib.suppress(OSError):
                self._bar.update(self._task, completed=step, rate=self._rate(step))
        if self._cell:
            self._cell.replace(self._line(step))

    def log(self, step: int, metrics: Mapping[str, float], rate: float = 0.0) -> None:
        """One line with the step, rate, time to go and every metric.

        rate: steps a second as the log has it; without it that since the start is shown, with what
        was done between steps.
        """
        self._measured = rate
        self._values = "  ".join(
            f"{name} {value:.4g}" for name, value in metrics.items() if not name.startswith("time/")
        )
        if self._cell:
            self._cell.replace(self._line(step))
        else:
            self.say(self._line(step))

    def _line(self, step: int) -> str:
        return f"step {step}/{self._total}  {self._rate(step)}  {self._values}"

    def _rate(self, step: int) -> str:
        seconds = time.monotonic() - self._began
        done = step - self._first
        if done <= 0 or seconds <= 0:
            return ""
        left = int((self._total - step) * seconds / done)
        return f"{self._measured or done / seconds:.3g} steps/s  {left // 60}:{left % 60:02d} to go"

    def stop(self) -> None:
        """Removes the bar; in a notebook the last line of training stays."""
        if self._cell:
            self._cell.keep()
        if self._bar:
            with contextlib.suppress(OSError):
                self._bar.stop()
            self._bar = None


class _Cell:
    """Lines in one output of a notebook's cell; below them one that is replaced by the next."""

    def __init__(self):
        self._lines: list[str] = []
        self._last, self._shown = "", 0.0
        self._output: Any = None

    def say(self, text: str) -> None:
        """A line that stays."""
        self._lines.append(text)
        self._show()

    def replace(self, text: str) -> None:
        """The line at the end; shown at once if nothing was shown for a while, else later."""
        self._last = text
        if time.monotonic() - self._shown >= _SECONDS:
            self._show()

    def keep(self) -> None:
        """Makes the line at the end one that stays."""
        if self._last:
            last, self._last = self._last, ""
            self.say(last)

    def _show(self) -> None:
        from IPython.display import display

        self._shown = time.monotonic()
        text = {"text/plain": "\n".join([*self._lines, self._last]).rstrip()}
        if self._output is None:
            self._output = display(text, raw=True, display_id=True)
        else:
            self._output.update(text, raw=True)
