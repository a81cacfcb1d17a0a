"""One compilation cache, and one finished run that others are compared with."""

import os
from dataclasses import dataclass
from pathlib import Path

import command_line
import pytest


@pytest.fixture(scope="session")
def cache(tmp_path_factory) -> Path:
    """The same for all workers: what one has compiled the others load."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "cache"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def env(cache) -> dict[str, str]:
    return {
        "XDG_CACHE_HOME": str(cache),
        "JAX_PLATFORMS": "cpu",
        "JAX_NUM_CPU_DEVICES": "1",
        # Compiles in a third of the time.
        "XLA_FLAGS": "--xla_backend_optimization_level=0",
    }


@dataclass(frozen=True)
class Run:
    workdir: Path
    result: command_line.Result


@pytest.fixture(scope="session")
def reference(env, tmp_path_factory) -> Run:
    """60 steps that nothing interrupted, on one device."""
    workdir = tmp_path_factory.mktemp("runs") / "reference"
    result = command_line.run(*command_line.RUN, f"--workdir={workdir}", env=env)
    assert result.code == 0, result.err
    return Run(workdir, result)


@pytest.fixture
def start(env):
    """Starts commands, and ends those that a failed test left running."""
    started = []

    def start_command(*arguments: object, env: dict[str, str] = env, **options):
        process = command_line.Process(*arguments, env=env, **options)
        started.append(process)
        return process

    yield start_command
    for process in started:
        process.close()
