"""Commands and code of the documents: what they name is there, and what they set is a key."""

import importlib
import re
import shlex
from pathlib import Path

import pytest

from jaxgen.commands import flags
from jaxgen.config import load
from jaxgen.core.errors import UserError
from jaxgen.main import _COMMON

pytestmark = pytest.mark.core
ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)


def commands():
    for page in PAGES:
        for _, text in BLOCK.findall(page.read_text()):
            for line in text.replace("\\\n", " ").splitlines():
                words = shlex.split(line, comments=True)
                if "jaxgen.main" in words:
                    given = [w for w in words[words.index("jaxgen.main") + 1 :] if w != "&&"]
                    yield pytest.param(given, id=f"{page.name}: {' '.join(given)[:60]}")


@pytest.mark.parametrize("given", list(commands()))
def test_commands_take_their_flags_and_configs_their_keys(given):
    mode = next((w.partition("=")[2] for w in given if w.startswith("--mode=")), "train")
    module = importlib.import_module(f"jaxgen.commands.{mode}")
    values, overrides = flags.parse(given, [*_COMMON, *module.FLAGS])
    if "config" in values:
        load.load(values["config"], overrides, as_text=True)
    elif mode == "train":
        assert "workdir" in values


def test_there_are_commands():
    assert len(list(commands())) > 20


def test_links_lead_somewhere():
    for page in PAGES:
        for link in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text()):
            if not link.startswith("http"):
                assert (page.parent / link).exists(), (page.name, link)


@pytest.fixture
def recipes():
    """The code of docs/recipes.md, each block by the heading above it."""
    text = (ROOT / "docs" / "recipes.md").read_text()
    sections = re.split(r"^## ", text, flags=re.MULTILINE)
    found = {section.partition("\n")[0]: BLOCK.findall(section) for section in sections}
    return {
        name: [code for kind, code in blocks if kind == "python"] for name, blocks in found.items()
    }


def test_the_code_of_the_recipes(recipes, tmp_path, monkeypatch):
    """One's own network in one's own config, trained, and an image encoded by another run."""
    import numpy as np

    from jaxgen import experiment

    (own_network,) = recipes["Your own network"]
    (own_config,) = recipes["Your own config"]
    (edit,) = recipes["Encode and edit an image"]
    (tmp_path / "my_network.py").write_text(own_network)
    (tmp_path / "mine.py").write_text(own_config)
    monkeypatch.syspath_prepend(str(tmp_path))
    config = load.load(f"{tmp_path}/mine.py:wide", {})
    assert config.networks.generator.features == 64
    overrides = {
        "networks.generator.module": "my_network.Generator",
        "data.image_size": 8,
        "num_steps": 2,
        "evaluation.num_images": 8,
    }
    config = load.load(f"{tmp_path}/mine.py:smoke", overrides)
    state = experiment.run(config, tmp_path / "run")
    assert int(state.step) == 2
    experiment.run(experiment.load_config("configs/age_digits.py:smoke"), tmp_path / "age")
    names: dict = {}
    exec(compile(edit, "recipes.md", "exec"), names)
    images = np.random.default_rng(0).integers(0, 256, (2, 16, 16, 1), np.uint8)
    between = names["halfway"](tmp_path / "age", *images)
    assert between.shape == (16, 16, 1)
    assert between.dtype == np.uint8
    experiment.run(experiment.load_config("configs/gans_digits.py:wgan,smoke"), tmp_path / "gan")
    with pytest.raises(UserError, match="wgan does not encode images; take a run of one that does"):
        names["halfway"](tmp_path / "gan", *images)


@pytest.mark.usefixtures("quick_compilation")
def test_a_photograph_is_colored_as_the_recipe_says(recipes, tmp_path):
    import numpy as np

    from jaxgen import experiment

    (color,) = recipes["Color your own photographs"]
    experiment.run(experiment.load_config("configs/colorization_photos.py:l1,smoke"), tmp_path)
    names: dict = {}
    exec(compile(color, "recipes.md", "exec"), names)
    gray = np.random.default_rng(0).integers(0, 256, (20, 30), np.uint8)
    assert names["colored"](tmp_path, gray).shape == (20, 30, 3)
