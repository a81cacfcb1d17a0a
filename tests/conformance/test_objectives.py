"""What every objective owes: found through the configs, so a new paper is tested by existing."""

import contextlib
import functools
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import PartitionSpec

from jaxgen import experiment
from jaxgen.config import load
from jaxgen.core import Layout, UserError, eval_params, key_for
from jaxgen.train import program
from jaxgen.train.checkpoint import Checkpoints

pytestmark = pytest.mark.usefixtures("quick_compilation")

ROOT = Path(__file__).parents[2]
CONFIGS = [name for name in load.known_configs((ROOT,)) if "studies" not in name]
STEPS, BATCH = 3, 16
# A block of AEGAN's twelve updates takes minutes to compile six times; `test_turns` has it. Noise
# on images is made as that on codes is.
CHEAPER = {
    "aegan": {
        "hparams.blocks": False,
        "networks.encoder.noise": False,
        "networks.image_discriminator.noise": False,
    }
}
# An instance norm divides by the deviation of four pixels, which may be anything: a rounding of a
# parameter can change a gradient by a tenth, which Adam must not make more of.
STEEP = {"cyclegan": 1.0}


def variants(path):
    """A config, and what it is with each of its arguments."""
    for word in ["", *load.arguments(str(ROOT / path))[:-1]]:
        variant = f"{path}:{word},smoke"
        # Some arguments need others.
        with contextlib.suppress(UserError):
            yield variant, experiment.load_config(str(ROOT / variant))


def smallest_config_of_each_objective():
    """What is tested here does not depend on the images' size; points have no convolutions.

    Of equal sizes one that learns from labels as well; none of one comparison's plain networks.
    """
    found = {}
    own = [path for path in CONFIGS if path != "configs/encoders_digits.py"]
    for name, config in (variant for path in own for variant in variants(path)):
        order = (config.data.image_size, not config.data.labelled)
        if order[0] > 1 and order < found.get(config.objective, ((np.inf,), ""))[0]:
            found[config.objective] = (order, name)
    return {objective: path for objective, (_, path) in found.items()}


OBJECTIVES = smallest_config_of_each_objective()


def test_every_objective_is_tested_here():
    files = (ROOT / "jaxgen" / "objectives").glob("[!_]*.py")
    assert OBJECTIVES.keys() == {file.stem for file in files}


@pytest.fixture(scope="module", params=sorted(OBJECTIVES))
def made(request):
    """(experiment, initial state, batches of arrays [steps, b, ...]) of one objective.

    One network has a moving average, so that whatever holds of states holds of averages.
    """
    config = experiment.load_config(
        str(ROOT / OBJECTIVES[request.param]),
        **{"data.batch_size": BATCH, **CHEAPER.get(request.param, {})},
    )
    calm(config.optim, STEEP.get(request.param, 1e-3))
    config.ema[list(config.networks)[-1]] = 0.5
    exp = experiment.build(config)
    state = jax.jit(exp.create_state)(jax.random.key(0))
    batches = {name: fake_data(like) for name, like in exp.example_batch.items()}
    if "index" in batches:  # every image once a step
        batches["index"] = np.tile(np.arange(BATCH, dtype=np.int32)[::-1], (STEPS, 1))
    return exp, state, batches


def calm(section, eps):
    """Large epsilons: a gradient that is nothing but rounding (of a bias before a normalisation)
    would otherwise move its parameter by a whole step of Adam in a random direction. And one rate
    for all, as differences by rounding are in proportion to it."""
    for name, value in section.items():
        if name == "eps":
            section.update(eps=eps, learning_rate=2e-4)
        elif hasattr(value, "items"):
            calm(value, eps)


def fake_data(like):
    """[steps, b, ...]: images in [-1,1], or labels."""
    shape = (STEPS, *like.shape)
    if like.dtype == jnp.int32:
        return np.arange(np.prod(shape), dtype=np.int32).reshape(shape) % 10
    return np.asarray(jax.random.uniform(jax.random.key(1), shape, minval=-1.0))


def of_step(batches, step):
    return jax.tree.map(lambda x: x[step], batches)


def copied(state):
    return jax.tree.map(jnp.copy, state)


