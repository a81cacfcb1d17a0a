"""ALI's networks as formulas, and by their numbers of parameters."""

import jax
import jax.numpy as jnp
import networks
import numpy as np
import pytest
from numpy_layers import flat, leaky, signed_sigmoid, uniform

from jaxgen.core import UserError
from jaxgen.models import ali

pytestmark = [pytest.mark.core, pytest.mark.usefixtures("quick_compilation")]

SMALL = {"multiples": (1, 2), "kernel_sizes": (3, 2), "strides": (1, 2)}


@pytest.fixture
def known_dropout(monkeypatch):
    """Which units are dropped is known to a formula."""
    monkeypatch.setattr(jax.random, "bernoulli", lambda key, p, shape: uniform(shape) < p)


def slope(x):
    return np.where(x < 0, 0.1 * x, x)


def test_encoder_is_its_formula():
    module = ali.Encoder(5, 2, **SMALL, hidden_features=3)

    def formula(layers, image):
        x = slope(layers.batch_norm(layers.conv(image, 1)))
        x = slope(layers.batch_norm(layers.conv(x, 2)))
        return layers.dense(slope(layers.batch_norm(layers.dense(flat(x)))))

    networks.assert_is_its_formula(module, formula, (3, 6, 6, 2))


def test_generator_is_its_formula():
    module = ali.Generator(3, 2, multiples=(2, 1), kernel_sizes=(2, 3), strides=(1, 2))

    def formula(layers, code):
        x = slope(layers.batch_norm(layers.conv_transpose(code[:, None, None], 1)))
        x = slope(layers.batch_norm(layers.conv_transpose(x, 2)))
        x = slope(layers.batch_norm(layers.conv(x)))
        return signed_sigmoid(layers.conv(x))

    networks.assert_is_its_formula(module, formula, (3, 4))


def test_discriminator_is_its_formula(known_dropout):
    """Dropout before each layer: of 0.2 on images and codes, else of 0.5."""
    module = ali.Discriminator(2, **SMALL, code_features=3, joint_features=4)

    def formula(layers, image, code):
        def convolved(x, stride):
            y = layers.conv(x, stride)
            return y.reshape(*y.shape[:3], -1, 2).max(axis=-1)

        x = convolved(layers.dropout(image, 0.2), 1)
        x = convolved(layers.dropout(x, 0.5), 2)
        layers.features.append(x)
        z = layers.maxout(layers.dropout(code, 0.2), 2)
        z = layers.maxout(layers.dropout(z, 0.5), 2)
        joint = np.concatenate([flat(x), z], axis=1)
        for _ in range(2):
            joint = layers.maxout(layers.dropout(joint, 0.5), 2)
        return layers.dense(layers.dropout(joint, 0.5))[:, 0]

    networks.assert_is_its_formula(module, formula, (3, 6, 6, 2), (3, 5))


@pytest.mark.parametrize(("depth", "batch_norm"), [(1, True), (3, True), (2, False)])
def test_mlp_discriminator_is_its_formula(depth, batch_norm):
    def formula(layers, image, code):
        x = leaky(layers.dense(np.concatenate([flat(image), code], axis=1)))
        for _ in range(depth - 1):
            x = layers.dense(x)
            x = leaky(layers.batch_norm(x) if batch_norm else x)
        return layers.dense(x)[:, 0]

    module = ali.MLPDiscriminator(4, depth, batch_norm)
    networks.assert_is_its_formula(module, formula, (3, 2, 2, 2), (3, 5))


def test_numbers_of_parameters_at_32_pixels():
    """Worked out from the layers: kernels, scale and shift of each normalised channel, biases."""
    sides = ((5, 3, 32), (4, 32, 64), (4, 64, 128), (4, 128, 256), (4, 256, 512))
    convolutions = sum(k * k * c * n for k, c, n in sides)
    encoder = convolutions + 512 * 512 + 2 * (32 + 64 + 128 + 256 + 512 + 512)
    assert networks.count(ali.Encoder(), (1, 32, 32, 3)) == encoder + 512 * 128 + 128 == 3_118_496
    back = ((4, 64, 256), (4, 256, 128), (4, 128, 64), (4, 64, 32), (5, 32, 32), (1, 32, 32))
    generator = sum(k * k * c * n + 2 * n for k, c, n in back) + 32 * 3 + 3
    assert networks.count(ali.Generator(), (1, 64)) == generator == 978_083
    images = sum(2 * n * (k * k * c + 1) for k, c, n in sides)
    codes = 2 * 512 * (64 + 1) + 2 * 512 * (512 + 1)
    joint = 2 * (2 * 1024 * (1024 + 1)) + 1024 + 1
    found = networks.count(ali.Discriminator(), (1, 32, 32, 3), (1, 64))
    assert found == images + codes + joint == 10_368_641


def test_generated_images_have_the_size_of_those_that_are_encoded():
    image, _ = networks.outputs(ali.Generator(), (2, 64), train=True)
    assert (image.shape, image.dtype) == ((2, 32, 32, 3), jnp.float32)
    code, _ = networks.outputs(ali.Encoder(), (2, 32, 32, 3), train=True)
    assert code.shape == (2, 128)


@pytest.mark.parametrize("network", [ali.Encoder(), ali.Discriminator()])
def test_images_that_are_too_small_for_the_kernels_are_refused(network):
    given = [(2, 64)] if isinstance(network, ali.Discriminator) else []
    with pytest.raises(UserError, match="does not fit images of 16x16 pixels: their sides must be"):
        networks.outputs(network, (2, 16, 16, 3), *given)


def test_initial_weights_are_those_of_the_paper():
    params = networks.initial(ali.Encoder(), (1, 32, 32, 3))
    for kernel in (params["Conv_4"]["kernel"], params["Dense_0"]["kernel"]):
        assert abs(float(jnp.std(kernel)) - 0.01) < 3e-4
    assert float(jnp.abs(params["Dense_1"]["bias"]).max()) == 0.0
