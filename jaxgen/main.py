"""The command: `python -m jaxgen.main --config=configs/age_digits.py --workdir=runs/digits`.

Flags only. Modes: train (the default; continues what is in --workdir), evaluate, sample,
interpolate (walks between latents), arithmetic (A - B + C of latents).
"""

import json
import os
import shlex
import signal
import sys
from pathlib import Path
from typing import NoReturn

from absl import app, flags, logging

from jaxgen import config as config_lib
from jaxgen.core import UserError

_CONFIG = flags.DEFINE_string(
    "config", None, "The experiment: FILE.py or FILE.py:ARGUMENT; --config.KEY=VALUE changes a key."
)
_WORKDIR = flags.DEFINE_string("workdir", None, "Folder of the run; runs/NAME OF CONFIG if absent.")
_MODES = ("train", "evaluate", "sample", "interpolate", "arithmetic")
_MODE = flags.DEFINE_enum("mode", "train", _MODES, "What to do.")
_PRINT = flags.DEFINE_bool("print_config", False, "Print every key and value; run nothing.")
_FORK = flags.DEFINE_bool("fork", False, "Continue a workdir although the config has changed.")
_STEP = flags.DEFINE_integer("step", None, "Checkpoint to evaluate or sample; else the newest.")
_NUM = flags.DEFINE_integer(
    "num", 64, "How many images --mode=sample draws, or walks --mode=interpolate.", lower_bound=1
)
_OUT = flags.DEFINE_string("out", "samples.png", "Where they go: .png (a grid) or .npz (arrays).")
_SEED = flags.DEFINE_integer("sample_seed", 0, "Seed of --mode=sample, interpolate, arithmetic.")
_LABELS = flags.DEFINE_list("labels", [], "Classes that are drawn in turn, such as 3,8.")
_GROUPS = [
    flags.DEFINE_list(name, [], f"Samples whose mean latent is {name.upper()} in A - B + C.")
    for name in "abc"
]
_INCEPTION = flags.DEFINE_string(
    "inception", "", "Evaluate in Inception's features: a .safetensors file, see docs/inception.md."
)
_PROBE = flags.DEFINE_bool("probe", False, "Evaluate the discriminator's features: a linear SVM.")
_PARZEN = flags.DEFINE_bool("parzen", False, "Evaluate the (obsolete) Parzen log-likelihood.")
_DEBUG = flags.DEFINE_bool("debug", False, "Show the traceback of an error.")
_COORDINATOR = flags.DEFINE_string("coordinator", None, "HOST:PORT of process 0 of several.")
_PROCESSES = flags.DEFINE_integer("num_processes", None, "How many processes there are.")
_PROCESS = flags.DEFINE_integer("process_id", None, "Which of them this is, from 0.")


def main(argv: list[str]) -> None:
    """Runs one mode. argv: what `_parse` left, of which the overrides of the config are known."""
    overrides = dict(_override(argument) for argument in argv[1:])
    if _PRINT.value:
        for key, value in config_lib.flatten(_config(overrides).to_dict()).items():
            print(f"--config.{key}={shlex.quote(str(value))}")
        return
    from jaxgen import commands

    if (_COORDINATOR.value, _PROCESSES.value, _PROCESS.value) != (None, None, None):
        commands.join_processes(_COORDINATOR.value, _PROCESSES.value, _PROCESS.value)
    if _MODE.value == "train":
        config = _config(overrides)
        commands.train(config, _workdir(default=_config_name()), fork=_FORK.value)
        return
    step, num, out, seed = _STEP.value, _NUM.value, Path(_OUT.value), _SEED.value
    labels = _numbers("labels", _LABELS.value)
    label = labels[0] if labels else None
    if _MODE.value == "evaluate":
        options = {"inception_weights": _INCEPTION.value, "probe": _PROBE.value}
        result = commands.evaluate(_workdir(), step, **options, parzen_window=_PARZEN.value)
        print(json.dumps(result, indent=2))
    elif _MODE.value == "sample":
        commands.sample(_workdir(), step, num, out, seed=seed, labels=labels)
    elif _MODE.value == "interpolate":
        commands.interpolate(_workdir(), step, num, out, seed=seed, label=label)
    else:
        groups = [_numbers(flag.name, flag.value) for flag in _GROUPS]
        commands.arithmetic(_workdir(), step, num, out, groups, seed=seed, label=label)


def _numbers(name: str, texts: list[str]) -> list[int]:
    try:
        return [int(text) for text in texts]
    except ValueError as error:
        raise UserError(f"--{name}={','.join(texts)} must be whole numbers, as in 3,8.") from error


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


def _config(overrides: dict[str, str]) -> config_lib.Config:
    if not _CONFIG.value:
        raise UserError("Give --config=FILE.py, for instance --config=configs/age_digits.py.")
    config = config_lib.load(_CONFIG.value, {})
    for key, text in overrides.items():
        config_lib.override(config, key, config_lib.parse(config, key, text))
    return config


def _config_name() -> str:
    return Path((_CONFIG.value or "").partition(":")[0]).stem


def _workdir(default: str | None = None) -> Path:
    if _WORKDIR.value is None and default is None:
        raise UserError("Give --workdir=DIR, the folder of a training run.")
    return Path(_WORKDIR.value or f"runs/{default}")


def _parse(argv: list[str]) -> list[str]:
    """Absl's parsing of its flags; the rest, overrides of the config among it, is returned."""
    try:
        return flags.FLAGS(argv, known_only=True)
    except flags.Error as error:
        raise UserError(f"{error}.") from error


def _fail(error: BaseException, text: str, code: int) -> NoReturn:
    if "--debug" in sys.argv:
        raise error
    print(f"jaxgen: {text}", file=sys.stderr)
    # Threads of a checkpoint or of the data pipeline must not keep a failed process alive.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def cli() -> None:
    """Runs `main` on the command line; a user's mistake prints one sentence and exits with 1."""
    logging.set_verbosity(logging.WARNING)
    try:
        app.run(main, flags_parser=_parse)
    except UserError as error:
        _fail(error, str(error), 1)
    except KeyboardInterrupt as error:
        _fail(error, "interrupted", 128 + signal.SIGINT)


if __name__ == "__main__":
    cli()
