"""A run of a classifier, which makes no images and remembers each training image by its row."""

import json

import numpy as np
import pytest
from command_line import assert_same_run, latest, ran

RUN = (
    "--config=configs/temporal_ensembling_digits.py:smoke",
    # Several epochs, in batches that do not divide the images.
    *("--config.data.keep_classes=0,1", "--config.data.batch_size=100"),
    *("--config.data.validation=40", "--config.num_steps=8", "--config.log_every=2"),
)


@pytest.fixture(scope="module")
def workdir(env, tmp_path_factory):
    folder = tmp_path_factory.mktemp("classified")
    result = ran(env, folder, *RUN, f"--workdir={folder}/run")
    assert "pictures" not in result.err
    return folder / "run"


def test_a_run_draws_nothing_and_is_evaluated_by_its_errors(workdir, env, tmp_path):
    assert not (workdir / "images").exists()
    assert "classifier/consistency" in (workdir / "metrics.jsonl").read_text()
    assert "Inconsistency" in (workdir / "report.html").read_text()
    for split, count in (("test", None), ("validation", 40)):
        at = (f"--workdir={workdir}", f"--split={split}")
        found = json.loads(ran(env, tmp_path, "--mode=evaluate", *at).out)
        assert 0 <= found["labelled/error"] <= 1
        assert count in (None, found["labelled/n_test"])
        assert "frechet" not in found
    failed = ran(env, tmp_path, "--mode=sample", f"--workdir={workdir}", code=1)
    assert failed.err.strip().splitlines()[-1] == (
        "jaxgen: A run of temporal_ensembling draws no images, it classifies given ones; use "
        "--mode=evaluate."
    )


def test_images_are_remembered_in_the_epochs_after(workdir):
    """Of some 260 images in batches of 100 an epoch is two steps, and the rest waits."""
    lines = [json.loads(line) for line in (workdir / "metrics.jsonl").read_text().splitlines()]
    consistency = [line["classifier/consistency"] for line in lines]
    assert consistency[0] == 0
    assert all(value > 0 for value in consistency[1:])


def test_a_run_that_was_cut_remembers_the_same(workdir, env, tmp_path):
    at = f"--workdir={tmp_path}/run"
    ran(env, tmp_path, *latest(*RUN, "--config.num_steps=4"), at)
    result = ran(env, tmp_path, *RUN, at)
    assert "continuing" in result.err
    assert_same_run(tmp_path / "run", workdir)


def test_more_images_than_are_remembered_are_refused(env, tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (60, 8, 8, 1), np.uint8)
    label = np.arange(60, dtype=np.int32) % 2
    splits = {
        f"{split}_{k}": x
        for split in ("train", "test")
        for k, x in (("image", image), ("label", label))
    }
    np.savez(tmp_path / "mine.npz", **splits)
    keys = (
        *(f"--config.data.name={tmp_path}/mine.npz", "--config.data.image_size=8"),
        *("--config.data.channels=1", "--config.data.labelled=20", f"--workdir={tmp_path}/run"),
    )
    start = "--config=configs/temporal_ensembling_digits.py:smoke"
    failed = ran(env, tmp_path, start, *keys, code=1)
    assert "the name of the data set does not tell their number; set num_images to" in failed.err
    failed = ran(env, tmp_path, start, *keys, "--config.hparams.num_images=59", code=1)
    told = "config.hparams.num_images=59, but {} has 60 training images, of each of which "
    assert told.format(f"{tmp_path}/mine.npz") in failed.err
    assert failed.err.strip().endswith("remembers something; set it to 60.")
    assert not (tmp_path / "run" / "config.json").exists()
