"""Layers in float64 numpy, from their definitions: what networks are written in a second time."""

import collections

import jax
import numpy as np

SLOPE, EPSILON, MOMENTUM = 0.2, 1e-5, 0.9


def pair(size):
    return size if isinstance(size, tuple) else (size, size)


def conv(x, kernel, strides=1, padding=0):
    """torch's definition: each output is the product of the kernel and a window of x f[b,h,w,c]."""
    (s, t), (p, q), (kh, kw) = pair(strides), pair(padding), kernel.shape[:2]
    x = np.pad(x, ((0, 0), (p, p), (q, q), (0, 0)))
    h, w = (x.shape[1] - kh) // s + 1, (x.shape[2] - kw) // t + 1
    y = np.zeros((x.shape[0], h, w, kernel.shape[3]))
    for i, j in np.ndindex(h, w):
        window = x[:, s * i : s * i + kh, t * j : t * j + kw]
        y[:, i, j] = np.einsum("buvc,uvco->bo", window, kernel)
    return y


def conv_transpose(x, kernel, strides=1, padding=0, output_padding=0):
    """torch's definition: each input scatters its copy of the kernel, then the border is cut."""
    (s, t), (p, q), (kh, kw) = pair(strides), pair(padding), kernel.shape[:2]
    b, h, w, _ = x.shape
    more = output_padding
    full = np.zeros((b, s * (h - 1) + kh + more, t * (w - 1) + kw + more, kernel.shape[3]))
    for i, j in np.ndindex(h, w):
        patch = np.einsum("bc,uvco->buvo", x[:, i, j], kernel)
        full[:, s * i : s * i + kh, t * j : t * j + kw] += patch
    return full[:, p : full.shape[1] - p, q : full.shape[2] - q]


def relu(x):
    return np.maximum(x, 0)


def leaky(x):
    return np.where(x < 0, SLOPE * x, x)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def signed_sigmoid(x):
    """A sigmoid's pixels in [0,1], moved to [-1,1]."""
    return 2 * sigmoid(x) - 1


def halve(x):
    """Means of 2x2 pixels."""
    return (x[:, ::2, ::2] + x[:, 1::2, ::2] + x[:, ::2, 1::2] + x[:, 1::2, 1::2]) / 4


def double(x):
    """Every pixel four times."""
    return x[:, np.arange(2 * x.shape[1]) // 2][:, :, np.arange(2 * x.shape[2]) // 2]


def pool(x):
    """Maxima of 2x2 pixels, or of 1 where a side has one; an odd last row or column is left out."""
    h, w = (max(1, side // 2) for side in x.shape[1:3])
    y = np.zeros((x.shape[0], h, w, x.shape[3]))
    for i, j in np.ndindex(h, w):
        y[:, i, j] = x[:, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2].max(axis=(1, 2))
    return y


def append_label(x, label, num_classes):
    """One-hot labels as last features of f[b,...,c], the same at every pixel."""
    hot = np.zeros((*x.shape[:-1], num_classes))
    for row, value in zip(hot, label):
        row[..., value] = 1
    return np.concatenate([x, hot], axis=-1)


def flat(x):
    return x.reshape(len(x), -1)


def uniform(shape):
    """What decides, in the tests, which units dropout keeps."""
    return np.random.default_rng(0).uniform(size=shape)


class Layers:
    """Layers with the parameters of a flax network, those of each kind in order of creation.

    Attributes:
      features: what the formula has sown.
      statistics: running mean and var of each normalisation, after the call.
      unused: the parameters of the layers that have not been called.
    """

    def __init__(self, variables, train):
        float64 = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), dict(variables))
        self.train, self.features = train, []
        self.unused, self.statistics = float64["params"], float64.get("batch_stats", {})
        self._calls = collections.Counter()

    def _name(self, kind):
        self._calls[kind] += 1
        return f"{kind}_{self._calls[kind] - 1}"

    def _next(self, kind):
        return self.unused.pop(self._name(kind))

    def dense(self, x):
        return _linear(x, self._next("Dense"))

    def conv(self, x, strides=1, padding=0):
        part = self._next("Conv")
        return conv(x, part["kernel"], strides, padding) + part.get("bias", 0)

    def conv_transpose(self, x, strides=1, padding=0, output_padding=0):
        part = self._next("ConvTranspose")
        y = conv_transpose(x, part["kernel"], strides, padding, output_padding)
        return y + part.get("bias", 0)

    def maxout(self, x, pieces):
        y = _linear(x, self._next("Maxout")["Dense_0"])
        return y.reshape(len(x), -1, pieces).max(axis=2)

    def dropout(self, x, rate):
        return np.where(uniform(x.shape) < 1 - rate, x / (1 - rate), 0) if self.train else x

    def batch_norm(self, x):
        """By feature, over the batch and all pixels."""
        name = self._name("BatchNorm")
        part, running = self.unused.pop(name, {}), self.statistics[name]
        if self.train:
            rows = x.reshape(-1, x.shape[-1])
            mean = rows.sum(axis=0) / len(rows)
            batch = {"mean": mean, "var": ((rows - mean) ** 2).sum(axis=0) / len(rows)}
            self.statistics[name] = {
                key: MOMENTUM * running[key] + (1 - MOMENTUM) * batch[key] for key in batch
            }
        used = batch if self.train else running
        y = (x - used["mean"]) / np.sqrt(used["var"] + EPSILON)
        return y * part.get("scale", 1) + part.get("bias", 0)

    def layer_norm(self, x, epsilon):
        """Over the last axis, of each row or pixel by itself."""
        part = self._next("LayerNorm")
        centred = x - x.mean(axis=-1, keepdims=True)
        deviation = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + epsilon)
        return centred / deviation * part["scale"] + part["bias"]

    def sow(self, x):
        self.features.append(x)
        return x


def _linear(x, part):
    return x @ part["kernel"] + part.get("bias", 0)
