"""Rates, momentum and phases: optimisers against recursions written out in numpy."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxgen.core import by_phase
from jaxgen.core.schedule import scale_by_learning_rate, trace

pytestmark = pytest.mark.core


def test_learning_rate_follows_the_training_step_not_the_updates():
    rates = []
    tx = scale_by_learning_rate(lambda step: jnp.where(step >= 1, 0.5, 1.0))
    for step in (0, 0, 1):
        updates, _ = tx.update({"w": jnp.ones(())}, tx.init({}), None, step=jnp.asarray(step))
        rates.append(float(updates["w"]))
    assert rates == [-1.0, -1.0, -0.5]


def test_momentum_follows_the_training_step():
    tx = trace(lambda step: jnp.where(step >= 2, 0.5, 0.1))
    gradient, state = jnp.array([1.0, -2.0]), tx.init(jnp.zeros(2))
    velocity = np.zeros(2)
    for step in range(4):
        velocity = (0.5 if step >= 2 else 0.1) * velocity + np.array([1.0, -2.0])
        update, state = tx.update(gradient, state, step=jnp.asarray(step))
        np.testing.assert_allclose(update, velocity, rtol=1e-6)


def test_phases_have_states_of_their_own():
    tx = by_phase(
        {
            "first": optax.chain(trace(0.9), scale_by_learning_rate(1.0)),
            "second": optax.chain(optax.scale_by_adam(), scale_by_learning_rate(lambda s: 0.1 * s)),
        }
    )
    params, one = jnp.zeros(3), jnp.ones(3)
    state = tx.init(params)
    _, state = tx.update(one, state, params, phase="first", step=jnp.asarray(2))
    untouched = state["second"]
    update, state = tx.update(one, state, params, phase="first", step=jnp.asarray(2))
    np.testing.assert_allclose(update, -1.9 * np.ones(3), rtol=1e-6)
    assert jax.tree.all(jax.tree.map(np.array_equal, state["second"], untouched))
    # The first update of Adam has size one, here times the second phase's own rate.
    update, state = tx.update(one, state, params, phase="second", step=jnp.asarray(2))
    np.testing.assert_allclose(update, -0.2 * np.ones(3), rtol=1e-4)


def test_an_unknown_phase_is_an_error():
    tx = by_phase({"first": optax.sgd(0.1)})
    with pytest.raises(ValueError, match=r"no optimiser for the phase .second., only"):
        tx.update(jnp.ones(1), tx.init(jnp.ones(1)), phase="second")
