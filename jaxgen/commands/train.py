"""Train, or continue what is in --workdir, also without --config."""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jaxgen.commands import flags
from jaxgen.commands.flags import Flag, Values
from jaxgen.core.errors import UserError

EXAMPLE = "configs/age_digits.py"
_OWN = "objective/"  # what names of an objective's own metrics of `evaluate` begin with
FLAGS = (
    flags.CONFIG,
    flags.PRINT,
    Flag(
        "explain", "say what each metric of the log and of evaluate means; run nothing", False, bool
    ),
    flags.TRUST,
    Flag("fork", "continue a workdir although the config has changed", False, bool),
    Flag("distributed", "one of several that Slurm, MPI or a TPU pod started", False, bool),
    Flag("coordinator", "HOST:PORT of process 0 of several that train together"),
    Flag("num_processes", "how many processes there are", None, flags.whole_number(1)),
    Flag("process_id", "which of them this is, from 0", None, flags.whole_number(0)),
)


def run(values: Values, overrides: Mapping[str, str]) -> None:
    """Trains the experiment of --config; --print_config and --explain only print."""
    several = values["coordinator"], values["num_processes"], values["process_id"]
    if values["distributed"] or several != (None, None, None):
        from jaxgen.commands.processes import join_processes

        join_processes(*several)
    config = _continued(values, overrides) or flags.load_config(values, overrides, EXAMPLE)
    if values["print_config"]:
        return flags.print_config(config)
    if values["explain"]:
        return print("\n".join(explain(config)))
    train(config, flags.training_folder(values), fork=values["fork"], trust=values["trust"])


def _continued(values: Values, overrides: Mapping[str, str]) -> Any:
    """The config of the run in --workdir, where no --config was given, with overrides; or None."""
    workdir = values["workdir"]
    if values["config"] or workdir is None:
        return None
    if not (workdir / "config.json").exists():
        raise UserError(
            f"{workdir} holds no run that could be continued; give --config=FILE.py, for instance "
            f"--config={EXAMPLE}, to begin one there."
        )
    from jaxgen.config import load
    from jaxgen.runs import record

    config = record.config_of(workdir, trust=values["trust"])
    return load.finish(config, overrides, as_text=True)


def explain(config: Any) -> list[str]:
    """A line a metric: its name, title, and what is good of it; first of the log, then of evaluate.

    Of just this config: a step is traced, and evaluations say what they can give of it.
    """
    import jax

    from jaxgen.config.build import build
    from jaxgen.runs import evaluations

    experiment = build(config)
    abilities, spec, key = experiment.abilities, experiment.spec, jax.random.key(0)
    state = jax.eval_shape(experiment.create_state, key)
    step = functools.partial(abilities.train_step, spec)
    _, logged = jax.eval_shape(step, state, dict(experiment.example_batch), key)
    own = abilities.titles
    unasked = {name: title for name, title in own.items() if name.startswith(_OWN)}
    sections: dict[str, Any] = {"in the log:": {name: own.get(name, ()) for name in sorted(logged)}}
    sections["of --mode=evaluate (some need labelled images, or --inception):"] = unasked
    for name, (always, _) in evaluations.available().items():
        titles = evaluations.titles_for(name, experiment)
        if always:
            unasked |= titles
        elif titles:
            sections[f"of --mode=evaluate --with={name}:"] = titles
    lines = []
    for heading, titles in sections.items():
        lines += ["", heading]
        lines += [f"  {name:<28} {': '.join(filter(None, t))}" for name, t in titles.items()]
    return lines[1:]


def train(config: Any, workdir: str | Path, *, fork: bool = False, trust: bool = False) -> Any:
    """`runs.training.run`, with compiled programs kept between runs."""
    from jaxgen.commands.compile_cache import enable_compilation_cache
    from jaxgen.runs import training

    enable_compilation_cache()
    return training.run(config, workdir, fork=fork, trust=trust)
