"""PyTorch's tensors in Linen's variables, against PyTorch's definitions of its layers in numpy."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgen.models import age, layers, torch_weights

pytestmark = pytest.mark.core


class Net(nn.Module):
    """A layer of each kind."""

    @nn.compact
    def __call__(self, x):
        """f[b,h,w,2] -> f[b,5]."""
        x = layers.Conv(3, (3, 2), padding=1)(x)
        x = layers.batch_norm(train=False)(x)
        x = layers.ConvTranspose(4, (4, 3), strides=2, padding=1)(x)
        return layers.Dense(5)(jnp.mean(x, axis=(1, 2)))


MODULES = {
    "Conv_0": "main.0",
    "BatchNorm_0": "main.1",
    "ConvTranspose_0": "main.2",
    "Dense_0": "head",
}
SHAPES = {
    "head.bias": (5,),
    "head.weight": (5, 4),
    "main.0.bias": (3,),
    "main.0.weight": (3, 2, 3, 2),
    "main.1.bias": (3,),
    "main.1.running_mean": (3,),
    "main.1.running_var": (3,),
    "main.1.weight": (3,),
    "main.2.bias": (4,),
    "main.2.weight": (3, 4, 4, 3),
}


@pytest.fixture(scope="module")
def variables():
    return jax.eval_shape(lambda: Net().init(jax.random.key(0), jnp.zeros((1, 5, 4, 2))))


@pytest.fixture
def state_dict():
    rng = np.random.default_rng(0)
    return {name: rng.uniform(0.5, 1.5, shape) for name, shape in SHAPES.items()}


def torchs(w, x):
    """The network on f64[b,c,h,w] as PyTorch's documentation defines its layers."""
    column = lambda name: w[name][:, None, None]  # noqa: E731
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    kernel = w["main.0.weight"]
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape[2:], axis=(2, 3))
    x = np.einsum("bchwij,ocij->bohw", windows, kernel) + column("main.0.bias")
    deviation = np.sqrt(column("main.1.running_var") + 1e-5)
    x = (x - column("main.1.running_mean")) / deviation * column("main.1.weight")
    x, kernel = x + column("main.1.bias"), w["main.2.weight"]
    height, width = ((n - 1) * 2 + k for n, k in zip(x.shape[2:], kernel.shape[2:]))
    y = np.zeros((len(x), kernel.shape[1], height, width))
    for i in range(x.shape[2]):
        for j in range(x.shape[3]):
            rows, columns = (slice(2 * n, 2 * n + k) for n, k in zip((i, j), kernel.shape[2:]))
            y[:, :, rows, columns] += np.einsum("bc,coij->boij", x[:, :, i, j], kernel)
    y = y[:, :, 1:-1, 1:-1] + column("main.2.bias")
    return y.mean(axis=(2, 3)) @ w["head.weight"].T + w["head.bias"]


def test_network_computes_what_torch_would(variables, state_dict):
    x = np.random.default_rng(1).normal(size=(2, 5, 4, 2))
    filled = torch_weights.from_state_dict(variables, state_dict, MODULES)
    assert jax.tree.map(jnp.shape, filled) == jax.tree.map(jnp.shape, variables)
    assert {leaf.dtype for leaf in jax.tree.leaves(filled)} == {np.dtype(np.float32)}
    found = jax.jit(Net().apply)(filled, jnp.asarray(x, jnp.float32))
    np.testing.assert_allclose(found, torchs(state_dict, x.transpose(0, 3, 1, 2)), rtol=1e-5)


def test_names_and_shapes(variables, state_dict):
    assert torch_weights.torch_shapes(variables, MODULES) == SHAPES
    unnamed = torch_weights.torch_shapes(variables)
    assert unnamed["ConvTranspose_0.weight"] == SHAPES["main.2.weight"]
    del state_dict["main.1.running_var"]
    with pytest.raises(KeyError, match=r"main\.1\.running_var"):
        torch_weights.from_state_dict(variables, state_dict, MODULES)


def test_differences(variables):
    counted = {**SHAPES, "main.1.num_batches_tracked": ()}
    assert torch_weights.differences(variables, counted, MODULES) == ""
    wrong = {name: shape for name, shape in SHAPES.items() if not name.startswith("main.1")}
    wrong |= {"head.weight": (4, 5), "tail.weight": (1,)}
    assert torch_weights.differences(variables, wrong, MODULES) == (
        "missing: main.1.bias, main.1.running_mean, main.1.running_var and 1 more; "
        "unexpected: tail.weight; of another shape: head.weight [4, 5] instead of [5, 4]"
    )


def test_ages_published_generator_is_named_by_position():
    """github.com/DmitryUlyanov/AGE, models/dcgan64px.py: convolution, normalisation, rectifier."""
    modules = {f"ConvTranspose_{n}": f"main.{3 * n}" for n in range(5)}
    modules |= {f"BatchNorm_{n}": f"main.{3 * n + 1}" for n in range(4)}
    generator = age.Generator64()
    variables = jax.eval_shape(
        lambda: generator.init(jax.random.key(0), jnp.zeros((1, 128)), train=False)
    )
    shapes = torch_weights.torch_shapes(variables, modules)
    assert shapes["main.0.weight"] == (128, 512, 4, 4)
    assert shapes["main.12.weight"] == (64, 3, 4, 4)
    assert shapes["main.10.running_mean"] == (64,)
    assert len(shapes) == 5 + 4 * 4
