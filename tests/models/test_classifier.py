import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgen.core import nets
from jaxgen.models.classifier import Classifier

pytestmark = pytest.mark.core


@pytest.mark.parametrize("shape", [(8, 8, 1), (16, 16, 3), (28, 28, 1), (64, 64, 3), (9, 21, 3)])
def test_shapes_from_8_to_64_pixels(shape):
    module, image = Classifier(7), jnp.zeros((2, *shape))
    params, state = jax.eval_shape(lambda: nets.init(module, jax.random.key(0), image))
    logits, features = jax.eval_shape(
        lambda params: module.apply({"params": params}, image, train=False), params
    )
    assert state == {}
    assert (logits.shape, features.shape) == ((2, 7), (2, 64))
    assert sum(leaf.size for leaf in jax.tree.leaves(params)) < 1e6


def test_features_are_rectified_and_logits_a_function_of_them():
    module, rng = Classifier(3), np.random.default_rng(0)
    image = jnp.asarray(rng.uniform(-1, 1, (5, 8, 8, 1)), jnp.float32)
    shapes, _ = jax.eval_shape(lambda: nets.init(module, jax.random.key(0), image))
    params = jax.tree.map(lambda x: jnp.asarray(0.1 * rng.normal(size=x.shape), x.dtype), shapes)
    logits, features = module.apply({"params": params}, image, train=False)
    assert features.min() >= 0
    assert features.max() > 0
    last = params["Dense_1"]
    expected = np.asarray(features, np.float64) @ np.asarray(last["kernel"]) + last["bias"][None]
    np.testing.assert_allclose(logits, expected, atol=1e-5)
