"""Encoders, code discriminators and the plain decoder: shapes, counts, where batches couple."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgen.models import autoencoder

pytestmark = pytest.mark.core


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


@pytest.mark.parametrize(
    "module",
    [
        autoencoder.MLPEncoder(output_size=3, features=8, batch_norm=True, output_norm=True),
        autoencoder.ConvEncoder(output_size=3, features=4, hidden_features=8),
        autoencoder.ConvEncoder(output_size=3, features=4, depth=3, hidden_features=0),
    ],
    ids=["mlp", "conv", "deep"],
)
def test_outputs_are_normalised_over_the_batch(module):
    image = jax.random.normal(jax.random.key(1), (32, 8, 8, 1))
    variables = jax.jit(lambda: module.init(jax.random.key(0), image, train=False))()
    output, updated = jax.jit(lambda v, x: module.apply(v, x, train=True, mutable=["batch_stats"]))(
        variables, image
    )
    assert output.shape == (32, 3)
    np.testing.assert_allclose(output.mean(0), 0.0, atol=1e-5)
    np.testing.assert_allclose(output.std(0), 1.0, rtol=1e-3)
    before, after = (jax.tree.leaves(v["batch_stats"])[0] for v in (variables, updated))
    assert not np.array_equal(before, after)


@pytest.mark.parametrize("size", [1, 3, 8])
def test_pooling_ends_at_one_pixel(size):
    module = autoencoder.ConvEncoder(output_size=3, features=4, hidden_features=0)
    image = jnp.zeros((2, size, size, 1))
    assert module.init_with_output(jax.random.key(0), image, train=False)[0].shape == (2, 3)


def test_networks_without_norms_are_functions_of_each_row():
    codes = jax.random.normal(jax.random.key(1), (4, 5))
    for module, shape in (
        (autoencoder.CodeDiscriminator(features=8), (4,)),
        (autoencoder.MLPDecoder(image_size=6, channels=3, features=8), (4, 6, 6, 3)),
    ):
        variables = jax.jit(lambda m=module: m.init(jax.random.key(0), codes, train=False))()
        assert set(variables) == {"params"}
        apply = jax.jit(module.apply, static_argnames="train")
        together = apply(variables, codes, train=True)
        assert together.shape == shape
        alone = apply(variables, codes[2:3], train=False)
        np.testing.assert_allclose(together[2:3], alone, rtol=1e-5, atol=1e-6)


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
