"""Encode image files with a finished run: an .npz of their codes and names."""

from collections.abc import Mapping
from pathlib import Path

from jaxgen.commands import flags
from jaxgen.commands.flags import Flag, Values

FLAGS = (
    flags.STEP,
    flags.TRUST,
    flags.IMAGES,
    Flag("out", "where codes go, an .npz", "codes.npz", flags.file),
)


def run(values: Values, overrides: Mapping[str, str]) -> None:
    """Encodes --input with --workdir."""
    encode(
        flags.folder_of_run(values),
        values["step"],
        source=flags.images(values),
        out=values["out"],
        overrides=overrides,
        trust=values["trust"],
    )


def encode(
    workdir: str | Path,
    step: int | None = None,
    *,
    source: str | Path,
    out: str | Path = "codes.npz",
    overrides: Mapping[str, str] | None = None,
    trust: bool = False,
) -> None:
    """Writes an .npz of `code` f32[n,m] and `name` of the image files of `source`.

    source: an image file or a folder, see `runs.image_files.read`. Raises UserError, also at the
    end if some images could not be read, which are named on standard error; the others are written.
    """
    from jaxgen.commands import pictures
    from jaxgen.runs import image_files, sampling

    out = Path(out)
    pictures.require_ending(out, ".npz")
    experiment, state = pictures.restored(workdir, step, overrides, trust=trust)
    codes_of = sampling.encoder(experiment, state)
    files = image_files.read(experiment, source, "--input")
    code = codes_of(files.images)
    pictures.write_arrays(out, code=code, name=files.names)
    print(f"{len(code)} codes of {code.shape[1]} numbers by step {int(state.step)}: {out}")
    files.require_all()
