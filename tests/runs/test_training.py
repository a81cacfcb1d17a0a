"""What a run asks for before it begins."""

import unittest.mock
from pathlib import Path

import pytest

from jaxgen.config import load
from jaxgen.core import UserError
from jaxgen.core.files import local_path
from jaxgen.runs import training
from jaxgen.train import checkpoint_files

pytestmark = pytest.mark.core


@pytest.mark.parametrize(
    ("keep", "present", "num_steps", "checkpoints"),
    [
        (2, [], 100, 3),  # two, and the one that is being saved
        (2, [10], 100, 2),
        (2, [10, 20], 100, 1),
        (2, [10, 20, 30], 100, 1),  # never less than the one that comes next
        (2, [90], 100, 1),
        (1_000_000_000, [], 100, 10),  # all that there will be
        (2, [90, 100], 100, 0),  # it has ended
    ],
)
def test_space_asked_for_is_space_needed(keep, present, num_steps, checkpoints, monkeypatch):
    config = load.load(
        "configs/age_digits.py",
        {"num_steps": num_steps, "checkpoint_keep": keep, "checkpoint_every": 10},
    )
    array = type("Array", (), {"size": 250, "dtype": type("D", (), {"itemsize": 4})})
    for free, fits in ((checkpoints * 1000 - 1, checkpoints == 0), (checkpoints * 1000, True)):
        monkeypatch.setattr(checkpoint_files, "free", lambda folder, free=free: free)
        if fits:
            training._require_space("run", config, present, [array])
        else:
            with pytest.raises(UserError, match="free some space"):
                training._require_space("run", config, present, [array])


def test_the_best_checkpoint_needs_space_of_its_own(monkeypatch):
    values = {"num_steps": 100, "checkpoint_every": 10, "checkpoint_best": "encoder/loss"}
    config = load.load("configs/age_digits.py", values)
    array = type("Array", (), {"size": 250, "dtype": type("D", (), {"itemsize": 4})})
    monkeypatch.setattr(checkpoint_files, "free", lambda folder: 3_999)
    with pytest.raises(UserError, match="free some space"):
        training._require_space("run", config, [], [array])
    monkeypatch.setattr(checkpoint_files, "free", lambda folder: 4_000)
    training._require_space("run", config, [], [array])


@pytest.mark.parametrize("path", ["gs://bucket/run", "s3://bucket", "gs:/bucket/run"])
def test_addresses_are_refused(path):
    with pytest.raises(UserError, match=r"--workdir=.* is an address"):
        local_path(path, "--workdir")


def test_homes(monkeypatch):
    monkeypatch.setenv("HOME", "/somewhere")
    assert str(local_path("~/run", "--workdir")) == "/somewhere/run"
    assert str(local_path("C:/run", "--workdir")) == "C:/run"
    assert str(local_path("a:b/run", "--workdir")) == "a:b/run"
    with pytest.raises(UserError, match=r"--out=~nobody_here/x begins with a home"):
        local_path("~nobody_here/x", "--out")


def test_what_cannot_be_reached_is_a_sentence(tmp_path, monkeypatch):
    with pytest.raises(UserError, match=r"--out=.* cannot be reached \(File name too long\)"):
        local_path(tmp_path / ("x" * 300) / "run", "--out")
    (tmp_path / "file").touch()
    for path in (tmp_path / "new" / "run", tmp_path / "file" / "run"):
        assert local_path(path, "--workdir") == path
    refused = PermissionError(13, "Permission denied")
    monkeypatch.setattr(Path, "stat", unittest.mock.Mock(side_effect=refused))
    with pytest.raises(UserError, match=r"--workdir=.* cannot be reached \(Permission denied\)"):
        local_path("closed/run", "--workdir")


def test_a_run_that_cannot_begin_leaves_no_folder(tmp_path):
    config = load.load("configs/age_digits.py:smoke", {"data.batch_size": 4_000})
    with pytest.raises(UserError, match="has 1498 training images"):
        training.run(config, tmp_path / "runs" / "mine")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "mine").mkdir()
    with pytest.raises(UserError, match="has 1498 training images"):
        training.run(config, tmp_path / "mine")
    assert list((tmp_path / "mine").iterdir()) == []


@pytest.mark.parametrize(
    ("flags", "told"),
    [("fma avx2 avx512f", True), ("avx512f avx512_bf16", False), ("amx_bf16 amx_tile", False)],
)
def test_mixed_precision_without_bfloat16_units_is_mentioned(flags, told, tmp_path):
    (tmp_path / "cpuinfo").write_text(f"flags\t\t: fpu {flags}\n")
    said = []
    training.mention_precision(said.append, tmp_path / "cpuinfo")
    assert len(said) == told
    assert all("--config.precision=float32 is faster here" in line for line in said)
    training.mention_precision(said.append, tmp_path / "none")
    assert len(said) == told
