"""The layers of the tests' formulas, by hand."""

import numpy as np
import numpy_layers
import pytest

pytestmark = pytest.mark.core

X = np.array([[1.0, 2, 3], [4, 5, 6], [7, 8, 9]]).reshape(1, 3, 3, 1)
KERNEL = np.array([[1.0, 10], [100, 1000]]).reshape(2, 2, 1, 1)


def test_convolution_is_a_product_with_each_window_not_turned():
    assert numpy_layers.conv(X, KERNEL)[0, :, :, 0].tolist() == [[5421, 6532], [8754, 9865]]
    found = numpy_layers.conv(X, KERNEL, strides=2, padding=1)[0, :, :, 0]
    assert found.tolist() == [[1000, 3200], [7040, 9865]]
    both = numpy_layers.conv(np.concatenate([X, 2 * X], 3), np.concatenate([KERNEL, KERNEL], 2))
    assert both[0, 0, 0, 0] == 3 * 5421


def test_transposed_convolution_scatters_its_kernel():
    x = X[:, :2, :2]
    assert numpy_layers.conv_transpose(x, KERNEL)[0, :, :, 0].tolist() == [
        [1, 12, 20],
        [104, 1245, 2050],
        [400, 4500, 5000],
    ]
    found = numpy_layers.conv_transpose(x, KERNEL, strides=2, padding=1)[0, :, :, 0]
    assert found.tolist() == [[1000, 200], [40, 5]]
    found = numpy_layers.conv_transpose(x, KERNEL, strides=2, padding=1, output_padding=1)
    assert found[0, :, :, 0].tolist() == [[1000, 200, 2000], [40, 5, 50], [4000, 500, 5000]]


def test_changes_of_size():
    square = np.arange(16.0).reshape(1, 4, 4, 1)
    assert numpy_layers.halve(square)[0, :, :, 0].tolist() == [[2.5, 4.5], [10.5, 12.5]]
    assert numpy_layers.double(X[:, :1, :2])[0, :, :, 0].tolist() == [[1, 1, 2, 2]] * 2
    assert numpy_layers.pool(X)[0, :, :, 0].tolist() == [[5]]
    assert numpy_layers.pool(X[:, :1])[0, :, :, 0].tolist() == [[2]]


def test_pointwise_functions():
    x = np.array([-1.0, 0, 2])
    assert numpy_layers.relu(x).tolist() == [0, 0, 2]
    assert numpy_layers.leaky(x).tolist() == [-0.2, 0, 2]
    np.testing.assert_allclose(numpy_layers.signed_sigmoid(x), np.tanh(x / 2))
    label = numpy_layers.append_label(np.zeros((2, 1, 1)), [2, 0], 3)
    assert label.tolist() == [[[0, 0, 0, 1]], [[0, 1, 0, 0]]]


def test_layers_take_their_parameters_in_order():
    params = {
        "Dense_0": {"kernel": np.full((1, 2), 2.0)},
        "Dense_1": {"kernel": np.ones((2, 1)), "bias": np.ones(1)},
        "Maxout_0": {"Dense_0": {"kernel": np.array([[1.0, 2, 3, -1]]), "bias": np.zeros(4)}},
    }
    layers = numpy_layers.Layers({"params": params}, train=False)
    x = layers.dense(layers.dense(np.ones((1, 1))))
    assert x.tolist() == [[5]]
    assert layers.dropout(x, 0.9) is x
    assert list(layers.unused) == ["Maxout_0"]
    assert layers.maxout(np.array([[1.0], [-1.0]]), 2).tolist() == [[2, 3], [-1, 1]]


@pytest.mark.parametrize("train", [True, False])
def test_batch_norm_of_the_batch_or_of_running_statistics(train):
    variables = {
        "params": {"BatchNorm_0": {"scale": np.full(1, 2.0), "bias": np.full(1, 3.0)}},
        "batch_stats": {"BatchNorm_0": {"mean": np.full(1, 1.0), "var": np.full(1, 4.0)}},
    }
    layers = numpy_layers.Layers(variables, train)
    x = np.array([[0.0], [6.0]])
    mean, var = (3.0, 9.0) if train else (1.0, 4.0)
    np.testing.assert_allclose(layers.batch_norm(x), 2 * (x - mean) / (var + 1e-5) ** 0.5 + 3)
    moved = layers.statistics["BatchNorm_0"]
    np.testing.assert_allclose(moved["mean"], 0.9 + 0.3 if train else 1.0)
    np.testing.assert_allclose(moved["var"], 3.6 + 0.9 if train else 4.0)
