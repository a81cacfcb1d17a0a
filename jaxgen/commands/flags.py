"""Flags of the commands: which there are, parsing, and how mistakes are said. Imports no JAX."""

import argparse
import ast
import dataclasses
import logging
import math
import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import jaxgen
from jaxgen.commands import failures
from jaxgen.commands.xla_flags import set_xla_flags
from jaxgen.core.errors import UserError, did_you_mean
from jaxgen.core.files import local_path
from jaxgen.core.progress import printable, say

Values = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Flag:
    """One flag, --NAME=VALUE or, where it is a switch, --NAME.

    Attributes:
      name: without dashes.
      meaning: one sentence or less.
      default: its value where it is not given.
      kind: what text becomes; bool is a switch, Path a local path, ~ being the home folder.
    """

    name: str
    meaning: str
    default: Any = None
    kind: Callable[[str], Any] = str


CONFIG = Flag("config", "what to run: FILE.py or FILE.py:ARGUMENT; --config.KEY=VALUE sets a key")
WORKDIR = Flag(
    "workdir", "the folder of the run; of training runs/NAME OF CONFIG if absent", None, Path
)
PRINT = Flag("print_config", "print every key, value and meaning; run nothing", False, bool)
DEBUG = Flag("debug", "show the traceback of an error", False, bool)
HELP = Flag("help", "print this", False, bool)
VERSION = Flag("version", "print the version of jaxgen", False, bool)
TRUST = Flag("trust", "import modules that are not jaxgen's, if the run names some", False, bool)
STEP = Flag("step", "the checkpoint to use; the newest if absent", None, int)


def as_text(flag: Flag) -> Flag:
    """The flag with any text as its value; a switch stays one."""
    return flag if flag.kind is bool else dataclasses.replace(flag, kind=str)


def whole_number(least: int) -> Callable[[str], int]:
    """A kind of flag: whole numbers from `least`, below 2**31."""

    def number(text: str) -> int:
        if not text.lstrip("-").isdigit() or not least <= int(text) < 2**31:
            raise argparse.ArgumentTypeError(f'"{text}" must be a whole number, {least} or more')
        return int(text)

    return number


def whole_numbers(text: str) -> list[int]:
    """A kind of flag: whole numbers, separated by commas."""
    try:
        return [int(part) for part in text.split(",") if part]
    except ValueError:
        raise argparse.ArgumentTypeError(f'"{text}" must be whole numbers, as in 3,8') from None


def one_of(*choices: str) -> Callable[[str], str]:
    """A kind of flag: one of the given words."""

    def choice(text: str) -> str:
        if text not in choices:
            raise argparse.ArgumentTypeError(f'"{text}" must be one of {", ".join(choices)}')
        return text

    return choice


