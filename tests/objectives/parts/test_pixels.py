"""Models of pixels: how images become binary, whose likelihood is meant, and samples' noise."""

import dataclasses

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxgen.core import Layout, Spec
from jaxgen.core import nets as nets_lib
from jaxgen.core.nets import Nets
from jaxgen.losses import likelihood
from jaxgen.models import pixelcnn
from jaxgen.objectives.parts import pixels

pytestmark = pytest.mark.core


@dataclasses.dataclass(frozen=True)
class Numbers:
    output: str = "bernoulli"
    image_size: int = 4
    channels: int = 1
    binarise: str = "threshold"


def spec_of(layout=None, **numbers):
    return Spec(nets={}, tx={}, hparams=Numbers(**numbers), layout=layout or Layout())


GRAY = np.float32(np.linspace(-1, 1, 5).repeat(4000).reshape(5, -1, 1, 1))


def test_binarisation():
    binary = {
        how: np.asarray(pixels.binarise(spec_of(binarise=how), GRAY, jax.random.key(0)))
        for how in pixels.BINARISE
    }
    np.testing.assert_array_equal(binary["threshold"], np.where(GRAY > 0, 1, -1))
    np.testing.assert_array_equal(binary["none"], GRAY)
    assert set(np.unique(binary["sample"])) == {-1.0, 1.0}
    share = (binary["sample"] > 0).mean((1, 2, 3))
    np.testing.assert_allclose(share, [0, 0.25, 0.5, 0.75, 1], atol=0.03)
    assert share[0] == 0.0
    assert share[4] == 1.0


def test_without_a_key_nothing_is_random():
    found = pixels.binarise(spec_of(binarise="sample"), GRAY)
    np.testing.assert_array_equal(found, np.where(GRAY > 0, 1, -1))


@pytest.mark.parametrize("how", pixels.BINARISE)
@pytest.mark.parametrize("output", ["categorical", "logistic_mixture"])
def test_only_models_of_binary_pixels_make_them_binary(output, how):
    spec = spec_of(output=output, binarise=how)
    np.testing.assert_array_equal(pixels.binarise(spec, GRAY, jax.random.key(0)), GRAY)


@pytest.mark.parametrize(
    ("output", "parameters", "expected"),
    [
        ("bernoulli", (1,), likelihood.bernoulli_nll),
        ("categorical", (1, 256), likelihood.categorical_nll),
        ("logistic_mixture", (6,), likelihood.discretized_logistic_mixture_nll),
    ],
)
def test_likelihood_is_that_of_the_output(output, parameters, expected):
    found = jax.random.normal(jax.random.key(0), (3, 2, 2, *parameters))
    image = jnp.where(jax.random.bernoulli(jax.random.key(1), 0.5, (3, 2, 2, 1)), 1.0, -1.0)
    nats = pixels.nll(spec_of(output=output), found, image)
    np.testing.assert_array_equal(nats, expected(found, image))


@pytest.mark.parametrize(
    ("output", "channels", "size"),
    [
        ("bernoulli", 1, 1),
        ("categorical", 1, 1),
        ("categorical", 3, 3),
        ("logistic_mixture", 1, 2),
        ("logistic_mixture", 3, 4),
    ],
)
def test_noise_is_uniform_and_belongs_to_the_image_wherever_it_is(output, channels, size):
    spec = spec_of(output=output, channels=channels)
    noise = np.asarray(pixels.draw_noise(spec, jax.random.key(0), 8))
    assert noise.shape == (8, 4, 4, size)
    assert noise.min() >= 0
    assert noise.max() < 1
    assert noise.mean() == pytest.approx(0.5, abs=0.1)
    shards = jax.vmap(
        lambda _: pixels.draw_noise(spec.on(Layout("data")), jax.random.key(0), 2),
        axis_name="data",
        axis_size=4,
    )(jnp.arange(4))
    np.testing.assert_array_equal(shards.reshape(noise.shape), noise)


class Normalised(nn.Module):
    """A decoder of pixels with running statistics."""

    @nn.compact
    def __call__(self, image, *, train):
        return nn.BatchNorm(not train)(jnp.ones_like(image) + 0.1 * image)

    def values_of_a_layer(self, height, width):
        return height * width


