"""The command as a user runs it: processes of their own, and what they leave."""

import contextlib
import importlib
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np

from jaxgen import experiment

ROOT = Path(__file__).parents[2]
CONFIG = "--config=configs/age_digits.py:smoke"
# Checkpoints also between two log lines, so that a run can be cut in the middle of a window.
RUN = (
    CONFIG,
    *(f"--config.{key}" for key in ("num_steps=60", "steps_per_dispatch=2", "log_every=20")),
    *(f"--config.{key}" for key in ("sample_every=30", "checkpoint_every=4")),
)
TIMEOUT = 300  # seconds; a busy machine takes long, a hanging process for ever


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str


class Process:
    """A running command whose standard error can be waited on line by line."""

    def __init__(
        self,
        *arguments: object,
        env: dict[str, str],
        cwd: Path = ROOT,
        module: str = "jaxgen.main",
    ):
        # What a shell starts in the background ignores interrupts, and what nohup starts hangups,
        # and so would its children; what is handled is by default for them.
        for number, handler in (
            (signal.SIGINT, signal.default_int_handler),
            (signal.SIGHUP, lambda *_: None),
        ):
            if signal.getsignal(number) is signal.SIG_IGN:
                signal.signal(number, handler)
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("JAX_", "XLA_"))}
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *map(str, arguments)],
            cwd=cwd,
            env={**inherited, "PYTHONPATH": str(ROOT), **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._lines: list[str] = []
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._deadline = time.monotonic() + TIMEOUT

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            with self._changed:
                self._lines.append(line)
                self._changed.notify_all()

    def wait_for(self, text: str) -> None:
        """Returns as soon as a line with `text` was written."""
        with self._changed:
            while not any(text in line for line in self._lines):
                ended = not self._reader.is_alive()
                if ended or time.monotonic() > self._deadline:
                    raise AssertionError(f'"{text}" never came:\n{"".join(self._lines)}')
                self._changed.wait(0.05)

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def end(self) -> Result:
        """What it was, once it has ended."""
        try:
            code = self._process.wait(max(0.0, self._deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it does not end:\n{''.join(self._lines)}") from None
        self._reader.join()
        assert self._process.stdout is not None
        return Result(code, self._process.stdout.read(), "".join(self._lines))

    def close(self) -> None:
        """Nothing stays behind, whatever happened."""
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for stream in (self._process.stdout, self._process.stderr):
            assert stream is not None
            stream.close()


def run(*arguments: object, env: dict[str, str], cwd: Path = ROOT) -> Result:
    """A command from its start to its end."""
    with contextlib.closing(Process(*arguments, env=env, cwd=cwd)) as process:
        return process.end()


def fork(folder: Path, function: Callable[..., None], *arguments: Any) -> Result:
    """`function` in a fresh process, forked from one that has imported everything already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["jaxgen.main", "jaxgen.experiment", "jaxgen.studies.run"])
    paths = [folder / "out.txt", folder / "err.txt"]
    process = context.Process(target=_redirected, args=(paths, function, arguments))
    process.start()
    process.join(TIMEOUT)
    code = process.exitcode
    process.kill()
    process.join()
    process.close()
    assert code is not None, f"it does not end:\n{paths[1].read_text()}"
    return Result(code, *(path.read_text() for path in paths))


def _redirected(paths: list[Path], function: Callable[..., None], arguments: tuple) -> None:
    for number, path in enumerate(paths, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    function(*arguments)


def command(arguments: tuple[str, ...], env: dict[str, str], module: str = "jaxgen.main") -> None:
    """The command in this process; for `fork`."""
    main = importlib.import_module(module)
    os.chdir(ROOT)
    os.environ.update(env)
    # JAX, already imported, has read its variables.
    jax.config.update("jax_platforms", env["JAX_PLATFORMS"])
    jax.config.update("jax_num_cpu_devices", int(env["JAX_NUM_CPU_DEVICES"]))
    sys.argv = ["jaxgen", *arguments]
    main.cli()


def ran(env: dict[str, str], folder: Path, *arguments: str, code: int = 0) -> Result:
    """What the command, forked, had to say; it must end with `code`."""
    result = fork(folder, command, arguments, env)
    assert result.code == code, result.err
    return result


def latest(*arguments: str) -> tuple[str, ...]:
    """The arguments, but of each flag and key the last one alone."""
    return tuple({argument.partition("=")[0]: argument for argument in arguments}.values())


def metrics(workdir: Path) -> list[dict[str, float]]:
    """The lines of metrics.jsonl without measurements of the machine."""
    lines = [json.loads(text) for text in (workdir / "metrics.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if not k.startswith("time/")} for line in lines]


def assert_same_run(workdir: Path, expected: Path) -> None:
    """Everything that two runs of one config leave is the same, bit for bit."""
    assert metrics(workdir) == metrics(expected)
    for picture in (expected / "images").glob("*"):  # a classifier has none
        assert (workdir / "images" / picture.name).read_bytes() == picture.read_bytes()
    states = [experiment.restore(folder)[1] for folder in (workdir, expected)]
    assert jax.tree.structure(states[0]) == jax.tree.structure(states[1])
    for x, y in zip(*map(jax.tree.leaves, states), strict=True):
        assert (x.dtype, x.shape) == (y.dtype, y.shape)
        assert np.asarray(x).tobytes() == np.asarray(y).tobytes()


def largest_difference(workdir: Path, expected: Path) -> float:
    """Over all arrays of the states: the norm of the difference, relative to the norm.

    For a few steps only: sooner or later rounding makes some unit of a ReLU fall on the other side
    of 0, and from there on the runs are different ones.
    """
    states = [experiment.restore(folder)[1] for folder in (workdir, expected)]
    pairs = zip(*map(jax.tree.leaves, states), strict=True)
    return max(
        float(np.linalg.norm(np.float64(x) - np.float64(y)) / (np.linalg.norm(np.float64(y)) or 1))
        for x, y in pairs
    )
