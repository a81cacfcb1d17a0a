"""Two real processes that train together."""

import signal
import socket

import command_line
import pytest
from command_line import RUN

from jaxgen import experiment

pytestmark = pytest.mark.slow


@pytest.fixture
def start_both(start, env):
    """Starts a command in two processes of two devices each."""

    def start_command(*arguments):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        joined = (f"--coordinator=127.0.0.1:{port}", "--num_processes=2")
        devices = {**env, "JAX_NUM_CPU_DEVICES": "2"}
        return [start(*arguments, *joined, f"--process_id={i}", env=devices) for i in (0, 1)]

    return start_command


def test_two_processes_train_like_one_and_stop_together(start, start_both, tmp_path):
    few = (*RUN, "--config.num_steps=4")
    alone, together = tmp_path / "alone", tmp_path / "together"
    end([start(*few, f"--workdir={alone}")])
    results = end(start_both(*few, f"--workdir={together}"))
    assert "compiling the training step for 4 cpu devices" in results[0].err
    assert command_line.largest_difference(together, alone) < 1e-5
    # Only the first process talks (Gloo, on standard output, does too) and writes.
    assert results[1].err == ""
    assert [line["step"] for line in command_line.metrics(together)] == [4]
    assert len(list((together / "events").iterdir())) == 1
    assert not list(together.rglob("*process_1*"))

    first, second = start_both(*RUN, f"--workdir={together}")
    first.wait_for("compiled in")
    second.send(signal.SIGTERM)
    results = end([first, second])
    _, state = experiment.restore(together)
    assert 4 <= int(state.step) < 60
    assert (
        results[0]
        .err.splitlines()[-1]
        .startswith(f"another process was asked to stop: saved at step {int(state.step)};")
    )


def end(processes):
    results = [process.end() for process in processes]
    assert not any(result.code for result in results), "\n".join(r.err for r in results)
    return results
