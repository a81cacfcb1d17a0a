"""The training loop. It is given a compiled step and knows no objective and no config."""

import contextlib
import dataclasses
import signal
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jax
import numpy as np
from jax.experimental import multihost_utils

from jaxgen.core.errors import NotFiniteError
from jaxgen.core.state import TrainState
from jaxgen.core.types import Key, PyTree


@dataclasses.dataclass(frozen=True)
class Hook:
    """Calls `function(step, state)` after every `every` steps and after the last one."""

    every: int
    function: Callable[[int, TrainState], None]


class StopSignal:
    """Turns the first SIGINT, SIGTERM or SIGHUP (a closed terminal) into a wish to stop.

    A second SIGINT interrupts at once. SIGHUP stays ignored where it is, as under nohup. A context
    manager: the handlers of before come back at its end.
    """

    def __init__(self):
        self._received: int | None = None
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> "StopSignal":
        numbers = [signal.SIGINT, signal.SIGTERM]
        hangup = getattr(signal, "SIGHUP", None)  # not on Windows, and nohup ignores it
        if hangup is not None and signal.getsignal(hangup) != signal.SIG_IGN:
            numbers.append(hangup)
        for number in numbers:
            # Signals belong to the main thread; elsewhere (a notebook's worker) there are none.
            with contextlib.suppress(ValueError):
                self._previous[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _handle(self, number: int, _: object) -> None:
        if self._received is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        self._received = number

    @property
    def name(self) -> str | None:
        """Name of the received signal, or None."""
        return None if self._received is None else signal.Signals(self._received).name

    def agreed(self) -> bool:
        """Whether any process was asked to stop; all processes must ask at the same step."""
        received = self._received is not None
        if jax.process_count() == 1:
            return received
        return bool(np.any(multihost_utils.process_allgather(np.asarray(received))))


def fit(
    run: Callable[[TrainState, PyTree, PyTree, Key], tuple[TrainState, Any]],
    state: TrainState,
    batches: Iterator[PyTree],
    *,
    source: PyTree,
    key: Key,
    num_steps: int,
    steps_per_dispatch: int,
    record: Callable[[int, Any], None],
    hooks: tuple[Hook, ...] = (),
    should_stop: Callable[[], bool] = lambda: False,
) -> tuple[TrainState, bool]:
    """Runs `run` until `state.step == num_steps`. Returns (state, whether it got there).

    batches: the raw data of each dispatch. record: is given (first step, metrics [k]) of each, as
    `Window.add` is, which refuses what is not finite before any hook sees the state. That happens
    while the next dispatch computes, or at once where a hook is due. Hooks fire in order, and only
    between dispatches.
    """
    step = int(state.step)
    unread: tuple[int, Any] | None = None
    while step < num_steps and not should_stop():
        state, metrics = run(state, source, next(batches), key)
        if unread:
            record(*unread)
        unread = (step, metrics)
        step += steps_per_dispatch
        due = [hook for hook in hooks if step % hook.every == 0 or step == num_steps]
        if due:
            record(*unread)
            unread = None
        for hook in due:
            hook.function(step, state)
    if unread:
        record(*unread)
    return state, step == num_steps


def check_finite(step: int, finite: Mapping[str, np.ndarray]) -> None:
    """Raises NotFiniteError where a network's parameters are not, see `Program.finite`.

    The metrics of a step are computed before its update: a checkpoint asks here first.
    """
    for name, fine in finite.items():
        if not fine.all():
            raise NotFiniteError(
                f'The parameters of "{name}" are not finite after step {step}; training stopped '
                "and the checkpoints before it are untouched: lower a learning rate or a weight "
                "and start again in another --workdir."
            )
