"""Export a finished run: its generator in a .jaxexport, or all weights in a .safetensors."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jaxgen.commands import flags
from jaxgen.commands.flags import Flag, Values

FLAGS = (
    flags.STEP,
    flags.TRUST,
    Flag(
        "out",
        "where it goes: .jaxexport (the generator) or .safetensors (all weights)",
        "generator.jaxexport",
        flags.file,
    ),
)


def run(values: Values, overrides: Mapping[str, str]) -> None:
    """Exports --workdir."""
    export(
        flags.folder_of_run(values),
        values["step"],
        out=values["out"],
        overrides=overrides,
        trust=values["trust"],
    )


def export(
    workdir: str | Path,
    step: int | None = None,
    *,
    out: str | Path = "generator.jaxexport",
    overrides: Mapping[str, str] | None = None,
    trust: bool = False,
) -> None:
    """Writes the generator, see `runs.exports.generator`, or the weights, see `weights` there.

    overrides: text for keys of `runs.restore.AFTER_TRAINING`, which change nothing here.
    """
    from jaxgen.commands import pictures
    from jaxgen.core.files import write_atomically
    from jaxgen.runs import exports

    out = Path(out)
    pictures.require_ending(out, ".jaxexport", ".safetensors")
    experiment, state = pictures.restored(workdir, step, overrides, trust=trust)
    if out.suffix == ".safetensors":
        what, content = "weights", exports.weights(experiment, state)
    else:
        program = exports.generator(experiment, state)
        *given, images = map(_array, (*program.in_avals, *program.out_avals))
        what, content = f"({', '.join(given)}) -> {images}", bytes(program.serialize())
    pictures.write(out, lambda: write_atomically(out, content))
    print(f"{what} of step {int(state.step)}: {out}")


def _array(aval: Any) -> str:
    return f"{aval.dtype}[{','.join(map(str, aval.shape))}]"
