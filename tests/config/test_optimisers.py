"""Optimisers from config keys: rates against the papers' formulas, mistakes in one sentence."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxgen.config import complete, optimisers
from jaxgen.config.upgrade import upgrade
from jaxgen.core import UserError


def completed(name="sgd", learning_rate=0.2, **values):
    """The completed and checked section of one optimiser."""
    section = {"name": name, "learning_rate": learning_rate, **values}
    filled = complete.fill(
        {
            "objective": "pixelcnn",
            "num_steps": 1,
            "networks": {"decoder": {"module": "pixelcnn.PixelCNN"}},
            "optim": {"decoder": section},
        }
    )
    complete.check(filled)
    return filled["optim"]["decoder"]


def made(*arguments, **values):
    tx = optimisers.build(completed(*arguments, **values))
    return optax.with_extra_args_support(tx)


def rates_at(steps, **values):
    """The rates of plain gradient descent: minus the updates of a gradient of one."""
    tx = made(**values)
    params = jnp.ones(1)
    state = tx.init(params)

    def rate(step):
        return -tx.update(params, state, params, step=step)[0][0]

    return np.asarray(jax.vmap(rate)(jnp.asarray(steps)))


SCHEDULES = {
    "constant": ({}, lambda t: 0.2 + 0 * t),
    "constant by name": ({"name": "constant"}, lambda t: 0.2 + 0 * t),
    "piecewise": (
        {"name": "piecewise", "boundaries": (10, 20)},
        lambda t: 0.2 * np.where(t < 10, 1, np.where(t < 20, 1 / 2, 1 / 4)),
    ),
    "piecewise by another factor": (
        {"name": "piecewise", "boundaries": (15,), "scale": 0.1},
        lambda t: np.where(t < 15, 0.2, 0.02),
    ),
    "piecewise without boundaries": ({"name": "piecewise"}, lambda t: 0.2 + 0 * t),
    "linear": (
        {"name": "linear", "transition_steps": 16},
        lambda t: 0.2 * np.maximum(0, (16 - t) / 16),
    ),
    "linear from a step to a rate": (
        {"name": "linear", "transition_begin": 8, "transition_steps": 16, "end_value": 0.1},
        lambda t: np.where(t < 8, 0.2, np.where(t > 24, 0.1, 0.2 - 0.1 * (t - 8) / 16)),
    ),
    "exponential": (
        {"name": "exponential", "decay_rate": 0.9, "transition_steps": 2},
        lambda t: 0.2 * np.sqrt(0.9) ** t,
    ),
    "exponential, but not below": (
        {"name": "exponential", "decay_rate": 0.5, "end_value": 0.01},
        lambda t: np.maximum(0.2 / 2.0**t, 0.01),
    ),
    "cosine": (
        {"name": "cosine", "decay_steps": 20, "end_value": 0.05},
        lambda t: 0.05 + 0.15 * (1 + np.cos(np.pi * np.minimum(t, 20) / 20)) / 2,
    ),
    "cosine after a warmup": (
        {"name": "cosine", "warmup_steps": 8, "decay_steps": 28},
        lambda t: np.where(
            t < 8, 0.2 * t / 8, 0.2 * (1 + np.cos(np.pi * np.clip(t - 8, 0, 20) / 20)) / 2
        ),
    ),
}


@pytest.mark.parametrize(("schedule", "formula"), SCHEDULES.values(), ids=SCHEDULES)
def test_schedules(schedule, formula):
    steps = np.arange(40)
    rates = rates_at(steps, schedule=schedule)
    np.testing.assert_allclose(rates, formula(steps), rtol=1e-5, atol=1e-9)


def test_rates_follow_the_training_step_and_not_the_number_of_updates():
    tx = made("adam", schedule={"name": "piecewise", "boundaries": (3,)})
    params, gradient = jnp.zeros(1), jnp.ones(1)
    state = tx.init(params)
    for step, rate in ((0, 0.2), (2, 0.2), (2, 0.2), (2, 0.2), (3, 0.1), (3, 0.1), (2, 0.2)):
        update, state = tx.update(gradient, state, params, step=jnp.asarray(step))
        np.testing.assert_allclose(update, [-rate], rtol=1e-3)


def rate_of_earlier_versions(
    step, drop_at=(), drop_factor=0.5, linear=None, divide_by=1.0, least=0
):
    """What c144e4d did: everything multiplies, in float64."""
    rate = 0.2 * drop_factor ** sum(step >= at for at in drop_at)
    if linear:
        rate *= 1 - np.clip((step - linear[0]) / (linear[1] - linear[0]), 0.0, 1.0)
    return max(rate * divide_by**-step, least)


@pytest.mark.parametrize(
    ("recorded", "arguments", "steps"),
    [
        ({}, {}, range(3)),
        ({"drop_at": ()}, {}, range(3)),
        ({"drop_at": (10, 20)}, {"drop_at": (10, 20)}, range(30)),
        ({"halve_at": (10, 20)}, {"drop_at": (10, 20)}, range(30)),
        ({"drop_at": (4,), "drop_factor": 0.1}, {"drop_at": (4,), "drop_factor": 0.1}, range(8)),
        ({"linear_from": 0, "linear_to": 20}, {"linear": (0, 20)}, range(30)),
        ({"linear_from": 5, "linear_to": 20}, {"linear": (5, 20)}, range(30)),
        ({"linear_to": 20}, {"linear": (0, 20)}, range(30)),
        (
            {"divide_by": 1.000004, "least": 1e-6},
            {"divide_by": 1.000004, "least": 1e-6},
            range(0, 150_000, 997),
        ),
        (
            {"divide_by": 1.00004, "least": 1e-6},
            {"divide_by": 1.00004, "least": 1e-6},
            range(0, 500_000, 4999),
        ),
    ],
)
def test_a_record_of_an_earlier_version_has_the_rates_that_it_had(recorded, arguments, steps):
    section = {"name": "sgd", "learning_rate": 0.2, **recorded}
    values = upgrade({"objective": "gan", "optim": {"x": section}})["optim"]["x"]
    expected = [rate_of_earlier_versions(step, **arguments) for step in steps]
    np.testing.assert_allclose(rates_at(list(steps), **values), expected, rtol=2e-5, atol=1e-9)


def test_weight_decay_is_added_to_the_gradient():
    np.testing.assert_allclose(rates_at([0], weight_decay=0.5), [0.2 * 1.5], rtol=1e-6)


def test_a_cosine_of_nothing():
    rates = rates_at([0, 5, 9], learning_rate=0.0, schedule={"name": "cosine", "decay_steps": 9})
    np.testing.assert_array_equal(rates, 0.0)


def test_gradients_above_a_norm_are_scaled_down_before_anything_else():
    tx = made(clip_norm=1.0, weight_decay=0.5)
    for gradient, clipped in (([3.0, 4.0], [0.6, 0.8]), ([0.3, 0.4], [0.3, 0.4])):
        params = jnp.array([1.0, -1.0])
        update, _ = tx.update(jnp.array(gradient), tx.init(params), params, step=jnp.asarray(0))
        np.testing.assert_allclose(update, -0.2 * (np.array(clipped) + 0.5 * params), rtol=1e-5)


def test_every_parameter_can_be_clipped_by_itself():
    """Keras's clipnorm: the norm of a tensor, not of all of them."""
    tx = made(clip_parameter_norm=1.0)
    gradient = {"long": jnp.array([[3.0], [4.0]]), "short": jnp.array([0.3, 0.4])}
    params = jax.tree.map(jnp.zeros_like, gradient)
    update, _ = tx.update(gradient, tx.init(params), params, step=jnp.asarray(0))
    np.testing.assert_allclose(update["long"], [[-0.2 * 0.6], [-0.2 * 0.8]], rtol=1e-5)
    np.testing.assert_allclose(update["short"], [-0.2 * 0.3, -0.2 * 0.4], rtol=1e-5)
    none, _ = tx.update(params, tx.init(params), params, step=jnp.asarray(0))
    assert not np.any(none["long"])


