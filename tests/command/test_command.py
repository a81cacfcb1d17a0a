"""What a user gets from one run, from start to end."""

import importlib
import importlib.metadata
import json
import math
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import command_line
import numpy as np
import pytest
from command_line import CONFIG, RUN
from PIL import Image

import jaxgen
from jaxgen import experiment
from jaxgen.config import load
from jaxgen.core.errors import UserError
from jaxgen.core.files import flatten
from jaxgen.pictures import grids

pytestmark = pytest.mark.slow


def test_the_log_announces_the_compilation_and_says_how_long_it_will_take(reference):
    lines = reference.result.err.splitlines()
    assert reference.result.out == ""
    assert lines[0] == "initialising ..."
    assert re.fullmatch(r"initialised in \d+\.\d s", lines[1])
    assert lines[2:4] == [
        "digits: 1,498 training and 299 held-out images, 10 classes: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9",
        "compiling the training step for 1 cpu device ...",
    ]
    assert re.match(r"compiled in \d+\.\d s; .* 24 images .* scratch memory", lines[4])
    progress = [line for line in lines if line.startswith("step ")]
    assert [line.split()[1] for line in progress] == ["20/60", "40/60", "60/60"]
    for line in progress:
        assert re.search(r"[\d.]+ steps/s  \d+:\d\d to go  encoder/code_mean -?\d", line)
    assert "drawing the first pictures ..." in lines
    where = re.escape(f"{reference.workdir}/images, and in report.html")
    assert any(re.fullmatch(rf"pictures in \d+\.\d s: {where}", line) for line in lines)
    assert lines[-1] == f"done: step 60; open {reference.workdir / 'report.html'}"
    assert "\x1b" not in reference.result.err


def test_config_json_has_the_resolved_config_and_the_circumstances(reference):
    record = json.loads((reference.workdir / "config.json").read_text())
    overrides = dict(argument.removeprefix("--config.").split("=") for argument in RUN[1:])
    config = experiment.load_config(
        CONFIG.removeprefix("--config="), **{key: int(value) for key, value in overrides.items()}
    )
    assert record["config"] == load.to_json(config)
    assert record["config"]["num_steps"] == 60
    assert {"jaxgen", "python", "jax", "flax"} < record["versions"].keys()
    assert f"--workdir={reference.workdir}" in record["command"]
    if (command_line.ROOT / ".git").exists():
        git = ["git", "-C", str(command_line.ROOT), "rev-parse", "HEAD"]
        head = subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
        assert record["git"].removesuffix("-dirty") == head


def test_metrics_are_one_flat_object_a_line(reference):
    text = (reference.workdir / "metrics.jsonl").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert [line["step"] for line in lines] == [20, 40, 60]
    for line in lines:
        assert {"encoder/loss", "generator/loss", "time/steps_per_second"} < line.keys()
        assert all(type(v) in (int, float) and math.isfinite(v) for v in line.values())
    assert list((reference.workdir / "events").glob("events.out.tfevents.*"))


def test_pictures_report_and_checkpoints(reference):
    names = {f"{kind}_{step:06d}.png" for kind in ("samples", "reconstructions", "interpolations")
             for step in (30, 60)}  # fmt: skip
    assert {path.name for path in (reference.workdir / "images").iterdir()} == names
    for name in names:
        with Image.open(reference.workdir / "images" / name) as picture:
            pixels = np.asarray(picture)
        assert pixels.dtype == np.uint8
        assert pixels.min() < pixels.max()
    report = (reference.workdir / "report.html").read_text()
    assert "data:image/png;base64," in report
    assert "encoder/<wbr>loss" in report
    assert not re.search(r"(src|href)=\"https?:", report)
    assert {path.name for path in (reference.workdir / "checkpoints").iterdir()} == {"56", "60"}


def test_a_second_start_compiles_nothing_and_more_steps_continue_a_run(reference, env, tmp_path):
    """From another folder, where neither the package nor its configs are."""
    # A cache of its own, to which other tests add nothing meanwhile.
    own, programs = tmp_path / "cache", Path("jaxgen/compiled")
    env = env | {"XDG_CACHE_HOME": str(own)}
    few = command_line.latest(*RUN, "--config.num_steps=20")
    first = command_line.run(*few, f"--workdir={tmp_path}/first", env=env)
    assert first.code == 0, first.err

    def compiled():
        return sorted(path.name for path in (own / programs).iterdir())

    before = compiled()
    assert any(name.startswith("jit_run") for name in before)
    result = command_line.run(*few, env=env, cwd=tmp_path)
    assert result.code == 0, result.err
    assert result.err.splitlines()[-1].startswith("done: step 20")
    assert compiled() == before
    workdir = tmp_path / "runs" / "age_digits"
    result = command_line.run(*RUN, f"--workdir={workdir}", env=env, cwd=tmp_path)
    assert result.code == 0, result.err
    assert f"continuing {workdir} from step 20" in result.err
    command_line.assert_same_run(workdir, reference.workdir)


