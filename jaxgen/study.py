"""The command of studies: several experiments, each with several seeds, compared.

    python -m jaxgen.study --config=configs/studies/gan_objectives.py --workdir=runs/study

The same command continues what is in --workdir.
"""

from jaxgen.commands import flags

_FLAGS = (flags.CONFIG, flags.WORKDIR, flags.PRINT, flags.DEBUG, flags.HELP, flags.VERSION)
_EXAMPLE = "configs/studies/gan_objectives.py"


def main(argv: list[str]) -> None:
    """Runs a study. argv: flags, and overrides of its config."""
    given, overrides = flags.parse(argv, _FLAGS)
    if "help" in given:
        return print(flags.help_text("python -m jaxgen.study", {"flags:": _FLAGS}))
    if "version" in given:
        return print(flags.version())
    values = flags.select(given, _FLAGS, "a study", {})
    config = flags.load_config(values, overrides, _EXAMPLE)
    if values["print_config"]:
        return flags.print_config(config)
    from jaxgen.commands.compile_cache import enable_compilation_cache
    from jaxgen.studies import run

    enable_compilation_cache()
    run.run(config, flags.training_folder(values))


def cli() -> None:
    """The command."""
    flags.call(main)


if __name__ == "__main__":
    cli()
