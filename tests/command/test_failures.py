"""What a machine fails in, as a user sees it."""

import os
import subprocess
import sys

import command_line
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgen.commands import failures

pytestmark = pytest.mark.core


@pytest.mark.parametrize("platform", ["cuda", "nonsense"])
def test_a_device_that_is_not_there_is_one_sentence(env, platform):
    asked = {**env, "JAX_PLATFORMS": platform}
    result = command_line.run(command_line.CONFIG, "--explain", env=asked)
    assert result.code == 1
    assert result.err.startswith(f'jaxgen: JAX finds no device of JAX_PLATFORMS="{platform}" here')
    assert result.err.endswith("for a TPU pip install '.[tpu]'.\n")
    assert result.err.count("\n") == 1


def test_too_little_memory_is_one_sentence():
    """Of NumPy, and of XLA: more than there are addresses."""
    with pytest.raises(MemoryError) as of_numpy:
        np.ones((2**60,), np.uint8)
    with pytest.raises(jax.errors.JaxRuntimeError) as of_xla:
        jnp.zeros((2**50,), jnp.uint8).block_until_ready()
    for error in (of_numpy.value, of_xla.value):
        text = failures.sentence(error)
        assert text.startswith("Out of memory (")
        assert "config.data.micro_batches" in text
        assert "\n" not in text


def test_what_is_no_failure_of_the_machine_keeps_its_traceback():
    for error in (ValueError("some"), AssertionError(), RuntimeError("INTERNAL: some")):
        assert failures.sentence(error) is None
    script = "from jaxgen.commands import flags; flags.call(lambda argv: [][0])"
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ, check=False)
    assert "IndexError" in done.stderr.splitlines()[-1]
    done = subprocess.run(
        [*command[:2], script.replace("[][0]", "bytes(2**62)")], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr.startswith("jaxgen: Out of memory (MemoryError): ask for less")


def test_a_locale_of_ascii_prints_any_name():
    script = "from jaxgen.commands import flags; flags.call(lambda argv: print('\\xfcn\\xef'))"
    locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        env={**os.environ, **locale},
        check=False,
    )
    assert (done.stdout, done.returncode) == ("\\xfcn\\xef\n", 0), done.stderr
