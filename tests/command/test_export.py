"""A run's generator and weights through the command, read back where jaxgen is not."""

import os
import subprocess
import sys
import textwrap

import jax
import numpy as np
import pytest
from command_line import ran

from jaxgen import experiment

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quick_compilation")]

READER = """
    import sys
    for name in ("jaxgen", "flax", "optax", "orbax"):
        sys.modules[name] = None
    import numpy as np
    from jax import export

    program = export.deserialize(bytearray(open("generator.jaxexport", "rb").read()))
    given = np.load("given.npz")
    found = {name: np.asarray(program.call(given[name])) for name in given.files}
    np.savez("found.npz", **found)
"""


def test_the_generator_runs_without_jaxgen(reference, env, tmp_path):
    pytest.importorskip("flatbuffers")
    out = tmp_path / "generator.jaxexport"
    at = ("--mode=export", f"--workdir={reference.workdir}")
    result = ran(env, tmp_path, *at, f"--out={out}")
    assert result.out == f"(float32[b,16]) -> float32[b,16,16,1] of step 60: {out}\n"
    exp, state = experiment.restore(reference.workdir)
    codes, samples = {}, {}
    for num in (2, 7):
        key = lambda num=num: jax.random.key(num)  # noqa: E731
        codes[str(num)] = np.asarray(exp.abilities.draw_code(exp.spec, key(), num))
        samples[str(num)] = np.asarray(exp.sample(state, key(), None, num))
    np.savez(tmp_path / "given.npz", **codes)
    inherited = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    code = textwrap.dedent(READER)
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env={**inherited, **env}, check=True)
    found = np.load(tmp_path / "found.npz")
    for name, expected in samples.items():
        assert np.std(expected) > 0.1
        np.testing.assert_allclose(found[name], expected, rtol=0, atol=1e-5)


def test_weights_of_a_step(reference, env, tmp_path):
    safetensors = pytest.importorskip("safetensors.numpy")
    out = tmp_path / "folder" / "weights.safetensors"
    at = ("--mode=export", f"--workdir={reference.workdir}", "--step=56")
    assert ran(env, tmp_path, *at, f"--out={out}").out == f"weights of step 56: {out}\n"
    assert os.listdir(out.parent) == [out.name]
    arrays = safetensors.load_file(out)
    _, state = experiment.restore(reference.workdir, step=56)
    for network, params in state.params.items():
        for layer, leaves in params.items():
            for leaf, value in leaves.items():
                np.testing.assert_array_equal(arrays[f"params/{network}/{layer}/{leaf}"], value)
    (tmp_path / "x.safetensors").mkdir()
    failed = ran(env, tmp_path, *at, f"--out={tmp_path}/x.safetensors", code=1)
    assert failed.err == f"jaxgen: Cannot write --out={tmp_path}/x.safetensors (Is a directory).\n"
