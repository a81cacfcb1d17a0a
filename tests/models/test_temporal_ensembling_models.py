"""The classifier of temporal ensembling: its formula, its normalisation and its parameters."""

import functools

import jax
import jax.numpy as jnp
import networks
import numpy as np
import numpy_layers
import pytest
from jax.sharding import PartitionSpec

from jaxgen.core import UserError, nets
from jaxgen.models import temporal_ensembling
from jaxgen.train import program

pytestmark = pytest.mark.core

PLAIN = {"features": 4, "depth": 1, "noise": 0.0, "dropout": 0.0}


def variables_of(module, image):
    """Values far from the initial ones."""
    rng = np.random.default_rng(0)
    params, state = nets.init(module, jax.random.key(0), jnp.asarray(image))
    fill = functools.partial(jax.tree.map, lambda x: rng.normal(size=x.shape) + 0.5)
    return fill({"params": params, **state})


def formula(variables, image, *, train, depth, momentum=0.999, standardise=True):
    """(Logits, running means by layer), in float64."""
    x, means, number = np.asarray(image, np.float64), {}, 0
    if standardise:
        mean, deviation = x.mean((1, 2, 3), keepdims=True), x.std((1, 2, 3), keepdims=True)
        x = (x - mean) / deviation

    def layer(x, padding=0):
        nonlocal number
        name = f"_Normed_{number}"
        part, running = (variables[kind][name] for kind in ("params", "batch_stats"))
        number += 1
        v = part["kernel"]
        w = part["scale"] * v / np.sqrt(np.square(v).sum((0, 1, 2)))
        y = numpy_layers.conv(x, w, 1, padding)
        mean = y.mean((0, 1, 2)) if train else running["mean"]
        means[name] = momentum * running["mean"] + (1 - momentum) * y.mean((0, 1, 2))
        return y - mean + part["bias"]

    def leaky(x):
        return np.where(x < 0, 0.1 * x, x)

    for _ in range(depth):
        for _ in range(3):
            x = leaky(layer(x, 1))
        x = numpy_layers.pool(x)
    for _ in range(3):
        x = leaky(layer(x))
    return layer(x.mean((1, 2), keepdims=True))[:, 0, 0], means


@pytest.mark.parametrize(
    ("depth", "side", "more"),
    [(1, 8, {}), (2, 12, {"momentum": 0.9}), (1, 8, {"standardise": False})],
)
def test_the_classifier_is_its_formula(depth, side, more):
    module = temporal_ensembling.Classifier(5, **{**PLAIN, "depth": depth}, **more)
    image = np.float32(np.random.default_rng(1).normal(size=(3, side, side, 2)) + 1)
    variables = variables_of(module, image)
    singles = jax.tree.map(jnp.float32, variables)
    for train in (True, False):
        logits, means = formula(variables, image, train=train, depth=depth, **more)
        mutable = ["batch_stats"] if train else []
        found = jax.jit(
            lambda v, x, train=train, mutable=mutable: module.apply(
                v, x, train=train, mutable=mutable
            )
        )(singles, image)
        np.testing.assert_allclose(found[0], logits, rtol=1e-3, atol=1e-3)
        if train:
            for name, mean in means.items():
                running = found[1]["batch_stats"][name]["mean"]
                np.testing.assert_allclose(running, mean, rtol=1e-3, atol=1e-4)
        assert logits.std() > 0.1


def test_number_of_parameters_of_the_paper():
    """Table 5 of color images; of each layer a scale and a bias for every channel."""
    kernels = 9 * (3 * 128 + 2 * 128 * 128 + 128 * 256 + 2 * 256 * 256 + 256 * 512)
    kernels += 512 * 256 + 256 * 128 + 128 * 10
    channels = 3 * 128 + 3 * 256 + 512 + 256 + 128 + 10
    assert kernels + 2 * channels == 3_121_812
    module = temporal_ensembling.Classifier()
    assert networks.count(module, (1, 32, 32, 3)) == 3_121_812
    state = networks.structure(module, *networks.arrays((1, 32, 32, 3)))["batch_stats"]
    assert sum(x.size for x in jax.tree.leaves(state)) == channels


