"""EBGAN's autoencoders: formulas, the paper's layers and initial values, and small data."""

import itertools

import networks
import numpy as np
import pytest
from numpy_layers import flat, leaky, relu, signed_sigmoid

from jaxgen.core import UserError
from jaxgen.models import dcgan, ebgan

pytestmark = pytest.mark.core


ACTIVATIONS = {"relu": relu, "leaky_relu": leaky, "tanh": np.tanh}
PIXELS = {"tanh": np.tanh, "sigmoid": signed_sigmoid, "linear": lambda x: x}


@pytest.mark.parametrize(("depth", "pixels"), [(2, "tanh"), (3, "sigmoid")])
def test_convolutional_form_is_its_formula(depth, pixels):
    """4x4 kernels of stride 2; normalised but at the input and the output."""

    def formula(layers, image):
        x = layers.sow(leaky(layers.conv(image, 2, 1)))
        for _ in range(depth - 1):
            x = layers.sow(leaky(layers.batch_norm(layers.conv(x, 2, 1))))
        codes = flat(x)
        for _ in range(depth - 1):
            x = leaky(layers.batch_norm(layers.conv_transpose(x, 2, 1)))
        return PIXELS[pixels](layers.conv_transpose(x, 2, 1)), codes

    module = ebgan.Discriminator(features=2, depth=depth, output_activation=pixels)
    networks.assert_is_its_formula(module, formula, (4, 16, 16, 2))


def test_conditional_form_is_its_formula():
    """The encoder sees condition and image, the decoder makes the image alone."""

    def formula(layers, condition, image):
        both = np.concatenate([condition, image], axis=3)
        x = layers.sow(leaky(layers.conv(both, 2, 1)))
        codes = x = layers.sow(leaky(layers.batch_norm(layers.conv(x, 2, 1))))
        x = leaky(layers.batch_norm(layers.conv_transpose(x, 2, 1)))
        return np.tanh(layers.conv_transpose(x, 2, 1)), flat(codes)

    module = ebgan.ConditionalDiscriminator(features=2, depth=2)
    networks.assert_is_its_formula(module, formula, (4, 8, 12, 1), (4, 8, 12, 2))
    with pytest.raises(UserError, match=r"ebgan.ConditionalDiscriminator .* multiples of 4 "):
        networks.outputs(module, (1, 6, 6, 1), (1, 6, 6, 2))


@pytest.mark.parametrize(
    ("depth", "activation", "pixels"),
    [(1, "relu", "tanh"), (2, "leaky_relu", "linear"), (3, "tanh", "sigmoid")],
)
def test_fully_connected_form_is_its_formula(depth, activation, pixels):
    def formula(layers, image):
        codes = flat(image)
        for _ in range(depth):
            codes = layers.sow(ACTIVATIONS[activation](layers.dense(codes)))
        return PIXELS[pixels](layers.dense(codes)).reshape(image.shape), codes

    module = ebgan.MlpDiscriminator(
        features=5, depth=depth, code_size=3, activation=activation, output_activation=pixels
    )
    networks.assert_is_its_formula(module, formula, (4, 2, 3, 2))
    sizes = [12, *[5] * (depth - 1), 3, 12]
    assert networks.kernels(module, (4, 2, 3, 2)) == list(itertools.pairwise(sizes))


def test_layers_of_the_paper():
    """(64)4c2s-(128)4c2s-(256)4c2s and back; BatchNorm but at the input and the output."""
    module, shape = ebgan.Discriminator(), (2, 64, 64, 3)
    (image, codes), sown = networks.outputs(module, shape)
    assert image.shape == shape
    assert codes.shape == (2, 8 * 8 * 256)
    assert sown == [(2, 32, 32, 64), (2, 16, 16, 128), (2, 8, 8, 256)]
    down = [(4, 4, 3, 64), (4, 4, 64, 128), (4, 4, 128, 256)]
    up = [(4, 4, 256, 128), (4, 4, 128, 64), (4, 4, 64, 3)]
    assert networks.kernels(module, shape) == up + down
    weights = 16 * 2 * (3 * 64 + 64 * 128 + 128 * 256)
    normalisations, biases = 2 * (128 + 256 + 128 + 64), 64 + 3
    assert networks.count(module, shape) == weights + normalisations + biases


def test_the_papers_generator_is_a_dcgan():
    """(1024)4c-(512)4c2s-(256)4c2s-(128)4c2s-(3)4c2s."""
    kernels = networks.kernels(dcgan.Generator(features=128), (1, 100))
    assert kernels == [
        (4, 4, 1024, 512),
        (4, 4, 512, 256),
        (4, 4, 256, 128),
        (4, 4, 128, 3),
        (100, 4 * 4 * 1024),
    ]


def test_initial_values_of_the_paper():
    params = networks.initial(ebgan.Discriminator(features=16, depth=2), (1, 8, 8, 3))
    kernels = [np.ravel(part["kernel"]) for part in params.values() if "kernel" in part]
    assert np.std(np.concatenate(kernels)) == pytest.approx(0.002, rel=0.03)
    assert not params["Conv_0"]["bias"].any()


@pytest.mark.parametrize(("side", "depth"), [(16, 3), (28, 2), (32, 3)])
def test_small_images(side, depth):
    module = ebgan.Discriminator(features=2, depth=depth)
    (image, codes), _ = networks.outputs(module, (2, side, side, 1))
    assert image.shape == (2, side, side, 1)
    assert codes.shape == (2, (side // 2**depth) ** 2 * 2**depth)


def test_bad_sides_are_refused():
    message = r"28x28 .* multiples of 8 with depth=3, .* a smaller depth; choose 24 or 32"
    with pytest.raises(UserError, match=message):
        networks.outputs(ebgan.Discriminator(), (1, 28, 28, 1))
