"""Optimisers from config keys: rates against the papers' formulas, mistakes in one sentence."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxgen import optimisers
from jaxgen.core import UserError

SGD = {"name": "sgd", "learning_rate": 0.2}


def rate_at(step, **values):
    """The rate of plain gradient descent: minus the update of a gradient of one."""
    tx = optax.with_extra_args_support(optimisers.build("config.optim.x", SGD | values))
    params = jnp.ones(1)
    update, _ = tx.update(params, tx.init(params), params, step=jnp.asarray(step))
    return -float(update[0])


@pytest.mark.parametrize(
    ("step", "values", "rate"),
    [
        (9, {"drop_at": (10, 20)}, 0.2),
        (10, {"drop_at": (10, 20)}, 0.1),
        (25, {"drop_at": (10, 20), "drop_factor": 0.1}, 0.002),
        (50, {"linear_to": 100}, 0.1),
        (40, {"linear_from": 50, "linear_to": 100}, 0.2),
        (75, {"linear_from": 50, "linear_to": 100}, 0.1),
        (200, {"linear_from": 50, "linear_to": 100}, 0.0),
        (100_000, {"divide_by": 1.000004}, 0.2 / 1.000004**100_000),
        (500_000, {"divide_by": 1.00004, "least": 1e-6}, 1e-6),
    ],
)
def test_rates(step, values, rate):
    assert rate_at(step, **values) == pytest.approx(rate, rel=1e-3, abs=1e-9)


def test_weight_decay_is_added_to_the_gradient():
    assert rate_at(0, weight_decay=0.5) == pytest.approx(0.2 * 1.5)


def test_momentum_ramps():
    values = {"name": "momentum", "momentum": 0.5, "final_momentum": 0.7, "ramp_steps": 10}
    tx = optax.with_extra_args_support(
        optimisers.build("config.optim.x", {"learning_rate": 1.0, **values})
    )
    state, velocity = tx.init(jnp.zeros(1)), 0.0
    for step in range(13):
        velocity = (0.5 + 0.2 * min(step / 10, 1)) * velocity + 1.0
        update, state = tx.update(jnp.ones(1), state, step=jnp.asarray(step))
        np.testing.assert_allclose(-update, [velocity], rtol=1e-5)


def test_momentum_alone_is_constant():
    tx = optax.with_extra_args_support(
        optimisers.build(
            "config.optim.x", {"name": "momentum", "learning_rate": 1.0, "momentum": 0.1}
        )
    )
    state = tx.init(jnp.zeros(1))
    for expected in (1.0, 1.1, 1.11):
        update, state = tx.update(jnp.ones(1), state, step=jnp.asarray(7))
        np.testing.assert_allclose(-update, [expected], rtol=1e-5)


def test_rmsprop_with_pytorchs_epsilon():
    values = {"name": "rmsprop", "decay": 0.99, "eps": 1e-2, "eps_in_sqrt": False}
    tx = optax.with_extra_args_support(
        optimisers.build("config.optim.x", {"learning_rate": 0.1, **values})
    )
    update, _ = tx.update(jnp.full(1, 2.0), tx.init(jnp.zeros(1)), step=jnp.asarray(0))
    np.testing.assert_allclose(update, [-0.1 * 2 / (np.sqrt(0.01 * 4) + 1e-2)], rtol=1e-4)


def test_a_section_for_each_phase():
    tx = optimisers.build("config.optim.x", {"first": SGD, "second": SGD | {"learning_rate": 1.0}})
    tx = optax.with_extra_args_support(tx)
    for phase, rate in (("first", 0.2), ("second", 1.0)):
        update, _ = tx.update(jnp.ones(1), tx.init(jnp.ones(1)), phase=phase, step=jnp.asarray(0))
        np.testing.assert_allclose(update, [-rate], rtol=1e-6)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"name": "adm", "learning_rate": 1.0}, 'config.optim.x.name="adm" .* Did you mean "adam"'),
        ({"name": "sgd"}, "config.optim.x lacks: learning_rate"),
        (SGD | {"learning_rate": -1.0}, "config.optim.x.learning_rate=-1.0 must not be below 0"),
        (SGD | {"b1": 0.5}, '"b1" is not a number of sgd, in config.optim.x. It takes: .*drop_at'),
        (SGD | {"drop_at": ("x",)}, "must hold training steps"),
        (SGD | {"linear_from": 9, "linear_to": 9}, "linear_from=9 must be below"),
        (SGD | {"divide_by": 0.5}, "divide_by=0.5 must be at least 1"),
        ({"first": SGD, "second": {"name": "sgd"}}, "config.optim.x.second lacks"),
    ],
)
def test_mistakes(values, message):
    with pytest.raises(UserError, match=message):
        optimisers.build("config.optim.x", values)
