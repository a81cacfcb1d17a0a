"""Evaluate a finished run on held-out data: metrics to stdout and to evaluation.json."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jaxgen.commands import flags
from jaxgen.commands.flags import Flag, Values
from jaxgen.runs import evaluations

FLAGS = (
    flags.STEP,
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
        names=values["with"],
        inception_weights=values["inception"],
        overrides=overrides,
    )
    print(json.dumps(result, indent=2))


def evaluate(
    workdir: str | Path,
    step: int | None = None,
    *,
    names: Sequence[str] = (),
    inception_weights: str = "",
    overrides: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The metrics of a checkpoint, kept with their titles in `evaluation.json` and the report.

    names: of `runs.evaluations` beside those that are always made. overrides: text of free keys of
    the config. A workdir that cannot be written is a warning: the metrics are returned.
    """
    from jaxgen.commands.compile_cache import enable_compilation_cache
    from jaxgen.report import run_page
    from jaxgen.runs import data, record
    from jaxgen.runs.evaluations.context import Context
    from jaxgen.runs.restore import restore

    workdir = Path(workdir)
    enable_compilation_cache()
    experiment, state = restore(workdir, step, overrides)
    training, held_out = (data.load_data(experiment, split) for split in ("train", "test"))
    context = Context(experiment, state, training, held_out, inception_weights, _say)
    result = {"step": int(state.step), "data": held_out.name}
    result |= evaluations.evaluate(context, names)
    try:
        titles = {"titles": evaluations.titles(list(result))}
        record.write_json(workdir / "evaluation.json", result | titles)
        run_page.write(workdir, title=workdir.name)
    except OSError as error:
        _say(f"jaxgen: {workdir}/evaluation.json cannot be written ({error.strerror}).")
    return result


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
