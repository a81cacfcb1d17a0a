"""Every field of a network is a key of a config: a literal, with one sentence that explains it."""

import ast
import dataclasses
import importlib
import inspect
import re
from pathlib import Path

import flax.linen as nn
import pytest

import jaxgen.models

pytestmark = pytest.mark.core

GENERAL = {"dtype", "axis_name", "parent", "name"}
FILES = sorted(
    path
    for path in Path(jaxgen.models.__file__).parent.glob("*.py")
    if not path.stem.startswith("__")
)
CLASSES = [
    cls
    for path in FILES
    for cls in vars(importlib.import_module(f"jaxgen.models.{path.stem}")).values()
    if inspect.isclass(cls)
    and issubclass(cls, nn.Module)
    and cls.__module__ == f"jaxgen.models.{path.stem}"
    and not cls.__name__.startswith("_")
]
# Parts of networks, whose fields are those of the network that they are a part of.
PARTS = ("layers", "inception", "pixel_outputs")
by_name = pytest.mark.parametrize(
    "cls", CLASSES, ids=lambda cls: f"{cls.__module__.split('.')[-1]}.{cls.__name__}"
)


def own_fields(cls):
    return [field for field in dataclasses.fields(cls) if field.name not in GENERAL]


def sentences(cls):
    """{field: sentence} of the list under "Attributes:"."""
    _, _, text = (inspect.getdoc(cls) or "").partition("\nAttributes:\n")
    name, found = "", {}
    for line in text.splitlines():
        if line.startswith("    "):
            found[name] += f" {line.strip()}"
        else:
            name, sentence = re.fullmatch(r"  (\w+): (.+)", line).groups()
            found[name] = sentence
    return found


@by_name
def test_every_field_has_one_sentence(cls):
    found = sentences(cls)
    assert list(found) == [field.name for field in own_fields(cls)]
    for name, sentence in found.items():
        assert sentence.endswith("."), name
        assert ". " not in sentence, name


def literals(cls):
    """{field: default} of a class body, and of the bases' in its file, without importing it."""
    tree = ast.parse(Path(inspect.getfile(cls)).read_text())
    bodies = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}

    def read(name):
        found = {}
        for base in bodies[name].bases:
            found |= read(base.id) if isinstance(base, ast.Name) and base.id in bodies else {}
        for node in bodies[name].body:
            if isinstance(node, ast.AnnAssign) and node.target.id not in GENERAL:
                found[node.target.id] = ast.literal_eval(node.value)
        return found

    return read(cls.__name__)


def test_defaults_are_literals_that_can_be_read_without_an_import():
    for cls in CLASSES:
        defaults = {field.name: field.default for field in own_fields(cls)}
        if not cls.__module__.endswith(PARTS) and dataclasses.MISSING not in defaults.values():
            assert literals(cls) == defaults, cls


def test_one_name_a_fact():
    names = {field.name for cls in CLASSES for field in own_fields(cls)}
    assert not names & {"classes", "outputs"}
    with_output = [cls.__name__ for cls in CLASSES if "output" in cls.__dataclass_fields__]
    assert with_output == ["Head", "PixelCNN"]  # a distribution
