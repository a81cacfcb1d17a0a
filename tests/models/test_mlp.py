"""The fully connected players: counts and initial values of the papers, and the formulas."""

import itertools

import jax
import jax.numpy as jnp
import networks
import numpy as np
import pytest

from jaxgen.core import UserError
from jaxgen.models import mlp

pytestmark = pytest.mark.core


def dense(*sizes):
    """Parameters of a chain of linear layers."""
    return sum((n + 1) * m for n, m in itertools.pairwise(sizes))


def test_parameter_counts_of_2014():
    assert networks.count(mlp.Generator(), (1, 100)) == 2_503_984
    assert networks.count(mlp.MaxoutDiscriminator(), (1, 28, 28, 1)) == 1_231_441


def test_parameter_counts_of_the_conditional_pair():
    generator = dense(100, 200) + dense(10, 1000) + dense(1200, 1200, 784)
    assert networks.count(mlp.ConditionalGenerator(), (1, 100), (1,)) == generator
    discriminator = dense(784, 5 * 240) + dense(10, 5 * 50) + dense(290, 4 * 240) + dense(240, 1)
    assert networks.count(mlp.ConditionalDiscriminator(), (1, 28, 28, 1), (1,)) == discriminator


def test_parameter_counts_of_the_toys():
    points = {"image_size": 1, "channels": 2, "output_activation": "linear", "init_range": 0.0}
    toy = mlp.Generator(**points, features=512, depth=3)
    assert networks.count(toy, (1, 2)) == dense(2, 512, 512, 512, 2)
    critic = mlp.Discriminator(features=512, depth=3, activation="relu")
    assert networks.count(critic, (1, 1, 1, 2)) == dense(2, 512, 512, 512, 1)
    pacgan = mlp.Generator(**points, features=400, depth=4, batch_norm=True)
    normalised = 2 * 400 + 3 * 400 * 400 + 4 * 2 * 400 + dense(400, 2)
    assert networks.count(pacgan, (1, 2)) == normalised
    maxout = mlp.MaxoutDiscriminator(
        features=200, depth=3, input_dropout=0.0, hidden_dropout=0.0, init_range=0.0
    )
    expected = dense(2, 1000) + 2 * dense(200, 1000) + dense(200, 1)
    assert networks.count(maxout, (1, 1, 1, 2)) == expected


@pytest.mark.parametrize(
    ("module", "shape", "bound"),
    [
        (mlp.Generator(features=50), (1, 100), 0.05),
        (mlp.MaxoutDiscriminator(features=10), (1, 28, 28, 1), 0.005),
    ],
)
def test_initial_values_of_2014(module, shape, bound):
    for path, leaf in jax.tree_util.tree_flatten_with_path(networks.initial(module, shape))[0]:
        if path[-1].key == "bias":
            assert not leaf.any()
        else:
            assert 0.7 * bound < jnp.abs(leaf).max() <= bound


def test_initial_values_of_the_toys():
    """He's range, sqrt(6 / n), where a rectifier follows, and Glorot's for the output."""
    module = mlp.Generator(1, 2, features=64, depth=2, output_activation="linear", init_range=0.0)
    params = networks.initial(module, (1, 8))
    for name, bound in [
        ("Dense_0", (6 / 8) ** 0.5),
        ("Dense_1", (6 / 64) ** 0.5),
        ("Dense_2", (6 / 66) ** 0.5),
    ]:
        assert 0.9 * bound < jnp.abs(params[name]["kernel"]).max() <= bound, name


def test_generator_is_its_formula():
    module = mlp.Generator(image_size=2, channels=3, features=5, depth=2)
    z = np.random.default_rng(0).normal(size=(4, 3))
    variables = networks.random_variables(module, jnp.asarray(z, jnp.float32))
    x = z
    for n in range(3):
        layer = variables["params"][f"Dense_{n}"]
        x = x @ np.asarray(layer["kernel"], np.float64) + np.asarray(layer["bias"])
        x = np.maximum(x, 0) if n < 2 else 2 / (1 + np.exp(-x)) - 1
    image = module.apply(variables, jnp.asarray(z, jnp.float32), train=False)
    np.testing.assert_allclose(image, x.reshape(4, 2, 2, 3), atol=1e-5)


def test_dropped_pixels_of_2014_are_black():
    """An all-black image is the same image whatever input dropout drops."""
    module = mlp.MaxoutDiscriminator(features=3, input_dropout=0.9, hidden_dropout=0.0)
    white = jnp.ones((2, 4, 4, 1))
    variables = networks.random_variables(module, white)

    def scores(image, train):
        rngs = {"dropout": jax.random.key(0)}
        return module.apply(variables, image, train=train, rngs=rngs)

    np.testing.assert_allclose(scores(-white, True), scores(-white, False), rtol=1e-6)
    assert not np.allclose(scores(white, True), scores(white, False), rtol=1e-3)


@pytest.mark.parametrize("name", ["generator", "discriminator"])
def test_labels_matter_and_training_drops_units(name):
    label = jnp.asarray([0, 1, 2])
    if name == "generator":
        module = mlp.ConditionalGenerator(3, 4, 1, latent_features=4, label_features=4, features=8)
        x = jnp.ones((3, 5))
    else:
        module = mlp.ConditionalDiscriminator(3, features=8, label_features=4)
        x = jnp.ones((3, 4, 4, 1))
    variables = networks.random_variables(module, x, label)

    def run(label, train, seed=0):
        rngs = {"dropout": jax.random.key(seed)}
        out = module.apply(variables, x, label, train=train, rngs=rngs)
        return np.asarray(out).reshape(3, -1)

    plain = run(label, False)
    assert np.abs(plain[0] - plain[1]).max() > 1e-3
    np.testing.assert_allclose(run(label[::-1], False), plain[::-1], rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(run(label, False, 1), plain)
    assert np.abs(run(label, True, 0) - run(label, True, 1)).max() > 1e-3


def test_sown_features_are_hidden_layers():
    _, sown = networks.outputs(mlp.Discriminator(features=7, depth=3), (2, 4, 4, 1))
    assert sown == [(2, 7)] * 3
    _, sown = networks.outputs(mlp.MaxoutDiscriminator(features=7), (2, 4, 4, 1))
    assert sown == [(2, 7)] * 2


def test_bad_names_are_refused():
    with pytest.raises(UserError, match='output_activation="rgb"'):
        networks.outputs(mlp.Generator(output_activation="rgb"), (1, 3))
    with pytest.raises(UserError, match='activation="gelu"'):
        networks.outputs(mlp.Discriminator(activation="gelu"), (1, 4, 4, 1))
