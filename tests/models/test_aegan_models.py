"""AEGAN's networks: formulas with their noise and padding, and the published counts."""

import math

import flax.linen as nn
import jax.numpy as jnp
import networks
import numpy as np
import pytest
from numpy_layers import double, flat, relu

from configs import aegans
from jaxgen.core import Layout
from jaxgen.models import aegan

pytestmark = pytest.mark.core

# What TensorFlow's "same" adds before and after, by kernel, stride and side.
SAME = {(4, 2, 8): (1, 1), (4, 1, 4): (1, 2), (4, 1, 8): (1, 2), (4, 2, 7): (1, 2)}
SAME |= {(3, 2, 8): (0, 1), (3, 1, 4): (1, 1)}
FACTOR = 1 + math.sqrt(0.005 / 0.995)


@pytest.fixture
def noise_of_one(monkeypatch):
    """Every draw of training's noise is 1, so that a formula can have it."""
    monkeypatch.setattr(Layout, "normal", lambda self, key, shape: jnp.ones(shape))


def slope(x):
    return np.where(x < 0, 0.02 * x, x)


def noise(layers, x, factor=True):
    """Of deviation 0.0709 on a factor, or 0.01 on what is added."""
    if not layers.train:
        return x
    return x * FACTOR if factor else x + 0.01


def same(layers, x, kernel, stride=1):
    padding = SAME[kernel, stride, x.shape[1]]
    return layers.conv(np.pad(x, ((0, 0), padding, padding, (0, 0))), stride)


def trunk(kernel, strides, activation):
    def formula(layers, image):
        x = noise(layers, image, factor=False)
        for stride in strides:
            y = noise(layers, same(layers, x, kernel, stride))
            x = layers.sow(activation(layers.layer_norm(y, 1e-3)))
        return layers.dense(flat(x))

    return formula


@pytest.mark.parametrize(("kernel", "side"), [(4, 8), (4, 7)])
def test_encoder_is_its_formula(noise_of_one, kernel, side):
    strides = (2, 1)
    module = aegan.Encoder(3, 2, (1, 2), strides, kernel)
    formula = trunk(kernel, strides, relu)
    networks.assert_is_its_formula(module, formula, (2, side, side, 2))


@pytest.mark.parametrize("full", [False, True])
def test_image_discriminator_is_its_formula(noise_of_one, full):
    module = aegan.ImageDiscriminator(2, (1, 2), (2, 1), slope=0.0 if full else 0.02)
    formula = trunk(3, (2, 1), relu if full else slope)
    networks.assert_is_its_formula(module, lambda *x: formula(*x)[:, 0], (2, 8, 8, 2))


def test_latent_discriminator_is_its_formula(noise_of_one):
    """Every layer is given the code and all layers before it; the last but one has no norm."""

    def formula(layers, code):
        x = noise(layers, code, factor=False)
        for _ in range(3):
            y = layers.layer_norm(noise(layers, layers.dense(x)), 1e-3)
            x = np.concatenate([x, slope(y)], axis=1)
        return layers.dense(slope(layers.dense(x)))[:, 0]

    module = aegan.LatentDiscriminator(depth=3, features=4, last_features=5)
    networks.assert_is_its_formula(module, formula, (3, 6))


def test_generator_is_its_formula():
    """Without noise; the skip stands beside every convolution's input, after the others."""

    def beside(x, skip):
        return np.concatenate([x, np.broadcast_to(skip, (*x.shape[:3], skip.shape[3]))], axis=3)

    def formula(layers, latent):
        x = relu(layers.layer_norm(layers.dense(latent), 1e-3)).reshape(-1, 4, 4, 2)
        skip = relu(layers.layer_norm(layers.dense(latent), 1e-3))[:, None, None]
        x = double(beside(x, skip))
        x = relu(layers.layer_norm(same(layers, x, 4), 1e-3))
        x = relu(layers.layer_norm(same(layers, beside(x, skip), 4), 1e-3))
        return np.tanh(same(layers, beside(x, skip), 4))

    module = aegan.Generator(1, 4, 2, multiples=(2, 1), upsampling=(2, 1))
    networks.assert_is_its_formula(module, formula, (2, 5))


@pytest.mark.parametrize(
    ("latent_size", "counts"),
    [(32, (1_946_691, 1_381_664, 708_545, 76_801)), (16, (1_929_283, 1_316_112, 708_545, 70_657))],
)
def test_published_numbers_of_parameters(latent_size, counts):
    images, codes = (1, 64, 64, 3), (1, latent_size)
    modules = (
        (aegan.Generator(), codes),
        (aegan.Encoder(latent_size), images),
        (aegan.ImageDiscriminator(), images),
        (aegan.LatentDiscriminator(), codes),
    )
    assert tuple(networks.count(module, shape) for module, shape in modules) == counts


@pytest.mark.parametrize("side", [64, 32, 28, 16, 8])
def test_forms_of_the_configs_fit_their_images(side):
    """Generators make images of that side; the others leave maps of 4 pixels a side, as at 64."""
    made = aegans.aegan("aegan", side, steps=8, batch_size=4, latent_size=16).networks
    fields = {name: dict(network, features=4) for name, network in made.items()}
    for network in fields.values():
        network.pop("module")
    images, _ = networks.outputs(aegan.Generator(**fields["generator"]), (2, 16))
    assert images.shape == (2, side, side, 3)
    pair = (aegan.Encoder, "encoder"), (aegan.ImageDiscriminator, "image_discriminator")
    for of, name in pair:
        _, maps = networks.outputs(of(**fields[name]), images.shape)
        assert maps[-1][1:3] == (4, 4), name


def test_noise_is_normal_of_every_layer_and_of_training_alone():
    shapes = (64, 5), (64, 4, 4, 2), (64, 7)

    def drawn(train, seed=0, **fields):
        draw = nn.apply(
            lambda module: aegan._noise(module, train, *shapes), aegan.Encoder(**fields)
        )
        return draw({}, rngs={"dropout": networks.fast_key(seed)})

    one, other = drawn(True), drawn(True, seed=1)
    assert tuple(noise.shape for noise in one) == shapes
    every, others = (
        np.concatenate([flat(noise) for noise in each], axis=1) for each in (one, other)
    )
    np.testing.assert_allclose([every.mean(), every.std()], [0.0, 1.0], atol=0.05)
    assert len(np.unique(every)) > 0.99 * every.size
    assert abs(np.corrcoef(every.ravel(), others.ravel())[0, 1]) < 0.1
    assert drawn(False) == drawn(True, noise=False) == [0.0, 0.0, 0.0]


def test_initial_values_are_those_of_the_code():
    """N(0, 0.02), but Glorot's in the generator's skip and all of the latent discriminator."""
    generator = networks.initial(aegan.Generator(), (1, 32))
    deviations = {
        name: float(part["kernel"].std()) for name, part in generator.items() if "kernel" in part
    }
    skip = deviations.pop("Dense_1")
    np.testing.assert_allclose(skip, math.sqrt(2 / (32 + 64)), rtol=0.1)
    np.testing.assert_allclose(list(deviations.values()), 0.02, rtol=0.1)
    judge = networks.initial(aegan.LatentDiscriminator(), (1, 32))
    kernel = judge["Dense_16"]["kernel"]
    assert kernel.shape == (32 + 256, 128)
    np.testing.assert_allclose(kernel.std(), math.sqrt(2 / (288 + 128)), rtol=0.1)
    assert float(jnp.abs(kernel).max()) <= math.sqrt(6 / (288 + 128))
    for part in (*generator.values(), *judge.values()):
        np.testing.assert_array_equal(part["bias"], 0)
