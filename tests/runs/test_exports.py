"""What is exported computes and holds what the run does."""

import dataclasses
import json
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import export
from jax.sharding import NamedSharding, PartitionSpec

import jaxgen
from jaxgen import experiment
from jaxgen.core import UserError
from jaxgen.runs import exports
from jaxgen.train.program import make_mesh

pytestmark = pytest.mark.usefixtures("quick_compilation")


def made(name, *averaged):
    """(experiment, state); averaged parameters, of some networks, are others than parameters."""
    exp = experiment.build(experiment.load_config(name))
    state = jax.jit(exp.create_state)(jax.random.key(0))
    params = jax.tree.map(lambda x: 8.0 * x, state.params)  # initial ones make gray images
    ema = {net: jax.tree.map(lambda x: x - 0.25, params[net]) for net in averaged}
    return exp, state.replace(params=params, ema=ema)


def read_back(program):
    return export.deserialize(bytearray(program.serialize()))


def test_a_generator_of_latents():
    pytest.importorskip("flatbuffers")
    exp, state = made("configs/gans_digits.py:wgan,smoke", "generator")
    mesh = NamedSharding(make_mesh(), PartitionSpec())
    program = read_back(exports.generator(exp, jax.device_put(state, mesh)))
    assert jax.device_count() > 1
    assert program.platforms == ("cpu", "cuda", "tpu")
    assert program.nr_devices == 1
    for num in (3, 5):
        found = program.call(exp.abilities.draw_code(exp.spec, jax.random.key(num), num))
        expected = exp.sample(state, jax.random.key(num), None, num)
        np.testing.assert_allclose(found, expected, atol=1e-5)
    without = exp.sample(state.replace(ema={}), jax.random.key(num), None, num)
    assert np.abs(found - without).max() > 0.01


def test_a_generator_of_latents_and_classes():
    pytest.importorskip("flatbuffers")
    exp, state = made("configs/gans_digits.py:cgan,smoke")
    program = read_back(exports.generator(exp, state))
    code, label = exp.abilities.draw_code(exp.spec, jax.random.key(1), 4), jnp.array([7, 0, 7, 3])
    found = program.call(code, label)
    np.testing.assert_allclose(
        found, exp.sample(state, jax.random.key(1), label, 4), rtol=0, atol=1e-5
    )
    assert np.abs(found - program.call(code, label[::-1])).max() > 1e-3


def test_a_decoder_that_draws_takes_a_seed():
    pytest.importorskip("flatbuffers")
    exp, state = made("configs/gans_ring.py:wgan_gp,smoke")

    def decode(spec, state, code, condition=None, key=None):
        image = exp.abilities.decode(spec, state, code)
        return image + jax.random.normal(key, image.shape)

    abilities = dataclasses.replace(exp.abilities, decode=decode)
    program = read_back(exports.generator(dataclasses.replace(exp, abilities=abilities), state))
    code = exp.abilities.draw_code(exp.spec, jax.random.key(1), 3)
    found = [program.call(code, jnp.uint32(seed)) for seed in (0, 6)]
    expected = decode(exp.spec, state, code, key=jax.random.key(6))
    np.testing.assert_allclose(found[1], expected, atol=1e-5)
    assert not np.array_equal(*found)


def test_an_objective_without_codes_has_no_generator():
    pytest.importorskip("flatbuffers")
    exp, state = made("configs/pixelcnn_digits.py:smoke")
    with pytest.raises(UserError, match=r"pixelcnn makes no images of codes.*--out=weights\.safe"):
        exports.generator(exp, state)


def test_weights():
    safetensors = pytest.importorskip("safetensors")
    exp, state = made("configs/gans_digits.py:wgan,smoke", "generator")
    content = exports.weights(exp, state.replace(step=jnp.int32(7)))
    arrays = safetensors.numpy.load(content)
    trees = {"params": state.params, "model_state": state.model_state, "ema": state.ema}
    assert len(arrays) == len(jax.tree.leaves(trees))
    for name, array in arrays.items():
        leaf = trees
        for part in name.split("/"):
            leaf = leaf[part]
        assert array.dtype == np.float32
        np.testing.assert_array_equal(array, leaf)
    assert {"params/critic/Conv_0/kernel", "ema/generator/Dense_0/kernel"} < arrays.keys()
    assert "model_state/generator/batch_stats/BatchNorm_0/var" in arrays
    size = int.from_bytes(content[:8], "little")
    metadata = json.loads(content[8 : 8 + size])["__metadata__"]
    config = json.loads(metadata.pop("config"))
    assert metadata == {"objective": "wgan", "step": "7", "jaxgen": jaxgen.__version__}
    assert config["hparams"]["latent_size"] == exp.spec.hparams.latent_size


@pytest.mark.parametrize(
    ("function", "package"),
    [(exports.generator, "flatbuffers"), (exports.weights, "safetensors")],
)
def test_a_missing_package_is_named(function, package, monkeypatch):
    for name in (package, f"{package}.numpy"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(UserError, match=rf"needs the package {package}; run pip install 'jaxgen"):
        function(None, None)
