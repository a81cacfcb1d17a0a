"""EBGAN's autoencoders: the paper's layers and initial values, and those for small data."""

import jax.numpy as jnp
import networks
import numpy as np
import pytest

from jaxgen.core import UserError
from jaxgen.models import dcgan, ebgan

pytestmark = pytest.mark.core


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
    message = r"ebgan\.Discriminator .* 28x28 .* multiples of 8 with depth=3; .* a smaller depth"
    with pytest.raises(UserError, match=message):
        networks.outputs(ebgan.Discriminator(), (1, 28, 28, 1))


def test_fully_connected_form_is_its_formula():
    module = ebgan.MlpDiscriminator(features=5, depth=2, code_size=3, output_activation="linear")
    x = np.random.default_rng(0).normal(size=(4, 1, 1, 2))
    variables = networks.random_variables(module, jnp.asarray(x, jnp.float32))
    layers = [variables["params"][f"Dense_{n}"] for n in range(3)]
    y = x.reshape(4, 2)
    for n, layer in enumerate(layers):
        y = y @ np.asarray(layer["kernel"], np.float64) + np.asarray(layer["bias"])
        if n < 2:
            y = codes = np.where(y < 0, 0.2 * y, y)
    assert [layer["kernel"].shape for layer in layers] == [(2, 5), (5, 3), (3, 2)]
    found, found_codes = module.apply(variables, jnp.asarray(x, jnp.float32), train=True)
    np.testing.assert_allclose(found_codes, codes, atol=1e-5)
    np.testing.assert_allclose(found, y.reshape(4, 1, 1, 2), atol=1e-5)


def test_codes_are_what_the_decoder_reads():
    """Equal codes, equal reconstructions: an image and its like through dead first weights."""
    module = ebgan.Discriminator(features=2, depth=2)
    image = jnp.linspace(-1, 1, 2 * 8 * 8).reshape(2, 8, 8, 1)
    variables = networks.random_variables(module, image)
    conv = variables["params"]["Conv_0"]
    blind = {**variables["params"], "Conv_0": {**conv, "kernel": 0 * conv["kernel"]}}
    out, codes = module.apply({**variables, "params": blind}, image, train=False)
    np.testing.assert_array_equal(codes[0], codes[1])
    np.testing.assert_array_equal(out[0], out[1])
    out, codes = module.apply(variables, image, train=False)
    assert np.abs(out[0] - out[1]).max() > 1e-3
    assert np.abs(out).max() <= 1.0