def test_adamw_decays_the_update_and_adam_the_gradient():
    """At the first step Adam's update of a gradient is its sign."""
    for name, expected in (("adam", 1.0), ("adamw", 1.0 + 0.5 * 3.0)):
        tx = made(name, weight_decay=0.5, eps=0.0)
        params = jnp.full(1, 3.0)
        update, _ = tx.update(jnp.ones(1), tx.init(params), params, step=jnp.asarray(0))
        np.testing.assert_allclose(update, [-0.2 * expected], rtol=1e-5)


def test_states_are_those_of_earlier_versions():
    """Checkpoints hold them."""
    params = jnp.zeros(1)
    states = made("adam", b1=0.5, schedule={"name": "piecewise"}).init(params)
    assert [type(state) for state in states] == [optax.ScaleByAdamState, optax.EmptyState]
    states = made("adam", weight_decay=0.1).init(params)
    assert [type(state) for state in states] == [
        optax.EmptyState,
        optax.ScaleByAdamState,
        optax.EmptyState,
    ]
    (velocity, rest) = made("momentum").init(params)
    assert (velocity.shape, type(rest)) == ((1,), optax.EmptyState)


def test_momentum_ramps():
    tx = made("momentum", 1.0, momentum=0.5, final_momentum=0.7, ramp_steps=10)
    state, velocity = tx.init(jnp.zeros(1)), 0.0
    for step in range(13):
        velocity = (0.5 + 0.2 * min(step / 10, 1)) * velocity + 1.0
        update, state = tx.update(jnp.ones(1), state, step=jnp.asarray(step))
        np.testing.assert_allclose(-update, [velocity], rtol=1e-5)


