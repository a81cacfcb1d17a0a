"""The first state: each network's own, whatever others there are; averages; evaluation."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxgen.core import Spec, TrainState, create, eval_params, evaluating

pytestmark = pytest.mark.core


class Layer(nn.Module):
    """A random matrix, and a count of training passes."""

    features: int = 3

    @nn.compact
    def __call__(self, x, *, train):
        calls = self.variable("batch_stats", "calls", jnp.zeros, ())
        if train:
            calls.value = calls.value + 1
        return x @ self.param("kernel", nn.initializers.normal(), (x.shape[-1], self.features))


class Plain(nn.Module):
    """Neither parameters nor state."""

    @nn.compact
    def __call__(self, x, *, train):
        return 2 * x


def made(names, seed=0, ema=(), modules=None):
    modules = modules or {name: Layer() for name in names}
    tx = {name: optax.adam(0.1) for name in names}
    spec = Spec(nets=modules, tx=tx, hparams=None, ema=dict.fromkeys(ema, 0.9))
    return spec, create(spec, jax.random.key(seed), {name: (jnp.ones((1, 2)),) for name in names})


def same(a, b):
    return jax.tree.all(jax.tree.map(np.array_equal, a, b))


def test_parameters_are_a_function_of_key_and_name_alone():
    _, alone = made(["encoder"])
    for names in (["encoder", "critic"], ["aa", "encoder"], ["critic", "encoder", "zz"]):
        _, state = made(names)
        assert state.params.keys() == set(names)
        assert same(state.params["encoder"], alone.params["encoder"])
    assert not same(state.params["encoder"], state.params["critic"])
    _, other = made(["encoder"], seed=1)
    assert not same(alone.params["encoder"], other.params["encoder"])


def test_every_network_has_what_is_its_own():
    modules = {"encoder": Layer(), "plain": Plain()}
    _, state = made(list(modules), modules=modules)
    assert state.params["encoder"]["kernel"].shape == (2, 3)
    assert state.params["plain"] == {}
    assert set(state.model_state["encoder"]) == {"batch_stats"}
    assert float(state.model_state["encoder"]["batch_stats"]["calls"]) == 0.0
    assert state.model_state["plain"] == {}
    moments = state.opt_state["encoder"][0]
    assert same(moments.mu, jax.tree.map(jnp.zeros_like, state.params["encoder"]))
    assert int(state.step) == 0
    assert state.step.dtype == jnp.int32


def test_a_network_of_another_name_is_a_sentence():
    spec, _ = made(["generator", "discriminator"])
    inputs = {name: (jnp.ones((1, 2)),) for name in ("generator", "critic")}
    message = "^Spec.nets has generator, discriminator, but the networks of this objective are gen"
    with pytest.raises(ValueError, match=message + "erator, critic"):
        create(spec, jax.random.key(0), inputs)


def test_a_first_image_in_255_levels_is_a_sentence():
    spec, _ = made(["encoder"])
    image = jnp.full((1, 2, 2, 3), 200.0)
    with pytest.raises(ValueError, match=r'The image that "encoder" begins with reaches 200; net'):
        create(spec, jax.random.key(0), {"encoder": (image,)})
    create(spec, jax.random.key(0), {"encoder": (image / 127.5 - 1,)})
    # A trace has no values.
    jax.eval_shape(lambda x: create(spec, jax.random.key(0), {"encoder": (x,)}), image)
    # Values that are known while something else is traced are seen.
    for known in (image / 255, jnp.bfloat16(image / 255)):
        jax.jit(lambda key, x=known: create(spec, key, {"encoder": (x,)}))(jax.random.key(0))
    with pytest.raises(ValueError, match="reaches 200"):
        jax.jit(lambda key: create(spec, key, {"encoder": (image,)}))(jax.random.key(0))


def test_there_is_nothing_to_remember():
    _, state = made(["encoder"])
    assert state.memory == {}
    assert jax.tree.leaves(state.memory) == []
    fields = {name: getattr(state, name) for name in ("step", "params", "model_state", "opt_state")}
    # A state of before there was a memory, as an old checkpoint restores it.
    assert jax.tree.structure(TrainState(**fields, ema={})) == jax.tree.structure(state)
    one, other = TrainState(**fields, ema={}), TrainState(**fields, ema={})
    assert one.memory is not other.memory


def test_averages_begin_as_copies():
    _, state = made(["encoder", "critic"], ema=["encoder"])
    assert state.ema.keys() == {"encoder"}
    assert same(state.ema["encoder"], state.params["encoder"])
    pairs = zip(jax.tree.leaves(state.ema["encoder"]), jax.tree.leaves(state.params["encoder"]))
    for average, parameter in pairs:
        assert average.unsafe_buffer_pointer() != parameter.unsafe_buffer_pointer()
    # Buffers that are there twice could not be donated.
    jax.jit(lambda state: state, donate_argnums=0)(state)


def test_averages_are_what_is_evaluated():
    spec, state = made(["encoder", "critic"], ema=["encoder"])
    ema = {"encoder": {"kernel": jnp.full((2, 3), 5.0)}}
    state = state.replace(ema=ema)
    chosen = eval_params(state)
    assert same(chosen, {"encoder": ema["encoder"], "critic": state.params["critic"]})
    nets, x = evaluating(spec, state), jnp.ones((1, 2))
    np.testing.assert_allclose(nets("encoder", x, train=False), [[10.0] * 3])
    expected = state.params["critic"]["kernel"].sum(0)[None]
    np.testing.assert_allclose(nets("critic", x, train=False), expected, rtol=1e-6)
    assert same(nets.model_state, state.model_state)