def test_a_finished_run_says_so_and_stays_as_it_is(reference, env, tmp_path):
    def content():
        files = [path for path in reference.workdir.rglob("*") if path.is_file()]
        return {path: path.read_bytes() for path in files}

    before = content()
    result = command_line.fork(
        tmp_path, command_line.command, (*RUN, f"--workdir={reference.workdir}"), env
    )
    assert result.code == 0
    assert f"{reference.workdir} is already at step 60" in result.err.splitlines()[-1]
    assert content() == before


def test_help_lists_all_flags(env):
    result = command_line.run("--help", env=env)
    assert (result.code, result.err) == (0, "")
    text = result.out
    for flag in ("config=", "workdir=", "print_config ", "debug ", "mode=", "out=", "with="):
        assert f"  --{flag}" in text


def test_the_console_script_has_every_mode_and_the_studies(capsys):
    script = importlib.import_module("jaxgen.__main__")
    for command in (script, *map(importlib.import_module, ("jaxgen.main", "jaxgen.study"))):
        command.main(["--version"])
        assert capsys.readouterr().out == f"jaxgen {jaxgen.__version__}\n"
    script.main([])
    listed = capsys.readouterr().out
    for name in ("study", "train", "evaluate", "sample"):
        assert f"\n  {name} " in listed
    script.main(["train", CONFIG, "--print_config"])
    assert "--config.num_steps=4 " in capsys.readouterr().out
    script.main(["study", "--help"])
    assert "usage: python -m jaxgen.study" in capsys.readouterr().out
    with pytest.raises(UserError, match=r'"trian" is not one of study, .*Did you mean "train"'):
        script.main(["trian"])
    (entry,) = importlib.metadata.entry_points(group="console_scripts", name="jaxgen")
    assert entry.load() is script.cli


