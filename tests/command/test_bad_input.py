"""Every mistake of a user: one sentence on standard error, exit code 1, no traceback."""

import os
import shutil
import subprocess
from pathlib import Path

import command_line
import jax
import numpy as np
import pytest
from command_line import CONFIG
from PIL import Image

pytestmark = pytest.mark.slow

CONFIGS = "configs/age_celeba.py, configs/age_cifar10.py"
COMMAND_LINES = {
    "no config": ((), "give --config=FILE.py"),
    "positional": ((CONFIG, "train"), 'Unexpected argument "train"'),
    "unknown flag": ((CONFIG, "--workdr=x"), 'Unexpected argument "--workdr=x"; see --help. '
                     'Did you mean "--workdir"?'),
    "unknown mode": ((CONFIG, "--mode=trian"), '--mode=trian is not one of arithmetic, colorize, '
                     'complete, decode, encode, evaluate, export, interpolate, reconstruct, '
                     'sample, train, translate. Did you mean "train"?'),
    "num of 0": (("--mode=sample", "--num=0"), '--num: "0" must be a whole number, 1 or more'),
    "num of a word": (("--mode=sample", "--num=x"), '--num: "x" must be a whole number'),
    "num too large": (("--mode=sample", f"--num={10**20}"), "must be a whole number"),
    "a flag of other modes": ((CONFIG, "--num=7"), "--num has no use with --mode=train, only with "
                              "--mode=arithmetic, --mode=colorize, --mode=complete, "
                              "--mode=interpolate, --mode=sample; leave it out"),
    "a config to evaluate": (("--mode=evaluate", CONFIG), "--config has no use with --mode=eval"),
    "unknown evaluation": (("--mode=evaluate", "--with=prob"), 'Did you mean "probe"?'),
    "unknown config file": (("--config=configs/age_digit.py",), 'Config file "configs/age_digit.py"'
                            ' not found. Did you mean "configs/age_digits.py"?'),
    "config without folder": (("--config=age_digits.py",), 'mean "configs/age_digits.py"?'),
    "config argument": (("--config=configs/age_digits.py:smok",), '"smok" is not an argument of '
                        "this config; it takes: published, no_reconstruction, "),
    "unknown key": ((CONFIG, "--config.num_stepz=8"), '"num_stepz" is not a key of config. '
                    'Did you mean "num_steps"? Keys: checkpoint_best, checkpoint_best_mode, '
                    "checkpoint_every, "),
    "unknown inner key": ((CONFIG, "--config.optim.encodr.b1=0"), '"encodr" is not a key of '
                          'config.optim. Did you mean "encoder"? Keys: encoder, generator.'),
    "key below a value": ((CONFIG, "--config.seed.x=0"), '"x" is not a key of config.seed.'),
    "no value": ((CONFIG, "--config.seed"), "--config.seed=VALUE"),
    "a group": ((CONFIG, "--config.optim=3"), "config.optim is a group of keys"),
    "word for a number": ((CONFIG, "--config.num_steps=abc"), "config.num_steps='abc' is of type "
                          "str; it must be of type int, like its value 4."),
    "float for an integer": ((CONFIG, "--config.num_steps=1e3"), "1000.0 is of type float; it must "
                             "be of type int"),
    "word for a bool": ((CONFIG, "--config.data.flip=maybe"), "must be of type bool"),
    "word for a tuple": ((CONFIG, "--config.optim.encoder.schedule.name=piecewise",
                          "--config.optim.encoder.schedule.boundaries=(1,x)"), "of type tuple"),
    "words in a tuple": ((CONFIG, "--config.optim.encoder.schedule.name=piecewise",
                         "--config.optim.encoder.schedule.boundaries=(1,'x')"), "training steps"),
    "zero steps": ((CONFIG, "--config.num_steps=0"), "config.num_steps=0 must be at least 1"),
    "uneven steps": ((CONFIG, "--config.num_steps=7", "--config.steps_per_dispatch=2"),
                     "must be a multiple of config.steps_per_dispatch=2"),
    "negative seed": ((CONFIG, "--config.seed=-1"), "config.seed=-1 must be at least 0"),
    "large seed": ((CONFIG, f"--config.seed={2**64}"), "below 2**32"),
    "keep nothing": ((CONFIG, "--config.checkpoint_keep=0"), "config.checkpoint_keep=0 must be"),
    "evaluate nothing": ((CONFIG, "--config.evaluation.num_images=0"), "must be at least 2"),
    "negative padding": ((CONFIG, "--config.data.crop_padding=-1"), "must be at least 0"),
    "empty images": ((CONFIG, "--config.data.image_size=0"), "config.data.image_size=0 must be"),
    "hparams": ((CONFIG, "--config.hparams.latent_prior=cube"), 'latent_prior="cube" is not one of '
                "sphere, normal"),
    "objective": ((CONFIG, "--config.objective=agee"), 'Did you mean "age"?'),
    "network": ((CONFIG, "--config.networks.encoder.module=age.Encoder17"),
                'config.networks.encoder.module="age.Encoder17" not found'),
    "no features": ((CONFIG, "--config.networks.encoder.features=0"), "The networks do not fit"),
    "image size": ((CONFIG, "--config.data.image_size=32"), "age.Encoder16 does not fit images of "
                   "32x32 pixels: their sides must be 16; use images of 16 px, or age.Encoder32"),
    "image size of CelebA": (("--config=configs/age_celeba.py", "--config.data.image_size=32"),
                             "age.Encoder64 does not fit images of 32x32 pixels"),
    "channels": ((CONFIG, "--config.data.channels=2"), "data.channels is 2: it must be 1"),
    "optimiser": ((CONFIG, "--config.optim.encoder.name=adm"), 'Did you mean "adam"?'),
    "learning rate": ((CONFIG, "--config.optim.encoder.learning_rate=-1"), "must not be below 0"),
    "precision": ((CONFIG, "--config.precision=half"), "is not one of float32, mixed"),
    "resident": ((CONFIG, "--config.data.resident=yes"), "is not one of auto, always, never"),
    "resize": ((CONFIG, "--config.data.resize=stretch"), "bilinear, celeba, center_crop, none"),
    "data name": ((CONFIG, "--config.data.name=digit"), 'did you mean "digits"?'),
    "missing data": ((CONFIG, "--config.data.name=/nowhere/images"), 'data.name is '
                     '"/nowhere/images", and there is no such folder'),
    "large batch": ((CONFIG, "--config.data.batch_size=500"), "config.data.batch_size=500, and a "
                    "step of age takes 3 batches, but digits has 1498 training images; set it to "
                    "499 or less"),
    "init_from": ((CONFIG, "--config.init_from=/nowhere/run"), "/nowhere/run holds no run of jaxgen"
                  ),
    "one process of several": ((CONFIG, "--num_processes=2"), "Give all of --coordinator, "),
    "process too many": ((CONFIG, "--coordinator=127.0.0.1:1", "--num_processes=2",
                          "--process_id=2"), "--process_id=2 must be from 0 to 1"),
    "coordinator without a port": ((CONFIG, "--coordinator=host", "--num_processes=2",
                                    "--process_id=0"), "--coordinator=host must be HOST:PORT"),
    "workdir below a file": ((CONFIG, f"--workdir={__file__}/run"), "Cannot write to --workdir="),
    "unwritable workdir": ((CONFIG, "--workdir=/proc/run"), "Cannot write to --workdir=/proc/run"),
    "workdir that is empty": ((CONFIG, "--workdir="), "--workdir= is empty; name a path"),
    "workdir on a bucket": ((CONFIG, "--workdir=gs://bucket/run"), "--workdir=gs://bucket/run is "
                            "an address"),
    "workdir in a pattern": ((CONFIG, "--workdir={tmp}/lr=[1e-4]"), '"[1e-4]" in a path is read as '
                             "a pattern"),
    "picture on a bucket": (("--mode=sample", "--workdir={tmp}", "--out=s3://b/x.png"), "--out="
                            "s3://b/x.png is an address"),
    "home of nobody": (("--mode=sample", "--workdir=~nobody_here/run"), "home folder that is not"),
    "beyond its range": ((CONFIG, "--config.optim.encoder.b1=2.0"), "be 0 or more and below 1"),
    "sample what": (("--mode=sample",), "Give --workdir=DIR"),
    "export what": (("--mode=export",), "Give --workdir=DIR"),
    "walks to a folder": (("--mode=interpolate", "--workdir={tmp}", "--out=x.png/"), "--out=x.png/ "
                          "is a folder; name a file"),
    "samples to the root": (("--mode=sample", "--workdir={tmp}", "--out=/"), "--out=/ is the root "
                            "of all folders; name one below it"),
    "export to a picture": (("--mode=export", "--workdir={tmp}", "--out=x.png"), "--out=x.png must "
                            "end in .jaxexport or .safetensors"),
    "export nothing": (("--mode=export", "--workdir={tmp}/none"), "holds no run of jaxgen"),
    "color what": (("--mode=colorize", "--workdir={tmp}"), "Give --input=PHOTO, an image file or"),
    "color nothing": (("--mode=colorize", "--workdir={tmp}", "--input=gone"), "--input=gone is no"),
    "evaluate what": (("--mode=evaluate",), "Give --workdir=DIR"),
    "sample nothing": (("--mode=sample", "--workdir={tmp}/none"), "holds no run of jaxgen"),
    "evaluate nothing trained": (("--mode=evaluate", "--workdir={tmp}/none"), "holds no run"),
}  # fmt: skip


