"""AGE's networks: their formulas, parameter counts of the published code, initial values."""

import itertools

import jax
import jax.numpy as jnp
import networks
import numpy as np
import pytest
from numpy_layers import leaky, relu

from jaxgen.core import UserError, nets
from jaxgen.models import age

pytestmark = pytest.mark.core


def encoder(normalised, strides, padding):
    """4x4 convolutions to half the side, of which the first has no normalisation, and the last."""

    def formula(layers, image):
        x = leaky(layers.conv(image, 2, 1))
        for _ in range(normalised):
            x = leaky(layers.batch_norm(layers.conv(x, 2, 1)))
        return layers.conv(x, strides, padding).mean(axis=(1, 2))

    return formula


def generator(doublings, pointwise):
    """4x4 transposed convolutions to a 4x4 map and `doublings` times its side, and the image."""

    def formula(layers, latent):
        x = relu(layers.batch_norm(layers.conv_transpose(latent[:, None, None])))
        for _ in range(doublings):
            x = relu(layers.batch_norm(layers.conv_transpose(x, 2, 1)))
        return np.tanh(layers.conv(x) if pointwise else layers.conv_transpose(x, 2, 1))

    return formula


FORMULAS = {
    16: (encoder(1, 1, 0), generator(1, pointwise=False)),
    32: (encoder(2, 2, 1), generator(3, pointwise=True)),
    64: (encoder(3, 1, 0), generator(3, pointwise=False)),
    128: (encoder(4, 1, 0), generator(4, pointwise=False)),
}


@pytest.mark.parametrize("side", FORMULAS)
def test_networks_are_their_formulas(side):
    of_encoder, of_generator = FORMULAS[side]
    module = getattr(age, f"Encoder{side}")(latent_size=3, features=2)
    networks.assert_is_its_formula(module, of_encoder, (4, side, side, 2))
    module = getattr(age, f"Generator{side}")(channels=2, features=1)
    networks.assert_is_its_formula(module, of_generator, (4, 3))


@pytest.mark.parametrize(
    ("size", "latent", "encoder", "generator"),
    [
        (32, 128, 1_183_616, 3_934_595),
        (32, 64, 921_408, 3_410_307),
        (64, 64, 3_281_728, 3_281_792),
        (64, 128, 3_806_080, 3_806_080),
    ],
)
def test_parameter_counts_of_the_published_code(size, latent, encoder, generator):
    pair = {32: (age.Encoder32, age.Generator32), 64: (age.Encoder64, age.Generator64)}[size]
    assert networks.count(pair[0](latent_size=latent), (1, size, size, 3)) == encoder
    assert networks.count(pair[1](channels=3), (1, latent)) == generator


def test_parameters_of_the_larger_pair_are_one_more_layer_of_the_published_one():
    """16 a b in every 4x4 layer, scale and shift of every normalisation, biases of the code."""
    latent, widths = 64, (64, 128, 256, 512, 1024)
    layers = 16 * sum(a * b for a, b in itertools.pairwise((3, *widths, latent)))
    encoder = layers + 2 * sum(widths[1:]) + latent
    assert networks.count(age.Encoder128(), (1, 128, 128, 3)) == encoder
    generator = layers + 2 * sum(widths)
    assert networks.count(age.Generator128(), (1, latent)) == generator
    # The 64 px pair plus what the new layer brings and what the larger code layer has more.
    assert encoder - 3_281_728 == 16 * 512 * 1024 + 2 * 1024 + 16 * 512 * latent
    assert generator - 3_281_792 == 16 * 512 * 1024 + 2 * 1024 + 16 * 512 * latent


@pytest.mark.parametrize(
    ("name", "given", "side", "nearest", "config"),
    [
        ("Encoder64", (32, 32), 64, 32, ""),
        ("Encoder64", (128, 128), 64, 128, " (configs/age_folder.py:128)"),
        ("Encoder64", (500, 500), 64, 128, " (configs/age_folder.py:128)"),
        ("Encoder128", (64, 64), 128, 64, ""),
        ("Encoder128", (100, 100), 128, 0, ""),
        ("Encoder32", (28, 28), 32, 0, ""),
        ("Encoder16", (16, 20), 16, 0, ""),
    ],
)
def test_other_sides_are_refused(name, given, side, nearest, config):
    encoder = getattr(age, name)()
    with pytest.raises(UserError) as error:
        jax.eval_shape(lambda: nets.init(encoder, jax.random.key(0), jnp.zeros((1, *given, 3))))
    pair = f", or age.Encoder{nearest} and Generator{nearest}{config} with those of {nearest} px"
    assert str(error.value) == (
        f"age.{name} does not fit images of {given[0]}x{given[1]} pixels: their sides must be "
        f"{side}; use images of {side} px{pair if nearest else ''}."
    )


@pytest.mark.parametrize(
    ("side", "encoder", "generator"),
    [
        (16, [3, 32, 64, 16], [9, 128, 64, 3]),
        (32, [3, 64, 128, 256, 128], [9, 512, 256, 128, 128]),
        (64, [3, 64, 128, 256, 512, 64], [9, 512, 256, 128, 64, 3]),
        (128, [3, 64, 128, 256, 512, 1024, 64], [9, 1024, 512, 256, 128, 64, 3]),
    ],
)
def test_layer_widths(side, encoder, generator):
    def kernels(widths):
        return [(4, 4, a, b) for a, b in itertools.pairwise(widths)]

    module = getattr(age, f"Encoder{side}")()
    assert networks.kernels(module, (1, side, side, 3)) == kernels(encoder)
    pointwise = [(1, 1, 128, 3)] if side == 32 else []
    module = getattr(age, f"Generator{side}")(channels=3)
    assert networks.kernels(module, (1, 9)) == kernels(generator) + pointwise


def test_initial_values_follow_the_published_code():
    params = networks.initial(age.Encoder64(), (1, 64, 64, 3))
    kernels = [leaf for leaf in jax.tree.leaves(params) if leaf.ndim == 4]
    assert np.std(np.concatenate([np.ravel(k) for k in kernels])) == pytest.approx(0.02, rel=0.01)
    bias = next(
        np.asarray(part["bias"])
        for name, part in params.items()
        if name.startswith("Conv") and "bias" in part
    )
    bound = 1 / np.sqrt(4 * 4 * 512)
    assert np.abs(bias).max() <= bound
    assert np.abs(bias).max() > 0.8 * bound
    scales = np.concatenate(
        [np.ravel(part["scale"]) for name, part in params.items() if "scale" in part]
    )
    assert np.mean(scales) == pytest.approx(1.0, abs=0.005)
    assert np.std(scales) == pytest.approx(0.02, rel=0.15)


def test_last_convolution_has_the_only_bias():
    def biased(module, shape):
        params = networks.structure(module, *networks.arrays(shape))["params"]
        return [name for name, part in params.items() if "kernel" in part and "bias" in part]

    assert biased(age.Encoder32(), (1, 32, 32, 3)) == ["Conv_3"]
    assert biased(age.Encoder64(), (1, 64, 64, 3)) == ["Conv_4"]
    assert biased(age.Encoder128(), (1, 128, 128, 3)) == ["Conv_5"]
    assert biased(age.Generator32(), (1, 64)) == ["Conv_0"]
    assert biased(age.Generator64(), (1, 64)) == []
    assert biased(age.Generator128(), (1, 64)) == []
