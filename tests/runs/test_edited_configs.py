"""A config.json that somebody has edited is read, or refused in a sentence."""

import copy
import json
import math
import random

import pytest

from jaxgen.config import build, load
from jaxgen.core import UserError
from jaxgen.runs import record

CONFIGS = (
    "configs/age_digits.py:smoke",
    "configs/gans_digits.py:wgan_gp,smoke",
    "configs/pixelgan_ae_digits_semisupervised.py:50,smoke",
)
VALUES = (
    [],
    {},
    None,
    0,
    -1,
    1.5,
    "",
    True,
    "x",
    "a.b",
    ".age",
    [1],
    ["x"],
    {"a": 1},
    math.inf,
    2**70,
)


def paths(values, path=()):
    for key, value in values.items():
        yield (*path, key)
        if isinstance(value, dict):
            yield from paths(value, (*path, key))


@pytest.mark.parametrize("name", CONFIGS)
def test_edits_are_never_a_traceback(repository, tmp_path, name):
    whole = json.loads(json.dumps(load.to_json(load.load_config(str(repository / name)))))
    dealt, refused = random.Random(name), 0
    for _ in range(40):
        values = copy.deepcopy(whole)
        *path, last = dealt.choice(list(paths(values)))
        node = values
        for key in path:
            node = node[key]
        if dealt.random() < 0.2:
            del node[last]
        elif dealt.random() < 0.2:
            node["new"] = dealt.choice(VALUES)
        else:
            node[last] = dealt.choice(VALUES)
        (tmp_path / "config.json").write_text(json.dumps({"config": values}))
        try:
            build.build(record.config_of(tmp_path))
        except UserError:
            refused += 1
    assert 10 < refused < 40
