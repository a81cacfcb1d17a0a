"""PixelCNN's forward pass: its formula; who sees whom, exactly; how far; sizes; initial values."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy_layers import relu, sigmoid
from pixelcnns import CODE, SIDE, VARIANTS, make

from jaxgen.core import UserError
from jaxgen.models.pixelcnn import PixelCNN

pytestmark = [pytest.mark.core, pytest.mark.usefixtures("quick_compilation")]


def gate(x):
    a, b = np.split(x, 2, axis=-1)
    return np.tanh(a) * sigmoid(b)


def seen(x, kernel, pixel, up, left):
    """Sum over the taps of a kernel, the first of which is so far from a pixel; zero outside."""
    y = np.zeros((len(x), kernel.shape[-1]))
    for tap in np.ndindex(kernel.shape[:2]):
        i, j = pixel[0] - up + tap[0], pixel[1] - left + tap[1]
        if 0 <= i < x.shape[1] and 0 <= j < x.shape[2]:
            y += x[:, i, j] @ kernel[tap]
    return y


def gated_layer(weights, v, h, first, code):
    """One pixel after the other; `code` f[b,h,w,4C] is for both stacks, vertical first."""
    below, width = weights["vertical"].shape[:2]
    m = width // 2
    assert below == weights["horizontal"].shape[1] == (m if first else m + 1)
    assert weights["horizontal"].shape[0] == 1
    of_v, of_h = np.split(code, 2, axis=-1)
    channels = weights["residual"].shape[1]
    next_v, next_h = (np.zeros((*h.shape[:3], channels)) for _ in range(2))
    for i, j in np.ndindex(h.shape[1:3]):
        above = seen(v, weights["vertical"], (i, j), up=m, left=m) + weights["vertical_bias"]
        here = seen(h, weights["horizontal"], (i, j), up=0, left=m) + weights["horizontal_bias"]
        here += above @ weights["link"]
        gated = gate(here + of_h[:, i, j])
        next_v[:, i, j] = gate(above + of_v[:, i, j])
        next_h[:, i, j] = gated @ weights["residual"] + weights["residual_bias"]
    return next_v, next_h if first else h + next_h


def head(weights, h, image, categorical):
    hidden = relu(h) @ weights["hidden"] + weights["hidden_bias"]
    if not categorical:
        return relu(hidden) @ weights["output"][0] + weights["output_bias"][0]
    levels = np.rint((image + 1) * 127.5).astype(int)
    channels, pairs = [], [(0, 1), (0, 2), (1, 2)]
    for k, x in enumerate(np.split(hidden, image.shape[-1], axis=-1)):
        for j in range(k):
            x = x + weights["previous"][pairs.index((j, k))][levels[..., j]]
        channels.append(relu(x) @ weights["output"][k] + weights["output_bias"][k])
    return np.stack(channels, axis=-2)


def codes(params, image, code, conditioning, depth):
    """What each layer adds to its pre-activations, f[b,h,w,4C]."""
    shape = image.shape[:3]
    if conditioning == "invariant":
        added = [code @ params[f"bias_{n}"]["kernel"] for n in range(depth)]
        return [np.broadcast_to(x[:, None, None], (*shape, x.shape[-1])) for x in added]
    nothing = np.zeros((*shape, 4 * params["layer_0"]["residual"].shape[1]))
    if conditioning == "none":
        return [nothing] * depth
    first, last = (params["code_map"][f"Dense_{n}"] for n in (0, 1))
    maps = relu(code @ first["kernel"] + first["bias"]) @ last["kernel"] + last["bias"]
    return [maps.reshape(*shape, -1) @ params["bias_0"]["kernel"], *[nothing] * (depth - 1)]


@pytest.mark.parametrize(("output", "channels", "conditioning"), VARIANTS)
def test_networks_are_their_formulas(output, channels, conditioning):
    fields = {"first_kernel_size": 5, "head_features": 5, "shape": (2, 4, 5)}
    module, variables, image, code = make(output, channels, conditioning, **fields)
    params = jax.tree.map(np.float64, variables["params"])
    v = h = np.float64(image)
    added = codes(params, image, *(code or [None]), conditioning, module.depth)
    for n, bias in enumerate(added):
        v, h = gated_layer(params[f"layer_{n}"], v, h, n == 0, bias)
    want = head(params["head"], h, image, output == "categorical")
    found = jax.jit(functools.partial(module.apply, train=True))(variables, image, *code)
    assert found.shape == want.shape
    np.testing.assert_allclose(found, want, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("output", "channels", "conditioning"), VARIANTS)
def test_causality_at_every_pixel_and_channel(output, channels, conditioning):
    """Changing one value changes what comes after it in raster order, all of it, and nothing else.

    Of a pixel's own channels only those after it: of parameters for each channel (categorical);
    where one set is for the whole pixel (mixture) none, and the likelihood orders the channels.
    """
    module, variables, image, code = make(output, channels, conditioning, bias=3.0)
    image, code = image[:1], tuple(c[:1] for c in code)
    count = SIDE * SIDE * channels

    @jax.jit
    def difference(variables, image):
        apply = functools.partial(module.apply, variables, train=True)
        base = apply(image, *code)

        def change(index):
            flat = image.reshape(-1)
            other = jnp.where(flat[index] > 0, flat[index] - 1.0, flat[index] + 1.0)
            changed = apply(flat.at[index].set(other).reshape(image.shape), *code)
            return changed != base

        return jax.lax.map(change, jnp.arange(count))

    groups = channels if output == "categorical" else 1
    found = np.asarray(difference(variables, image)).reshape(count, SIDE * SIDE, groups, -1).any(-1)
    for index in range(count):
        pixel, channel = divmod(index, channels)
        for other in range(SIDE * SIDE):
            for group in range(groups):
                within = output == "categorical" and other == pixel and group > channel
                assert found[index, other, group] == (other > pixel or within), (
                    index,
                    other,
                    group,
                )


@pytest.mark.parametrize(("depth", "pixels"), [(4, 180), (16, 405)])
def test_receptive_field(depth, pixels):
    """7x7, then 3 or 15 layers of 5x5, at (14, 13) of 28 x 28: 9 * 19 + 9, and all before it."""
    module, variables, image, _ = make(
        depth=depth, kernel_size=5, features=2, shape=(1, 28, 28), bias=3.0
    )

    def logit(image):
        return module.apply(variables, image, train=True)[0, 14, 13, 0]

    seen = np.asarray(jax.jit(jax.grad(logit))(image))[0, :, :, 0] != 0
    assert seen.sum() == pixels
    radius = 3 + 2 * (depth - 1)
    expected = np.zeros((28, 28), bool)
    columns = slice(max(0, 13 - radius), 13 + radius + 1)
    expected[max(0, 14 - radius) : 14, columns] = True
    expected[14, columns.start : 13] = True
    np.testing.assert_array_equal(seen, expected)


@pytest.mark.parametrize(("output", "channels", "conditioning"), VARIANTS)
def test_parameter_count(output, channels, conditioning):
    c, n1, n, depth, k, hidden = 6, 7, 5, 4, 3, 9
    module, variables, image, code = make(
        output,
        channels,
        conditioning,
        features=c,
        first_kernel_size=n1,
        kernel_size=n,
        depth=depth,
        mixtures=k,
        head_features=hidden,
    )
    count = sum(x.size for x in jax.tree.leaves(variables))
    pointwise = (2 * c) * (2 * c) + 2 * c + 2 * c + c * c + c  # link, biases, residual
    first = (n1 // 2) * n1 * channels * 2 * c + (n1 // 2) * channels * 2 * c + pointwise
    later = (n // 2 + 1) * n * c * 2 * c + (n // 2 + 1) * c * 2 * c + pointwise
    expected = first + (depth - 1) * later
    if output == "categorical":
        expected += channels * (c * hidden + hidden + hidden * 256 + 256)
        expected += {1: 0, 3: 3}[channels] * 256 * hidden
    else:
        outputs = {"bernoulli": 1, "logistic_mixture": {1: 3 * k, 3: 10 * k}[channels]}[output]
        expected += c * hidden + hidden + hidden * outputs + outputs
    if conditioning == "invariant":
        expected += depth * CODE * 4 * c
    if conditioning == "dependent":
        size = SIDE * SIDE * 2
        expected += CODE * 5 + 5 + 5 * size + size + 2 * 4 * c
    assert count == expected
    shape = jax.eval_shape(
        functools.partial(module.apply, train=True), variables, image, *code
    ).shape
    last = {
        "bernoulli": (1,),
        "categorical": (channels, 256),
        "logistic_mixture": (10 * k if channels == 3 else 3 * k,),
    }[output]
    assert shape == (2, SIDE, SIDE, *last)


def test_initial_activations_do_not_fade():
    """The vertical stack has no residual: through 10 layers it keeps the order of its size."""
    module = PixelCNN(features=8, depth=10)
    image = np.float32(np.sign(np.random.default_rng(0).normal(size=(2, 8, 8, 1))))

    @jax.jit
    def spread(key):
        _, found = module.init_with_output(
            key, image, train=False, capture_intermediates=True, mutable=["params", "intermediates"]
        )
        layers = found["intermediates"]
        return [jnp.std(layers[f"layer_{i}"]["__call__"][0][0]) for i in (0, 9)]

    first, last = spread(jax.random.key(1))
    assert last > first / 10


def test_mixed_precision_is_near():
    module, variables, image, _ = make("categorical", 3)
    mixed = module.clone(dtype=jnp.bfloat16)
    exact, near = (
        jax.jit(functools.partial(m.apply, train=True))(variables, image) for m in (module, mixed)
    )
    assert near.dtype == jnp.float32
    assert float(jnp.max(jnp.abs(exact - near))) < 0.1
    gradient = jax.jit(jax.grad(lambda v: jnp.sum(jnp.square(mixed.apply(v, image, train=True)))))(
        variables
    )
    assert all(bool(jnp.all(jnp.isfinite(x))) for x in jax.tree.leaves(gradient))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"output": "gaussian"}, 'output="gaussian" is not one of bernoulli'),
        ({"conditioning": "both"}, "is not one of none, invariant, dependent"),
        ({"channels": 3}, "must be 1 or 3, and 1 where the output is bernoulli"),
        ({"kernel_size": 4}, "kernel_size=4 of a PixelCNN must be 3, 5 or another odd number"),
        ({"first_kernel_size": 1}, "first_kernel_size=1 of a PixelCNN must be 3, 5"),
        ({"depth": 0}, "depth=0 of a PixelCNN must be at least 1"),
        ({"conditioning": "invariant"}, "needs a code"),
        ({"channels": 1, "output": "categorical"}, "channels=1 was given images of 3 channels"),
    ],
)
def test_what_cannot_be_is_refused(fields, message):
    channels = 3 if "images of 3" in message else fields.get("channels", 1)
    module = PixelCNN(features=2, **({"depth": 2} | fields))
    with pytest.raises(UserError, match=message):
        module.init(jax.random.key(0), jnp.zeros((1, 4, 4, channels)), train=False)
