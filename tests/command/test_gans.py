"""A GAN through the command: trained, drawn, walked among, evaluated; on images and on points."""

import json

import numpy as np
import pytest
from command_line import ran
from PIL import Image

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def trained(env, tmp_path_factory):
    """Trains a smoke run of a config once, and gives its folder."""
    folder = tmp_path_factory.mktemp("gans")

    def train(config):
        workdir = folder / config.partition("/")[2].replace(":", "_").replace(",", "_")
        if not workdir.exists():
            ran(env, folder, f"--config={config}", f"--workdir={workdir}")
        return workdir

    return train


def test_conditional_gan(trained, env, tmp_path):
    workdir = trained("configs/gans_digits.py:cgan,smoke")
    at = f"--workdir={workdir}"
    ran(env, tmp_path, "--mode=sample", at, "--labels=3,8", "--num=6", f"--out={tmp_path}/x.npz")
    drawn = np.load(tmp_path / "x.npz")["image"]
    assert drawn.shape == (6, 16, 16, 1)
    assert drawn.dtype == np.uint8
    ran(env, tmp_path, "--mode=sample", at, "--labels=3", "--num=6", f"--out={tmp_path}/y.npz")
    same = (np.load(tmp_path / "y.npz")["image"] == drawn).all(axis=(1, 2, 3))
    assert list(same) == [True, False, True, False, True, False]
    failed = ran(env, tmp_path, "--mode=sample", at, "--labels=10", code=1)
    assert failed.err == "jaxgen: --labels=10 is no class; classes are 0 to 9.\n"
    result = ran(env, tmp_path, "--mode=evaluate", at)
    metrics = json.loads(result.out)
    assert {f"conditional_accuracy/{digit}" for digit in range(10)} < metrics.keys()
    assert {"kernel_distance", "classifier_score", "ms_ssim", "n_real", "n_fake"} < metrics.keys()
    failed = ran(env, tmp_path, "--mode=evaluate", at, "--with=probe", code=1)
    assert "--with=probe needs a discriminator or critic of images alone" in failed.err


def test_walks_and_arithmetic_of_latents(trained, env, tmp_path):
    workdir = trained("configs/gans_digits.py:wgan,smoke")
    at, out = f"--workdir={workdir}", f"--out={tmp_path}/x.png"
    ran(env, tmp_path, "--mode=interpolate", at, "--num=2", out)
    walks = np.asarray(Image.open(tmp_path / "x.png"))
    assert walks.shape == (2 * 50 - 2, 9 * 50 - 2)
    assert len({walks[:48, i * 50 : i * 50 + 48].tobytes() for i in range(9)}) == 9
    groups = ("--a=0,1", "--b=2,3", "--c=4,5")
    ran(env, tmp_path, "--mode=arithmetic", at, "--num=8", *groups, out)
    assert np.asarray(Image.open(tmp_path / "x.png")).shape == (3 * 50 - 2, 3 * 50 - 2)
    exemplars = np.asarray(Image.open(tmp_path / "x_exemplars.png"))
    assert exemplars.shape == (3 * 50 - 2, 3 * 50 - 2)
    # The exemplars are the samples of those numbers.
    ran(env, tmp_path, "--mode=sample", at, "--num=8", f"--out={tmp_path}/samples.npz")
    fifth = np.load(tmp_path / "samples.npz")["image"][5, :, :, 0].repeat(3, 0).repeat(3, 1)
    np.testing.assert_array_equal(exemplars[100:148, 50:98], fifth)
    for bad, message in (
        (("--a=0,1", "--b=2", "--c=4,5"), "must be equally many numbers of samples"),
        (("--a=8", "--b=2", "--c=4"), "There is no sample 8; with --num=8 they are 0 to 7."),
        (("--a=x", "--b=2", "--c=4"), '--a: "x" must be whole numbers'),
    ):
        failed = ran(env, tmp_path, "--mode=arithmetic", at, "--num=8", *bad, out, code=1)
        assert message in failed.err
    metrics = json.loads(ran(env, tmp_path, "--mode=evaluate", at, "--with=probe").out)
    assert "objective/critic_distance" in metrics
    assert 0 <= metrics["probe/probe_accuracy"] <= 1
    assert metrics["probe/probe_width"] == 16 * (4 + 8)


def test_points(trained, env, tmp_path):
    workdir = trained("configs/gans_ring.py:wgan_gp,smoke")
    at = f"--workdir={workdir}"
    assert list((workdir / "images").glob("samples_*.png"))
    ran(env, tmp_path, "--mode=sample", at, "--num=9", f"--out={tmp_path}/x.npz")
    drawn = np.load(tmp_path / "x.npz")["image"]
    assert drawn.shape == (9, 1, 1, 2)
    assert drawn.dtype == np.float32
    ran(env, tmp_path, "--mode=sample", at, f"--out={tmp_path}/x.png")
    assert np.asarray(Image.open(tmp_path / "x.png")).shape == (480, 480, 3)
    metrics = json.loads(ran(env, tmp_path, "--mode=evaluate", at).out)
    assert metrics["reference/modes"] == 8
    assert {"modes", "high_quality_share", "reverse_kl"} < metrics.keys()


def test_stacked_digits(trained, env, tmp_path):
    workdir = trained("configs/gans_stacked.py:gan,smoke")
    metrics = json.loads(ran(env, tmp_path, "--mode=evaluate", f"--workdir={workdir}").out)
    assert 1 <= metrics["stacked/modes"] <= 32
    assert metrics["stacked/kl_to_uniform_floor"] == pytest.approx(999 / 64)
    assert "channel by channel" in metrics["feature_space"]


def test_labels_for_an_objective_without_classes_are_refused(trained, env, tmp_path):
    workdir = trained("configs/gans_ring.py:wgan_gp,smoke")
    arguments = ("--mode=sample", f"--workdir={workdir}", "--labels=3")
    assert "samples of wgan_gp have no class" in ran(env, tmp_path, *arguments, code=1).err
