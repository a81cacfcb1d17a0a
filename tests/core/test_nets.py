"""The seam to Linen: state in call order, other methods, and what layers sow."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxgen.core import Nets, Spec, create

pytestmark = pytest.mark.core


class Counting(nn.Module):
    """Counts its training passes, sows two features, and has a second method."""

    @nn.compact
    def __call__(self, x, *, train):
        calls = self.variable("batch_stats", "calls", jnp.zeros, (), jnp.int32)
        if train:
            calls.value = calls.value + 1
        scale = self.param("scale", nn.initializers.constant(3.0), ())
        self.sow("intermediates", "features", scale * x)
        self.sow("intermediates", "features", scale * x + 1)
        return scale * x

    def twice(self, x):
        return 2.0 * self(x, train=False)


@pytest.fixture
def nets():
    spec = Spec(nets={"player": Counting()}, tx={"player": optax.sgd(1.0)}, hparams=None)
    state = create(spec, jax.random.key(0), {"player": (jnp.ones(2),)})
    return Nets(spec, state.params, state.model_state)


def calls(nets):
    return int(nets.model_state["player"]["batch_stats"]["calls"])


def test_every_training_pass_moves_the_state(nets):
    assert set(nets.model_state["player"]) == {"batch_stats"}
    nets("player", jnp.ones(2))
    nets("player", jnp.ones(2))
    assert calls(nets) == 2
    nets("player", jnp.ones(2), train=False)
    assert calls(nets) == 2


def test_other_methods_and_features_leave_the_state(nets):
    np.testing.assert_allclose(nets("player", jnp.ones(2), method="twice"), [6.0, 6.0])
    first, second = nets.features("player", jnp.ones(2))
    np.testing.assert_allclose(first, [3.0, 3.0])
    np.testing.assert_allclose(second, [4.0, 4.0])
    assert calls(nets) == 0
