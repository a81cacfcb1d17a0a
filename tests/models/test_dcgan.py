"""DCGAN's networks: parameter counts of the released codes, layer shapes, initial values."""

import itertools

import jax
import jax.numpy as jnp
import networks
import numpy as np
import pytest

from jaxgen.core import UserError
from jaxgen.models import dcgan

pytestmark = pytest.mark.core


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


def test_features_are_rectified():
    module = dcgan.Discriminator(features=4, batch_norm=False)
    image = jax.random.normal(jax.random.key(0), (2, 16, 16, 1))
    variables = networks.random_variables(module, image)
    apply = jax.jit(lambda x: module.apply(variables, x, train=False, mutable=["intermediates"]))
    _, updated = apply(image)
    first = updated["intermediates"]["features"][0]
    kernel, bias = (np.asarray(variables["params"]["Conv_0"][k]) for k in ("kernel", "bias"))
    patch = np.einsum("uvc,uvco->o", image[0, 1:5, 1:5], kernel) + bias
    np.testing.assert_allclose(first[0, 1, 1], np.where(patch < 0, 0.2 * patch, patch), atol=1e-5)


def test_normalisation_is_where_the_papers_have_it():
    def normalised(module, *shapes):
        stats = networks.structure(module, *networks.arrays(*shapes)).get("batch_stats", {})
        return [leaf["mean"].shape[0] for _, leaf in sorted(stats.items())]

    image = (1, 64, 64, 3)
    assert normalised(dcgan.Discriminator(), image) == [128, 256, 512]
    assert normalised(dcgan.Generator(), (1, 100)) == [512, 256, 128, 64]
    by_unit = dcgan.Generator(features=128, kernel_size=5)
    assert normalised(by_unit, (1, 100)) == [4 * 4 * 1024, 512, 256, 128]
    assert normalised(dcgan.Discriminator(batch_norm=False), image) == []
    assert normalised(dcgan.ConditionalGenerator(), (1, 100), (1,)) == [1024, 6272, 64]
    label = [(1, 28, 28, 1), (1,)]
    assert normalised(dcgan.ConditionalDiscriminator(), *label) == [128, 1024]


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


@pytest.mark.parametrize("name", ["generator", "discriminator"])
def test_labels_reach_every_layer(name):
    """Inputs of each kernel are `num_classes` more than the outputs of the layer before."""
    if name == "generator":
        module, shapes = dcgan.ConditionalGenerator(num_classes=7, features=2), [(1, 5), (1,)]
        expected = [(5, 5, 4 + 7, 2), (5, 5, 2 + 7, 1), (5 + 7, 32), (32 + 7, 4 * 49)]
    else:
        module, shapes = (
            dcgan.ConditionalDiscriminator(num_classes=7, features=2),
            [(1, 28, 28, 1), (1,)],
        )
        expected = [(5, 5, 1 + 7, 2), (5, 5, 2 + 7, 4), (4 * 49 + 7, 32), (32 + 7, 1)]
    assert networks.kernels(module, *shapes) == expected
    x, label = (
        jnp.ones(tuple(3 if n == 1 and i == 0 else n for i, n in enumerate(shapes[0]))),
        jnp.asarray([0, 1, 6]),
    )
    variables = networks.random_variables(module, x, label)
    apply = jax.jit(lambda y: module.apply(variables, x, y, train=False).reshape(3, -1))
    out, other = apply(label), apply(label[::-1])
    assert np.abs(out[0] - out[1]).max() > 1e-4
    np.testing.assert_allclose(other, out[::-1], atol=1e-5)


@pytest.mark.parametrize(
    ("module", "shapes", "message"),
    [
        (dcgan.Generator(image_size=30), [(1, 3)], r"Generator .* 30x30 .* 4 or 7 times 2, 4, 8"),
        (dcgan.Generator(image_size=0), [(1, 3)], "Generator .* 0x0 "),
        (dcgan.Discriminator(), [(1, 4, 4, 3)], "Discriminator .* 4x4 .* choose such as 16, 28"),
        (dcgan.Discriminator(), [(1, 28, 30, 3)], "Discriminator .* 28x30 "),
        (dcgan.FeatureDiscriminator(), [(1, 64, 64, 3)], "64x64 .* must be 32; use images of 32"),
        (dcgan.ConditionalGenerator(image_size=30), [(1, 3), (1,)], "30x30 .* multiples of 4;"),
    ],
)
def test_bad_sides_are_refused(module, shapes, message):
    with pytest.raises(UserError, match=rf"^dcgan\.{type(module).__name__} does not fit") as error:
        networks.outputs(module, *shapes)
    assert error.match(message)
