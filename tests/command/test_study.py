"""A study as a user runs it: stopped, killed and continued to its report."""

import json
import re
import signal
import time

import command_line
import pytest

pytestmark = pytest.mark.slow

STUDY = (
    "--config=configs/studies/gan_objectives.py:ring,gan,ebgan,smoke",
    "--config.num_steps=24",
    "--config.evaluation.num_images=50",
)


@pytest.fixture
def study(start, tmp_path):
    """Starts the command in a folder of this test."""

    def start_study(*arguments):
        return start(*STUDY, *arguments, f"--workdir={tmp_path}/study", module="jaxgen.study")

    return start_study


def test_a_study_is_stopped_killed_and_continued_to_its_report(study, env, tmp_path):
    process = study()
    process.wait_for("step 2/24")
    process.send(signal.SIGTERM)
    result = process.end()
    assert result.code == 0, result.err
    last = result.err.splitlines()[-1]
    assert last.startswith("SIGTERM: saved gan at step ")
    assert last.endswith("; the same command continues from there")
    step = int(last.split(" at step ")[1].split(";")[0])
    assert 0 < step < 24

    process = study()
    folder = tmp_path / "study" / "ebgan" / "seeds_0_1" / "checkpoints"
    while process.running and not any(path.name.isdigit() for path in folder.glob("*")):
        time.sleep(0.002)
    process.send(signal.SIGKILL)
    killed = process.end()
    assert killed.code == -signal.SIGKILL
    assert "[1/2] gan, seeds 0, 1\n" in killed.err
    folder = tmp_path / "study" / "gan" / "seeds_0_1"
    assert f"continuing {folder} from step {step}\n" in killed.err

    result = study().end()
    assert result.code == 0, result.err
    assert "[1/2] gan, seeds 0, 1: done before" in result.err
    assert re.search(r"\[2/2\] ebgan, seeds 0, 1\ncontinuing .*ebgan.* from step [1-9]", result.err)
    workdir = tmp_path / "study"
    assert result.err.splitlines()[-1] == f"done: 2 of 2; open {workdir / 'study.html'}"
    for name in ("gan", "ebgan"):
        folder = workdir / name / "seeds_0_1"
        entries = json.loads((folder / "evaluations.json").read_text())
        steps = [(entry["step"], entry["seed"]) for entry in entries]
        assert steps == [(12, 0), (12, 1), (24, 0), (24, 1)]
        assert all("high_quality_share" in entry for entry in entries)
        lines = (folder / "metrics.jsonl").read_text().splitlines()
        assert [json.loads(line)["step"] for line in lines] == list(range(2, 25, 2))
    text = (workdir / "study.md").read_text()
    for piece in (
        "# gan, ebgan on ring",
        "Good samples",
        "covered of 8",
        "python -m jaxgen.study --config=configs/studies/gan_objectives.py:ring,gan,ebgan,smoke",
        "--config=configs/gans_ring.py:ebgan,smoke --config.num_steps=24",
    ):
        assert piece in text
    assert "data:image/png;base64," in (workdir / "study.html").read_text()

    arguments = (*STUDY, "--config.evaluations=3", f"--workdir={workdir}")
    refused = command_line.fork(tmp_path, command_line.command, arguments, env, "jaxgen.study")
    assert refused.code == 1
    assert "was made with another study (evaluations: 2 there, 3 here)" in refused.err


def test_mistakes_and_printing(env, tmp_path):
    def command(*arguments):
        arguments = (*STUDY, *arguments, f"--workdir={tmp_path}/study")
        return command_line.fork(tmp_path, command_line.command, arguments, env, "jaxgen.study")

    unknown = command("--config.sedes=3")
    assert unknown.code == 1
    assert unknown.err == (
        'jaxgen: "sedes" is not a key of config. Did you mean "seeds"? Keys: data, evaluation, '
        "evaluations, experiments, networks, num_steps, seeds, seeds_at_once.\n"
    )
    printed = command("--print_config")
    assert printed.code == 0
    lines = printed.out.splitlines()
    assert "--config.data.batch_size=0  # of every experiment; 0: its own" in lines
    assert not (tmp_path / "study").exists()
