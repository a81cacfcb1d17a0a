"""The fully connected players: formulas, and counts and initial values of the papers."""

import itertools

import jax
import jax.numpy as jnp
import networks
import numpy as np
import pytest
from numpy_layers import append_label, flat, leaky, relu, signed_sigmoid, uniform

from jaxgen.core import UserError
from jaxgen.models import mlp

pytestmark = pytest.mark.core


ACTIVATIONS = {"relu": relu, "leaky_relu": leaky, "tanh": np.tanh}
PIXELS = {"tanh": np.tanh, "sigmoid": signed_sigmoid, "linear": lambda x: x}


@pytest.fixture
def known_masks(monkeypatch):
    """Dropout keeps the units that it keeps in the formulas."""
    monkeypatch.setattr(jax.random, "bernoulli", lambda key, p, shape: uniform(shape) < p)


@pytest.mark.parametrize(
    ("depth", "activation", "batch_norm", "pixels", "num_classes"),
    [
        (2, "relu", False, "sigmoid", 0),
        (1, "leaky_relu", False, "tanh", 3),
        (3, "tanh", False, "linear", 0),
        (2, "relu", True, "linear", 0),
    ],
)
def test_generator_is_its_formula(depth, activation, batch_norm, pixels, num_classes):
    def formula(layers, latent, *label):
        norm = layers.batch_norm if batch_norm else lambda x: x
        x = append_label(latent, *label, num_classes) if num_classes else latent
        for _ in range(depth):
            x = ACTIVATIONS[activation](norm(layers.dense(x)))
        return PIXELS[pixels](layers.dense(x)).reshape(4, 3, 3, 2)

    module = mlp.Generator(3, 2, 5, depth, activation, batch_norm, pixels, num_classes=num_classes)
    labels = [(4,)] if num_classes else []
    networks.assert_is_its_formula(module, formula, (4, 2), *labels)


@pytest.mark.parametrize(
    ("depth", "activation", "num_classes"), [(3, "leaky_relu", 0), (2, "relu", 3), (1, "tanh", 0)]
)
def test_discriminator_is_its_formula(depth, activation, num_classes):
    def formula(layers, image, *label):
        x = append_label(flat(image), *label, num_classes) if num_classes else flat(image)
        for _ in range(depth):
            x = layers.sow(ACTIVATIONS[activation](layers.dense(x)))
        return layers.dense(x)[:, 0]

    module = mlp.Discriminator(5, depth, activation, num_classes=num_classes)
    labels = [(4,)] if num_classes else []
    networks.assert_is_its_formula(module, formula, (4, 3, 2, 2), *labels)


@pytest.mark.parametrize("depth", [1, 3])
def test_maxout_discriminator_is_its_formula(depth, known_masks):
    """Pixels in [0,1], of which training drops some, so that dropped ones are black."""

    def formula(layers, image):
        x = layers.dropout((flat(image) + 1) / 2, 0.2)
        for _ in range(depth):
            x = layers.dropout(layers.sow(layers.maxout(x, 3)), 0.5)
        return layers.dense(x)[:, 0]

    module = mlp.MaxoutDiscriminator(features=5, depth=depth, pieces=3)
    networks.assert_is_its_formula(module, formula, (4, 3, 2, 2))


def test_maxout_discriminator_of_points_is_its_formula(known_masks):
    """Whose pixels are never dropped and keep their range."""

    def formula(layers, point):
        x = layers.dropout(layers.sow(layers.maxout(flat(point), 3)), 0.3)
        return layers.dense(x)[:, 0]

    module = mlp.MaxoutDiscriminator(
        features=5, depth=1, pieces=3, input_dropout=0.0, hidden_dropout=0.3
    )
    networks.assert_is_its_formula(module, formula, (4, 1, 1, 2))


@pytest.mark.parametrize("pixels", ["sigmoid", "tanh"])
def test_conditional_generator_is_its_formula(pixels, known_masks):
    def formula(layers, latent, label):
        def hidden(x):
            return layers.dropout(relu(layers.dense(x)), 0.5)

        z, y = hidden(latent), hidden(np.eye(3)[label])
        x = layers.dense(hidden(np.concatenate([z, y], axis=1)))
        return PIXELS[pixels](x).reshape(4, 2, 2, 2)

    sizes = {"latent_features": 4, "label_features": 5, "features": 6}
    module = mlp.ConditionalGenerator(3, 2, 2, **sizes, output_activation=pixels)
    networks.assert_is_its_formula(module, formula, (4, 3), (4,))


@pytest.mark.parametrize("unit_pixels", [True, False])
def test_conditional_discriminator_is_its_formula(unit_pixels, known_masks):
    """By default the paper's: pixels in [0,1]."""

    def formula(layers, image, label):
        pixels = (flat(image) + 1) / 2 if unit_pixels else flat(image)
        x, y = layers.sow(layers.maxout(pixels, 5)), layers.maxout(np.eye(3)[label], 5)
        joint = np.concatenate([layers.dropout(x, 0.5), layers.dropout(y, 0.5)], axis=1)
        joint = layers.sow(layers.maxout(joint, 4))
        return layers.dense(layers.dropout(joint, 0.5))[:, 0]

    fields = {} if unit_pixels else {"unit_pixels": False}
    module = mlp.ConditionalDiscriminator(3, features=4, label_features=3, **fields)
    networks.assert_is_its_formula(module, formula, (4, 2, 3, 2), (4,))


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


def test_bad_names_are_refused():
    with pytest.raises(UserError, match='output_activation="rgb"'):
        networks.outputs(mlp.Generator(output_activation="rgb"), (1, 3))
    with pytest.raises(UserError, match='activation="gelu"'):
        networks.outputs(mlp.Discriminator(activation="gelu"), (1, 4, 4, 1))
