"""The command: `python -m jaxgen.main --config=configs/age_digits.py --workdir=runs/digits`.

Flags only. Modes: train (the default; continues what is in --workdir), evaluate, sample,
interpolate (walks between latents), arithmetic (A - B + C of latents).
"""

import json
from pathlib import Path

from absl import flags

from jaxgen import command_line
from jaxgen.core import UserError

flags.adopt_module_key_flags(command_line)
_EXAMPLE = "configs/age_digits.py"
_MODES = ("train", "evaluate", "sample", "interpolate", "arithmetic")
_MODE = flags.DEFINE_enum("mode", "train", _MODES, "What to do.")
_FORK = flags.DEFINE_bool("fork", False, "Continue a workdir although the config has changed.")
_STEP = flags.DEFINE_integer("step", None, "Checkpoint to evaluate or sample; else the newest.")
_NUM = flags.DEFINE_integer(
    "num", 64, "How many images --mode=sample draws, or walks --mode=interpolate.", lower_bound=1
)
_OUT = flags.DEFINE_string("out", "samples.png", "Where they go: .png (a grid) or .npz (arrays).")
_SEED = flags.DEFINE_integer("sample_seed", 0, "Seed of --mode=sample, interpolate, arithmetic.")
_CHUNK = flags.DEFINE_integer("chunk", 250, "Samples that are drawn at a time.")
_LABELS = flags.DEFINE_list("labels", [], "Classes that are drawn in turn, such as 3,8.")
_GROUPS = [
    flags.DEFINE_list(name, [], f"Samples whose mean latent is {name.upper()} in A - B + C.")
    for name in "abc"
]
_INCEPTION = flags.DEFINE_string(
    "inception", "", "Evaluate in Inception's features: a .safetensors file, see docs/inception.md."
)
_PROBE = flags.DEFINE_bool("probe", False, "Evaluate the discriminator's features: a linear SVM.")
_KMEANS = flags.DEFINE_bool("kmeans", False, "Evaluate k-means beside a run that finds clusters.")
_PARZEN = flags.DEFINE_bool("parzen", False, "Evaluate the (obsolete) Parzen log-likelihood.")
_COORDINATOR = flags.DEFINE_string("coordinator", None, "HOST:PORT of process 0 of several.")
_PROCESSES = flags.DEFINE_integer("num_processes", None, "How many processes there are.")
_PROCESS = flags.DEFINE_integer("process_id", None, "Which of them this is, from 0.")


def main(argv: list[str]) -> None:
    """Runs one mode. argv: the overrides of the config."""
    command_line.check_arguments(argv)
    if command_line.PRINT.value:
        return command_line.print_config(command_line.load_config(argv, _EXAMPLE))
    from jaxgen import commands

    if (_COORDINATOR.value, _PROCESSES.value, _PROCESS.value) != (None, None, None):
        commands.join_processes(_COORDINATOR.value, _PROCESSES.value, _PROCESS.value)
    if _MODE.value == "train":
        config = command_line.load_config(argv, _EXAMPLE)
        commands.train(config, command_line.workdir(by_config=True), fork=_FORK.value)
        return
    step, num, out, seed = _STEP.value, _NUM.value, Path(_OUT.value), _SEED.value
    labels = _numbers("labels", _LABELS.value)
    label = labels[0] if labels else None
    workdir = command_line.workdir()
    if _MODE.value == "evaluate":
        result = commands.evaluate(
            workdir,
            step,
            inception_weights=_INCEPTION.value,
            probe=_PROBE.value,
            kmeans=_KMEANS.value,
            parzen_window=_PARZEN.value,
        )
        print(json.dumps(result, indent=2))
    elif _MODE.value == "sample":
        commands.sample(workdir, step, num, out, seed=seed, labels=labels, chunk=_CHUNK.value)
    elif _MODE.value == "interpolate":
        commands.interpolate(workdir, step, num, out, seed=seed, label=label)
    else:
        groups = [_numbers(flag.name, flag.value) for flag in _GROUPS]
        commands.arithmetic(workdir, step, num, out, groups, seed=seed, label=label)


def _numbers(name: str, texts: list[str]) -> list[int]:
    try:
        return [int(text) for text in texts]
    except ValueError as error:
        raise UserError(f"--{name}={','.join(texts)} must be whole numbers, as in 3,8.") from error


def cli() -> None:
    """The command."""
    command_line.run(main)


if __name__ == "__main__":
    cli()
