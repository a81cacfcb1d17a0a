"""Evaluations while a run trains; keys that a config does not say; runs that continue by name."""

import json

import pytest
from command_line import CONFIG, latest, ran

KEYS = (
    *("num_steps=6", "log_every=2", "evaluate_every=2", "checkpoint_every=2", "checkpoint_keep=1"),
    *("data.validation=60", "evaluation.num_images=40", "sample_every=6"),
    *("checkpoint_best=evaluation/frechet", "checkpoint_best_mode=max"),
    *("ema.generator=0.5", "optim.encoder.clip_norm=1.0", "optim.generator.name=adamw"),
    *("optim.generator.schedule.name=cosine", "optim.generator.schedule.decay_steps=6"),
    *("data.batch_size=8", "data.micro_batches=2"),
)


@pytest.fixture(scope="module")
def workdir(env, tmp_path_factory):
    folder = tmp_path_factory.mktemp("validated")
    keys = latest(*(f"--config.{key}" for key in (*KEYS, "num_steps=4")))
    ran(env, folder, CONFIG, *keys, f"--workdir={folder}/run")
    # The same run goes on by its folder alone.
    result = ran(env, folder, f"--workdir={folder}/run", "--config.num_steps=6")
    assert "continuing" in result.err
    return folder / "run"


def test_the_log_has_evaluations_of_validation_images(workdir, env, tmp_path):
    lines = [json.loads(line) for line in (workdir / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [2, 4, 6]
    distances = {line["step"]: line["evaluation/frechet"] for line in lines}
    assert len(set(distances.values())) == 3
    result = ran(
        *(env, tmp_path, "--mode=evaluate", f"--workdir={workdir}", "--split=validation"),
    )
    found = json.loads(result.out)
    names = ("frechet", "objective/image_l1", "spread", "recall")
    for name in names:
        assert lines[-1][f"evaluation/{name}"] == pytest.approx(found[name], rel=1e-4), name
    apart = ("evaluation/reference/", "evaluation/class/")
    assert not [name for name in lines[-1] if name.startswith(apart)]
    kept = {int(path.name) for path in (workdir / "checkpoints").iterdir() if path.name.isdigit()}
    assert kept == {6, max(distances, key=distances.get)}
    page = (workdir / "report.html").read_text()
    assert "<h3>Fréchet distance</h3>" in page


def test_keys_that_the_file_does_not_say_are_those_of_the_run(workdir):
    config = json.loads((workdir / "config.json").read_text())["config"]
    assert config["ema"] == {"encoder": 0.0, "generator": 0.5}
    assert config["optim"]["encoder"]["clip_norm"] == 1.0
    assert config["optim"]["generator"]["schedule"]["name"] == "cosine"
    assert config["num_steps"] == 6


def test_mistakes_are_sentences(workdir, env, tmp_path):
    best = "--config.checkpoint_best=evaluation/frechett"
    (tmp_path / "other").mkdir()
    keys = (f"--config.{key}" for key in KEYS if "best" not in key)
    failed = ran(env, tmp_path, CONFIG, *keys, best, f"--workdir={tmp_path}/other", code=1)
    assert "is no metric of the evaluations that are always made; see --explain. Did" in failed.err
    assert not (tmp_path / "other" / "config.json").exists()  # nor compiled
    assert "compiling" not in failed.err
    failed = ran(env, tmp_path, f"--workdir={workdir}", "--config.seed=3", code=1)
    assert "seed: 0 there, 3 here" in failed.err
    failed = ran(env, tmp_path, f"--workdir={tmp_path}/nowhere", code=1)
    assert f"{tmp_path}/nowhere holds no run that could be continued; give --config=" in failed.err


def test_another_kind_of_optimiser_in_a_run_that_continues(workdir, env, tmp_path):
    at = (f"--workdir={workdir}", "--print_config")
    kinds = ("--config.optim.encoder.schedule.name=cosine", "--config.optim.encoder.name=sgd")
    lines = ran(env, tmp_path, *at, *kinds).out.splitlines()
    encoder = [line.partition("=")[0] for line in lines if ".optim.encoder." in line]
    names = {name.removeprefix("--config.optim.encoder.") for name in encoder}
    common = {"name", "learning_rate", "weight_decay", "clip_norm", "clip_parameter_norm"}
    rate = {"schedule.name", "schedule.warmup_steps", "schedule.decay_steps", "schedule.end_value"}
    assert names == common | rate


def test_a_metric_that_only_other_evaluations_give(workdir, env, tmp_path):
    at = f"--workdir={workdir}"
    for name, message in (
        ("probe/probe_accuracy", "is no metric of the evaluations that are always made"),
        ("stacked/modes", "is no number that this run's evaluations give"),
    ):
        best = f"--config.checkpoint_best=evaluation/{name}"
        failed = ran(env, tmp_path, at, best, "--config.num_steps=8", code=1)
        assert message in failed.err
