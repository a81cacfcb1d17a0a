"""Small PixelCNNs of every kind, for the tests of their forward pass and of their sampling."""

import functools

import jax
import numpy as np

from jaxgen.models.pixelcnn import PixelCNN

SIDE, CODE = 5, 3
OUTPUTS = [
    ("bernoulli", 1),
    ("categorical", 1),
    ("categorical", 3),
    ("logistic_mixture", 1),
    ("logistic_mixture", 3),
]
VARIANTS = [
    (*output, conditioning)
    for output in OUTPUTS
    for conditioning in ("none", "invariant", "dependent")
]


def make(
    output="bernoulli", channels=1, conditioning="none", shape=(2, SIDE, SIDE), bias=0.0, **fields
):
    """(module, variables far from their initial values, image, code or nothing).

    bias: added to what the head's rectifiers see; so large that none is ever closed, 3.
    """
    fields = {"features": 4, "depth": 3, "mixtures": 2, "map_features": 5, "maps": 2} | fields
    module = PixelCNN(output=output, channels=channels, conditioning=conditioning, **fields)
    random = np.random.default_rng(1)
    image = random.integers(0, 256, (*shape, channels)) / np.float32(127.5) - 1
    if output == "bernoulli":
        image = np.sign(image)
    image = np.asarray(image, np.float32)
    code = () if conditioning == "none" else (np.float32(random.normal(size=(shape[0], CODE))),)
    tree = jax.eval_shape(
        functools.partial(module.init, train=False), jax.random.key(0), image, *code
    )

    def fill(path, leaf):
        values = random.normal(size=leaf.shape) / np.sqrt(max(1, leaf.size // leaf.shape[-1]))
        open_ = path[-1].key in ("residual_bias", "hidden_bias")
        return np.float32(values + bias * open_)

    return module, jax.tree_util.tree_map_with_path(fill, tree), image, code
