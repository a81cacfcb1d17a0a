"""FID's Inception against a forward pass in float64 numpy, written from the table below."""

import jax
import jax.numpy as jnp
import networks
import numpy as np
import pytest

from jaxgen.core import UserError
from jaxgen.models.inception import (
    Inception,
    Mixed,
    state_dict_differences,
    state_dict_shapes,
    variables_from_state_dict,
)

pytestmark = pytest.mark.core

STEM = [
    # name, channels in and out, kernel height and width
    ("Conv2d_1a_3x3", 3, 32, 3, 3),
    ("Conv2d_2a_3x3", 32, 32, 3, 3),
    ("Conv2d_2b_3x3", 32, 64, 3, 3),
    ("Conv2d_3b_1x1", 64, 80, 1, 1),
    ("Conv2d_4a_3x3", 80, 192, 3, 3),
]


def block_a(name, c, pool):
    return [
        (f"{name}.branch1x1", c, 64, 1, 1),
        (f"{name}.branch5x5_1", c, 48, 1, 1),
        (f"{name}.branch5x5_2", 48, 64, 5, 5),
        (f"{name}.branch3x3dbl_1", c, 64, 1, 1),
        (f"{name}.branch3x3dbl_2", 64, 96, 3, 3),
        (f"{name}.branch3x3dbl_3", 96, 96, 3, 3),
        (f"{name}.branch_pool", c, pool, 1, 1),
    ]


def block_c(name, width):
    return [
        (f"{name}.branch1x1", 768, 192, 1, 1),
        (f"{name}.branch7x7_1", 768, width, 1, 1),
        (f"{name}.branch7x7_2", width, width, 1, 7),
        (f"{name}.branch7x7_3", width, 192, 7, 1),
        (f"{name}.branch7x7dbl_1", 768, width, 1, 1),
        (f"{name}.branch7x7dbl_2", width, width, 7, 1),
        (f"{name}.branch7x7dbl_3", width, width, 1, 7),
        (f"{name}.branch7x7dbl_4", width, width, 7, 1),
        (f"{name}.branch7x7dbl_5", width, 192, 1, 7),
        (f"{name}.branch_pool", 768, 192, 1, 1),
    ]


def block_e(name, c):
    return [
        (f"{name}.branch1x1", c, 320, 1, 1),
        (f"{name}.branch3x3_1", c, 384, 1, 1),
        (f"{name}.branch3x3_2a", 384, 384, 1, 3),
        (f"{name}.branch3x3_2b", 384, 384, 3, 1),
        (f"{name}.branch3x3dbl_1", c, 448, 1, 1),
        (f"{name}.branch3x3dbl_2", 448, 384, 3, 3),
        (f"{name}.branch3x3dbl_3a", 384, 384, 1, 3),
        (f"{name}.branch3x3dbl_3b", 384, 384, 3, 1),
        (f"{name}.branch_pool", c, 192, 1, 1),
    ]


TABLE = [
    *STEM,
    *block_a("Mixed_5b", 192, 32),
    *block_a("Mixed_5c", 256, 64),
    *block_a("Mixed_5d", 288, 64),
    ("Mixed_6a.branch3x3", 288, 384, 3, 3),
    ("Mixed_6a.branch3x3dbl_1", 288, 64, 1, 1),
    ("Mixed_6a.branch3x3dbl_2", 64, 96, 3, 3),
    ("Mixed_6a.branch3x3dbl_3", 96, 96, 3, 3),
    *block_c("Mixed_6b", 128),
    *block_c("Mixed_6c", 160),
    *block_c("Mixed_6d", 160),
    *block_c("Mixed_6e", 192),
    ("Mixed_7a.branch3x3_1", 768, 192, 1, 1),
    ("Mixed_7a.branch3x3_2", 192, 320, 3, 3),
    ("Mixed_7a.branch7x7x3_1", 768, 192, 1, 1),
    ("Mixed_7a.branch7x7x3_2", 192, 192, 1, 7),
    ("Mixed_7a.branch7x7x3_3", 192, 192, 7, 1),
    ("Mixed_7a.branch7x7x3_4", 192, 192, 3, 3),
    *block_e("Mixed_7b", 1280),
    *block_e("Mixed_7c", 2048),
]


def table_shapes():
    shapes = {"fc.weight": (1008, 2048), "fc.bias": (1008,)}
    for name, c, o, kh, kw in TABLE:
        shapes[f"{name}.conv.weight"] = (o, c, kh, kw)
        for part in ("weight", "bias", "running_mean", "running_var"):
            shapes[f"{name}.bn.{part}"] = (o,)
    return shapes