def number_from(least: float) -> Callable[[str], float]:
    """A kind of flag: finite numbers from `least`."""

    def number(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not least <= value < math.inf:
            raise argparse.ArgumentTypeError(f'"{text}" must be a number, {least} or more')
        return value

    return number


def words(text: str) -> list[str]:
    """A kind of flag: words, separated by commas."""
    return [word for word in text.split(",") if word]


def file(text: str) -> str:
    """A kind of flag: the local path of a file, which has no "/" at its end."""
    return text


def file_or_folder(text: str) -> str:
    """A kind of flag: a local path as text, which keeps a "/" at its end."""
    return text


_PATHS = (Path, file, file_or_folder)  # kinds of flags
SAMPLE_SEED = Flag("sample_seed", "of what is drawn", 0, whole_number(0))
LABEL = Flag(
    "labels",
    "the class that is drawn, by name or number, of conditional objectives; else 0",
    (),
    words,
)
TEMPERATURE = Flag(
    "temperature",
    "of autoregressive models: 1 is the model, below it pixels are surer",
    None,
    number_from(0.0),
)


IMAGES = Flag("input", "an image file, or a folder of them, searched to any depth", None, Path)


def images(values: Values) -> Path:
    """--input of image files. Raises UserError where it was not given."""
    if values["input"] is None:
        raise UserError("Give --input=IMAGES, an image file or a folder of them.")
    return values["input"]


def several_pictures(default: str) -> Flag:
    """--out of a mode that writes a grid, arrays or a folder of images."""
    meaning = "where they go: .png (a grid), .npz (arrays) or FOLDER/ (a .png each)"
    return Flag("out", meaning, default, file_or_folder)


def picture(default: str) -> Flag:
    """--out of a mode that writes a .png."""
    return Flag("out", "where it goes, a .png", default, file)


def only_one(name: str, values: Sequence[str]) -> str | None:
    """The value of a list flag that takes one at most. Raises UserError for several."""
    if len(values) > 1:
        raise UserError(f"--{name}={','.join(values)} must be one class here.")
    return values[0] if values else None


def modes() -> dict[str, str]:
    """Name -> first sentence of every mode: a file beside this one that has FLAGS; imports none."""
    found = {}
    for file in sorted(Path(__file__).parent.glob("[!_]*.py")):
        tree = ast.parse(file.read_text())
        assigned = [node.targets[0] for node in tree.body if isinstance(node, ast.Assign)]
        if any(getattr(target, "id", "") == "FLAGS" for target in assigned):
            found[file.stem] = (ast.get_docstring(tree) or "").partition("\n")[0]
    return found


class _Once(argparse.Action):
    """Keeps the value of a flag, which may be given once."""

    def __call__(self, parser, namespace, values, option_string=None):
        before = getattr(namespace, self.dest, None)
        if before is not None:
            first, second = (
                ",".join(map(str, v)) if isinstance(v, list) else v for v in (before, values)
            )
            raise UserError(
                f"{option_string} is given twice, as {first} and as {second}; give one."
            )
        setattr(namespace, self.dest, values)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message.removeprefix('argument ').strip()}; see --help.")


def parse(argv: Sequence[str], flags: Iterable[Flag]) -> tuple[Values, dict[str, str]]:
    """(the flags that were given, the text of every --config.KEY=VALUE). Raises UserError."""
    parser = _Parser(allow_abbrev=False, add_help=False, argument_default=argparse.SUPPRESS)
    known = {flag.name: flag for flag in flags}
    for flag in known.values():
        kind = str if flag.kind in _PATHS else flag.kind
        how: Any = {"action": "store_true"} if kind is bool else {"action": _Once, "type": kind}
        parser.add_argument(f"--{flag.name}", **how)
    given, rest = parser.parse_known_args(list(argv))
    names = [f"--{name}" for name in known]
    for name, value in vars(given).items():
        if known[name].kind in _PATHS:
            if not value:
                raise UserError(f"--{name}= is empty; name a path, or leave it out.")
            path = local_path(value, f"--{name}")
            if path == Path(path.anchor) and path.anchor:
                raise UserError(f"--{name}={value} is the root of all folders; name one below it.")
            ending = "/" * (path.name != "" and value.endswith("/"))
            if known[name].kind is file and value.endswith("/"):
                raise UserError(f"--{name}={value} is a folder; name a file, without the last /.")
            text = known[name].kind is file_or_folder
            setattr(given, name, f"{path}{ending}" if text else path)
    return vars(given), _overrides(rest, names)


def help_text(usage: str, sections: Mapping[str, Iterable[Flag] | Mapping[str, str]]) -> str:
    """The text of --help: under each title its flags, or names and what they are."""
    lines = [f"usage: {usage} --FLAG=VALUE ... [--config.KEY=VALUE ...]"]
    for title, entries in sections.items():
        if not isinstance(entries, Mapping):
            entries = {_shown(flag): _meaning(flag) for flag in entries}
        lines += ["", title, *(f"  {name:<22} {meaning}" for name, meaning in entries.items())]
    return "\n".join(lines)


def _shown(flag: Flag) -> str:
    return f"--{flag.name}" if flag.kind is bool else f"--{flag.name}={flag.name.upper()}"


def _meaning(flag: Flag) -> str:
    default = "" if flag.default in (None, False, "", ()) else f" ({flag.default})"
    return flag.meaning + default


