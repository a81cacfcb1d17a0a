"""LSGAN's networks: formulas, counts, layers and initial values of the authors' code."""

import itertools

import networks
import numpy as np
import pytest
from numpy_layers import flat, leaky, relu

from jaxgen.core import UserError
from jaxgen.models import lsgan

pytestmark = pytest.mark.core


@pytest.mark.parametrize("batch_norm", [True, False])
def test_networks_are_their_formulas(batch_norm):
    """3x3 kernels up, strides 2,1,2,1,2,2 and 1; four 5x5 ones of stride 2 down."""

    def of_generator(layers, latent):
        norm = layers.batch_norm if batch_norm else lambda x: x
        x = relu(norm(layers.dense(latent).reshape(len(latent), 2, 2, -1)))
        for stride in (2, 1, 2, 1, 2, 2):
            x = relu(norm(layers.conv_transpose(x, stride, 1, stride - 1)))
        return np.tanh(layers.conv_transpose(x, 1, 1))

    def of_discriminator(layers, image):
        norm = layers.batch_norm if batch_norm else lambda x: x
        x = layers.sow(leaky(layers.conv(image, 2, 2)))
        for _ in range(3):
            x = layers.sow(leaky(norm(layers.conv(x, 2, 2))))
        return layers.dense(flat(x))[:, 0]

    module = lsgan.Generator(32, channels=2, features=1, batch_norm=batch_norm)
    networks.assert_is_its_formula(module, of_generator, (4, 3))
    module = lsgan.Discriminator(features=1, batch_norm=batch_norm)
    networks.assert_is_its_formula(module, of_discriminator, (4, 32, 32, 2))


def test_parameter_counts():
    """Every layer has a bias; all but D's first convolution and the outputs are normalised."""
    widths = (256, 256, 256, 256, 256, 128, 64, 3)
    generator = 1025 * 49 * 256 + 9 * sum(a * b for a, b in itertools.pairwise(widths))
    generator += sum(widths[1:]) + 2 * sum(widths[:-1])
    assert networks.count(lsgan.Generator(), (1, 1024)) == generator
    assert round(generator / 1e6, 2) == 15.59
    widths = (3, 64, 128, 256, 512)
    discriminator = 25 * sum(a * b for a, b in itertools.pairwise(widths)) + 49 * 512 + 1
    discriminator += sum(widths[1:]) + 2 * sum(widths[2:])
    assert networks.count(lsgan.Discriminator(), (1, 112, 112, 3)) == discriminator
    assert round(discriminator / 1e6, 2) == 4.33


@pytest.mark.parametrize(("side", "base"), [(112, 7), (64, 4), (128, 8)])
def test_sides_change_the_first_map_only(side, base):
    module = lsgan.Generator(image_size=side, features=2)
    image, _ = networks.outputs(module, (2, 5))
    assert image.shape == (2, side, side, 3)
    widths = (8, 8, 8, 8, 8, 4, 2, 3)
    expected = [(3, 3, a, b) for a, b in itertools.pairwise(widths)]
    assert networks.kernels(module, (1, 5)) == [*expected, (5, base * base * 8)]
    _, sown = networks.outputs(lsgan.Discriminator(features=2), image.shape)
    assert sown == [(2, side // 2**n, side // 2**n, 2**n) for n in (1, 2, 3, 4)]


def test_initial_values():
    params = networks.initial(lsgan.Discriminator(features=16), (1, 16, 16, 3))
    for name, part in params.items():
        assert not part["bias"].any()
        if name.startswith("BatchNorm"):
            assert (part["scale"] == 1).all()
    kernel = params["Conv_3"]["kernel"]
    assert np.abs(kernel).max() <= 0.04  # truncated at two deviations
    linear = networks.initial(lsgan.Generator(16, 3, 4), (1, 1024))["Dense_0"]["kernel"]
    np.testing.assert_allclose([linear.mean(), linear.std()], [0, 0.02], atol=1e-3)


def test_bad_sides_are_refused():
    with pytest.raises(
        UserError, match=r"lsgan\.Generator .* 100x100 .* multiples of 16; choose 96 or 112"
    ):
        networks.outputs(lsgan.Generator(image_size=100), (1, 3))
    with pytest.raises(
        UserError, match=r"lsgan\.Discriminator .* 32x28 .* multiples of 16; choose 16 or 32"
    ):
        networks.outputs(lsgan.Discriminator(), (1, 32, 28, 1))
