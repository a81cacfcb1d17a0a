"""The training loop and the signals that end it."""

import os
import signal

import jax.numpy as jnp
import numpy as np
import pytest

from jaxgen.core import NotFiniteError, TrainState
from jaxgen.train import loop

pytestmark = pytest.mark.core


def start(step=0):
    return TrainState(jnp.int32(step), {"a": jnp.float32(0)}, {}, {}, {})


def run(calls, chunk):
    """A step that counts, and remembers what it was given."""

    def compiled(state, source, raw, key):
        calls.append(("run", raw))
        assert (source, key) == ("source", "key")
        return state.replace(step=state.step + chunk), {"a/loss": np.full(chunk, float(raw))}

    return compiled


def fit(calls, num_steps, chunk=1, state=None, hooks=(), **options):
    return loop.fit(
        run(calls, chunk),
        state or start(),
        iter(range(100)),
        source="source",
        key="key",
        num_steps=num_steps,
        steps_per_dispatch=chunk,
        record=lambda step, metrics: calls.append(("record", step, metrics["a/loss"][0])),
        hooks=hooks,
        **options,
    )


def test_every_dispatch_is_recorded_once_in_order_and_one_behind():
    calls = []
    state, finished = fit(calls, 6, chunk=2)
    assert (int(state.step), finished) == (6, True)
    assert calls == [
        ("run", 0),
        ("run", 1),
        ("record", 0, 0.0),
        ("run", 2),
        ("record", 2, 1.0),
        ("record", 4, 2.0),
    ]


def test_hooks_fire_when_due_and_at_the_end_after_the_metrics_were_recorded():
    calls = []
    hooks = (
        loop.Hook(2, lambda step, state: calls.append(("two", step, int(state.step)))),
        loop.Hook(3, lambda step, state: calls.append(("three", step, int(state.step)))),
    )
    fit(calls, 5, hooks=hooks)
    fired = [call for call in calls if call[0] in ("two", "three")]
    assert fired == [("two", 2, 2), ("three", 3, 3), ("two", 4, 4), ("two", 5, 5), ("three", 5, 5)]
    assert calls.index(("record", 1, 1.0)) < calls.index(("two", 2, 2))


def test_a_state_that_is_continued_goes_on_from_its_step():
    calls = []
    state, finished = fit(calls, 5, state=start(3))
    assert (int(state.step), finished) == (5, True)
    assert [call[1] for call in calls if call[0] == "record"] == [3, 4]


def test_a_wish_to_stop_ends_between_dispatches_and_loses_no_metrics():
    calls = []
    state, finished = fit(calls, 10, should_stop=lambda: len(calls) > 3)
    assert not finished
    runs, records = ([c for c in calls if c[0] == name] for name in ("run", "record"))
    assert int(state.step) == len(runs) == len(records) < 10


def test_what_is_not_finite_stops_before_any_hook_sees_the_state():
    def refuse(step, metrics):
        raise NotFiniteError("bad")

    seen = []
    with pytest.raises(NotFiniteError, match="bad"):
        loop.fit(
            run([], 1),
            start(),
            iter(range(9)),
            source="source",
            key="key",
            num_steps=1,
            steps_per_dispatch=1,
            record=refuse,
            hooks=(loop.Hook(1, lambda *_: seen.append(1)),),
        )
    assert not seen


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_is_a_wish_and_the_handlers_come_back(number):
    before = {
        n: signal.signal(n, signal.SIG_DFL) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        with loop.StopSignal() as stop:
            assert (stop.name, stop.agreed()) == (None, False)
            os.kill(os.getpid(), number)
            assert (stop.name, stop.agreed()) == (number.name, True)
            if number == signal.SIGINT:
                with pytest.raises(KeyboardInterrupt):
                    os.kill(os.getpid(), number)
        assert signal.getsignal(number) == signal.SIG_DFL
    finally:
        for n, handler in before.items():
            signal.signal(n, handler)


def test_parameters_that_are_not_finite_are_named():
    loop.check_finite(3, {"a": np.array([True]), "b": np.array([True])})
    with pytest.raises(NotFiniteError, match='parameters of "b" are not finite after step 3'):
        loop.check_finite(3, {"a": np.array([True]), "b": np.array([False])})


def test_a_signal_that_is_ignored_stays_so():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        with loop.StopSignal() as stop:
            os.kill(os.getpid(), signal.SIGHUP)
            assert stop.name is None
    finally:
        signal.signal(signal.SIGHUP, before)
