"""What is read of Hparams and networks without importing them is what they are."""

import dataclasses
import importlib
import sys

import pytest

from jaxgen.config import fields, load
from jaxgen.core import UserError

RUNS_OF_NETWORKS = {"parent", "name", "dtype", "axis_name"}


def own(cls):
    return {f.name: f.default for f in dataclasses.fields(cls) if f.name not in RUNS_OF_NETWORKS}


@pytest.mark.parametrize("objective", fields.objectives())
def test_hparams(objective):
    module = importlib.import_module(fields.objective_module(objective))
    found = fields.of_hparams(objective)
    assert {name: field.default for name, field in found.items()} == own(module.Hparams)
    assert fields.networks_of(objective) == tuple(module.NETWORKS)
    assert [name for name, field in found.items() if not field.meaning] == []


@pytest.mark.parametrize("path", fields.network_classes())
def test_networks(path):
    module, _, name = fields.network_class(path).rpartition(".")
    found = fields.of_network("config.networks.x", path)
    assert {k: field.default for k, field in found.items()} == own(
        getattr(importlib.import_module(module), name)
    )
    assert [k for k, field in found.items() if not field.meaning] == []


def test_every_network_of_the_configs_is_listed():
    used = set()
    for name in load.known_configs():
        if "studies" in name:
            continue
        for word in load.arguments(name):
            try:
                config = load.load_config(f"{name}:{word}")
            except UserError:  # a word that needs another
                continue
            used |= {network.module for network in config.networks.values()}
    assert len(used) > 20
    assert used <= set(fields.network_classes())


MINE = '''
import dataclasses
from typing import ClassVar

from flax import linen as nn

from jaxgen.models import mlp

NETWORKS = tuple(["player"])


@dataclasses.dataclass(frozen=True)
class Hparams:
    """Numbers.

    Attributes:
      plain: a number
        on two lines.
    """

    plain: int = 3


class Named(nn.Module):
    features: int


class Inherited(Named):
    """One more.

    Attributes:
      features: of it.
    """

    depth: int = 2


class Imported(mlp.Discriminator):
    extra: int = 1


class Computed(nn.Module):
    KIND: ClassVar[int] = 7
    features: int = 2 * 8


def made():
    @dataclasses.dataclass
    class Made:
        features: int = 5

    return Made


Made = made()
'''


@pytest.fixture
def package(tmp_path, monkeypatch):
    """`my_things.very.paper`."""
    folder = tmp_path / "my_things" / "very"
    folder.mkdir(parents=True)
    (folder / "paper.py").write_text(MINE)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "my_things.very.paper"
    for name in [name for name in sys.modules if name.startswith("my_things")]:
        del sys.modules[name]


def test_a_module_of_ones_own(package):
    assert fields.networks_of(package) == ("player",)
    field = fields.of_hparams(package)["plain"]
    assert (field.default, field.meaning) == (3, "a number on two lines")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Named", {"features": dataclasses.MISSING}),
        ("Inherited", {"features": dataclasses.MISSING, "depth": 2}),
        ("Computed", {"features": 16}),
        ("Made", {"features": 5}),
    ],
)
def test_networks_of_ones_own(package, name, expected):
    found = fields.of_network("config.networks.x", f"{package}.{name}")
    assert {key: field.default for key, field in found.items()} == expected


def test_a_network_built_on_one_of_jaxgen(package):
    found = fields.of_network("config.networks.x", f"{package}.Imported")
    assert set(found) == {*fields.of_network("", "mlp.Discriminator"), "extra"}


@pytest.mark.parametrize(
    "path", ["age.Encoder17", "nowhere.Encoder", "Encoder", "", "a.b.c", "age."]
)
def test_a_network_that_there_is_not(path):
    with pytest.raises(
        UserError, match=r'^config.networks.x.module=".*" not found.*; name a class'
    ):
        fields.of_network("config.networks.x", path)


def test_a_network_of_ones_own_file_is_found_where_jaxgen_has_no_such_module(tmp_path, monkeypatch):
    for name in ("my_single_file", "age"):
        (tmp_path / f"{name}.py").write_text(MINE)
    monkeypatch.syspath_prepend(str(tmp_path))
    found = fields.of_network("config.networks.x", "my_single_file.Inherited")
    assert found["depth"].default == 2
    assert fields.network_class("my_single_file.Inherited") == "my_single_file.Inherited"
    with pytest.raises(UserError, match=r'"age.Inherited" not found in jaxgen.models.age; name'):
        fields.of_network("config.networks.x", "age.Inherited")


def test_both_places_are_named_where_a_network_is_not_found():
    both = r"not found in jaxgen.models, nor Encoder64 in a module aeg of the current folder or of"
    with pytest.raises(UserError, match=rf'"aeg.Encoder64" {both}.*Did you mean "age.Encoder64"\?'):
        fields.of_network("config.networks.x", "aeg.Encoder64")


def test_objectives_with_an_ability_are_those_that_resolve_to_it():
    for ability in ("colorize", "complete", "encode", "draw_code", "sample", "evaluate"):
        able = []
        for name in fields.objectives():
            if hasattr(importlib.import_module(f"jaxgen.objectives.{name}"), ability):
                able.append(name)
        assert fields.objectives_with(ability) == able
    assert fields.objectives_with("draw_code", "encode") == [
        name
        for name in fields.objectives_with("encode")
        if name in fields.objectives_with("draw_code")
    ]


def test_an_objective_that_there_is_not():
    with pytest.raises(UserError, match=r'objective="lsgna" not found. Did you mean "lsgan"'):
        fields.of_hparams("lsgna")
    with pytest.raises(UserError, match=r'objective="not.there" not found. Available: aae, '):
        fields.networks_of("not.there")
    with pytest.raises(UserError, match="config lacks: objective"):
        fields.networks_of("")
    with pytest.raises(UserError, match=r"config.objective=jaxgen.core.files lacks Hparams"):
        fields.of_hparams("jaxgen.core.files")
    with pytest.raises(UserError, match=r"config.objective=jaxgen.core.files lacks NETWORKS"):
        fields.networks_of("jaxgen.core.files")


def test_a_mistake_inside_ones_own_package_is_told_with_its_line(tmp_path, monkeypatch):
    file = tmp_path / "broken_things" / "__init__.py"
    file.parent.mkdir()
    file.write_text("\nimport not_installed_here")
    (tmp_path / "broken_grammar.py").write_text("class Net(:\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    text = rf"broken_things.paper cannot be imported \({file}, line 2: ModuleNotFoundError: No mod"
    with pytest.raises(UserError, match=text):
        fields.of_hparams("broken_things.paper")
    with pytest.raises(UserError, match=r"broken_grammar.py, line 1: SyntaxError: "):
        fields.of_network("config.networks.x", "broken_grammar.Net")