def fails(result: command_line.Result, *texts: str) -> None:
    """One sentence, which has all of `texts`."""
    assert result.code == 1, result.err
    *before, last = result.err.splitlines()
    assert before == []
    assert last.startswith("jaxgen: ")
    assert last.endswith((".", "?"))
    for text in texts:
        assert text in last
    assert result.out == ""


@pytest.fixture
def command(env, tmp_path):
    """The command, with {tmp} replaced in its arguments, and never a workdir in the repository."""

    def call(*arguments: object, devices: int = 1) -> command_line.Result:
        texts = tuple(str(argument).replace("{tmp}", str(tmp_path)) for argument in arguments)
        trains = not any(text.startswith(("--workdir=", "--mode=")) for text in texts)
        texts += (f"--workdir={tmp_path}/run",) * trains
        changed = {**env, "JAX_NUM_CPU_DEVICES": str(devices)}
        return command_line.fork(tmp_path, command_line.command, texts, changed)

    return call


@pytest.mark.parametrize(("arguments", "text"), COMMAND_LINES.values(), ids=COMMAND_LINES)
def test_a_mistake_on_the_command_line(arguments, text, command):
    fails(command(*arguments), text)


def test_in_a_process_of_its_own(env, tmp_path):
    """As above without the shortcut of `fork`, and --debug for those who want the traceback."""
    arguments = (CONFIG, "--config.num_stepz=8", f"--workdir={tmp_path}/run")
    fails(command_line.run(*arguments, env=env), 'Did you mean "num_steps"?')
    result = command_line.run(*arguments, "--debug", env=env)
    assert result.code == 1
    assert result.err.startswith("Traceback (most recent call last):")
    assert 'UserError: "num_stepz" is not a key of config.' in result.err
    assert not (tmp_path / "run").exists()


