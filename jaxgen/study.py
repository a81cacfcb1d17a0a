"""The command of studies: several experiments, each with several seeds, compared.

    python -m jaxgen.study --config=configs/studies/gan_objectives.py --workdir=runs/study

Flags only. The same command continues what is in --workdir.
"""

from absl import flags

from jaxgen import command_line

flags.adopt_module_key_flags(command_line)


def main(argv: list[str]) -> None:
    """Runs a study. argv: the overrides of its config."""
    config = command_line.load_config(argv, "configs/studies/gan_objectives.py")
    if command_line.PRINT.value:
        return command_line.print_config(config)
    from jaxgen import commands, studies

    commands.enable_compilation_cache()
    studies.run(config, command_line.workdir(by_config=True))


def cli() -> None:
    """The command."""
    command_line.run(main)


if __name__ == "__main__":
    cli()
