"""A run that was killed, stopped, damaged or moved ends where an undisturbed one does."""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import command_line
import jax
import numpy as np
import pytest
from command_line import RUN

from jaxgen import experiment

pytestmark = pytest.mark.slow


def saving(workdir: Path) -> bool:
    """Whether there is an incomplete checkpoint, as orbax names it."""
    return any((workdir / "checkpoints").glob("*.orbax-checkpoint-tmp*"))


def finish(start, workdir: Path) -> str:
    result = start(*RUN, f"--workdir={workdir}").end()
    assert result.code == 0, result.err
    return result.err


def test_killed_at_any_time(reference, start, tmp_path):
    workdir = tmp_path / "run"
    for _ in range(5):
        process = start(*RUN, f"--workdir={workdir}")
        # Of the first checkpoint, so that there is none to go on from.
        while process.running and not saving(workdir):
            time.sleep(0.0005)
        process.send(signal.SIGKILL)
        assert process.end().code == -signal.SIGKILL
        if saving(workdir):
            break
    else:
        pytest.fail("no kill came in the middle of a save")
    delays = random.Random(0)
    for line in ("compiled in", "step 40/60"):
        process = start(*RUN, f"--workdir={workdir}")
        process.wait_for(line)
        time.sleep(delays.uniform(0.0, 0.2))
        process.send(signal.SIGKILL)
        assert process.end().code == -signal.SIGKILL
    finish(start, workdir)
    command_line.assert_same_run(workdir, reference.workdir)
    assert not saving(workdir)


def test_interrupts_save_and_say_how_to_continue(reference, start, tmp_path):
    for number, line in (
        (signal.SIGTERM, "compiling"),
        (signal.SIGINT, "pictures in"),
        (signal.SIGHUP, "continuing"),
    ):
        process = start(*RUN, f"--workdir={tmp_path}/run")
        process.wait_for(line)
        process.send(number)
        result = process.end()
        assert result.code == 0, result.err
        _, state = experiment.restore(tmp_path / "run")
        assert int(state.step) < 60
        assert result.err.splitlines()[-1] == (
            f"{number.name}: saved at step {int(state.step)}; the same command continues from there"
        )
    assert f"continuing {tmp_path}/run from step" in finish(start, tmp_path / "run")
    command_line.assert_same_run(tmp_path / "run", reference.workdir)


def test_an_interrupt_before_there_is_anything_to_save(start, tmp_path):
    os.mkfifo(tmp_path / "blocked")  # whoever reads it waits
    own = "def get_config():\n    return open({path!r}).read()\n"
    (tmp_path / "mine.py").write_text(own.format(path=str(tmp_path / "blocked")))
    process = start(f"--config={tmp_path}/mine.py", f"--workdir={tmp_path}/run")
    with open(tmp_path / "blocked", "wb"):  # waits for the reader
        process.send(signal.SIGINT)
        time.sleep(0.2)
    result = process.end()
    assert result.code == 128 + signal.SIGINT
    assert result.err.splitlines()[-1] == "jaxgen: interrupted"
    assert "Traceback" not in result.err


def test_the_networks_of_another_run_are_a_start(reference, start, tmp_path):
    from_reference = f"--config.init_from={reference.workdir}"
    process = start(*RUN, from_reference, "--config.seed=1", f"--workdir={tmp_path}/run")
    process.wait_for("compiling")
    process.send(signal.SIGTERM)
    result = process.end()
    assert result.code == 0, result.err
    assert f"starting with the networks of {reference.workdir}" in result.err
    assert "SIGTERM: saved at step 0" in result.err
    states = [experiment.restore(folder)[1] for folder in (tmp_path / "run", reference.workdir)]
    for kind in ("params", "model_state"):
        jax.tree.map(np.testing.assert_array_equal, *(getattr(state, kind) for state in states))
    assert int(states[0].step) == 0
    assert not any(np.any(leaf) for leaf in jax.tree.leaves(states[0].opt_state))


