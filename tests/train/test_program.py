import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgen.core import Spec, TrainState, key_for
from jaxgen.train import program
from jaxgen.train.program import Program, compile_seeds

pytestmark = pytest.mark.core


def states_of(params):
    return TrainState(
        step=jnp.int32(7), params={"a": {"w": params}}, model_state={}, opt_state={}, ema={}
    )


def stacked(seeds, create_state=None, step=None):
    return Program(create_state, step, Spec(nets={}, tx={}, hparams=None), tuple(seeds))


def test_the_state_of_one_seed_and_whether_it_is_finite():
    states = states_of(jnp.array([[1.0, 2.0], [3.0, jnp.nan]]))
    two = stacked((0, 1))
    assert {name: fine.tolist() for name, fine in two.finite(states).items()} == {
        "a": [True, False]
    }
    one = two.state_of(states, 0)
    np.testing.assert_array_equal(one.params["a"]["w"], [1.0, 2.0])
    assert int(one.step) == 7


def test_the_step_is_shared_so_that_its_decisions_are_not_taken_for_each_seed():
    """`lax.cond` on the step stays a branch; on a batched step it would be a select of both."""

    def step(spec, state, batch, key):
        w = state.params["w"]
        moved = jax.lax.cond(state.step % 2 == 0, lambda x: x + batch, lambda x: x, w)
        return state.replace(step=state.step + 1, params={"w": moved}), {"a/x": moved.sum()}

    state = TrainState(jnp.int32(0), {"w": jnp.zeros((2, 3))}, {}, {}, {})
    run = compile_seeds(step, Spec(nets={}, tx={}, hparams=None), lambda _, raw, key: raw)
    raws = (jnp.ones(4), 2 * jnp.ones(4))
    with jax.debug_key_reuse(False):
        text = run.lower(state, {}, raws, stacked((0, 1)).key("run")).as_text()
        state, metrics = run(state, {}, raws, stacked((0, 1)).key("run"))
    assert "stablehlo.case" in text
    assert int(state.step) == 4
    np.testing.assert_array_equal(state.params["w"], [[2.0] * 3, [4.0] * 3])
    np.testing.assert_array_equal(metrics["a/x"][:, 1], [6.0, 6.0, 12.0, 12.0])


def test_keys_are_those_of_single_runs():
    mesh = program.make_mesh()
    for purpose in ("init", "run"):
        both = stacked((3, 5)).key(purpose)
        alone = Program(None, None, None, (5,), mesh).key(purpose)
        expected = jax.random.key_data(key_for(jax.random.key(5), purpose))
        np.testing.assert_array_equal(jax.random.key_data(both)[1], expected)
        np.testing.assert_array_equal(jax.random.key_data(alone), expected)
    with pytest.raises(ValueError, match="A mesh trains one seed, not 2"):
        Program(None, None, None, (3, 5), mesh)


def test_a_program_starts_as_its_target_says():
    def create_state(key):
        return TrainState(jnp.int32(0), {"a": {"w": jax.random.normal(key, (3,))}}, {}, {}, {})

    mesh = program.make_mesh()
    for made in (
        Program(create_state, None, None, (5,), mesh),
        stacked((3, 5), create_state),
    ):
        with jax.debug_key_reuse(False):
            state, target = made.initialise(), made.target()
        assert jax.tree.map(jnp.shape, state) == jax.tree.map(lambda x: x.shape, target)
        found = made.state_of(state, len(made.seeds) - 1).params["a"]["w"]
        expected = jax.random.normal(key_for(jax.random.key(5), "init"), (3,))
        np.testing.assert_allclose(found, expected, rtol=1e-6)
        assert made.finite(state)["a"].tolist() == [True] * len(made.seeds)
    assert len(jax.tree.leaves(target)[1].shape) == 2


def test_together_and_in_turn_are_the_same():
    def step(spec, state, batch, key):
        noise = jax.random.normal(jax.random.fold_in(key, state.step), (2,))
        w = state.params["a"]["w"] + batch.mean() + noise + state.step
        return state.replace(step=state.step + 1, params={"a": {"w": w}}), {"a/loss": w.sum()}

    spec, results = Spec(nets={}, tx={}, hparams=None), []
    for together in (True, False):
        run = compile_seeds(step, spec, lambda _, raw, key: raw, together=together)
        raws = tuple(jnp.arange(6.0).reshape(2, 3) * seed for seed in range(3))
        # JAX's checker takes the keys of a batch for one.
        with jax.debug_key_reuse(False):
            results.append(
                run(states_of(jnp.zeros((3, 2))), {}, raws, stacked(range(3)).key("run"))
            )
    assert int(results[1][0].step) == 9
    for one, other in zip(*map(jax.tree.leaves, results), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)
