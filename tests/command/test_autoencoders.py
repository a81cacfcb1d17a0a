"""Autoencoders with categories through the command: trained, evaluated, drawn by cluster."""

import functools
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from command_line import ran
from PIL import Image

from jaxgen import experiment

pytestmark = pytest.mark.slow
SEMISUPERVISED = "configs/pixelgan_ae_digits_semisupervised.py"


def test_clusters_beside_kmeans(env, tmp_path):
    at = f"--workdir={tmp_path / 'run'}"
    config = "--config=configs/pixelgan_ae_digits_clustering.py:smoke"
    ran(env, tmp_path, config, "--config.data.validation=299", at)
    metrics = json.loads(ran(env, tmp_path, "--mode=evaluate", at, "--with=kmeans").out)
    for group in ("clustering", "kmeans"):
        assert metrics[f"{group}/clusters"] == 20
        assert metrics[f"{group}/n_naming"] == 299
        assert metrics[f"{group}/named_by"] == "validation images"
        assert metrics[f"{group}/n_test"] == 299
    # Four steps make no clusters; k-means finds most digits.
    assert metrics["kmeans/cluster_error"] < 0.2 < metrics["clustering/cluster_error"]
    assert metrics["kmeans/clusters_used"] == 20
    assert metrics["split"] == "test"
    ran(env, tmp_path, "--mode=sample", at, "--labels=3", "--num=4", f"--out={tmp_path}/x.npz")
    assert np.load(tmp_path / "x.npz")["image"].shape == (4, 8, 8, 1)
    before = (tmp_path / "run" / "evaluation.json").read_bytes()
    chosen = json.loads(ran(env, tmp_path, "--mode=evaluate", at, "--split=validation").out)
    # Validation images cannot both name clusters and be counted.
    assert chosen["clustering/named_by"] == "training images"
    assert (chosen["clustering/n_naming"], chosen["clustering/n_test"]) == (1199, 299)
    assert chosen["objective/reconstruction_nats"] != metrics["objective/reconstruction_nats"]
    assert (tmp_path / "run" / "evaluation.json").read_bytes() == before
    assert (tmp_path / "run" / "evaluation_validation.json").exists()
    assert "Evaluation on validation images" in (tmp_path / "run" / "report.html").read_text()
    cold = (f"--out={tmp_path}/{name}.npz" for name in "ab")
    for seed, out in enumerate(cold):
        more = (f"--sample_seed={seed}", "--labels=3", "--num=1", "--temperature=0")
        ran(env, tmp_path, "--mode=sample", at, *more, out)
    one, other = (np.load(tmp_path / f"{name}.npz")["image"] for name in "ab")
    np.testing.assert_array_equal(one, other)


def test_images_are_completed(env, tmp_path):
    at = f"--workdir={tmp_path / 'run'}"
    ran(env, tmp_path, "--config=configs/pixelcnn_digits.py:shallow,class_conditional,smoke", at)
    out = tmp_path / "x.png"
    ran(env, tmp_path, "--mode=complete", at, "--num=3", "--known=left", f"--out={out}")
    picture = np.asarray(Image.open(out).convert("L"))
    # An image, what is kept, and six completions in a row, each pixel 6 x 6.
    tiles = np.stack([picture[:48:6, 50 * i : 50 * i + 48 : 6] for i in range(8)])
    assert set(np.unique(tiles[[0, *range(2, 8)]])) == {0, 255}
    np.testing.assert_array_equal(tiles[1:, :, :4], np.repeat(tiles[:1, :, :4], 7, axis=0))
    assert np.all(tiles[1, :, 4:] == 128)
    assert len(np.unique(tiles[2:].reshape(6, -1), axis=0)) > 1
    failed = ran(env, tmp_path, "--mode=complete", at, "--known=middle", code=1)
    assert '--known: "middle" must be one of top, bottom, left, right' in failed.err


def test_few_labels(env, tmp_path):
    at = f"--workdir={tmp_path / 'run'}"
    ran(env, tmp_path, f"--config={SEMISUPERVISED}:smoke", at)
    labelled = json.loads((tmp_path / "run" / "labelled.json").read_text())
    metrics = json.loads(ran(env, tmp_path, "--mode=evaluate", at).out)
    assert 0 < metrics["labelled/error"] <= 1
    assert (metrics["labelled/labels"], metrics["labelled/n_test"]) == (20, 299)
    assert len(set(labelled["rows"])) == 20
    assert sorted(labelled["labels"]) == sorted([*range(10)] * 2)
    assert labelled["seed"] == 0
    failed = ran(env, tmp_path, "--mode=evaluate", at, "--with=kmeans", code=1)
    assert "--with=kmeans needs a run that finds clusters" in failed.err


