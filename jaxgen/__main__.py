"""The console script: `jaxgen train --config=configs/age_digits.py`, `jaxgen study --config=...`.

jaxgen MODE ...      as python -m jaxgen.main --mode=MODE ...
jaxgen study ...     as python -m jaxgen.study ...
jaxgen --version
"""

import os
import sys

from jaxgen import main as modes
from jaxgen import study
from jaxgen.commands import flags
from jaxgen.core.errors import UserError, did_you_mean


def main(argv: list[str]) -> None:
    """Runs one command. argv: its name, then its flags."""
    names = ("study", *flags.modes())
    if argv == ["--version"]:
        return print(flags.version())
    if not argv or argv[0] in ("--help", "-h"):
        commands = {"study": "Train several experiments, and compare them.", **flags.modes()}
        sections = {"commands:": commands, "their flags:": {"jaxgen COMMAND --help": ""}}
        return print(flags.help_text("jaxgen COMMAND", sections))
    command, *rest = argv
    if command not in names:
        raise UserError(
            f'"{command}" is not one of {", ".join(names)}.{did_you_mean(command, names)}'
        )
    if command == "study":
        return study.main(rest)
    if any(flag.startswith("--mode") for flag in rest):
        raise UserError(f"--mode has no use with jaxgen {command}, which is one; leave it out.")
    modes.main([f"--mode={command}", *rest])


def cli() -> None:
    """The command, to which modules of the current folder are there as they are to python -m."""
    if not sys.flags.safe_path and not {"", os.getcwd()} & set(sys.path):
        sys.path.append(os.getcwd())
    flags.call(main)


if __name__ == "__main__":
    cli()
