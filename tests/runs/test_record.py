"""What a run's folder records, and when it may be continued."""

import json
import re

import pytest

from jaxgen.config import load
from jaxgen.core import UserError
from jaxgen.runs import record

pytestmark = pytest.mark.core
CONFIG = "configs/age_digits.py:smoke"


def config(repository, **overrides):
    return load.load(str(repository / CONFIG), overrides)


def begun(workdir):
    """A folder in which something was trained."""
    (workdir / "checkpoints" / "2").mkdir(parents=True)


def opened(workdir, config, *, fork=False):
    """What training does: a check, and once the state is there the record."""
    if not fork:
        record.require_same_run(workdir, config)
    record.write(workdir, config)


def test_the_record_is_the_complete_config_and_the_circumstances(repository, tmp_path):
    made = config(repository)
    opened(tmp_path / "new" / "run", made)
    kept = json.loads((tmp_path / "new" / "run" / "config.json").read_text())
    assert kept["config"] == load.to_json(made)
    assert {"jaxgen", "python", "jax", "orbax-checkpoint"} < kept["versions"].keys()
    assert kept["command"]
    assert "git" in kept
    assert record.config_of(tmp_path / "new" / "run") == made


def test_before_the_first_checkpoint_another_config_may_take_the_folder(repository, tmp_path):
    opened(tmp_path, config(repository))
    opened(tmp_path, config(repository, seed=3))
    assert record.config_of(tmp_path).seed == 3
    assert not list(tmp_path.glob("config.*.json"))


def test_afterwards_only_free_keys_may_change(repository, tmp_path):
    opened(tmp_path, config(repository))
    begun(tmp_path)
    before = (tmp_path / "config.json").read_bytes()
    with pytest.raises(UserError) as error:
        opened(tmp_path, config(repository, seed=3, num_steps=8))
    assert "was made with another config (seed: 0 there, 3 here): choose another" in str(
        error.value
    )
    assert "--fork" in str(error.value)
    assert (tmp_path / "config.json").read_bytes() == before
    opened(tmp_path, config(repository, num_steps=8, log_every=4))
    assert record.config_of(tmp_path).num_steps == 8
    assert (tmp_path / "config.1.json").read_bytes() == before
    opened(tmp_path, config(repository, seed=3), fork=True)
    assert record.config_of(tmp_path).seed == 3
    assert (tmp_path / "config.2.json").exists()


def test_checkpoints_of_a_config_that_is_gone_are_not_continued(repository, tmp_path):
    opened(tmp_path, config(repository))
    begun(tmp_path)
    (tmp_path / "config.json").unlink()
    with pytest.raises(UserError, match=r"has checkpoints and no config\.json, .* --fork"):
        opened(tmp_path, config(repository))
    opened(tmp_path, config(repository, seed=3), fork=True)
    assert record.config_of(tmp_path).seed == 3


def test_of_many_differences_the_objectives_and_some_others_are_named(repository, tmp_path):
    opened(tmp_path, config(repository))
    begun(tmp_path)
    other = load.load(str(repository / "configs/gans_digits.py:lsgan,smoke"), {})
    with pytest.raises(UserError) as error:
        record.require_same_run(tmp_path, other)
    text = str(error.value)
    assert "another config (objective: 'age' there, 'lsgan' here; " in text
    assert text.count(" there, ") == 12
    assert re.search(r"; \.\.\. and \d+ more\): choose another --workdir", text)


def test_the_same_config_writes_nothing_and_a_check_neither(repository, tmp_path):
    record.require_same_run(tmp_path, config(repository))
    assert not list(tmp_path.iterdir())
    opened(tmp_path, config(repository))
    begun(tmp_path)
    before = (tmp_path / "config.json").stat().st_mtime_ns
    opened(tmp_path, config(repository))
    record.require_same_run(tmp_path, config(repository, num_steps=8))
    assert (tmp_path / "config.json").stat().st_mtime_ns == before
    assert {path.name for path in tmp_path.iterdir()} == {"config.json", "checkpoints"}


def test_a_record_that_lacks_todays_keys_is_the_same_experiment(repository, tmp_path):
    opened(tmp_path, config(repository))
    begun(tmp_path)
    kept = json.loads((tmp_path / "config.json").read_text())
    del kept["config"]["checkpoint_best"], kept["config"]["hparams"]["generator_updates"]
    (tmp_path / "config.json").write_text(json.dumps(kept))
    opened(tmp_path, config(repository))
    assert record.config_of(tmp_path) == config(repository)


@pytest.mark.parametrize("text", ["{", "7", '{"config": 3}', "{}", b"\xff\xfe"])
def test_a_record_that_cannot_be_read(text, tmp_path):
    content = text if isinstance(text, bytes) else text.encode()
    (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(UserError, match="cannot be read as a run's config"):
        record.read(tmp_path)
    with pytest.raises(UserError, match="holds no run of jaxgen"):
        record.read(tmp_path / "none")


def test_a_record_that_may_not_be_read(tmp_path):
    (tmp_path / "config.json").mkdir()  # root may read every file
    with pytest.raises(UserError, match="cannot be read as a run's config"):
        record.read(tmp_path)


FOREIGN = {
    "objective": ("objective", "their_objective.game", ["their_objective.game"]),
    "network": ("networks.generator.module", "their.deep.Net", ["their.deep"]),
    "a single file": ("networks.generator.module", "their.Net", ["their"]),
    "top level": ("networks.generator.module", "their.models.deep.Net", ["their.models.deep"]),
    "own": ("networks.generator.module", "age.Generator16", []),
    "own, whole": ("networks.generator.module", "jaxgen.models.age.Generator16", []),
    "like ours": ("objective", "jaxgenerous.game", ["jaxgenerous.game"]),
}


@pytest.mark.parametrize(("key", "value", "modules"), FOREIGN.values(), ids=FOREIGN)
def test_a_workdir_runs_no_code_of_others(repository, tmp_path, monkeypatch, key, value, modules):
    """Not even where that code lies in the current folder, from which Python imports."""
    opened(tmp_path, config(repository))
    kept = json.loads((tmp_path / "config.json").read_text())
    node = kept["config"]
    *path, last = key.split(".")
    for part in path:
        node = node[part]
    node[last] = value
    (tmp_path / "config.json").write_text(json.dumps(kept))
    assert record.foreign_modules(kept["config"]) == set(modules)
    for name in ("their", "their_objective", "jaxgenerous"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    if not modules:
        record.config_of(tmp_path)
        return
    with pytest.raises(UserError, match=rf"code that is not jaxgen's \({modules[0]}\).*--trust"):
        record.config_of(tmp_path)
    with pytest.raises(SystemExit, match="imported"):
        record.config_of(tmp_path, trust=True)
    with pytest.raises(SystemExit, match="imported"):
        record.config_of(tmp_path, trusted=modules)


def test_a_fork_from_code_that_is_gone_keeps_the_old_record(repository, tmp_path):
    opened(tmp_path, config(repository))
    begun(tmp_path)
    kept = json.loads((tmp_path / "config.json").read_text())
    kept["config"]["networks"]["generator"]["module"] = "their.renamed.Net"
    (tmp_path / "config.json").write_text(json.dumps(kept))
    with pytest.raises(UserError, match=r"made with another config .*their.renamed.Net.* --fork"):
        opened(tmp_path, config(repository))
    opened(tmp_path, config(repository), fork=True)
    assert record.config_of(tmp_path) == config(repository)
    assert json.loads((tmp_path / "config.1.json").read_text()) == kept
