"""Evaluations of a trained state: a module each, found by being here.

A module has a docstring, whose first sentence `--help` prints; `BY_DEFAULT`, whether it is made
unasked; `TITLES`, name -> (title, what is good) of its metrics; `titles_for(experiment)`, those
that an experiment of such networks and images may have; and `evaluate(context)`, flat metrics as
JSON can hold them. One that is made unasked gives none where it does not apply; one that was asked
for raises UserError there.
"""

import ast
import functools
import importlib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jaxgen.core.errors import UserError, did_you_mean
from jaxgen.core.files import EVALUATION

if TYPE_CHECKING:
    from jaxgen.runs.evaluations.context import Context


@functools.cache
def available() -> dict[str, tuple[bool, str]]:
    """Name -> (whether it is made unasked, what it is) of every evaluation; imports none."""
    found = {}
    for file in sorted(Path(__file__).parent.glob("[!_]*.py")):
        tree = ast.parse(file.read_text())
        flags = [
            ast.literal_eval(node.value)
            for node in tree.body
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "BY_DEFAULT"
        ]
        if flags:
            doc = ast.get_docstring(tree) or ""
            found[file.stem] = (flags[0], doc.partition("\n")[0].rstrip("."))
    return found


def check(names: Sequence[str]) -> None:
    """Raises UserError for a name that is no evaluation."""
    for name in names:
        if name not in available():
            raise UserError(
                f"--with={name}: there is no such evaluation.{did_you_mean(name, available())} "
                f"There are: {', '.join(available())}."
            )


def evaluate(context: "Context", names: Sequence[str] = ()) -> dict[str, Any]:
    """The metrics of all evaluations that are made unasked, and of those in `names`; flat."""
    check(names)
    usual = [name for name, (unasked, _) in available().items() if unasked]
    # What was asked for may be refused: before the work of the others.
    asked = [_module(name).evaluate(context) for name in available() if name in {*names} - {*usual}]
    result: dict[str, Any] = {}
    for metrics in (*(_module(name).evaluate(context) for name in usual), *asked):
        result |= metrics
    return result


def finite(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """`metrics` without what is infinite or NaN, which no JSON can hold; "left_out" names that.

    Such are divergences of a single image, for example.
    """
    odd = [k for k, v in metrics.items() if isinstance(v, float) and not math.isfinite(v)]
    if not odd:
        return dict(metrics)
    sentence = f"Infinite or not a number: {', '.join(odd)}."
    left_out = " ".join(filter(None, (metrics.get("left_out"), sentence)))
    return {k: v for k, v in metrics.items() if k not in odd} | {"left_out": left_out}


def titles(
    metrics: Sequence[str] | None, own: Mapping[str, tuple[str, str]]
) -> dict[str, tuple[str, str]]:
    """Name -> (title, what is good) of those of the given metrics that have one; None: of all.

    own: titles of the objective's metrics.
    """
    every = dict(own)
    for name in available():
        every |= titles_of(name)
    return every if metrics is None else {name: every[name] for name in metrics if name in every}


def titles_of_log(own: Mapping[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """As `titles`, of all that a log can have: the objective's, and "evaluation/NAME".

    The latter of evaluations that are made unasked.
    """
    every = dict(own)
    for name, (unasked, _) in available().items():
        every |= titles_of(name) if unasked else {}
    return {**own, **{f"{EVALUATION}{name}": title for name, title in every.items()}}


def titles_for(name: str, experiment: Any) -> dict[str, tuple[str, str]]:
    """The titles of the metrics that one evaluation may give of an experiment; {} if none."""
    return dict(_module(name).titles_for(experiment))


def titles_of(name: str) -> dict[str, tuple[str, str]]:
    """The titles of one evaluation's metrics."""
    return dict(_module(name).TITLES)


def _module(name: str) -> Any:
    return importlib.import_module(f"{__name__}.{name}")
