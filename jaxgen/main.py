"""The command: `python -m jaxgen.main --config=configs/age_digits.py --workdir=runs/digits`.

Modes: train (the default; continues what is in --workdir) and a file of `jaxgen.commands` each.
"""

import importlib

from jaxgen.commands import flags
from jaxgen.commands.flags import Flag
from jaxgen.core.errors import UserError, did_you_mean
from jaxgen.runs import evaluations

_MODE = Flag("mode", "what to do, see below", "train")
_COMMON = (_MODE, flags.WORKDIR, flags.DEBUG, flags.HELP, flags.VERSION)


def main(argv: list[str]) -> None:
    """Runs one mode. argv: flags, and overrides of the config."""
    modes = {name: importlib.import_module(f"jaxgen.commands.{name}") for name in flags.modes()}
    # Of all modes as text: a flag of several is read as the one that is chosen has it.
    plain = [flags.as_text(flag) for module in modes.values() for flag in module.FLAGS]
    given, overrides = flags.parse(argv, [*plain, *_COMMON])
    if "help" in given:
        return print(_help({name: module.FLAGS for name, module in modes.items()}))
    if "version" in given:
        return print(flags.version())
    mode = given.get("mode", _MODE.default)
    if mode not in modes:
        raise UserError(
            f"--mode={mode} is not one of {', '.join(modes)}.{did_you_mean(mode, modes)}"
        )
    own = (*_COMMON, *modes[mode].FLAGS)
    given, overrides = flags.parse(argv, [*plain, *own])
    owners: dict[str, list[str]] = {}
    for name, module in modes.items():
        for flag in module.FLAGS:
            owners.setdefault(flag.name, []).append(f"--mode={name}")
    modes[mode].run(flags.select(given, own, f"--mode={mode}", owners), overrides)


def _help(flags_of_modes: dict[str, tuple[Flag, ...]]) -> str:
    sections = {"modes, --mode=NAME:": flags.modes(), "in every mode:": _COMMON}
    sections |= {f"--mode={name}:": own for name, own in flags_of_modes.items()}
    asked = {n: text for n, (unasked, text) in evaluations.available().items() if not unasked}
    made = {n: text for n, (unasked, text) in evaluations.available().items() if unasked}
    sections |= {"evaluations that are always made:": made, "--with=NAME,NAME:": asked}
    return flags.help_text("python -m jaxgen.main", sections)


def cli() -> None:
    """The command."""
    flags.call(main)


if __name__ == "__main__":
    cli()
