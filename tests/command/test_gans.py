"""A GAN through the command: trained, drawn, walked among, evaluated; on images and on points."""

import json

import numpy as np
import pytest
from command_line import latest, ran
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
    with np.load(tmp_path / "x.npz") as arrays:
        drawn = arrays["image"]
        assert arrays["label"].tolist() == [3, 8, 3, 8, 3, 8]
    assert drawn.shape == (6, 16, 16, 1)
    assert drawn.dtype == np.uint8
    ran(env, tmp_path, "--mode=sample", at, "--labels=3", "--num=6", f"--out={tmp_path}/y.npz")
    same = (np.load(tmp_path / "y.npz")["image"] == drawn).all(axis=(1, 2, 3))
    assert list(same) == [True, False, True, False, True, False]
    ran(env, tmp_path, "--mode=sample", at, "--labels=3,8", "--num=6", f"--out={tmp_path}/x/")
    names = [f"{number:06d}_class{(3, 8)[number % 2]}.png" for number in range(6)]
    assert sorted(path.name for path in (tmp_path / "x").iterdir()) == names
    each = [np.asarray(Image.open(tmp_path / "x" / name)) for name in names]
    np.testing.assert_array_equal(np.stack(each)[..., None], drawn)
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
    # The exemplars are the images of those numbers, and of a GAN its samples.
    choices = np.asarray(Image.open(tmp_path / "x_choices.png"))
    ran(env, tmp_path, "--mode=sample", at, "--num=8", f"--out={tmp_path}/samples.png")
    np.testing.assert_array_equal(choices, np.asarray(Image.open(tmp_path / "samples.png")))
    row, column = divmod(5, (choices.shape[1] + 2) // 50)
    fifth = choices[50 * row : 50 * row + 48, 50 * column : 50 * column + 48]
    np.testing.assert_array_equal(exemplars[100:148, 50:98], fifth)
    only = ("--mode=arithmetic", at, "--num=4", f"--out={tmp_path}/only.png")
    assert "4 images to choose --a, --b and --c from" in ran(env, tmp_path, *only).out
    assert [path.name for path in tmp_path.glob("only*")] == ["only_choices.png"]
    for bad, message in (
        (("--a=0,1", "--b=2", "--c=4,5"), "must be equally many numbers of images"),
        (("--a=8", "--b=2", "--c=4"), "There is no image 8; with --num=8 they are 0 to 7."),
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
    failed = ran(env, tmp_path, "--mode=sample", at, f"--out={tmp_path}/x/", code=1)
    assert "/x/ is a folder for images, but wgan_gp draws points; choose a .png" in failed.err
    assert not (tmp_path / "x").exists()
    walk = ("--mode=interpolate", at, "--num=3", f"--out={tmp_path}/walk.png")
    ran(env, tmp_path, *walk)
    sums = ("--mode=arithmetic", at, "--a=1", "--b=2", "--c=3", f"--out={tmp_path}/sum.png")
    ran(env, tmp_path, *sums)
    for name in ("walk", "sum", "sum_exemplars"):
        assert np.asarray(Image.open(tmp_path / f"{name}.png")).shape == (480, 480, 3)
    failed = ran(env, tmp_path, "--mode=evaluate", at, "--with=probe", code=1)
    assert "--with=probe needs images, and ring has points" in failed.err
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


def test_free_keys_apply_to_a_finished_run_and_others_are_refused(trained, env, tmp_path):
    at = f"--workdir={trained('configs/gans_ring.py:wgan_gp,smoke')}"
    evaluate = ("--mode=evaluate", at)
    result = ran(env, tmp_path, *evaluate, "--config.evaluation.num_images=40")
    assert json.loads(result.out)["n_fake"] == 40
    for wrong, message in (
        ("--config.hparams.penalty_weight=1", "belongs to the training of"),
        ("--config.no_such_key=3", '"no_such_key" is not a key of config'),
        ("--labels=3", "--labels has no use with --mode=evaluate"),
    ):
        failed = ran(env, tmp_path, *evaluate, wrong, code=1)
        assert message in failed.err
        assert failed.out == ""


def classes_of_images(folder, count):
    """A folder of `count` classes with 20 images each, of several sizes and formats."""
    pixels = np.random.default_rng(0).integers(0, 256, (20, 32, 24, 3), np.uint8)
    for number in range(count):
        (folder / f"class_{number:02d}").mkdir(parents=True)
        for i, image in enumerate(pixels):
            file = folder / f"class_{number:02d}" / f"{i:03d}.{'png' if i % 2 else 'jpg'}"
            Image.fromarray(image[: 12 + i]).save(file)


def test_the_number_of_classes_is_that_of_the_data(env, tmp_path):
    classes_of_images(tmp_path / "images", 3)
    (tmp_path / "images" / "notes" / "of_mine").mkdir(parents=True)
    (tmp_path / "images" / "notes" / "of_mine" / "a.txt").touch()  # no image, so no class
    arguments = (
        "--config=configs/cgan_folder.py:smoke",
        f"--config.data.name={tmp_path}/images",
        "--config.data.resize=center_crop",
        "--config.data.image_size=16",
        f"--config.data.cache_dir={tmp_path}/cache",
        f"--workdir={tmp_path}/run",
    )
    ran(env, tmp_path, *arguments)
    config = json.loads((tmp_path / "run" / "config.json").read_text())["config"]
    assert config["hparams"]["num_classes"] == 3
    assert config["networks"]["discriminator"]["num_classes"] == 3
    drawn = []
    for label in ("class_01", "1"):
        arrays = (f"--labels={label}", "--num=2", f"--out={tmp_path}/x.npz")
        ran(env, tmp_path, "--mode=sample", arguments[-1], *arrays)
        drawn.append(np.load(tmp_path / "x.npz")["image"])
    np.testing.assert_array_equal(*drawn)
    failed = ran(env, tmp_path, "--mode=sample", arguments[-1], "--labels=class_1", code=1)
    assert "classes are 0 to 2: class_00, class_01, class_02. Did you mean" in failed.err
    other = (*arguments[:-1], f"--workdir={tmp_path}/other")
    single = f"--config.data.name={tmp_path}/images/class_00"
    failed = ran(env, tmp_path, *latest(*other, single), code=1)
    *_, last = failed.err.splitlines()
    assert last.startswith(f"jaxgen: The data set {tmp_path}/images/class_00 has no labels")
    assert "a folder with a subfolder for each class" in last
    failed = ran(env, tmp_path, *other, "--config.hparams.num_classes=10", code=1)
    *_, last = failed.err.splitlines()
    assert "has 3 classes, but cgan is given labels of 10" in last
    failed = ran(env, tmp_path, *other, "--config.networks.generator.num_classes=2", code=1)
    *_, last = failed.err.splitlines()
    assert last.startswith("jaxgen: ")
    assert "config.networks.generator.num_classes=2" in last
