"""Two and four real processes that train together."""

import signal
import socket

import command_line
import pytest
from command_line import RUN

from jaxgen import experiment

pytestmark = pytest.mark.slow


@pytest.fixture
def start_all(start, env):
    """Starts a command in processes that share four devices, by flags or as of a Slurm job."""

    def start_command(*arguments, processes, cluster=False):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        devices = {**env, "JAX_NUM_CPU_DEVICES": str(4 // processes)}
        if cluster:
            tasks = [{**devices, **slurm(i, processes, port)} for i in range(processes)]
            return [start(*arguments, "--distributed", env=task) for task in tasks]
        joined = (f"--coordinator=127.0.0.1:{port}", f"--num_processes={processes}")
        numbers = [(*joined, f"--process_id={i}") for i in range(processes)]
        return [start(*arguments, *flags, env=devices) for flags in numbers]

    return start_command


def slurm(number, processes, port):
    """What Slurm tells each of some processes on one machine; the port is JAX's own variable."""
    task = {"SLURM_PROCID": str(number), "SLURM_LOCALID": str(number)}
    job = {"SLURM_JOB_ID": "17", "SLURM_NTASKS": str(processes)}
    job["SLURM_STEP_NODELIST"] = "127.0.0.1"
    return {**task, **job, "JAX_COORDINATOR_PORT": str(port)}


def test_processes_train_like_one_and_stop_together(start, start_all, tmp_path):
    """Two, started by flags; then four of a cluster, which continue what the two began."""
    few = command_line.latest(*RUN, "--config.num_steps=4")
    alone, together = tmp_path / "alone", tmp_path / "together"
    end([start(*few, f"--workdir={alone}")])
    results = end(start_all(*few, f"--workdir={together}", processes=2))
    assert "compiling the training step for 4 cpu devices" in results[0].err
    assert command_line.largest_difference(together, alone) < 1e-5
    # Only the first process talks (Gloo, on standard output, does too) and writes.
    assert results[1].err == ""
    assert [line["step"] for line in command_line.metrics(together)] == [4]
    assert len(list((together / "events").iterdir())) == 1
    assert not list(together.rglob("*process_1*"))

    four = start_all(*RUN, f"--workdir={together}", processes=4, cluster=True)
    four[0].wait_for("compiled in")
    four[3].send(signal.SIGTERM)
    results = end(four)
    _, state = experiment.restore(together)
    assert 4 <= int(state.step) < 60
    assert "compiling the training step for 4 cpu devices" in results[0].err
    assert [result.err for result in results[1:]] == [""] * 3
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
