"""Studies from Python, on points, with stand-ins for evaluation."""

import json
import os
import re
import signal
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgen import experiment, studies
from jaxgen.config import load as config_load
from jaxgen.core import UserError, key_for
from jaxgen.objectives import gan
from jaxgen.studies import plan
from jaxgen.train.checkpoint import Checkpoints
from jaxgen.train.program import Program

pytestmark = pytest.mark.usefixtures("quick_compilation")

STUDY = "configs/studies/gan_objectives.py:ring,gan,smoke"
KEY = jax.random.key(0)
SETS = ("digits", "ring", "grid", "stacked", "mnist", "fashion_mnist", "cifar10")


@pytest.mark.parametrize(("data", "reach"), [("digits", 3), ("mnist", 9)])
def test_figure_2_of_pixelgan_compares_decoders_of_one_reach(data, reach, repository):
    """On a size of the study's own as well: objectives and networks follow."""
    name = f"configs/studies/pixelgan_figure2.py:{data}".replace(":digits", ":")
    for size in (0, 12):
        parts = {
            part.name: part.experiment
            for part in plan.plan(load(repository, name, **{"data.image_size": size}))
        }
        assert list(parts) == ["pixelgan_ae", "pixelcnn", "aae"]
        for part in ("pixelgan_ae", "pixelcnn"):
            net = parts[part].spec.nets["decoder"]
            assert net.first_kernel_size // 2 + (net.depth - 1) * (net.kernel_size // 2) == reach
            assert not size or parts[part].spec.hparams.image_size == size
        assert parts["pixelcnn"].spec.hparams.binarise == "threshold"


@pytest.mark.parametrize("data", ["digits", "fashion"])
def test_encoders_are_compared_by_networks_as_equal_as_can_be(data, repository):
    """Same encoders, but for a Gaussian's second outputs, decoders of equal width, equal codes.

    Gray images stay gray from a file that does not say so before it is read.
    """
    path = "configs/studies/encoders.py"
    assert f"--config={path}" in (repository / path).read_text()
    name = {} if data == "digits" else {"data.name": "/data/fashion.npz"}
    config = load(repository, f"{path}:{data}", **name)
    parts = {part.name: part.experiment for part in plan.plan(config)}
    pixels = 64 if data == "digits" else 784
    for name, part in parts.items():
        made = jax.eval_shape(part.create_state, jax.random.key(0)).params
        sizes = {n: sum(x.size for x in jax.tree.leaves(tree)) for n, tree in made.items()}
        outputs = 20 if name in ("ali", "vae", "vaegan") else 10
        encoder = 256 * (pixels + 256) + 4 * 256 + 256 * outputs + outputs
        assert sizes["encoder"] == encoder, name
        # Two layers, normalised, or with biases where the outputs are logits.
        decoder = 256 * (10 + 256) + 256 * pixels + pixels
        if name in ("aae", "vae"):
            assert sizes["decoder"] == decoder + 2 * 256
        elif name != "pixelgan":
            assert sizes["generator"] == decoder + 4 * 256, name
        draw = jax.eval_shape(lambda s=part.spec, o=part.objective: o.draw_code(s, KEY, 3))
        assert draw.shape == (3, 10), name
    steps = {(part.config.num_steps, part.config.data.batch_size) for part in parts.values()}
    assert len(steps) == 1
    assert {part.config.evaluation.num_images for part in parts.values()} == {2000}


@pytest.fixture(autouse=True)
def no_key_checks():
    """JAX's checker takes the parts of a batched split for one key."""
    with jax.debug_key_reuse(False):
        yield


def load(repository, name=STUDY, **overrides):
    return config_load.load(str(repository / name), overrides)


def evaluate(context):
    return {"frechet": float(context.state.step), "n_real": 10, "n_fake": 20, "modes": 8}


def draw(experiment, state, key, num):
    return np.zeros((num, 1, 1, 2), np.float32)


def run(config, workdir, **changes):
    return studies.run.run(config, workdir, **{"evaluate": evaluate, "draw": draw, **changes})


