"""Evaluate a finished run on held-out data: metrics to stdout and to evaluation.json."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jaxgen.commands import flags
from jaxgen.commands.flags import Flag, Values
from jaxgen.core.errors import UserError, reason
from jaxgen.runs import evaluations

_FILES = {"test": "evaluation.json", "validation": "evaluation_validation.json"}
FLAGS = (
    flags.STEP,
    flags.TRUST,
    Flag(
        "split",
        "test, or validation: the images that training held out to choose settings on",
        "test",
        flags.one_of(*_FILES),
    ),
    Flag(
        "with",
        "evaluations beside those that are always made, such as probe,parzen",
        (),
        flags.words,
    ),
    Flag(
        "inception",
        "a .safetensors file: compare in Inception's features, see docs/inception.md",
        "",
    ),
)


def run(values: Values, overrides: Mapping[str, str]) -> None:
    """Evaluates --workdir."""
    evaluations.check(values["with"])
    result = evaluate(
        flags.folder_of_run(values),
        values["step"],
        split=values["split"],
        names=values["with"],
        inception_weights=values["inception"],
        overrides=overrides,
        trust=values["trust"],
    )
    print(json.dumps(result, indent=2))


def evaluate(
    workdir: str | Path,
    step: int | None = None,
    *,
    split: str = "test",
    names: Sequence[str] = (),
    inception_weights: str = "",
    overrides: Mapping[str, str] | None = None,
    trust: bool = False,
) -> dict[str, Any]:
    """The metrics of a checkpoint, kept with their titles in a file and the report of the run.

    split: "test", kept in `evaluation.json`, or "validation", in `evaluation_validation.json`.
    names: of `runs.evaluations` beside those that are always made. overrides: text of free keys of
    the config. trust: whether modules that are not jaxgen's may be imported. A workdir that cannot
    be written is a warning: the metrics are returned.
    """
    from jaxgen.commands.compile_cache import enable_compilation_cache
    from jaxgen.report import run_page
    from jaxgen.runs import data, record
    from jaxgen.runs.evaluations.context import Context
    from jaxgen.runs.restore import restore

    workdir = Path(workdir)
    if split not in _FILES:
        raise UserError(f'split="{split}" must be one of {", ".join(_FILES)}.')
    path = workdir / _FILES[split]
    enable_compilation_cache()
    experiment, state = restore(workdir, step, overrides, trust=trust)
    training, held_out = (data.load_data(experiment, s) for s in ("train", split))
    context = Context(experiment, state, training, held_out, split, inception_weights, _say)
    result = {"step": int(state.step), "data": held_out.name, "split": split}
    result |= evaluations.finite(evaluations.evaluate(context, names))
    own = experiment.abilities.titles
    try:
        titles = {"titles": evaluations.titles(list(result), own)}
        record.write_json(path, result | titles)
        run_page.write(workdir, title=workdir.name, titles=evaluations.titles_of_log(own))
    except Exception as error:  # whatever a file does, what was measured is returned
        _say(f"jaxgen: {path}, or the report, cannot be written ({reason(error)}).")
    return result


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