def select(
    given: Values, flags: Iterable[Flag], where: str, owners: Mapping[str, Sequence[str]]
) -> Values:
    """The values of `flags`, given or by default. Raises UserError for another flag.

    where: what `flags` are of, such as "--mode=evaluate". owners: flag -> what it is of, instead.
    """
    values = {flag.name: flag.default for flag in flags}
    for name, value in given.items():
        if name not in values:
            allowed = ", ".join(owners[name])
            raise UserError(f"--{name} has no use with {where}, only with {allowed}; leave it out.")
        values[name] = value
    return values


def load_config(values: Values, overrides: Mapping[str, str], example: str) -> Any:
    """The config of --config with its overrides. Raises UserError."""
    from jaxgen.config import load

    if not values["config"]:
        raise UserError(f"Give --config=FILE.py, for instance --config={example}.")
    return load.load(values["config"], overrides, as_text=True)


def print_config(config: Any) -> None:
    """Prints every key as the flag that sets it, with its meaning."""
    from jaxgen.config import document

    print("\n".join(document.lines(config)))
    sys.stdout.flush()  # here, where a reader that has gone away is noticed


def training_folder(values: Values) -> Path:
    """--workdir, or a folder that is named after the config."""
    name = Path((values["config"] or "").partition(":")[0]).stem
    return Path(values["workdir"] or f"runs/{name}")


def folder_of_run(values: Values) -> Path:
    """--workdir. Raises UserError where it was not given."""
    if values["workdir"] is None:
        raise UserError("Give --workdir=DIR, the folder of a training run.")
    return Path(values["workdir"])


def version() -> str:
    """What --version prints."""
    return f"jaxgen {jaxgen.__version__}"


def say_warnings() -> None:
    """Writes jaxgen's warnings to standard error as lines that people read."""

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            say(f"{record.levelname.lower()}: {record.getMessage()}")

    # Of damaged EXIF, whose pixels are read all the same.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    ours = logging.getLogger("jaxgen")
    ours.handlers, ours.propagate = [Lines()], False


def call(main: Callable[[list[str]], None]) -> None:
    """Calls `main(sys.argv[1:])`; a user's mistake prints one sentence and exits with 1.

    So does what the machine fails in, see `commands.failures`.
    """
    from absl import logging as of_absl

    of_absl.set_verbosity(of_absl.WARNING)
    set_xla_flags()
    say_warnings()
    for stream in (sys.stdout, sys.stderr):
        # The locale may be ASCII, and names of files and classes anything.
        getattr(stream, "reconfigure", lambda **_: None)(errors="backslashreplace")
    try:
        main(sys.argv[1:])
    except UserError as error:
        _fail(error, str(error), 1)
    except BrokenPipeError:
        # The reader, such as head, has enough; there is nobody to tell.
        os._exit(128 + signal.SIGPIPE)
    except KeyboardInterrupt as error:
        _fail(error, "interrupted", 128 + signal.SIGINT)
    except Exception as error:
        text = failures.sentence(error)
        if text is None:
            raise
        _fail(error, text, 1)


def _overrides(arguments: Sequence[str], known: Sequence[str]) -> dict[str, str]:
    """Key -> text of every --config.KEY=VALUE."""
    found: dict[str, str] = {}
    for argument in arguments:
        name, separator, text = argument.partition("=")
        if not name.startswith("--config."):
            hint = did_you_mean(name, known)
            raise UserError(f'Unexpected argument "{argument}"; see --help.{hint}')
        if not separator:
            raise UserError(f"{name} needs a value: {name}=VALUE.")
        key = name.removeprefix("--config.")
        if key in found:
            raise UserError(f"{name} is given twice, as {found[key]} and as {text}; give one.")
        found[key] = text
    return found


def _fail(error: BaseException, text: str, code: int) -> NoReturn:
    if "--debug" in sys.argv:
        raise error
    print(f"jaxgen: {printable(text)}", file=sys.stderr)
    # Threads of a checkpoint or of the data pipeline must not keep a failed process alive.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
