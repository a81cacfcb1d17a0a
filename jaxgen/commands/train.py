"""Train, or continue what is in --workdir."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jaxgen.commands import flags
from jaxgen.commands.flags import Flag, Values

EXAMPLE = "configs/age_digits.py"
FLAGS = (
    flags.CONFIG,
    flags.PRINT,
    flags.TRUST,
    Flag("fork", "continue a workdir although the config has changed", False, bool),
    Flag("coordinator", "HOST:PORT of process 0 of several that train together"),
    Flag("num_processes", "how many processes there are", None, flags.whole_number(1)),
    Flag("process_id", "which of them this is, from 0", None, flags.whole_number(0)),
)


def run(values: Values, overrides: Mapping[str, str]) -> None:
    """Trains the experiment of --config; with --print_config only prints it."""
    if values["print_config"]:
        return flags.print_config(flags.load_config(values, overrides, EXAMPLE))
    several = values["coordinator"], values["num_processes"], values["process_id"]
    if several != (None, None, None):
        from jaxgen.commands.processes import join_processes

        join_processes(*several)
    config = flags.load_config(values, overrides, EXAMPLE)
    train(config, flags.training_folder(values), fork=values["fork"], trust=values["trust"])


def train(config: Any, workdir: str | Path, *, fork: bool = False, trust: bool = False) -> Any:
    """`runs.training.run`, with compiled programs kept between runs."""
    from jaxgen.commands.compile_cache import enable_compilation_cache
    from jaxgen.runs import training

    enable_compilation_cache()
    return training.run(config, workdir, fork=fork, trust=trust)
