"""The flag of XLA that the commands set."""

import os
import subprocess
import sys

import jaxlib.version
import pytest

from jaxgen.commands.xla_flags import set_xla_flags

pytestmark = pytest.mark.core

NAME = "--xla_cpu_experimental_ynn_fusion_type"
FLAG = f"{NAME}=-LIBRARY_FUSION_TYPE_INDIVIDUAL_CONVOLUTION"


@pytest.mark.parametrize(
    ("given", "version", "expected"),
    [
        ({}, (0, 10, 2), {"XLA_FLAGS": FLAG}),
        ({"XLA_FLAGS": "--a=1"}, (0, 10, 0), {"XLA_FLAGS": f"--a=1 {FLAG}"}),
        ({"XLA_FLAGS": f"{NAME}="}, (0, 10, 2), {"XLA_FLAGS": f"{NAME}="}),
        ({"XLA_FLAGS": "--a=1"}, (0, 9, 9), {"XLA_FLAGS": "--a=1"}),
        ({}, (0, 11, 0), {}),
    ],
)
def test_it_is_added_where_it_is_known_and_not_chosen(given, version, expected):
    set_xla_flags(given, version)
    assert given == expected


PROGRAM = """
import sys
from jaxgen.commands import flags

def main(_):
    import jax, jax.numpy as jnp
    print("devices", jax.local_device_count())
    x, kernel = jnp.ones((8, 16, 16, 64)), jnp.ones((3, 3, 64, 64))
    def conv(x, kernel):
        numbers = ("NHWC", "HWIO", "NHWC")
        return jax.lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=numbers)
    for name, f, a, b in (("conv", conv, x, kernel), ("dot", jnp.dot, x[0, 0], kernel[0, 0])):
        print(name, "ynn_fusion" in jax.jit(f).lower(a, b).compile().as_text())

if sys.argv.pop() == "command":
    flags.call(main)
else:
    main([])
"""


@pytest.mark.skipif(
    jaxlib.version.__version_info__[:2] != (0, 10), reason="other versions are left alone"
)
def test_the_commands_take_convolutions_from_ynnpack_and_nothing_else():
    """In processes of their own: XLA reads its flags once. A user's other flags count, too."""
    found = {}
    for how in ("command", "plain"):
        environment = {**os.environ, "XLA_FLAGS": "--xla_force_host_platform_device_count=3"}
        program = [sys.executable, "-c", PROGRAM, how]
        done = subprocess.run(program, capture_output=True, text=True, env=environment, timeout=120)
        assert done.returncode == 0, done.stderr
        found[how] = dict(line.split() for line in done.stdout.splitlines())
    assert found["command"] == {"devices": "3", "conv": "False", "dot": "True"}
    assert found["plain"] == {"devices": "3", "conv": "True", "dot": "True"}