def random_weights(seed=0):
    rng, weights = np.random.default_rng(seed), {}
    for name, shape in table_shapes().items():
        if len(shape) == 4:
            weights[name] = rng.normal(scale=np.sqrt(2 / np.prod(shape[1:])), size=shape)
        elif name.endswith(("bn.weight", "running_var")):
            weights[name] = rng.uniform(0.5, 1.5, shape)
        else:
            weights[name] = rng.normal(scale=0.2, size=shape)
    return weights


class Oracle:
    """f64[b,c,h,w], PyTorch's layout; windows are views, a convolution is one product."""

    def __init__(self, weights):
        self.weights = weights
        self.blocks = {}

    def windows(self, x, kh, kw, stride, pad, value=0.0):
        (ph, pw) = pad
        x = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)), constant_values=value)
        view = np.lib.stride_tricks.sliding_window_view(x, (kh, kw), axis=(2, 3))
        return view[:, :, ::stride, ::stride]

    def conv(self, name, x, stride=1, pad=(0, 0)):
        w = self.weights
        kernel = w[f"{name}.conv.weight"]
        y = np.einsum(
            "bchwij,ocij->bohw",
            self.windows(x, *kernel.shape[2:], stride, pad),
            kernel,
            optimize=True,
        )
        scale, shift, mean, var = (
            w[f"{name}.bn.{part}"][:, None, None]
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        return np.maximum((y - mean) / np.sqrt(var + 0.001) * scale + shift, 0)

    def chain(self, x, *names):
        """Units of stride 1, padded so that they keep the size."""
        for name in names:
            kh, kw = self.weights[f"{name}.conv.weight"].shape[2:]
            x = self.conv(name, x, pad=(kh // 2, kw // 2))
        return x

    def max_pool(self, x, stride, pad=0):
        return self.windows(x, 3, 3, stride, (pad, pad), -np.inf).max(axis=(4, 5))

    def mean_pool(self, x):
        """Mean over those of the nine pixels that exist."""
        sums = self.windows(x, 3, 3, 1, (1, 1)).sum(axis=(4, 5))
        return sums / self.windows(np.ones_like(x), 3, 3, 1, (1, 1)).sum(axis=(4, 5))

    def same(self, name, x):
        """Blocks A and C."""
        units = [unit for unit, *_ in TABLE if unit.startswith(name + ".")]
        groups = ["branch1x1", "branch5x5_", "branch3x3dbl_"]
        if name.startswith("Mixed_6"):
            groups = ["branch1x1", "branch7x7_", "branch7x7dbl_"]
        branches = [
            self.chain(x, *(unit for unit in units if unit.startswith(f"{name}.{group}")))
            for group in groups
        ]
        branches.append(self.chain(self.mean_pool(x), f"{name}.branch_pool"))
        return np.concatenate(branches, axis=1)

    def grid_6a(self, name, x):
        double = self.chain(x, f"{name}.branch3x3dbl_1", f"{name}.branch3x3dbl_2")
        branches = [
            self.conv(f"{name}.branch3x3", x, stride=2),
            self.conv(f"{name}.branch3x3dbl_3", double, stride=2),
            self.max_pool(x, 2),
        ]
        return np.concatenate(branches, axis=1)

    def grid_7a(self, name, x):
        single = self.chain(x, f"{name}.branch3x3_1")
        seven = self.chain(x, *(f"{name}.branch7x7x3_{i}" for i in (1, 2, 3)))
        branches = [
            self.conv(f"{name}.branch3x3_2", single, stride=2),
            self.conv(f"{name}.branch7x7x3_4", seven, stride=2),
            self.max_pool(x, 2),
        ]
        return np.concatenate(branches, axis=1)

    def wide(self, name, x):
        """Block E; the last one takes maxima."""
        single = self.chain(x, f"{name}.branch3x3_1")
        double = self.chain(x, f"{name}.branch3x3dbl_1", f"{name}.branch3x3dbl_2")
        pooled = self.max_pool(x, 1, 1) if name == "Mixed_7c" else self.mean_pool(x)
        branches = [
            self.chain(x, f"{name}.branch1x1"),
            self.chain(single, f"{name}.branch3x3_2a"),
            self.chain(single, f"{name}.branch3x3_2b"),
            self.chain(double, f"{name}.branch3x3dbl_3a"),
            self.chain(double, f"{name}.branch3x3dbl_3b"),
            self.chain(pooled, f"{name}.branch_pool"),
        ]
        return np.concatenate(branches, axis=1)

    def __call__(self, x):
        x = self.conv("Conv2d_1a_3x3", x, stride=2)
        x = self.conv("Conv2d_2a_3x3", x)
        x = self.conv("Conv2d_2b_3x3", x, pad=(1, 1))
        x = self.conv("Conv2d_3b_1x1", self.max_pool(x, 2))
        x = self.max_pool(self.conv("Conv2d_4a_3x3", x), 2)
        kinds = dict(zip(["5b", "5c", "5d", "6b", "6c", "6d", "6e"], [self.same] * 7))
        kinds |= {"6a": self.grid_6a, "7a": self.grid_7a, "7b": self.wide, "7c": self.wide}
        for block in sorted(kinds):
            x = self.blocks[f"Mixed_{block}"] = kinds[block](f"Mixed_{block}", x)
        features = x.mean(axis=(2, 3))
        return features @ self.weights["fc.weight"].T + self.weights["fc.bias"], features


def close(found, expected):
    """Equal to float32's rounding through a hundred layers, relative to the largest value."""
    assert found.shape == expected.shape
    return np.abs(found - expected).max() < 1e-5 * np.abs(expected).max()


def is_block(module, _):
    return isinstance(module, Mixed)


def block_outputs(seen):
    return {name: value["__call__"][0] for name, value in seen["intermediates"].items()}


def test_parameters_are_those_of_the_table_and_maps_of_the_published_sizes():
    units = sum(c * o * kh * kw + 2 * o for _, c, o, kh, kw in TABLE)
    assert len(TABLE) == 94
    assert units + 1000 * (2048 + 1) == 23_834_568  # torchvision's, without the auxiliary head
    variables = jax.eval_shape(
        lambda image: Inception().init(
            jax.random.key(0), image, train=False, capture_intermediates=is_block
        ),
        jnp.zeros((2, 299, 299, 3)),
    )
    count = sum(leaf.size for leaf in jax.tree.leaves(variables["params"]))
    assert count == units + 1008 * (2048 + 1) == 23_850_960

    shapes = {name: output.shape[1:] for name, output in block_outputs(variables).items()}
    assert len(shapes) == 11
    assert shapes["Mixed_5b"] == (35, 35, 256)
    assert shapes["Mixed_5d"] == (35, 35, 288)
    assert shapes["Mixed_6e"] == (17, 17, 768)
    assert shapes["Mixed_7a"] == (8, 8, 1280)
    assert shapes["Mixed_7c"] == (8, 8, 2048)


def test_state_dict_names_and_shapes_are_those_of_the_table():
    assert state_dict_shapes() == table_shapes()
    assert state_dict_differences(table_shapes()) == ""
    torchvisions = {**table_shapes(), "fc.bias": (1000,), "AuxLogits.fc.bias": (1000,)}
    assert state_dict_differences(torchvisions) == (
        "unexpected: AuxLogits.fc.bias; of another shape: fc.bias [1000] instead of [1008]"
    )


def test_small_images_are_refused():
    with pytest.raises(UserError, match=r"64x80 .* must be 75 or more; resize them to 299 px"):
        networks.outputs(Inception(), (1, 64, 80, 3))


def test_network_is_the_independent_computation_block_by_block():
    weights, module = random_weights(), Inception()
    # Not square; maps of 3x2 pixels at the end, so that no padding goes unnoticed.
    image = np.random.default_rng(1).uniform(-1, 1, (1, 139, 123, 3))
    (logits, features), seen = jax.jit(
        lambda v, x: module.apply(
            v, x, train=False, mutable=["intermediates"], capture_intermediates=is_block
        )
    )(variables_from_state_dict(weights), jnp.asarray(image, jnp.float32))

    oracle = Oracle(weights)
    expected_logits, expected_features = oracle(image.transpose(0, 3, 1, 2))
    assert oracle.blocks["Mixed_7c"].shape == (1, 2048, 3, 2)
    for name, found in block_outputs(seen).items():
        assert close(np.asarray(found).transpose(0, 3, 1, 2), oracle.blocks[name]), name
    assert close(np.asarray(features), expected_features)
    assert close(np.asarray(logits), expected_logits)


def test_a_missing_name_is_a_key_error():
    weights = {name: np.broadcast_to(0.0, shape) for name, shape in table_shapes().items()}
    del weights["Mixed_7c.branch_pool.bn.running_var"]
    with pytest.raises(KeyError, match=r"Mixed_7c\.branch_pool\.bn\.running_var"):
        variables_from_state_dict(weights)