def test_what_a_line_tells_of_real_codes(env, tmp_path):
    at = f"--workdir={tmp_path / 'run'}"
    ran(env, tmp_path, "--config=configs/pixelgan_ae_digits_gaussian.py:smoke", at)
    metrics = json.loads(ran(env, tmp_path, "--mode=evaluate", at).out)
    # A 2-D code after four steps: better than a guess, far from all.
    assert 0.1 < metrics["codes/linear_accuracy"] < 0.9
    assert not any(name.startswith(("clustering/", "labelled/")) for name in metrics)
    assert list((tmp_path / "run" / "images").glob("**/*codes*"))
    out = f"--out={tmp_path}/walk.png"
    ran(env, tmp_path, "--mode=interpolate", at, "--num=2", out)
    ran(env, tmp_path, "--mode=arithmetic", at, "--num=4", "--a=1", "--b=2", "--c=3", out)
    assert (tmp_path / "walk_exemplars.png").exists()
    failed = ran(env, tmp_path, "--mode=evaluate", at, "--with=probe", code=1)
    assert "--with=probe needs a discriminator or critic of images alone" in failed.err


def test_a_gaussian_encoder_has_twice_the_outputs_whatever_the_size():
    name = "configs/pixelgan_ae_digits_gaussian.py:gaussian_posterior,smoke"
    config = experiment.load_config(name, **{"hparams.code_size": 3})
    exp = experiment.build(config)
    state = jax.eval_shape(exp.create_state, jax.random.key(0))
    assert exp.spec.nets["encoder"].output_size == 6
    batch = dict(exp.example_batch)
    after, _ = jax.eval_shape(
        functools.partial(exp.objective.train_step, exp.spec), state, batch, jax.random.key(0)
    )
    assert jax.tree.map(jnp.shape, after.params) == jax.tree.map(jnp.shape, state.params)


@pytest.mark.parametrize(
    ("config", "labelled", "message"),
    [
        (
            "configs/pixelgan_ae_digits_clustering.py:smoke",
            20,
            "no optimiser for the phase supervised",
        ),
        ("configs/aae_digits.py:mixture,smoke", 0, "aae needs labelled images with these hparams"),
        ("configs/aae_digits.py:gaussian,smoke", 20, "config.data.labelled=20 has no use"),
    ],
)
def test_labels_where_they_do_not_belong(config, labelled, message, env, tmp_path):
    changed = f"--config.data.labelled={labelled}"
    failed = ran(
        env, tmp_path, f"--config={config}", changed, f"--workdir={tmp_path / 'run'}", code=1
    )
    assert failed.err.splitlines()[-1].startswith("jaxgen: ")
    assert message in failed.err.splitlines()[-1]


@pytest.mark.parametrize("config", [SEMISUPERVISED, "configs/aae_digits.py:semisupervised"])
@pytest.mark.parametrize("only", [False, True])
def test_a_run_with_labels_only_learns_nothing_from_other_images(config, only):
    words = ",".join(["smoke", *["labels_only"] * only])
    config += ("," if ":" in config else ":") + words
    exp = experiment.build(experiment.load_config(config))
    state = jax.jit(exp.create_state)(jax.random.key(0))
    step = jax.jit(functools.partial(exp.objective.train_step, exp.spec))
    batch = {
        name: jax.random.randint(jax.random.key(1), like.shape, 0, 10).astype(like.dtype)
        for name, like in exp.example_batch.items()
    }
    others = batch | {"image": 9 - batch["image"]}
    start = state.params["encoder"]
    encoders = [step(state, x, jax.random.key(2))[0].params["encoder"] for x in (batch, others)]
    same = jax.tree.map(lambda a, b: bool(np.array_equal(a, b)), *encoders)
    moved = jax.tree.map(lambda a, b: not np.array_equal(a, b), encoders[0], start)
    assert all(jax.tree.leaves(same)) == only
    assert any(jax.tree.leaves(moved))