def test_a_damaged_checkpoint_is_passed_over(reference, start, tmp_path):
    workdir = tmp_path / "run"
    shutil.copytree(reference.workdir, workdir)
    files = [path for path in (workdir / "checkpoints" / "60").rglob("*") if path.is_file()]
    largest = max(files, key=lambda path: path.stat().st_size)
    content = bytearray(largest.read_bytes())
    content[len(content) // 2] ^= 1
    largest.write_bytes(content)
    output = finish(start, workdir)
    assert re.search(r"The checkpoint of step 60 .* is damaged .*; step 56 is used", output)
    assert f"continuing {workdir} from step 56" in output
    command_line.assert_same_run(workdir, reference.workdir)


def test_the_number_of_devices_may_change(reference, start, env, tmp_path):
    """From one to four and back, in the last four steps."""
    workdir = tmp_path / "run"
    shutil.copytree(reference.workdir, workdir)
    shutil.rmtree(workdir / "checkpoints" / "60")
    for steps, devices in ((58, 4), (60, 1)):
        changed = {**env, "JAX_NUM_CPU_DEVICES": str(devices)}
        steps_of = f"--config.num_steps={steps}"
        arguments = (*command_line.latest(*RUN, steps_of), f"--workdir={workdir}")
        result = start(*arguments, env=changed).end()
        assert result.code == 0, result.err
        assert f"continuing {workdir} from step {steps - 2}" in result.err
        assert f"for {devices} cpu device" in result.err
    assert command_line.largest_difference(workdir, reference.workdir) < 1e-5


def test_not_a_number_stops_the_run_and_spares_the_checkpoints(reference, start, tmp_path):
    """Also --fork: the config of the first 60 steps was another one."""
    workdir = tmp_path / "run"
    shutil.copytree(reference.workdir, workdir)
    more = ("--config.num_steps=80", "--config.optim.encoder.learning_rate=1e30", "--fork")
    result = start(*command_line.latest(*RUN, *more), f"--workdir={workdir}").end()
    assert result.code == 1
    assert f"continuing {workdir} from step 60" in result.err
    last = result.err.splitlines()[-1]
    assert re.match(r'jaxgen: Metric "(encoder|generator)/\w+" .* at step 6[12];', last)
    assert (workdir / "config.1.json").read_bytes() == (
        reference.workdir / "config.json"
    ).read_bytes()
    command_line.assert_same_run(workdir, reference.workdir)


def test_another_config_is_refused(reference, env, tmp_path):
    before = (reference.workdir / "config.json").read_bytes()
    changes = ("--config.hparams.image_weight=5", "--config.seed=1", "--config.num_steps=80")
    arguments = command_line.latest(*RUN, *changes, f"--workdir={reference.workdir}")
    result = command_line.fork(tmp_path, command_line.command, arguments, env)
    assert result.code == 1
    assert "hparams.image_weight: 10.0 there, 5.0 here; seed: 0 there, 1 here" in result.err
    assert "num_steps" not in result.err
    assert "--fork" in result.err
    assert (reference.workdir / "config.json").read_bytes() == before


def test_a_second_process_is_refused_and_a_killed_one_is_not_waited_for(reference, start, tmp_path):
    workdir = tmp_path / "run"
    first = start(*RUN, f"--workdir={workdir}")
    first.wait_for("compiling")
    second = start(*RUN, f"--workdir={workdir}").end()
    assert second.code == 1
    assert re.search(r"is being trained by process \d+ on \S+; wait until it ends", second.err)
    first.send(signal.SIGKILL)
    first.end()
    finish(start, workdir)
    command_line.assert_same_run(workdir, reference.workdir)


def test_what_training_can_do_without_never_ends_it(reference, env, tmp_path):
    workdir = tmp_path / "run"
    (workdir / "report.html").mkdir(parents=True)
    for name in ("images", "events"):
        (workdir / name).write_text("no folder")
    with open("/dev/full", "w") as terminal:  # a full disk takes what is said
        code = subprocess.run(
            [sys.executable, "-m", "jaxgen.main", *RUN, f"--workdir={workdir}"],
            cwd=command_line.ROOT,
            env={**os.environ, **env},
            stderr=terminal,
            timeout=command_line.TIMEOUT,
        ).returncode
    assert code == 0
    assert command_line.metrics(workdir) == command_line.metrics(reference.workdir)
    assert command_line.largest_difference(workdir, reference.workdir) == 0.0