def game_of(decoder, num=12, code=None, seed=0):
    """(spec, params, model_state, binary images) of one decoder."""
    spec = Spec(nets={"decoder": decoder}, tx={"decoder": optax.sgd(0.1)}, hparams=Numbers())
    image = jnp.sign(jax.random.normal(jax.random.key(seed), (num, 6, 4, 1)))
    codes = () if code is None else (code,)
    params, state = nets_lib.init(decoder, jax.random.key(1), image, *codes)
    return spec, {"decoder": params}, {"decoder": state}, image


@pytest.fixture
def one_device(monkeypatch):
    """The tests have several."""
    monkeypatch.setattr(jax, "device_count", lambda: 1)


@pytest.mark.usefixtures("one_device")
@pytest.mark.parametrize("count", [2, 3, 12])
def test_parts_have_the_gradients_of_the_whole(count, monkeypatch):
    """By parameters, codes and images."""
    decoder = pixelcnn.PixelCNN(features=3, depth=2, conditioning="invariant")
    code = jax.random.normal(jax.random.key(2), (12, 2))
    spec, params, state, image = game_of(decoder, code=code)

    def mean(params, image, code):
        return 3.0 * pixels.mean_nll(Nets(spec, params, state), spec, image, code)

    def whole(params, image, code):
        found = Nets(spec, params, state)("decoder", image, code)
        return 3.0 * jnp.mean(pixels.nll(spec, found, image))

    monkeypatch.setattr(pixels, "_CACHE", -(-12 * 4 * 24 * 12 // count))
    assert pixels._parts(spec, image) == count
    text = str(jax.make_jaxpr(jax.grad(mean))(params, image, code))
    assert f"f32[{12 // count},6,4,6]" in text  # pre-activations of a part, ...
    assert "f32[12,6,4,6]" not in text  # ... none of all
    found, expected = (jax.value_and_grad(f, (0, 1, 2))(params, image, code) for f in (mean, whole))
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("fields", "values"),
    [
        ({"output": "bernoulli"}, 4 * 5),
        ({"output": "bernoulli", "head_features": 30}, 30),
        ({"output": "categorical", "channels": 3}, 3 * 256),
        ({"output": "logistic_mixture", "channels": 3}, 10 * 10),
        ({"output": "logistic_mixture"}, 10 * 3),
    ],
)
def test_the_widest_layer_is_found(fields, values):
    """Of all that a network computes, but for the pairs of a gate that is cut in two."""
    net = pixelcnn.PixelCNN(features=5, depth=2, **fields)
    assert net.values_of_a_layer(6, 4) == 24 * values
    image = jnp.zeros((1, 6, 4, net.channels))
    params, _ = nets_lib.init(net, jax.random.key(0), image)
    jaxpr = jax.make_jaxpr(lambda p, x: net.apply({"params": p}, x, train=True))(params, image)
    shapes = [v.aval.shape for e in jaxpr.eqns for v in e.outvars]
    widest = max(np.prod(shape) for shape in shapes if shape[:3] == (1, 6, 4))
    assert max(widest, 24 * 4 * 5) == 24 * values


@pytest.mark.usefixtures("one_device")
def test_what_is_not_taken_in_parts(monkeypatch):
    """Networks that normalise over the batch, or do not tell their size; shards; other devices."""
    monkeypatch.setattr(pixels, "_CACHE", 4 * 24 * 4)
    spec, params, state, image = game_of(Normalised())
    nets = Nets(spec, params, state)
    pixels.mean_nll(nets, spec, image)
    mean = nets.model_state["decoder"]["batch_stats"]["BatchNorm_0"]["mean"]
    np.testing.assert_allclose(mean, 0.01 * (1 + 0.1 * np.mean(image)), rtol=1e-5)
    assert pixels._parts(spec, image) == 3
    assert pixels._parts(spec, image[:8]) == 2
    other = dataclasses.replace(spec, nets={"decoder": nn.Dense(1)})
    assert pixels._parts(other, image) == 1
    shard = dataclasses.replace(spec, layout=Layout("data"))
    assert pixels._parts(shard, image) == 1
    for name, value in (("default_backend", "tpu"), ("device_count", 2)):
        with monkeypatch.context() as patched:
            patched.setattr(jax, name, lambda value=value: value)
            assert pixels._parts(spec, image) == 1
