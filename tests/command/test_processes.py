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

    def start_command(*arguments, cluster=False):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        devices = {**env, "JAX_NUM_CPU_DEVICES": "2"}
        if cluster:
            environments = [slurm(i, port) for i in (0, 1)]
            return [start(*arguments, "--distributed", env={**devices, **e}) for e in environments]
        joined = (f"--coordinator=127.0.0.1:{port}", "--num_processes=2")
        return [start(*arguments, *joined, f"--process_id={i}", env=devices) for i in (0, 1)]

    return start_command


def slurm(number, port):
    """What Slurm tells each of two processes on one machine; the port is JAX's own variable."""
    task = {"SLURM_NTASKS": "2", "SLURM_PROCID": str(number), "SLURM_LOCALID": str(number)}
    job = {"SLURM_JOB_ID": "17", "SLURM_STEP_NODELIST": "127.0.0.1"}
    return {**task, **job, "JAX_COORDINATOR_PORT": str(port)}


def test_two_processes_train_like_one_and_stop_together(start, start_both, tmp_path):
    few = command_line.latest(*RUN, "--config.num_steps=4")
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

    first, second = start_both(*RUN, f"--workdir={together}", cluster=True)
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


def test_no_cluster_is_one_sentence(start):
    result = start(RUN[0], "--distributed").end()
    assert result.code == 1
    assert result.err.startswith("jaxgen: --distributed finds no cluster that started this process")
    assert result.err.count("\n") == 1


def end(processes):
    results = [process.end() for process in processes]
    assert not any(result.code for result in results), "\n".join(r.err for r in results)
    return results
