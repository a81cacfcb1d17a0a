import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgen.core import Spec, TrainState
from jaxgen.train import seeds

pytestmark = pytest.mark.core


def states_of(params):
    return TrainState(
        step=jnp.int32(7), params={"a": {"w": params}}, model_state={}, opt_state={}, ema={}
    )


def test_means_of_each_seed_as_numpy_has_them():
    rng = np.random.default_rng(0)
    loss = rng.normal(size=(9, 2))
    window = seeds.Window((4, 7))
    window.add(0, {"a/loss": loss[:5]})
    window = seeds.Window((4, 7), json.loads(json.dumps(window.state)))  # through a checkpoint
    window.add(5, {"a/loss": loss[5:]})
    means = window.take()
    for index, seed in enumerate((4, 7)):
        np.testing.assert_allclose(means[seed]["a/loss"], loss[:, index].mean(), rtol=1e-12)
    window.add(9, {"a/loss": loss[:1]})
    np.testing.assert_allclose(window.take()[4]["a/loss"], loss[0, 0], rtol=1e-12)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_seed_that_is_not_finite_is_marked_and_the_other_goes_on(bad):
    loss = np.ones((4, 2))
    loss[2:, 1] = bad
    window = seeds.Window((0, 1))
    window.add(10, {"a/loss": loss, "b/loss": np.full((4, 2), 3.0)})
    assert window.diverged == {1: 13}
    window = seeds.Window((0, 1), json.loads(json.dumps(window.state, allow_nan=False)))
    assert window.take() == {0: {"a/loss": 1.0, "b/loss": 3.0}}
    window.add(14, {"a/loss": np.ones((1, 2)), "b/loss": np.ones((1, 2))})
    assert window.take().keys() == {0}  # for good
    assert window.diverged == {1: 13}


def test_the_state_of_one_seed_and_whether_it_is_finite():
    states = states_of(jnp.array([[1.0, 2.0], [3.0, jnp.nan]]))
    assert seeds.finite(states).tolist() == [True, False]
    one = seeds.state_of(states, 0)
    np.testing.assert_array_equal(one.params["a"]["w"], [1.0, 2.0])
    assert int(one.step) == 7


def test_the_step_is_shared_so_that_its_decisions_are_not_taken_for_each_seed():
    """`lax.cond` on the step stays a branch; on a batched step it would be a select of both."""

    def step(spec, state, batch, key):
        w = state.params["w"]
        moved = jax.lax.cond(state.step % 2 == 0, lambda x: x + batch, lambda x: x, w)
        return state.replace(step=state.step + 1, params={"w": moved}), {"a/x": moved.sum()}

    state = TrainState(jnp.int32(0), {"w": jnp.zeros((2, 3))}, {}, {}, {})
    run = seeds.compile_step(step, Spec(nets={}, tx={}, hparams=None), lambda _, raw, key: raw)
    raws = (jnp.ones(4), 2 * jnp.ones(4))
    with jax.debug_key_reuse(False):
        text = run.lower(state, {}, raws, seeds.keys((0, 1))[1]).as_text()
        state, metrics = run(state, {}, raws, seeds.keys((0, 1))[1])
    assert "stablehlo.case" in text
    assert int(state.step) == 4
    np.testing.assert_array_equal(state.params["w"], [[2.0] * 3, [4.0] * 3])
    np.testing.assert_array_equal(metrics["a/x"][:, 1], [6.0, 6.0, 12.0, 12.0])


def test_keys_are_those_of_single_runs():
    init, run = seeds.keys((3, 5))
    expected = jax.random.key_data(jax.random.split(jax.random.key(5)))
    np.testing.assert_array_equal(jax.random.key_data(init)[1], expected[0])
    np.testing.assert_array_equal(jax.random.key_data(run)[1], expected[1])


def test_together_and_in_turn_are_the_same():
    def step(spec, state, batch, key):
        noise = jax.random.normal(jax.random.fold_in(key, state.step), (2,))
        w = state.params["a"]["w"] + batch.mean() + noise + state.step
        return state.replace(step=state.step + 1, params={"a": {"w": w}}), {"a/loss": w.sum()}

    spec, results = Spec(nets={}, tx={}, hparams=None), []
    for together in (True, False):
        run = seeds.compile_step(step, spec, lambda _, raw, key: raw, together=together)
        raws = tuple(jnp.arange(6.0).reshape(2, 3) * seed for seed in range(3))
        # JAX's checker takes the keys of a batch for one.
        with jax.debug_key_reuse(False):
            results.append(run(states_of(jnp.zeros((3, 2))), {}, raws, seeds.keys(range(3))[1]))
    assert int(results[1][0].step) == 9
    for one, other in zip(*map(jax.tree.leaves, results), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)