def test_devices_that_do_not_divide_the_batch(command):
    fails(command(CONFIG, devices=5), "A batch of 24 cannot be split evenly over 5 devices")


def test_a_mended_mistake_may_go_to_the_same_workdir(command, tmp_path):
    """Nothing was trained yet, so that there is nothing to protect from another config."""
    fails(command(CONFIG, "--config.data.name={tmp}/imagse"), f"{tmp_path}/imagse")
    assert not (tmp_path / "run" / "config.json").exists()
    result = command(*command_line.latest(*command_line.RUN, "--config.num_steps=4"))
    assert result.code == 0, result.err
    assert '"digits"' in (tmp_path / "run" / "config.json").read_text()
    assert not (tmp_path / "run" / "config.1.json").exists()


def images(folder: Path, count: int = 30) -> None:
    folder.mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (count, 16, 16), np.uint8)
    for i, image in enumerate(pixels):
        Image.fromarray(image).save(folder / f"{i:03d}.png")


def test_a_folder_without_images(command, tmp_path):
    (tmp_path / "images").mkdir()
    fails(command(CONFIG, "--config.data.name={tmp}/images"), f"{tmp_path}/images has no image")


def test_a_corrupt_image_is_named(command, tmp_path):
    images(tmp_path / "images")
    broken = tmp_path / "images" / "007.png"
    broken.write_bytes(broken.read_bytes()[:60])
    result = command(
        CONFIG, "--config.data.name={tmp}/images", "--config.data.cache_dir={tmp}/decoded"
    )
    assert result.code == 1
    lines = [line for line in result.err.splitlines() if not line.startswith("Decoding")]
    fails(command_line.Result(1, result.out, "\n".join(lines)), str(broken))


