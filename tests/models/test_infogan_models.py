"""InfoGAN's networks: formulas, and the counts and initial values of the authors' code."""

import jax.numpy as jnp
import networks
import numpy as np
import pytest
from numpy_layers import flat, relu, signed_sigmoid

from jaxgen.core import UserError
from jaxgen.models import infogan

pytestmark = pytest.mark.core


def leaky(x):
    return np.where(x < 0, 0.01 * x, x)


@pytest.mark.parametrize("side", [8, 12])
def test_generator_is_its_formula(side):
    """The map's units are normalised each by itself, its channels only further on."""
    base = side // 4

    def formula(layers, code):
        x = relu(layers.batch_norm(layers.dense(code)))
        x = relu(layers.batch_norm(layers.dense(x))).reshape(-1, base, base, 4)
        x = relu(layers.batch_norm(layers.conv_transpose(x, 2, 1)))
        return signed_sigmoid(layers.conv_transpose(x, 2, 1))

    module = infogan.Generator(side, 2, features=2)
    networks.assert_is_its_formula(module, formula, (5, 3))


@pytest.mark.parametrize("slope", [0.01, 0.2])
def test_discriminator_is_its_formula(slope):
    """The features are what the logit is linear in."""

    def rectified(x):
        return np.where(x < 0, slope * x, x)

    def formula(layers, image):
        x = layers.sow(rectified(layers.conv(image, 2, 1)))
        x = layers.sow(rectified(layers.batch_norm(layers.conv(x, 2, 1))))
        x = rectified(layers.batch_norm(layers.dense(flat(x))))
        return layers.dense(x)[:, 0], x

    fields = {} if slope == 0.01 else {"slope": slope}
    module = infogan.Discriminator(features=2, **fields)
    networks.assert_is_its_formula(module, formula, (16, 8, 12, 2))


def test_recogniser_is_its_formula():
    def formula(layers, features):
        return layers.dense(leaky(layers.batch_norm(layers.dense(features))))

    networks.assert_is_its_formula(infogan.Recogniser(4, features=6), formula, (5, 3))


def test_numbers_of_parameters_of_mnist():
    """Of 62 + 10 + 2 numbers; a normalisation has two for each unit or channel."""
    generator = 74 * 1024 + 2 * 1024 + 1024 * 6272 + 2 * 6272
    generator += 4 * 4 * 128 * 64 + 2 * 64 + 4 * 4 * 64 * 1 + 1
    assert generator == 6_645_121
    discriminator = 4 * 4 * 1 * 64 + 64 + 4 * 4 * 64 * 128 + 2 * 128
    discriminator += 6272 * 1024 + 2 * 1024 + 1024 + 1
    assert discriminator == 6_558_017
    recogniser = 1024 * 128 + 2 * 128 + 128 * 12 + 12
    assert recogniser == 132_876
    assert networks.count(infogan.Generator(), (1, 74)) == generator
    assert networks.count(infogan.Discriminator(), (1, 28, 28, 1)) == discriminator
    assert networks.count(infogan.Recogniser(), (1, 1024)) == recogniser


def test_the_first_map_of_8_pixels_has_a_side_of_2():
    assert networks.kernels(infogan.Generator(8, 1, features=16), (1, 74)) == [
        (4, 4, 32, 16),
        (4, 4, 16, 1),
        (74, 256),
        (256, 2 * 2 * 32),
    ]
    assert networks.kernels(infogan.Discriminator(features=16), (1, 8, 8, 1)) == [
        (4, 4, 1, 16),
        (4, 4, 16, 32),
        (2 * 2 * 32, 256),
        (256, 1),
    ]


def test_other_sides_are_refused():
    for module, shape in (
        (infogan.Generator(10), (1, 74)),
        (infogan.Discriminator(), (1, 8, 6, 1)),
    ):
        with pytest.raises(UserError, match="their sides must be multiples of 4"):
            networks.outputs(module, shape)


def test_initial_values_are_those_of_the_code():
    """N(0, 0.02), but convolutions have nothing beyond two deviations; scales are N(1, 0.02)."""
    shapes = {"generator": (1, 74), "discriminator": (1, 28, 28, 1), "recogniser": (1, 1024)}
    modules = (infogan.Generator(), infogan.Discriminator(), infogan.Recogniser())
    for module, shape in zip(modules, shapes.values()):
        for name, part in networks.initial(module, shape).items():
            if "kernel" in part:
                cut = name.startswith("Conv_")
                largest, deviation = jnp.abs(part["kernel"]).max(), part["kernel"].std()
                assert largest <= 0.04 if cut else largest > 0.05 or part["kernel"].size < 2000
                expected = 0.02 * 0.8796 if cut else 0.02  # of what is left between +-2
                np.testing.assert_allclose(deviation, expected, rtol=0.1)
            else:
                np.testing.assert_allclose(part["scale"], 1.0, atol=0.1)
                assert np.any(part["scale"] != 1.0)
            np.testing.assert_array_equal(part.get("bias", 0.0), 0.0)
