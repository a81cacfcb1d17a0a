"""WGAN-GP's residual networks: formulas in the authors' order, counts, initial values."""

import networks
import numpy as np
import pytest
from numpy_layers import double, halve, relu

from jaxgen.core import UserError
from jaxgen.models import resnet

pytestmark = pytest.mark.core


def test_generator_is_its_formula():
    """Three blocks that double the side: the input, enlarged, and two normalised convolutions."""

    def formula(layers, latent):
        x = layers.dense(latent).reshape(len(latent), 2, 2, -1)
        for _ in range(3):
            shortcut = layers.conv(double(x))
            y = layers.conv(double(relu(layers.batch_norm(x))), 1, 1)
            x = shortcut + layers.conv(relu(layers.batch_norm(y)), 1, 1)
        return np.tanh(layers.conv(relu(layers.batch_norm(x)), 1, 1))

    module = resnet.Generator(image_size=16, channels=2, features=3)
    networks.assert_is_its_formula(module, formula, (4, 5))


def test_critic_is_its_formula():
    """No normalisation; the first block does not rectify the image, and two blocks halve."""

    def formula(layers, image):
        def branch(x):
            x = layers.sow(relu(layers.conv(x, 1, 1)))
            return layers.conv(x, 1, 1)

        x = halve(layers.conv(image)) + halve(branch(image))
        second = halve(branch(layers.sow(relu(x))))
        x = halve(layers.conv(x)) + second
        for _ in range(2):
            x = x + branch(layers.sow(relu(x)))
        return layers.dense(layers.sow(relu(x)).mean(axis=(1, 2)))[:, 0]

    module = resnet.Discriminator(3)
    networks.assert_is_its_formula(module, formula, (4, 8, 12, 2))
    kernels = [(3, 3, 2, 3), *[(3, 3, 3, 3)] * 7, (1, 1, 2, 3), (1, 1, 3, 3), (3, 1)]
    assert sorted(networks.kernels(module, (4, 8, 12, 2))) == sorted(kernels)


def test_parameter_counts():
    def conv(size, inputs, outputs):
        return size * size * inputs * outputs + outputs

    d = 128
    up = 2 * conv(3, d, d) + conv(1, d, d) + 2 * 2 * d
    generator = (128 + 1) * 16 * d + 3 * up + 2 * d + conv(3, d, 3)
    assert networks.count(resnet.Generator(), (1, 128)) == generator
    first = conv(3, 3, d) + conv(3, d, d) + conv(1, 3, d)
    down, same = 2 * conv(3, d, d) + conv(1, d, d), 2 * conv(3, d, d)
    critic = first + down + 2 * same + d + 1
    assert networks.count(resnet.Discriminator(), (1, 32, 32, 3)) == critic


@pytest.mark.parametrize("side", [16, 32])
def test_sides(side):
    image, _ = networks.outputs(resnet.Generator(image_size=side, features=2), (2, 3))
    assert image.shape == (2, side, side, 3)


def test_initial_values():
    """Uniform with He's variance 4/(in + out) in blocks, and Glorot's 2/(in + out) elsewhere."""
    params = networks.initial(resnet.Discriminator(16), (1, 8, 8, 3))
    stds = {name: np.std(part["kernel"]) for name, part in params.items()}
    shapes = {name: part["kernel"].shape for name, part in params.items()}
    for name, shape in shapes.items():
        fan = shape[0] * shape[1] * (shape[2] + shape[3]) if len(shape) == 4 else sum(shape)
        numerator = 4 if shape[:2] == (3, 3) else 2
        assert stds[name] == pytest.approx((numerator / fan) ** 0.5, rel=0.25), name
    assert not any(np.any(part["bias"]) for part in params.values())


def test_bad_sides_are_refused():
    with pytest.raises(
        UserError, match=r"resnet\.Generator .* 28x28 .* multiples of 8; choose 24 or 32"
    ):
        networks.outputs(resnet.Generator(image_size=28), (1, 3))
    with pytest.raises(
        UserError, match=r"resnet\.Discriminator .* 30x30 .* multiples of 4; choose 28 or 32"
    ):
        networks.outputs(resnet.Discriminator(), (1, 30, 30, 3))