def test_print_config_prints_every_key_and_runs_nothing(env, tmp_path):
    result = command_line.run(
        CONFIG, "--config.optim.encoder.learning_rate=1e-3", "--print_config", env=env, cwd=tmp_path
    )
    assert (result.code, result.err) == (0, "")
    config = experiment.load_config(CONFIG.removeprefix("--config="))
    with config.unlocked():
        config.optim.encoder.learning_rate = 1e-3
    lines = [line.partition("  # ") for line in result.out.splitlines()]
    assert all(len(meaning) > 3 for _, _, meaning in lines)
    printed = [line.partition("=") for line, _, _ in lines]
    keys = {name.removeprefix("--config."): text.strip("'") for name, _, text in printed}
    flat = {key: value for key, value in flatten(config.to_dict()).items() if value != {}}
    assert keys == {key: str(value) for key, value in flat.items()}
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_stops_reading_is_no_error(env):
    """As in `... --print_config | head -1`."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as gone:
        process = subprocess.run(
            [sys.executable, "-m", "jaxgen.main", CONFIG, "--print_config"],
            cwd=command_line.ROOT,
            env={**os.environ, **env},
            stdout=gone,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert process.stderr == ""
    assert process.returncode == 128 + signal.SIGPIPE


def test_explain_says_what_the_metrics_of_just_this_config_mean(env, tmp_path):
    arguments = (CONFIG, "--explain", "--config.hparams.generator_image_weight=0.0")
    logged, _, evaluated = command_line.ran(env, tmp_path, *arguments).out.partition(
        "of --mode=evaluate (some need labelled images, or --inception):"
    )
    assert "  generator/latent_cosine      Latents found again: cosine of z and e(g(z))" in logged
    assert "generator/image" not in logged
    assert "objective/image_l1 " in evaluated
    always, _, asked = evaluated.partition("of --mode=evaluate --with=")
    assert "  frechet  " in always
    assert "parzen/" not in always
    assert "parzen/" in asked
    for other in ("color/", "clustering/", "modes ", "conditional_accuracy", "probe/", "kmeans/"):
        assert other not in evaluated


def test_what_print_config_prints_can_be_given_back(env, tmp_path):
    lines = _printed((CONFIG,), env, tmp_path)
    given = [word for line in lines for word in shlex.split(line, comments=True)]
    assert _printed(("--config=configs/age_digits.py", *given), env, tmp_path) == lines


def _printed(arguments, env, folder) -> list[str]:
    result = command_line.fork(folder, command_line.command, (*arguments, "--print_config"), env)
    assert result.code == 0, result.err
    return result.out.splitlines()


def test_samples_are_a_grid_or_arrays(reference, env, tmp_path):
    arguments = ("--mode=sample", f"--workdir={reference.workdir}", "--num=7")
    result = command_line.run(*arguments, f"--out={tmp_path}/new/x.png", env=env)
    assert (result.code, result.err) == (0, "")
    assert result.out == f"7 samples of step 60: {tmp_path}/new/x.png\n"
    with Image.open(tmp_path / "new" / "x.png") as picture:
        grid = np.asarray(picture)
    arrays = []
    for name, extra in (("a", ()), ("b", ()), ("c", ("--sample_seed=1",)), ("d", ("--step=56",))):
        options = (*arguments, f"--out={tmp_path}/{name}.npz", *extra)
        assert command_line.fork(tmp_path, command_line.command, options, env).code == 0
        with np.load(tmp_path / f"{name}.npz") as file:
            arrays.append(file["image"])
    first, again, other_seed, other_step = arrays
    assert (first.dtype, first.shape) == (np.uint8, (7, 16, 16, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other_seed)
    assert not np.array_equal(first, other_step)
    np.testing.assert_array_equal(grid, grids.grid(first)[..., 0])


def test_evaluation_goes_to_stdout_and_into_the_workdir(reference, env, tmp_path):
    workdir = tmp_path / "run"
    shutil.copytree(reference.workdir, workdir)
    result = command_line.run("--mode=evaluate", f"--workdir={workdir}", env=env)
    assert result.code == 0, result.err
    metrics = json.loads(result.out)
    kept = json.loads((workdir / "evaluation.json").read_text())
    assert kept.pop("titles")["frechet"] == ["Fréchet distance", "lower is better"]
    assert metrics == kept
    assert metrics["step"] == 60
    assert any(name.startswith("objective/") for name in metrics)
    numbers = [value for value in metrics.values() if isinstance(value, float)]
    assert len(numbers) > 3
    assert all(math.isfinite(number) for number in numbers)
    assert "Traceback" not in result.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("--mode=sample", "--temperature=0.5"),
            "samples of age have no temperature",
        ),
        (
            ("--mode=complete",),
            "age does not complete images; take a run of one that does: pixelcnn, pixelgan_ae",
        ),
        (("--mode=evaluate", "--split=validation"), "(config.data.validation=0); use --split=test"),
        (("--mode=evaluate", "--split=train"), '--split: "train" must be one of test, validation'),
        (("--mode=sample", "--temperature=-1"), '"-1" must be a number, 0.0 or more'),
    ],
)
def test_what_a_run_cannot_do_is_one_sentence(reference, env, tmp_path, arguments, message):
    at = f"--workdir={reference.workdir}"
    failed = command_line.ran(env, tmp_path, *arguments, at, code=1)
    assert message in failed.err
    assert failed.err.count("\n") == 1


def test_the_best_checkpoint_is_kept_beside_the_newest(env, tmp_path):
    best = "--config.checkpoint_best=encoder/kl_real"
    options = ("--config.checkpoint_keep=1", "--config.num_steps=20", "--config.log_every=4")
    options += ("--config.steps_per_dispatch=2", "--config.sample_every=20", best)
    arguments = (CONFIG, *options, "--config.checkpoint_every=4", f"--workdir={tmp_path}/run")
    result = command_line.fork(tmp_path, command_line.command, arguments, env)
    assert result.code == 0, result.err
    lines = command_line.metrics(tmp_path / "run")
    scores = {line["step"]: line["encoder/kl_real"] for line in lines}
    expected = {min(scores, key=scores.get), 20}
    found = {int(path.name) for path in (tmp_path / "run" / "checkpoints").glob("[0-9]*")}
    assert found == expected
    wrong = (CONFIG, "--config.checkpoint_best=encoder/kl_rael", f"--workdir={tmp_path}/other")
    result = command_line.fork(tmp_path, command_line.command, wrong, env)
    assert result.code == 1
    assert 'not a metric of the log. Did you mean "encoder/kl_real"?' in result.err