def test_no_good_checkpoint(command, reference, tmp_path):
    shutil.copytree(reference.workdir, tmp_path / "run")
    for path in (tmp_path / "run" / "checkpoints").rglob("*"):
        if path.is_file():
            path.write_bytes(b"")
    text = f"No good checkpoint is in {tmp_path}/run/checkpoints (step "
    fails(command("--mode=sample", "--workdir={tmp}/run"), text)
    fails(command(*command_line.RUN), text)


def test_questions_to_a_finished_run(command, reference, tmp_path):
    sample = ("--mode=sample", f"--workdir={reference.workdir}")
    fails(command(*sample, "--out={tmp}/x.jpg"), "/x.jpg must end in .png, .npz or /.")
    fails(command(*sample, "--step=7"), "No checkpoint of step 7", "[56, 60]")
    (tmp_path / "file").touch()
    fails(command(*sample, "--num=1", "--out={tmp}/file/x.png"), "Cannot write --out=")
    fails(command(*sample, "--num=1", "--out={tmp}/file/"), "Cannot write to --out=")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.json").write_text("{")
    fails(command("--mode=sample", "--workdir={tmp}/run"), "cannot be read as a run's config")


def test_networks_of_another_run_must_fit(command, reference):
    fits = f"--config.init_from={reference.workdir}"
    result = command(CONFIG, fits, "--config.networks.encoder.features=8")
    fails(result, f"config.init_from={reference.workdir} has other networks than this config")


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting a small disk needs root")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_too_little_disk(command, small_disk):
    several = ("--config.num_steps=8", "--config.checkpoint_every=2")
    result = command(CONFIG, *several, f"--workdir={small_disk}/run")
    fails(result, "for checkpoints, but its disk has ")


CONFIG_FILES = {
    "no function": ("x = 3", "is no config: it has no function get_config"),
    "no config": ("def get_config(): return 3", "must return an ml_collections.ConfigDict"),
    "too little": (
        "from ml_collections import ConfigDict as get_config",
        "config lacks: objective; available: aae, ",
    ),
}


@pytest.mark.parametrize(("text", "message"), CONFIG_FILES.values(), ids=CONFIG_FILES)
def test_a_file_that_is_no_config(text, message, command, tmp_path):
    (tmp_path / "mine.py").write_text(text)
    fails(command(f"--config={tmp_path}/mine.py"), message)


def test_a_config_of_ones_own_may_build_on_the_installed_ones(command, tmp_path):
    (tmp_path / "mine.py").write_text(
        "from configs import age_digits\n"
        "def get_config():\n"
        "    config = age_digits.get_config()\n"
        "    config.seed = 7\n"
        "    return config\n"
    )
    result = command(f"--config={tmp_path}/mine.py", "--print_config")
    assert result.code == 0, result.err
    assert "--config.seed=7  # of everything random" in result.out.splitlines()


def test_the_devices_of_these_tests_are_not_those_of_the_command():
    """Else `devices=` of `command` would say nothing."""
    assert jax.device_count() == 8
