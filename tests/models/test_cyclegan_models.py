"""CycleGAN's networks as formulas, and by their numbers of parameters."""

import jax.numpy as jnp
import networks
import numpy as np
import pytest
from numpy_layers import leaky, relu

from jaxgen.core import UserError
from jaxgen.models import cyclegan

pytestmark = [pytest.mark.core, pytest.mark.usefixtures("quick_compilation")]


def normalised(x):
    mean, variance = (f(x, axis=(1, 2), keepdims=True) for f in (np.mean, np.var))
    return (x - mean) / np.sqrt(variance + 1e-5)


def reflected(x, pixels):
    return np.pad(x, ((0, 0), (pixels, pixels), (pixels, pixels), (0, 0)), mode="reflect")


def test_generator_is_its_formula():
    def formula(layers, image):
        x = relu(normalised(layers.conv(reflected(image, 3))))
        x = relu(normalised(layers.conv(x, 2, 1)))
        x = relu(normalised(layers.conv(x, 2, 1)))
        for _ in range(2):
            y = relu(normalised(layers.conv(reflected(x, 1))))
            x = x + normalised(layers.conv(reflected(y, 1)))
        for _ in range(2):
            x = relu(normalised(layers.conv_transpose(x, 2, 1, 1)))
        return np.tanh(layers.conv(reflected(x, 3)))

    networks.assert_is_its_formula(cyclegan.Generator(2, 2, 2), formula, (2, 8, 12, 3))


@pytest.mark.parametrize("depth", [1, 2])
def test_discriminator_is_its_formula(depth):
    def formula(layers, image):
        x = image
        for index in range(depth + 1):
            x = layers.conv(x, 2 if index < depth else 1, 1)
            x = leaky(normalised(x) if index else x)
            layers.features.append(x)
        return layers.conv(x, 1, 1)[..., 0]

    networks.assert_is_its_formula(cyclegan.Discriminator(2, depth), formula, (2, 12, 12, 2))


def test_published_numbers_of_parameters():
    def residual(blocks):
        """Kernels and biases, of 7x7, two halvings, blocks, two doublings and 7x7."""
        ends = 49 * 3 * 64 + 64 + 49 * 64 * 3 + 3
        down = 9 * 64 * 128 + 128 + 9 * 128 * 256 + 256
        up = 9 * 256 * 128 + 128 + 9 * 128 * 64 + 64
        return ends + down + blocks * 2 * (9 * 256 * 256 + 256) + up

    for blocks, published in ((9, 11_378_179), (6, 7_837_699)):
        found = networks.count(cyclegan.Generator(depth=blocks), (1, 256, 256, 3))
        assert found == residual(blocks) == published
    widths = ((3, 64), (64, 128), (128, 256), (256, 512), (512, 1))
    judge = sum(16 * a * b + b for a, b in widths)
    assert networks.count(cyclegan.Discriminator(), (1, 256, 256, 3)) == judge == 2_764_737
    patches, _ = networks.outputs(cyclegan.Discriminator(), (1, 256, 256, 3))
    assert patches.shape == (1, 30, 30)


def test_a_norm_is_of_each_image_and_channel_by_itself():
    x = np.random.default_rng(0).normal(3.0, 5.0, (2, 6, 6, 4))
    both = np.asarray(cyclegan.instance_norm(jnp.float32(x)))
    np.testing.assert_allclose(both.mean(axis=(1, 2)), 0.0, atol=1e-5)
    np.testing.assert_allclose(both.var(axis=(1, 2)), 1.0, rtol=1e-4)
    np.testing.assert_allclose(cyclegan.instance_norm(jnp.float32(x[1:])), both[1:], atol=1e-6)


def test_initial_weights_are_those_of_the_code():
    params = networks.initial(cyclegan.Generator(features=16, depth=1), (1, 32, 32, 3))
    for name in ("Conv_3", "ConvTranspose_0"):
        assert abs(float(jnp.std(params[name]["kernel"])) - 0.02) < 1e-3
        assert float(jnp.abs(params[name]["bias"]).max()) == 0.0


def test_sides_that_do_not_fit_are_refused():
    with pytest.raises(UserError, match="does not fit images of 18x16 pixels: their sides must be"):
        networks.outputs(cyclegan.Generator(), (1, 18, 16, 3))
    with pytest.raises(UserError, match="must be 24 or more with depth=3, or less with a smaller"):
        networks.outputs(cyclegan.Discriminator(), (1, 16, 16, 3))