def test_momentum_alone_is_constant():
    tx = made("momentum", 1.0, momentum=0.1)
    state = tx.init(jnp.zeros(1))
    for expected in (1.0, 1.1, 1.11):
        update, state = tx.update(jnp.ones(1), state, step=jnp.asarray(7))
        np.testing.assert_allclose(-update, [expected], rtol=1e-5)


def test_adam():
    """Two steps of the paper's algorithm 1."""
    tx = made("adam", 0.1, b1=0.5, b2=0.9, eps=1e-3)
    state, m, v = tx.init(jnp.zeros(1)), 0.0, 0.0
    for t, gradient in enumerate((2.0, -1.0), start=1):
        m, v = 0.5 * m + 0.5 * gradient, 0.9 * v + 0.1 * gradient**2
        expected = -0.1 * (m / (1 - 0.5**t)) / (np.sqrt(v / (1 - 0.9**t)) + 1e-3)
        update, state = tx.update(jnp.full(1, gradient), state, step=jnp.asarray(0))
        np.testing.assert_allclose(update, [expected], rtol=1e-5)


def test_rmsprop_with_pytorchs_epsilon():
    tx = made("rmsprop", 0.1, decay=0.99, eps=1e-2, eps_in_sqrt=False)
    update, _ = tx.update(jnp.full(1, 2.0), tx.init(jnp.zeros(1)), step=jnp.asarray(0))
    np.testing.assert_allclose(update, [-0.1 * 2 / (np.sqrt(0.01 * 4) + 1e-2)], rtol=1e-4)


def test_a_section_for_each_phase():
    first, second = completed(), completed(learning_rate=1.0)
    tx = optax.with_extra_args_support(optimisers.build({"first": first, "second": second}))
    for phase, rate in (("first", 0.2), ("second", 1.0)):
        update, _ = tx.update(jnp.ones(1), tx.init(jnp.ones(1)), phase=phase, step=jnp.asarray(0))
        np.testing.assert_allclose(update, [-rate], rtol=1e-6)
    assert optimisers.is_by_phase({"first": first, "second": second})
    assert not optimisers.is_by_phase(first)
    assert list(optimisers.sections({"a": first, "b": {"one": first}})) == [
        "config.optim.a",
        "config.optim.b.one",
    ]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"name": "adm"},
            'optim.decoder.name="adm" is not one of adam, adamw, rmsprop, sgd, momentum. Did',
        ),
        ({"learning_rate": -1.0}, "optim.decoder.learning_rate=-1.0 must not be below 0"),
        ({"learning_rate": "x"}, "learning_rate='x' is of type str; it must be of type float"),
        (
            {"b1": 0.5},
            '"b1" is not a key of config.optim.decoder. Keys: clip_norm, clip_parameter_norm, ',
        ),
        (
            {"schedule": {"name": "cosinus"}},
            'optim.decoder.schedule.name="cosinus" is not one of con',
        ),
        (
            {"schedule": {"name": "cosine", "warmup_steps": 5, "decay_steps": 5}},
            "config.optim.decoder.schedule.warmup_steps=5 must be below decay_steps=5",
        ),
        ({"clip_norm": -1.0}, "config.optim.decoder.clip_norm=-1.0 must not be below 0"),
        ({"schedule": {"boundaries": (1,)}}, '"schedule.boundaries" is not a key of config.optim'),
        ({"schedule": "linear"}, "optim.decoder.schedule='linear' must be a section of keys."),
        ({"schedule": {"name": "piecewise", "boundaries": ("x",)}}, "must hold training steps"),
        ({"schedule": {"name": "piecewise", "boundaries": (2, 1)}}, "in rising order, such as"),
        (
            {"schedule": {"name": "linear", "transition_steps": 0}},
            "config.optim.decoder.schedule.transition_steps=0 must be at least 1",
        ),
        (
            {"schedule": {"name": "exponential", "decay_rate": 1.0}},
            "config.optim.decoder.schedule.decay_rate=1.0 must be above 0.0 and below 1.0.",
        ),
    ],
)
def test_mistakes(values, message):
    with pytest.raises(UserError, match=re.escape(message)):
        completed(**values)
