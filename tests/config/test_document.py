"""docs/config.md is what the code says, and every key of a config can be pasted into a shell."""

import shlex

import pytest

from jaxgen.config import document, load
from jaxgen.core.files import flatten


def test_the_page_is_up_to_date(repository):
    """If not: `python -m jaxgen.config.document > docs/config.md`."""
    assert (repository / "docs" / "config.md").read_text() == document.markdown()


def test_the_page_has_every_key_of_a_config():
    text = document.markdown()
    for key in flatten(load.load_config("configs/aae_digits.py").to_dict()):
        assert f"`{key.rpartition('.')[2]}`" in text or key.startswith("ema.")
    assert "### module=age.Encoder64" in text
    assert "### objective=pixelgan_ae" in text
    assert r"-log p(x\|z)" in text


def test_tables_have_as_many_cells_in_every_row():
    for block in document.markdown().split("\n\n"):
        rows = [r.replace(r"\|", "").count("|") for r in block.splitlines() if r.startswith("|")]
        assert len(set(rows)) <= 1, block


@pytest.mark.parametrize(
    "name",
    [
        "configs/age_celeba.py",
        "configs/aae_digits.py:clustering",
        "configs/pixelcnn_cifar10.py:class_conditional",
        "configs/studies/gan_objectives.py",
    ],
)
def test_lines_give_the_config_back(name):
    config = load.load_config(name)
    overrides = {}
    for line in document.lines(config):
        argument, _, meaning = line.partition("  # ")
        (word,) = shlex.split(argument)
        assert shlex.split(line, comments=True) == [word]
        assert meaning
        key, _, text = word.removeprefix("--config.").partition("=")
        overrides[key] = text
    flat = {key: value for key, value in flatten(config.to_dict()).items() if value != {}}
    assert list(overrides) == list(flat)
    if "experiments" in config:
        return  # a name of data that is empty is its own
    assert load.load(name, overrides, as_text=True) == config


def test_a_field_without_a_meaning_has_none(tmp_path, monkeypatch):
    (tmp_path / "my_nets").mkdir()
    (tmp_path / "my_nets" / "nets.py").write_text(
        "from flax import linen as nn\n\nclass Net(nn.Module):\n    features: int = 8\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    config = load.read("configs/age_digits.py")
    config.networks.encoder = {"module": "my_nets.nets.Net"}
    assert "--config.networks.encoder.features=8" in document.lines(load.finish(config, {}))
