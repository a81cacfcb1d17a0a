"""DCGAN's networks: formulas, parameter counts of the released codes, initial values."""

import itertools

import jax.numpy as jnp
import networks
import numpy as np
import pytest
from numpy_layers import append_label, flat, leaky, relu, signed_sigmoid

from jaxgen.core import UserError
from jaxgen.models import dcgan

pytestmark = pytest.mark.core


GRIDS = {16: (4, 2), 28: (7, 2), 32: (4, 3)}  # side of the first map, and how often it is doubled
HALF = {3: (2, 1), 4: (2, 1), 5: (2, 2)}  # strides and padding that halve a side


def generator(side, kernel_size, batch_norm=True, num_classes=0):
    base, doublings = GRIDS[side]
    double = (*HALF[kernel_size], kernel_size % 2)

    def formula(layers, latent, *label):
        norm = layers.batch_norm if batch_norm else lambda x: x
        if num_classes:
            latent = append_label(latent, *label, num_classes)
        units, maps = layers.dense(latent), (len(latent), base, base, -1)
        # The paper's code normalises each unit of the first map, the torch code each channel.
        x = norm(units).reshape(maps) if kernel_size == 5 else norm(units.reshape(maps))
        x = relu(x)
        for _ in range(doublings - 1):
            x = relu(norm(layers.conv_transpose(x, *double)))
        return np.tanh(layers.conv_transpose(x, *double))

    return formula


def discriminator(side, kernel_size, batch_norm=True, num_classes=0):
    def formula(layers, image, *label):
        norm = layers.batch_norm if batch_norm else lambda x: x
        if num_classes:
            image = append_label(image, *label, num_classes)
        x = layers.sow(leaky(layers.conv(image, *HALF[kernel_size])))
        for _ in range(GRIDS[side][1] - 1):
            x = layers.sow(leaky(norm(layers.conv(x, *HALF[kernel_size]))))
        return layers.dense(flat(x))[:, 0]

    return formula


@pytest.mark.parametrize("side", [28, 32])
@pytest.mark.parametrize("kernel_size", [4, 5])
@pytest.mark.parametrize("batch_norm", [True, False])
def test_networks_are_their_formulas(side, kernel_size, batch_norm):
    form = {"features": 2, "kernel_size": kernel_size, "batch_norm": batch_norm}
    of_pair = side, kernel_size, batch_norm
    module = dcgan.Generator(side, channels=2, **form)
    networks.assert_is_its_formula(module, generator(*of_pair), (4, 3))
    module = dcgan.Discriminator(**form)
    networks.assert_is_its_formula(module, discriminator(*of_pair), (4, side, side, 2))


def test_networks_with_classes_are_their_formulas():
    module = dcgan.Generator(16, channels=2, features=2, num_classes=3)
    networks.assert_is_its_formula(module, generator(16, 4, num_classes=3), (4, 2), (4,))
    module, shapes = dcgan.Discriminator(features=2, num_classes=3), [(4, 16, 16, 2), (4,)]
    networks.assert_is_its_formula(module, discriminator(16, 4, num_classes=3), *shapes)


def test_output_bias_is_the_image_layers_only():
    module = dcgan.Generator(16, features=2, output_bias=True)
    networks.assert_is_its_formula(module, generator(16, 4), (4, 3))
    params = networks.structure(module, jnp.zeros((4, 3)))["params"]
    assert [n for n, part in params.items() if {"kernel", "bias"} <= part.keys()] == [
        "ConvTranspose_1"
    ]


@pytest.mark.parametrize("batch_norm", [True, False])
def test_feature_learner_is_its_formula(batch_norm):
    """3x3 kernels, padded by one; strides 1,2,1,2,1,2 down and 2,1,2,1,2,1 up."""

    def of_generator(layers, latent):
        norm = layers.batch_norm if batch_norm else lambda x: x
        x = relu(norm(layers.dense(latent))).reshape(len(latent), 4, 4, -1)
        for stride in (2, 1, 2, 1, 2):
            x = relu(norm(layers.conv_transpose(x, stride, 1, stride - 1)))
        return np.tanh(layers.conv_transpose(x, 1, 1))

    def of_discriminator(layers, image):
        norm = layers.batch_norm if batch_norm else lambda x: x
        x = layers.sow(leaky(layers.conv(image, 1, 1)))
        for stride in (2, 1, 2, 1, 2):
            x = layers.sow(leaky(norm(layers.conv(x, stride, 1))))
        return layers.dense(flat(x))[:, 0]

    fields = {"features": 1, "batch_norm": batch_norm}
    module = dcgan.FeatureGenerator(channels=2, **fields)
    networks.assert_is_its_formula(module, of_generator, (4, 3))
    module = dcgan.FeatureDiscriminator(**fields)
    networks.assert_is_its_formula(module, of_discriminator, (4, 32, 32, 2))


