"""Decode codes with a finished run: the images of an .npz such as --mode=encode writes."""

from collections.abc import Mapping
from pathlib import Path

from jaxgen.commands import flags
from jaxgen.commands.flags import Flag, Values
from jaxgen.core.errors import UserError

FLAGS = (
    flags.STEP,
    flags.TRUST,
    Flag("input", "an .npz with an array code, a row for each image", None, Path),
    flags.several_pictures("decoded.png"),
    flags.LABEL,
)


def run(values: Values, overrides: Mapping[str, str]) -> None:
    """Decodes --input with --workdir."""
    workdir = flags.folder_of_run(values)
    if values["input"] is None:
        raise UserError("Give --input=CODES.npz, such as --mode=encode writes.")
    decode(
        workdir,
        values["step"],
        source=values["input"],
        out=values["out"],
        label=flags.only_one("labels", values["labels"]),
        overrides=overrides,
        trust=values["trust"],
    )


def decode(
    workdir: str | Path,
    step: int | None = None,
    *,
    source: str | Path,
    out: str | Path = "decoded.png",
    label: int | str | None = None,
    overrides: Mapping[str, str] | None = None,
    trust: bool = False,
) -> None:
    """Writes the images of the codes in the .npz `source`, in their order.

    out: a .png grid, an .npz of `image`, or a folder of 000000.png, 000001.png, ..., as of
    `sample`. label: as of `interpolate`. Raises UserError.
    """
    from jaxgen.commands import pictures
    from jaxgen.runs import code_files, sampling

    target = pictures.Target(out)
    experiment, state = pictures.restored(workdir, step, overrides, trust=trust)
    code = code_files.read(source, sampling.code_size(experiment))
    with target.opened(experiment):
        images = sampling.decoder(experiment, state, label)(code)
        target.write(experiment, images)
    print(f"{len(images)} codes decoded by step {int(state.step)}: {out}")