@pytest.fixture(scope="module")
def step(made):
    """The compiled step of one device."""
    return jax.jit(functools.partial(made[0].objective.train_step, made[0].spec))


def sharded(exp, state, batches, key):
    """As a run does it; traced once, and each state takes the memory of the last."""
    traces = []

    def counted(spec, *args):
        traces.append(None)
        return exp.objective.train_step(spec, *args)

    mesh = program.make_mesh()
    assert mesh.size == 8
    # What is here to load is loaded.
    run = program.compile_step(counted, exp.spec, mesh, load=lambda source, raw, key: raw)
    state = jax.device_put(copied(state), program.replicated(mesh))
    for number in range(STEPS):
        old = jax.tree.leaves(state.params)
        one = jax.tree.map(lambda x, number=number: x[number : number + 1], batches)
        state, metrics = run(state, {}, one, jax.random.clone(key))
        assert all(leaf.is_deleted() for leaf in old)
    assert len(traces) == 1
    return state, jax.tree.map(lambda x: x[-1], metrics)


def along_axis(wrap):
    """A regime that splits the batch along a named axis."""

    def train(exp, state, batches, key):
        step = wrap(functools.partial(exp.objective.train_step, exp.spec.on(Layout("data"))))
        for number in range(STEPS):
            state, metrics = step(state, of_step(batches, number), key)
        return state, metrics

    return train


def by_shard_map(step):
    return jax.jit(
        jax.shard_map(
            step,
            mesh=program.make_mesh(),
            in_specs=(PartitionSpec(), PartitionSpec("data"), PartitionSpec()),
            out_specs=PartitionSpec(),
        )
    )


def in_shards(batch):
    return jax.tree.map(lambda x: x.reshape(8, -1, *x.shape[1:]), batch)


def by_pmap(step):
    mapped = jax.pmap(step, axis_name="data", in_axes=(None, 0, None), out_axes=(None, None))
    return lambda state, batch, key: mapped(state, in_shards(batch), key)


def by_vmap(step):
    def on_shards(state, batch, key):
        mapped = jax.vmap(lambda batch: step(state, batch, key), axis_name="data", axis_size=8)
        return jax.tree.map(lambda x: x[0], mapped(in_shards(batch)))

    return jax.jit(on_shards)


def run_key():
    """What a compiled run gives a step of the key 7."""
    return key_for(jax.random.key(7), "step")


@pytest.fixture(scope="module")
def trajectory(made, step):
    """(state, metrics) after each step on one device."""
    _, state, batches = made
    key = run_key()
    passed = []
    for number in range(STEPS):
        state, metrics = step(state, of_step(batches, number), key)
        passed.append((state, metrics))
    return passed


def close(found, expected):
    """Largest difference of any parameter or statistic, relative to the largest of its network."""
    state, metrics = found
    reference, reference_metrics = expected
    for kind in ("params", "model_state", "ema", "memory"):
        for name, tree in getattr(reference, kind).items():
            leaves = jax.tree.leaves(tree)
            if not leaves:
                continue
            scale = max(float(jnp.max(jnp.abs(leaf))) for leaf in leaves)
            others = jax.tree.leaves(getattr(state, kind)[name])
            worst = max(
                float(np.max(np.abs(np.asarray(a) - np.asarray(b)))) for a, b in zip(leaves, others)
            )
            assert worst <= 1e-5 * scale, f"{kind} of {name}: {worst / scale:.2e} relative"
    for name, value in reference_metrics.items():
        np.testing.assert_allclose(metrics[name], value, rtol=1e-4, atol=1e-6, err_msg=name)


@pytest.mark.parametrize(
    "regime",
    [pytest.param(sharded, marks=pytest.mark.core), along_axis(by_shard_map)],
    ids=["sharded", "shard_map"],
)
def test_regimes_agree_with_one_device(made, trajectory, regime):
    exp, state, batches = made
    key = jax.random.key(7) if regime is sharded else run_key()
    close(regime(exp, state, batches, key), trajectory[-1])


# Of one with moments and noise of its batch and one with several batches a step: to an objective
# they are what `shard_map` is, which alone checks what varies along the axis.
@pytest.mark.parametrize("wrap", [by_pmap, by_vmap])
@pytest.mark.parametrize("made", ["age", "wgan_gp"], indirect=True)
def test_other_ways_to_split_a_batch_agree_with_one_device(made, trajectory, wrap):
    close(along_axis(wrap)(*made, run_key()), trajectory[-1])