@pytest.mark.parametrize("pixels", ["sigmoid", "tanh"])
def test_conditional_generator_is_its_formula(pixels):
    """Labels at every layer, 5x5 kernels; normalised but for the image."""

    def formula(layers, latent, label):
        def labelled(x):
            return append_label(x, label, 3)

        x = relu(layers.batch_norm(layers.dense(labelled(latent))))
        x = relu(layers.batch_norm(layers.dense(labelled(x)))).reshape(len(x), 2, 2, 4)
        x = relu(layers.batch_norm(layers.conv_transpose(labelled(x), 2, 2, 1)))
        x = layers.conv_transpose(labelled(x), 2, 2, 1)
        return {"sigmoid": signed_sigmoid, "tanh": np.tanh}[pixels](x)

    module = dcgan.ConditionalGenerator(3, 8, channels=2, features=2, output_activation=pixels)
    networks.assert_is_its_formula(module, formula, (4, 5), (4,))


@pytest.mark.parametrize("unit_pixels", [True, False])
def test_conditional_discriminator_is_its_formula(unit_pixels):
    """Labels at every layer, 5x5 kernels; normalised but at both ends; pixels in [0,1] first."""

    def formula(layers, image, label):
        def labelled(x):
            return append_label(x, label, 3)

        pixels = (image + 1) / 2 if unit_pixels else image
        x = layers.sow(leaky(layers.conv(labelled(pixels), 2, 2)))
        x = layers.sow(leaky(layers.batch_norm(layers.conv(labelled(x), 2, 2))))
        x = leaky(layers.batch_norm(layers.dense(labelled(flat(x)))))
        return layers.dense(labelled(x))[:, 0]

    fields = {} if unit_pixels else {"unit_pixels": False}
    module = dcgan.ConditionalDiscriminator(3, features=2, **fields)
    networks.assert_is_its_formula(module, formula, (4, 8, 8, 2), (4,))


def conv(size, *widths):
    """Weights of a chain of convolutions without biases."""
    return size * size * sum(a * b for a, b in itertools.pairwise(widths))


def test_parameter_counts_of_the_released_codes():
    assert networks.count(dcgan.Generator(), (1, 100)) == 3_576_704
    assert networks.count(dcgan.Discriminator(), (1, 64, 64, 3)) == 2_765_568
    paper = {"features": 128, "kernel_size": 5}
    assert networks.count(dcgan.Generator(**paper), (1, 100)) == 18_885_760
    assert networks.count(dcgan.Discriminator(**paper), (1, 64, 64, 3)) == 17_232_768


def test_parameter_counts_of_the_conditional_pair():
    generator = 110 * 1024 + 1034 * 6272 + 25 * (138 * 64 + 74 * 1)
    assert networks.count(dcgan.ConditionalGenerator(), (1, 100), (1,)) == generator
    discriminator = 25 * (11 * 64 + 74 * 128) + 6282 * 1024 + 1034
    found = networks.count(dcgan.ConditionalDiscriminator(), (1, 28, 28, 1), (1,))
    assert found == discriminator


def test_parameter_counts_of_wgan_gps_cifar10_pair():
    generator = 128 * 8192 + 2 * 8192 + conv(5, 512, 256, 128, 3) + 2 * (256 + 128)
    form = {"features": 128, "kernel_size": 5}
    assert networks.count(dcgan.Generator(image_size=32, **form), (1, 128)) == generator
    critic = conv(5, 3, 128, 256, 512) + 128 + 256 + 512 + 4 * 4 * 512 + 1
    module = dcgan.Discriminator(batch_norm=False, **form)
    assert networks.count(module, (1, 32, 32, 3)) == critic


def test_parameter_counts_of_the_feature_learner():
    widths = (128, 128, 256, 256, 512, 512)
    discriminator = conv(3, 3, *widths) + 2 * sum(widths[1:]) + 4 * 4 * 512
    assert networks.count(dcgan.FeatureDiscriminator(), (1, 32, 32, 3)) == discriminator
    widths = (512, 512, 256, 256, 128, 128, 3)
    generator = 256 * 8192 + 2 * 8192 + conv(3, *widths) + 2 * sum(widths[1:-1])
    assert networks.count(dcgan.FeatureGenerator(), (1, 256)) == generator