def test_of_8_pixels_one_halving_is_left():
    module = temporal_ensembling.Classifier(features=16, depth=1)
    assert networks.kernels(module, (1, 8, 8, 1)) == [
        (3, 3, 1, 16),
        *[(3, 3, 16, 16)] * 2,
        (3, 3, 16, 32),
        (1, 1, 32, 16),
        (1, 1, 16, 8),
        (1, 1, 8, 10),
    ]
    for depth, side in ((2, 8), (2, 14), (1, 4)):
        with pytest.raises(UserError, match=f"with depth={depth}"):
            networks.outputs(temporal_ensembling.Classifier(depth=depth), (1, side, side, 1))


def test_initial_values():
    """Directions N(0, 0.05^2); rectified layers of He's deviation, the last of 1."""
    parts = networks.initial(temporal_ensembling.Classifier(features=32), (1, 32, 32, 3))
    assert len(parts) == 10
    for name, part in parts.items():
        if part["kernel"].size > 2000:
            np.testing.assert_allclose(part["kernel"].std(), 0.05, rtol=0.1)
        gain = 1.0 if name == "_Normed_9" else 2**0.5
        np.testing.assert_allclose(part["scale"], gain, rtol=1e-6)
        np.testing.assert_array_equal(part["bias"], 0.0)


def noisy(module, variables, image, key, train=True):
    found = module.apply(
        variables, image, train=train, rngs={"dropout": key}, mutable=["batch_stats"]
    )
    return np.asarray(found[0])


@pytest.mark.parametrize("kind", ["noise", "dropout"])
def test_noise_and_dropout_are_of_training_and_of_the_key(kind):
    module = temporal_ensembling.Classifier(5, **PLAIN | {kind: 0.3})
    image = jax.random.normal(jax.random.key(1), (4, 8, 8, 1))
    variables = jax.tree.map(jnp.float32, variables_of(module, image))
    runs = [noisy(module, variables, image, jax.random.key(i)) for i in (0, 0, 1)]
    np.testing.assert_array_equal(runs[0], runs[1])
    assert np.all(np.any(runs[0] != runs[2], axis=1))
    quiet = temporal_ensembling.Classifier(5, **PLAIN)
    still, plain = (
        noisy(m, variables, image, jax.random.key(0), train=False) for m in (module, quiet)
    )
    np.testing.assert_array_equal(still, plain)


def test_means_and_noise_are_of_the_global_batch():
    module = temporal_ensembling.Classifier(5, **PLAIN | {"noise": 0.3, "dropout": 0.3})
    image = jax.random.normal(jax.random.key(1), (4, 8, 8, 1))
    variables = jax.tree.map(jnp.float32, variables_of(module, image))

    def run(module, image):
        rngs = {"dropout": jax.random.key(2)}
        return module.apply(variables, image, train=True, rngs=rngs, mutable=["batch_stats"])

    alone = run(module, image)
    rows = PartitionSpec("data")
    split = jax.shard_map(
        functools.partial(run, module.clone(axis_name="data")),
        mesh=program.make_mesh(jax.devices()[:2]),
        in_specs=(rows,),
        out_specs=(rows, PartitionSpec()),
    )
    found = jax.jit(split)(image)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5), found, alone)


def test_an_image_of_one_shade_is_no_division_by_nothing():
    module = temporal_ensembling.Classifier(5, **PLAIN)
    image = jnp.full((2, 8, 8, 1), 0.7)
    variables = jax.tree.map(jnp.float32, variables_of(module, image))
    gradient = jax.grad(lambda x: module.apply(variables, x, train=False).sum())(image)
    assert np.all(np.isfinite(gradient))