def test_resumes_exactly(made, step, trajectory, tmp_path):
    """Through a checkpoint after the first step, bit for bit."""
    exp, _, batches = made
    state, _ = trajectory[0]
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(1, state, {})
    like = jax.eval_shape(lambda: exp.create_state(jax.random.key(0)))
    _, state, _ = checkpoints.restore(like)
    checkpoints.close()
    for number in range(1, STEPS):
        state, _ = step(state, of_step(batches, number), run_key())
    for a, b in zip(*map(jax.tree.leaves, (state, trajectory[-1][0])), strict=True):
        assert np.asarray(a).tobytes() == np.asarray(b).tobytes()


@pytest.fixture
def usual_compilation():
    """In haste, the body of a loop rounds otherwise than the same step alone."""
    jax.config.update("jax_disable_most_optimizations", False)
    yield
    jax.config.update("jax_disable_most_optimizations", True)


# Of one objective: this is a property of `compile_step`.
@pytest.mark.parametrize("made", ["age"], indirect=True)
def test_steps_of_one_dispatch_equal_steps_one_by_one(made, usual_compilation):
    exp, state, batches = made
    run = program.compile_step(
        exp.objective.train_step, exp.spec, program.make_mesh(jax.devices()[:1])
    )
    key = jax.random.key(7)
    together, _ = run(copied(state), {}, batches, jax.random.clone(key))
    single = copied(state)
    for number in range(STEPS):
        one = jax.tree.map(lambda x, number=number: x[number : number + 1], batches)
        single, _ = run(single, {}, one, jax.random.clone(key))
    for a, b in zip(jax.tree.leaves(together), jax.tree.leaves(single)):
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b))


@pytest.mark.core
def test_state_holds_arrays_keyed_by_network(made, trajectory):
    exp, state, _ = made
    for kind in ("params", "model_state", "opt_state"):
        assert set(getattr(state, kind)) == set(exp.objective.NETWORKS)
    assert all(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(state))
    after, metrics = trajectory[-1]
    assert int(after.step) == STEPS
    assert jax.tree.structure(after) == jax.tree.structure(state)
    for name, value in metrics.items():
        assert value.shape == (), name
        assert np.isfinite(value), name
        assert name.split("/")[0] in exp.objective.NETWORKS, name
        assert_explained(exp, name)
    for network in exp.objective.NETWORKS:
        leaves = (jax.tree.leaves(s.params[network]) for s in (state, after))
        same = [np.array_equal(before, moved) for before, moved in zip(*leaves, strict=True)]
        assert not all(same), f"{network} did not move"


DIRECTIONS = ("lower is", "higher is", "toward", "right", "at equal strength", "says", "healthy")


def assert_explained(exp, name):
    title, good = exp.abilities.titles[name]
    assert title[0].isupper(), name
    assert any(word in good for word in DIRECTIONS), (name, good)


@pytest.mark.core
def test_metrics_of_held_out_images_are_explained(made):
    exp, state, batches = made
    if exp.abilities.evaluate is not None:
        evaluate = functools.partial(exp.abilities.evaluate, exp.spec)
        batch = of_step(batches, 0)
        for name in jax.eval_shape(evaluate, state, batch, jax.random.key(0)):
            assert_explained(exp, f"objective/{name}")


# Of one with moments of its batch, one with phases, one that remembers and one that pauses players:
# how a step is made one of several is JAX's.
@pytest.mark.parametrize("made", ["age", "pixelgan_ae", "cyclegan", "vaegan"], indirect=True)
def test_seeds_in_parallel_equal_seeds_one_by_one(made, step):
    exp, _, batches = made
    seeds = jax.random.split(jax.random.key(3), 2)
    batch = of_step(batches, 0)
    states = jax.jit(jax.vmap(exp.create_state))(seeds)
    keys = jax.vmap(lambda key: jax.random.fold_in(key, 1))(jax.random.clone(seeds))
    # JAX's checker takes the parts of a batched split for one key.
    with jax.debug_key_reuse(False):
        together, _ = jax.jit(jax.vmap(step, in_axes=(0, None, 0)))(states, batch, keys)
    alone, _ = step(jax.tree.map(lambda x: x[1], states), batch, jax.random.clone(keys)[1])
    for a, b in zip(jax.tree.leaves(together.params), jax.tree.leaves(alone.params)):
        # Two optimiser steps amplify rounding where a gradient is nearly zero.
        np.testing.assert_allclose(np.asarray(a)[1], b, rtol=1e-3, atol=2e-5)


