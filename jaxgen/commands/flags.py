"""What the commands share: flags, overrides of a config, and how a mistake is told."""

import os
import shlex
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from absl import app, flags, logging

from jaxgen import config as config_lib
from jaxgen.core import UserError

CONFIG = flags.DEFINE_string(
    "config", None, "What to run: FILE.py or FILE.py:ARGUMENT; --config.KEY=VALUE changes a key."
)
WORKDIR = flags.DEFINE_string("workdir", None, "Its folder; runs/NAME OF CONFIG if absent.")
PRINT = flags.DEFINE_bool("print_config", False, "Print every key and value; run nothing.")
DEBUG = flags.DEFINE_bool("debug", False, "Show the traceback of an error.")


def load_config(argv: list[str], example: str) -> config_lib.Config:
    """The config of --config, with the overrides that `argv[1:]` are. Raises UserError."""
    overrides = dict(_override(argument) for argument in argv[1:])
    if not CONFIG.value:
        raise UserError(f"Give --config=FILE.py, for instance --config={example}.")
    config = config_lib.load(CONFIG.value, {})
    for key, text in overrides.items():
        config_lib.override(config, key, config_lib.parse(config, key, text))
    return config


def check_arguments(argv: list[str]) -> None:
    """Raises UserError unless `argv[1:]` are overrides of a config."""
    for argument in argv[1:]:
        _override(argument)


def print_config(config: config_lib.Config) -> None:
    """Prints every key as the flag that sets it."""
    for key, value in config_lib.flatten(config.to_dict()).items():
        print(f"--config.{key}={shlex.quote(str(value))}")
    sys.stdout.flush()  # here, where a reader that has gone away is noticed


def workdir(*, by_config: bool = False) -> Path:
    """The folder of --workdir, or (by_config) one named after the config. Raises UserError."""
    if WORKDIR.value is None and not by_config:
        raise UserError("Give --workdir=DIR, the folder of a training run.")
    name = Path((CONFIG.value or "").partition(":")[0]).stem
    return Path(WORKDIR.value or f"runs/{name}")


def run(main: Callable[[list[str]], None]) -> None:
    """Runs `main` on the command line; a user's mistake prints one sentence and exits with 1."""
    logging.set_verbosity(logging.WARNING)
    try:
        app.run(main, flags_parser=_parse)
    except UserError as error:
        _fail(error, str(error), 1)
    except BrokenPipeError:
        # The reader, such as head, has enough; there is nobody to tell.
        os._exit(128 + signal.SIGPIPE)
    except KeyboardInterrupt as error:
        _fail(error, "interrupted", 128 + signal.SIGINT)


def _override(argument: str) -> tuple[str, str]:
    """(key, text) of --config.KEY=VALUE."""
    name, separator, text = argument.partition("=")
    if not name.startswith("--config."):
        known = [f"--{flag}" for flag in flags.FLAGS]
        raise UserError(
            f'Unexpected argument "{argument}"; see --help.{config_lib.did_you_mean(name, known)}'
        )
    if not separator:
        raise UserError(f"{name} needs a value: {name}=VALUE.")
    return name.removeprefix("--config."), text


def _parse(argv: list[str]) -> list[str]:
    """Absl's parsing of its flags; the rest, overrides of the config among it, is returned."""
    try:
        return flags.FLAGS(argv, known_only=True)
    except flags.Error as error:
        raise UserError(f"{error}.") from error


def _fail(error: BaseException, text: str, code: int) -> NoReturn:
    if {"--debug", "--debug=true"} & set(sys.argv):
        raise error
    print(f"jaxgen: {text}", file=sys.stderr)
    # Threads of a checkpoint or of the data pipeline must not keep a failed process alive.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
