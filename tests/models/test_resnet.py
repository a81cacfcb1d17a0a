"""WGAN-GP's residual networks: counts, initial values, and the blocks' arithmetic."""

import jax
import jax.numpy as jnp
import networks
import numpy as np
import pytest

from jaxgen.core import UserError
from jaxgen.models import resnet

pytestmark = pytest.mark.core


def test_parameter_counts():
    def conv(size, inputs, outputs):
        return size * size * inputs * outputs + outputs

    d = 128
    up = 2 * conv(3, d, d) + conv(1, d, d) + 2 * 2 * d
    generator = (128 + 1) * 16 * d + 3 * up + 2 * d + conv(3, d, 3)
    assert networks.count(resnet.Generator(), (1, 128)) == generator
    first = conv(3, 3, d) + conv(3, d, d) + conv(1, 3, d)
    down, same = 2 * conv(3, d, d) + conv(1, d, d), 2 * conv(3, d, d)
    critic = first + down + 2 * same + d + 1
    assert networks.count(resnet.Discriminator(), (1, 32, 32, 3)) == critic


def test_critic_is_not_normalised_and_generator_is():
    critic = networks.structure(resnet.Discriminator(2), jnp.zeros((1, 8, 8, 3)))
    assert set(critic) == {"params"}
    stats = networks.structure(resnet.Generator(features=2), jnp.zeros((1, 3)))["batch_stats"]
    assert len(stats) == 7


def test_critic_sows_rectified_layers():
    _, sown = networks.outputs(resnet.Discriminator(4), (2, 32, 32, 3))
    assert sown == [(2, n, n, 4) for n in (32, 16, 16, 8, 8, 8, 8, 8)]


@pytest.mark.parametrize("side", [16, 32])
def test_sides(side):
    image, _ = networks.outputs(resnet.Generator(image_size=side, features=2), (2, 3))
    assert image.shape == (2, side, side, 3)


def test_initial_values():
    """Uniform with He's variance 4/(in + out) in blocks, and Glorot's 2/(in + out) elsewhere."""
    params = networks.initial(resnet.Discriminator(16), (1, 8, 8, 3))
    stds = {name: np.std(part["kernel"]) for name, part in params.items()}
    shapes = {name: part["kernel"].shape for name, part in params.items()}
    for name, shape in shapes.items():
        fan = shape[0] * shape[1] * (shape[2] + shape[3]) if len(shape) == 4 else sum(shape)
        numerator = 4 if shape[:2] == (3, 3) else 2
        assert stds[name] == pytest.approx((numerator / fan) ** 0.5, rel=0.25), name
    assert not any(np.any(part["bias"]) for part in params.values())


def convolve(x, part):
    """'same' 3x3 or 1x1 convolution in float64."""
    kernel = np.asarray(part["kernel"], np.float64)
    p = kernel.shape[0] // 2
    padded = np.pad(x, ((0, 0), (p, p), (p, p), (0, 0)))
    h, w = x.shape[1:3]
    y = sum(
        padded[:, i : i + h, j : j + w] @ kernel[i, j]
        for i in range(kernel.shape[0])
        for j in range(kernel.shape[1])
    )
    return y + np.asarray(part["bias"])


def halve(x):
    return (x[:, ::2, ::2] + x[:, 1::2, ::2] + x[:, ::2, 1::2] + x[:, 1::2, 1::2]) / 4


def test_critic_is_its_formula():
    """In the authors' order of pooling and convolution."""
    module = resnet.Discriminator(3)
    x = np.random.default_rng(0).normal(size=(2, 8, 8, 2))
    variables = networks.random_variables(module, jnp.asarray(x, jnp.float32))
    parts, relu = variables["params"], lambda x: np.maximum(x, 0)
    by_size = {n: [] for n in (1, 3)}
    for n in range(10):
        by_size[parts[f"Conv_{n}"]["kernel"].shape[0]].append(parts[f"Conv_{n}"])
    short, main = by_size[1], by_size[3]
    y = convolve(halve(x), short[0]) + halve(convolve(relu(convolve(x, main[0])), main[1]))
    for n in (1, 2, 3):
        branch = convolve(relu(convolve(relu(y), main[2 * n])), main[2 * n + 1])
        y = halve(convolve(y, short[1])) + halve(branch) if n == 1 else y + branch
    dense = parts["Dense_0"]
    want = relu(y).mean(axis=(1, 2)) @ np.asarray(dense["kernel"]) + np.asarray(dense["bias"])
    got = jax.jit(lambda x: module.apply(variables, x, train=True))(jnp.asarray(x, jnp.float32))
    np.testing.assert_allclose(got, want[:, 0], rtol=1e-4, atol=1e-5)


def test_bad_sides_are_refused():
    with pytest.raises(UserError, match=r"resnet\.Generator .* 28x28 .* multiples of 8; choose"):
        networks.outputs(resnet.Generator(image_size=28), (1, 3))
    with pytest.raises(UserError, match=r"resnet\.Discriminator .* 30x30 .* multiples of 4"):
        networks.outputs(resnet.Discriminator(), (1, 30, 30, 3))