def program_of(made):
    return Program(made.create_state, made.abilities.train_step, made.spec, (0, 1))


def state_of(states, index):
    return Program(None, None, None, (0, 1)).state_of(states, index)


def stored(workdir, config):
    """The newest states of the first experiment."""
    (part, *_) = plan.plan(config)
    checkpoints = Checkpoints(workdir / part.name / "seeds_0_1" / "checkpoints")
    found = checkpoints.restore(program_of(part.experiment).target())
    checkpoints.close()
    return found[1]


def lines_of(folder):
    return [json.loads(text) for text in (folder / "metrics.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    repository = Path(__file__).parents[2]
    workdir = tmp_path_factory.mktemp("study")
    config = load(repository)
    with jax.debug_key_reuse(False):
        assert run(config, workdir)
    return workdir, config


def test_a_seed_of_a_study_is_the_run_of_that_seed(finished, repository, tmp_path):
    workdir, config = finished
    states = stored(workdir, config)
    path = str(repository / "configs" / "gans_ring.py:gan,smoke")
    alone = experiment.run(experiment.load_config(path, seed=1), tmp_path)
    assert int(states.step) == int(alone.step) == 4
    for kind in ("params", "model_state"):
        pairs = zip(
            jax.tree.leaves(getattr(state_of(states, 1), kind)),
            jax.tree.leaves(getattr(alone, kind)),
            strict=True,
        )
        for mine, single in pairs:
            error = np.linalg.norm(np.asarray(mine) - np.asarray(single))
            assert error <= 1e-4 * np.linalg.norm(single)
    folders = (workdir / "gan" / "seeds_0_1", tmp_path)
    for ours, single in zip(*map(lines_of, folders), strict=True):
        for name, value in single.items():
            if name != "step" and not name.startswith("time/"):
                assert ours[f"{name}/seed_1"] == pytest.approx(value, rel=1e-3, abs=1e-5)


def test_what_a_study_leaves(finished):
    workdir, _ = finished
    folder = workdir / "gan" / "seeds_0_1"
    entries = json.loads((folder / "evaluations.json").read_text())
    assert [(e["step"], e["seed"]) for e in entries] == [(2, 0), (2, 1), (4, 0), (4, 1)]
    assert {p.name for p in (folder / "images").iterdir()} == {
        f"seed_{seed}_{step:06d}.png" for seed in (0, 1) for step in (2, 4)
    }
    status = json.loads((folder / "status.json").read_text())
    assert (status["step"], status["num_steps"], status["diverged"]) == (4, 4, {})
    assert status["seconds"] > 0
    assert "gan on ring" in (workdir / "study.md").read_text()
    assert (workdir / "study.html").exists()


def test_a_finished_study_repeats_nothing(finished):
    workdir, config = finished
    before = {p: p.read_bytes() for p in workdir.glob("gan/**/*") if p.is_file()}

    def never(*_, **__):
        raise AssertionError

    assert run(config, workdir, evaluate=never)
    assert {p: p.read_bytes() for p in workdir.glob("gan/**/*") if p.is_file()} == before


def test_stopped_and_continued_is_the_same(finished, tmp_path):
    """Told to stop at the first evaluation, then killed in the middle of the last one."""
    workdir, config = finished

    def stopping(*args, **options):
        os.kill(os.getpid(), signal.SIGTERM)
        return evaluate(*args, **options)

    calls = []

    def dying(*args, **options):
        calls.append(args)
        if len(calls) == 2:
            raise RuntimeError("killed")
        return evaluate(*args, **options)

    assert not run(config, tmp_path, evaluate=stopping)
    with pytest.raises(RuntimeError, match="killed"):
        run(config, tmp_path, evaluate=dying)
    assert run(config, tmp_path)
    for name in ("evaluations.json", "metrics.jsonl"):
        texts = [(w / "gan" / "seeds_0_1" / name).read_text() for w in (tmp_path, workdir)]
        texts = [re.sub(r', "time/[^}]*', "", text) for text in texts]
        assert texts[0] == texts[1]
    for a, b in zip(*(jax.tree.leaves(stored(w, config)) for w in (tmp_path, workdir))):
        assert np.asarray(a).tobytes() == np.asarray(b).tobytes()


def test_a_seed_that_diverges_leaves_the_other_alone(finished, tmp_path, monkeypatch):
    workdir, config = finished
    right = gan.train_step
    run_key = key_for(jax.random.key(1), "run")
    bad_key = jax.random.key_data(key_for(run_key, "step"))

    def poisoned(spec, state, batch, key):
        is_bad = jnp.all(jax.random.key_data(key) == bad_key) & (state.step == 1)
        state, metrics = right(spec, state, batch, key)
        factor = jnp.where(is_bad, jnp.nan, 1.0)
        return state.replace(params=jax.tree.map(lambda x: x * factor, state.params)), metrics

    monkeypatch.setattr(gan, "train_step", poisoned)
    assert run(config, tmp_path)
    folder = tmp_path / "gan" / "seeds_0_1"
    entries = json.loads((folder / "evaluations.json").read_text())
    assert [e.get("diverged") for e in entries] == [None, 2, None, 2]
    assert json.loads((folder / "status.json").read_text())["diverged"] == {"1": 2}
    states, healthy = (state_of(stored(w, config), 0) for w in (tmp_path, workdir))
    for a, b in zip(jax.tree.leaves(states.params), jax.tree.leaves(healthy.params)):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)
    text = (tmp_path / "study.md").read_text()
    assert "| gan | 1 | diverged at step 2 |" in text
    assert "1 of 2" in text


def test_another_study_is_refused(finished, repository):
    workdir, _ = finished
    with pytest.raises(UserError, match=r"was made with another study \(evaluations: 2 there, 3"):
        run(load(repository, evaluations=3), workdir)
    with pytest.raises(UserError, match=r"num_steps: 0 there, 8 here"):
        run(load(repository, num_steps=8), workdir)


def test_groups_of_seeds(tmp_path):
    """What is there stays together, so that seeds can be added and fewer trained at once."""
    assert plan.seed_groups(tmp_path, 5, 2) == [(0, 1), (2, 3), (4,)]
    assert plan.seed_groups(tmp_path, 3, 0) == [(0, 1, 2)]
    (tmp_path / "seeds_1_2" / "checkpoints" / "4").mkdir(parents=True)
    (tmp_path / "seeds_3_4").mkdir()  # nothing was saved
    assert plan.seed_groups(tmp_path, 6, 2) == [(1, 2), (0, 3), (4, 5)]


def test_too_many_seeds_for_the_device(repository, tmp_path):
    def out_of_memory(*_, **__):
        raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory")

    config = load(repository, num_steps=1)
    with pytest.raises(UserError, match=r"2 seeds side by side .* config.seeds_at_once=1"):
        run(config, tmp_path, draw=out_of_memory)


@pytest.mark.parametrize("data", SETS)
def test_every_data_set_has_a_study(repository, data):
    """Complete at full size; nothing but what the objective dictates differs."""
    path = "configs/studies/gan_objectives.py"
    config = load(repository, f"{path}:{data}")
    assert f"--config={path}" in (repository / path).read_text()
    assert len(config.experiments) == 6
    (part, *_) = plan.plan(load(repository, f"{path}:{data},wgan_gp"))
    assert part.experiment.config.objective == "wgan_gp"
    small = plan.plan(load(repository, f"{path}:{data},ebgan,smoke"))
    assert small[0].experiment.config.num_steps <= 10
    assert f"--config=configs/{path}" not in part.command(2)
    assert "--config.seed=2" in part.command(2)


def test_the_data_of_a_study_is_that_of_all(repository):
    sizes = {"data.image_size": 32, "data.channels": 3}
    name = "configs/studies/gan_objectives.py:cgan,ebgan"
    parts = plan.plan(load(repository, name, **sizes, **{"data.name": "photos"}))
    for part in parts:
        assert part.experiment.example_batch["image"].shape[1:] == (32, 32, 3)
        assert part.experiment.config.networks.generator.image_size == 32
        assert "--config.data.image_size=32" in part.command(0)
    # Two photographs.
    assert parts[0].experiment.spec.hparams.num_classes == 2
    assert parts[0].experiment.config.networks.discriminator.num_classes == 2
    assert parts[1].experiment.config.networks.generator.num_classes == 0


def test_every_part_is_checked_before_any_is_trained(repository, tmp_path):
    np.savez(tmp_path / "a.npz", image=np.zeros((60, 16, 16), np.uint8))
    name = "configs/studies/gan_objectives.py:smoke,lsgan,cgan"
    own = {"data.name": str(tmp_path / "a.npz"), "data.cache_dir": str(tmp_path / "cache")}
    with pytest.raises(UserError, match="has no labels, and this objective needs them"):
        run(load(repository, name, **own), tmp_path / "study")
    assert not (tmp_path / "study").exists()


def test_windows_and_colors_of_a_study_are_those_of_all(repository, tmp_path):
    """They are loaded once, as the first experiment says."""
    keys = {"data.name": "photos", "data.image_size": 32, "data.channels": 3}
    shared = {"data.load_size": 36, "data.least_chroma": 2.0}
    parts = plan.plan(load(repository, "configs/studies/gan_objectives.py:gan", **keys, **shared))
    assert parts[0].experiment.config.data.load_size == 36
    assert parts[0].experiment.config.data.least_chroma == 2.0
    own = (repository / "configs" / "gans_digits.py").read_text()
    for name, value in (("load_size", 20), ("least_chroma", 2.0)):
        path = tmp_path / f"{name}.py"
        path.write_text(own.replace("image_size=16", f"image_size=16, channels=3, {name}={value}"))
        color = {"data.channels": 3, "experiments": ("configs/gans_digits.py:gan", f"{path}:ebgan")}
        with pytest.raises(UserError, match=r"A study compares on one data set, .* of (20|chroma)"):
            plan.plan(load(repository, **color))


@pytest.mark.parametrize(
    ("overrides", "text"),
    [
        ({"seeds": 0}, "config.seeds=0 must be at least 1"),
        ({"evaluations": 0}, "config.evaluations=0 must be at least 1"),
        ({"experiments": ()}, "config.experiments is empty"),
        ({"experiments": (1,)}, "config.experiments has 1: it must be paths of configs"),
        ({"experiments": ("configs/gans_ring.py:gan",) * 2}, 'are called "gan"'),
        (
            {"experiments": ("configs/gans_ring.py:gan", "configs/gans_grid.py:wgan")},
            "A study compares on one data set",
        ),
        (
            {
                "experiments": ("configs/encoders_digits.py:age", "configs/encoders_digits.py:aae"),
            },
            "num_images is 2000 of age and 1000 of aae; set it for all",
        ),
        (  # one would be trained on what the other calls validation images
            {"experiments": ("configs/age_digits.py", "configs/gans_digits.py:smoke")},
            "without 299 validation images drawn by seed 0",
        ),
    ],
)
def test_mistakes(repository, overrides, text):
    with pytest.raises(UserError, match=text):
        plan.plan(load(repository, **overrides))


def test_arguments_are_checked(repository):
    for argument in ("rings", "ring,grid"):
        with pytest.raises(UserError, match=r"is not an argument|are two values of data"):
            load(repository, f"configs/studies/gan_objectives.py:{argument}")


def test_an_experiment_is_no_study(repository):
    with pytest.raises(UserError, match=r"one experiment .*; train it with python -m jaxgen.main"):
        plan.plan(load(repository, "configs/gans_ring.py:smoke"))
    with pytest.raises(UserError, match=r"that of a study .*; run it with python -m jaxgen.study"):
        experiment.build(load(repository))