@pytest.mark.parametrize(
    ("side", "sides", "widths"),
    [
        (64, [32, 16, 8, 4], [64, 128, 256, 512]),
        (32, [16, 8, 4], [64, 128, 256]),
        (28, [14, 7], [64, 128]),
        (16, [8, 4], [64, 128]),
    ],
)
@pytest.mark.parametrize("kernel_size", [4, 5])
def test_layer_shapes(side, sides, widths, kernel_size):
    module = dcgan.Discriminator(kernel_size=kernel_size)
    _, sown = networks.outputs(module, (2, side, side, 3))
    assert sown == [(2, n, n, width) for n, width in zip(sides, widths)]
    k = kernel_size
    expected = [(k, k, a, b) for a, b in zip((3, *widths), widths)]
    assert networks.kernels(module, (1, side, side, 3)) == [
        *expected,
        (sides[-1] ** 2 * widths[-1], 1),
    ]
    generator = dcgan.Generator(image_size=side, kernel_size=k)
    up = list(reversed(widths))
    assert networks.kernels(generator, (1, 9)) == [
        *[(k, k, a, b) for a, b in zip(up, (*up[1:], 3))],
        (9, sides[-1] ** 2 * up[0]),
    ]


def test_features_of_the_paper_number_28672():
    """All six layers of the 32 px discriminator, pooled to 4x4."""
    _, sown = networks.outputs(dcgan.FeatureDiscriminator(), (1, 32, 32, 3))
    assert [shape[1] for shape in sown] == [32, 16, 16, 8, 8, 4]
    assert sum(4 * 4 * shape[3] for shape in sown) == 28_672


def test_initial_values_are_the_papers():
    params = networks.initial(dcgan.Discriminator(features=32), (1, 16, 16, 3))
    kernels = [np.ravel(part["kernel"]) for part in params.values() if "kernel" in part]
    values = np.concatenate(kernels)
    np.testing.assert_allclose([values.mean(), values.std()], [0.0, 0.02], atol=5e-4)
    assert not any("bias" in part for name, part in params.items() if "Batch" not in name)
    scale = params["BatchNorm_0"]["scale"]
    assert 0.01 < scale.std() < 0.03
    without = dcgan.Discriminator(features=4, batch_norm=False)
    for part in networks.initial(without, (1, 16, 16, 3)).values():
        assert not part["bias"].any()


def test_initial_values_are_wgan_gps():
    """Of He's and Glorot's variances; a stride of 2 divides the fan at the smaller map by 4."""

    def reaches(part, bound):
        assert 0.95 * bound < np.abs(part["kernel"]).max() <= bound

    form = {"kernel_size": 5, "init_scheme": "he"}
    params = networks.initial(dcgan.Generator(16, 3, 16, **form), (1, 9))
    reaches(params["ConvTranspose_0"], (12 / (25 * (32 / 4 + 16))) ** 0.5)
    reaches(params["ConvTranspose_1"], (12 / (25 * (16 / 4 + 3))) ** 0.5)
    reaches(params["Dense_0"], (6 / (9 + 512)) ** 0.5)
    assert (params["BatchNorm_0"]["scale"] == 1).all()
    params = networks.initial(dcgan.Discriminator(16, batch_norm=False, **form), (1, 16, 16, 3))
    reaches(params["Conv_0"], (12 / (25 * (3 + 16 / 4))) ** 0.5)
    reaches(params["Conv_1"], (12 / (25 * (16 + 32 / 4))) ** 0.5)
    reaches(params["Dense_0"], (6 / (512 + 1)) ** 0.5)
    assert not any(part["bias"].any() for part in params.values())
    with pytest.raises(UserError, match='init_scheme="glorot" of a network is not one of'):
        networks.outputs(dcgan.Generator(16, init_scheme="glorot"), (1, 9))


@pytest.mark.parametrize(
    ("module", "shapes", "message"),
    [
        (
            dcgan.Generator(image_size=30),
            [(1, 3)],
            r"30x30 .* 4 or 7 times 2, 4, 8, \.\.\.; choose 28 or 32",
        ),
        (dcgan.Generator(image_size=0), [(1, 3)], "Generator .* 0x0 "),
        (dcgan.Discriminator(), [(1, 4, 4, 3)], "Discriminator .* 4x4 .*; choose 8."),
        (dcgan.Discriminator(), [(1, 28, 30, 3)], "Discriminator .* 28x30 "),
        (dcgan.FeatureDiscriminator(), [(1, 64, 64, 3)], "64x64 .* must be 32; use images of 32"),
        (
            dcgan.ConditionalGenerator(image_size=30),
            [(1, 3), (1,)],
            "30x30 .* multiples of 4; choose 28 or 32",
        ),
    ],
)
def test_bad_sides_are_refused(module, shapes, message):
    with pytest.raises(UserError, match=rf"^dcgan\.{type(module).__name__} does not fit") as error:
        networks.outputs(module, *shapes)
    assert error.match(message)
