"""Encoders, code discriminators and the plain decoder: formulas, counts, initial weights."""

import jax
import jax.numpy as jnp
import networks
import numpy as np
import pytest
from numpy_layers import flat, pool, relu

from jaxgen.models import autoencoder

pytestmark = pytest.mark.core


@pytest.mark.parametrize(
    ("depth", "batch_norm", "output_norm"),
    [(2, False, False), (1, True, False), (3, True, True), (1, False, True)],
)
def test_fully_connected_encoder_is_its_formula(depth, batch_norm, output_norm):
    def formula(layers, image):
        norm = layers.batch_norm if batch_norm else lambda x: x
        last = layers.batch_norm if output_norm else lambda x: x
        x = flat(image)
        for _ in range(depth):
            x = relu(norm(layers.dense(x)))
        return last(layers.dense(x))

    module = autoencoder.MLPEncoder(3, 5, depth, batch_norm, output_norm)
    networks.assert_is_its_formula(module, formula, (4, 3, 2, 2))


@pytest.mark.parametrize(
    ("kernel_size", "side", "depth", "hidden", "batch_norm", "output_norm"),
    [
        (5, 9, 2, True, True, True),
        (5, 8, 3, False, True, True),
        (3, 7, 3, True, False, False),
        (3, 6, 1, False, True, False),
        (3, 3, 2, False, False, True),
        (3, 1, 2, False, False, False),
    ],
)
def test_convolutional_encoder_is_its_formula(
    kernel_size, side, depth, hidden, batch_norm, output_norm
):
    """Sides are kept by a convolution and halved by a maximum; the third is not pooled."""

    def formula(layers, image):
        norm = layers.batch_norm if batch_norm else lambda x: x
        last = layers.batch_norm if output_norm else lambda x: x
        x = image
        for index in range(depth):
            x = relu(norm(layers.conv(x, 1, kernel_size // 2)))
            x = pool(x) if index < 2 else x
        x = relu(norm(layers.dense(flat(x)))) if hidden else flat(x)
        return last(layers.dense(x))

    module = autoencoder.ConvEncoder(
        3, 2, depth, kernel_size, 5 if hidden else 0, batch_norm, output_norm
    )
    networks.assert_is_its_formula(module, formula, (6, side, side, 2))


@pytest.mark.parametrize("depth", [1, 3])
def test_networks_of_codes_are_their_formulas(depth):
    """Their outputs are linear."""

    def mlp(layers, x):
        for _ in range(depth):
            x = relu(layers.dense(x))
        return layers.dense(x)

    judge = autoencoder.CodeDiscriminator(features=5, depth=depth)
    networks.assert_is_its_formula(judge, lambda *given: mlp(*given)[:, 0], (4, 3))
    decoder = autoencoder.MLPDecoder(image_size=3, channels=2, features=5, depth=depth)
    networks.assert_is_its_formula(decoder, lambda *g: mlp(*g).reshape(4, 3, 3, 2), (4, 3))


def count(module, *shapes):
    variables = jax.eval_shape(
        lambda: module.init(jax.random.key(0), *(jnp.zeros(s) for s in shapes), train=False)
    )
    return {k: sum(leaf.size for leaf in jax.tree.leaves(v)) for k, v in variables.items()}


def test_sizes_of_the_published_networks():
    image = (1, 28, 28, 1)
    dense = 784 * 2000 + 2000 + 2000 * 2000 + 2000 + 2000 * 2 + 2
    assert count(autoencoder.MLPEncoder(), image) == {"params": dense}
    # Two convolutions, each pooled: 7 x 7 x 32 maps; a scale and a shift for each norm.
    conv = 25 * 32 + 2 * 32 + 25 * 32 * 32 + 2 * 32
    head = 49 * 32 * 3000 + 2 * 3000 + 3000 * 30 + 2 * 30
    statistics = 2 * (32 + 32 + 3000 + 30)
    clusters = count(autoencoder.ConvEncoder(), image)
    assert clusters == {"params": conv + head, "batch_stats": statistics}
    labels = autoencoder.ConvEncoder(output_size=10, depth=3, hidden_features=0)
    conv += 25 * 32 * 32 + 2 * 32
    assert count(labels, image)["params"] == conv + 49 * 32 * 10 + 2 * 10
    judge = autoencoder.CodeDiscriminator()
    assert count(judge, (1, 30))["params"] == 30 * 3000 + 3000 + 3000 * 3000 + 3000 + 3001
    decoder = autoencoder.MLPDecoder()
    hidden = 8 * 1000 + 1000 + 1000 * 1000 + 1000
    assert count(decoder, (1, 8))["params"] == hidden + 1000 * 784 + 784


def test_initial_weights():
    codes = jnp.zeros((1, 100))

    def kernel(module):
        init = jax.jit(lambda: module.init(jax.random.key(0), codes, train=False))
        return np.asarray(init()["params"]["Dense_1"]["kernel"])

    small = kernel(autoencoder.CodeDiscriminator(features=400, init_std=0.01))
    assert small.std() == pytest.approx(0.01, rel=0.02)
    default = kernel(autoencoder.CodeDiscriminator(features=400))
    assert np.abs(default).max() <= (6 / 400) ** 0.5
    assert default.std() == pytest.approx((2 / 400) ** 0.5, rel=0.02)