def test_moving_average_follows_the_parameters(made, trajectory):
    exp, state, _ = made
    (name,) = exp.spec.ema
    after, _ = trajectory[0]
    for before, moved, average in zip(
        *(jax.tree.leaves(t[name]) for t in (state.params, after.params, after.ema)), strict=True
    ):
        np.testing.assert_allclose(average, (before + moved) / 2, rtol=1e-5, atol=1e-7)
    assert eval_params(after)[name] is after.ema[name]


def test_samples_and_reconstructions(made):
    exp, state, batches = made
    shape = exp.example_batch["image"].shape[1:]
    if exp.abilities.translate is not None:
        translate = jax.jit(functools.partial(exp.abilities.translate, exp.spec))
        for entry in ("image", "other_image"):
            made = translate(state, {entry: batches[entry][0, :3]}, jax.random.key(0))
            assert (made.shape, made.dtype) == ((3, *shape), jnp.float32)
        return
    if exp.abilities.only_classifies:
        assign = jax.jit(functools.partial(exp.abilities.assignments, exp.spec))
        assert assign(state, batches["image"][0, :3]).shape == (3, exp.abilities.num_classes)
        return
    if exp.abilities.sample is None:
        colorize = jax.jit(functools.partial(exp.abilities.colorize, exp.spec))
        chroma = colorize(state, batches["lightness"][0, :3], jax.random.key(0))
        assert chroma.shape == (3, *shape[:2], 2)
        assert chroma.dtype == jnp.float32
        assert float(jnp.max(jnp.abs(chroma))) <= 1.0
        return
    sample = jax.jit(lambda s, k: exp.objective.sample(exp.spec, s, k, 3))(state, jax.random.key(0))
    assert sample.shape == (3, *shape)
    assert sample.dtype == jnp.float32
    assert float(jnp.max(jnp.abs(sample))) <= 1.0
    if exp.abilities.reconstruct:
        image = exp.abilities.reconstruct(
            exp.spec, state, {k: x[0, :4] for k, x in batches.items()}, jax.random.key(0)
        )
        assert image.shape == (4, *shape)


def test_objectives_need_neither_models_nor_data_nor_tensorflow():
    """Somebody else's code imports an objective without the rest of the library."""
    code = (
        "import sys, importlib; sys.modules['tensorflow'] = None\n"
        "foreign = ('jaxgen.models', 'jaxgen.data', 'jaxgen.train', 'jaxgen.evaluate', 'orbax', "
        "'tensorflow_datasets', 'ml_collections')\n"
        f"for name in {sorted(OBJECTIVES)}:\n"
        "    importlib.import_module(f'jaxgen.objectives.{name}')\n"
        "    bad = [module for module in sys.modules if module.startswith(foreign)]\n"
        "    assert not bad, (name, bad)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


@pytest.mark.core
@pytest.mark.parametrize("path", CONFIGS)
def test_config_is_complete_and_builds_at_full_size(path):
    config = experiment.load_config(str(ROOT / path))
    exp = experiment.build(config)
    assert exp.example_batch["image"].shape[0] % config.data.batch_size == 0
    docstring = (ROOT / path).read_text()
    assert f"--config={path}" in docstring, "the docstring must give the exact command"


@pytest.mark.parametrize("path", CONFIGS)
def test_config_shrinks_to_a_smoke_run(path):
    config = experiment.load_config(str(ROOT / path) + ":smoke")
    assert config.data.name in ("digits", "photos", "ring", "grid", "stacked:digits")
    assert config.num_steps <= 10
    experiment.build(config)


@pytest.mark.parametrize("path", CONFIGS)
def test_config_refuses_unknown_arguments(path):
    with pytest.raises(UserError, match="is not an argument of this config"):
        experiment.load_config(str(ROOT / path) + ":smok")
