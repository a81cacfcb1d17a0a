"""Rebuild image files with a finished run: each beside its reconstruction."""

from collections.abc import Mapping
from pathlib import Path

from jaxgen.commands import flags
from jaxgen.commands.flags import Flag, Values

_MOST = 64  # pairs in a picture
FLAGS = (
    flags.STEP,
    flags.TRUST,
    flags.IMAGES,
    Flag(
        "out",
        f"where they go: .png (the first {_MOST}, each with its reconstruction) or .npz (all)",
        "reconstructions.png",
        flags.file,
    ),
    flags.SAMPLE_SEED,
    flags.LABEL,
)


def run(values: Values, overrides: Mapping[str, str]) -> None:
    """Rebuilds --input with --workdir."""
    reconstruct(
        flags.folder_of_run(values),
        values["step"],
        source=flags.images(values),
        out=values["out"],
        seed=values["sample_seed"],
        label=flags.only_one("labels", values["labels"]),
        overrides=overrides,
        trust=values["trust"],
    )


def reconstruct(
    workdir: str | Path,
    step: int | None = None,
    *,
    source: str | Path,
    out: str | Path = "reconstructions.png",
    seed: int = 0,
    label: int | str | None = None,
    overrides: Mapping[str, str] | None = None,
    trust: bool = False,
) -> None:
    """Writes the image files of `source` and their reconstructions, and prints the mean error.

    out: a .png of the first 64, original, reconstruction, original, ...; or an .npz of all, `image`
    and `reconstruction` u8[n,h,w,c] and `name`. source, and what is raised: as of `encode`. seed:
    of what is random in them. label: the class of all of them, where it is needed.
    """
    import jax

    from jaxgen.commands import pictures
    from jaxgen.pictures import grids
    from jaxgen.runs import image_files, sampling

    out = Path(out)
    pictures.require_ending(out, ".png", ".npz")
    experiment, state = pictures.restored(workdir, step, overrides, trust=trust)
    experiment.require("reconstruct")
    files = image_files.read(experiment, source, "--input")
    made = sampling.rebuilt(experiment, state, jax.random.key(seed), files.images, label)
    if out.suffix == ".npz":
        pictures.write_arrays(out, image=files.images, reconstruction=made, name=files.names)
    else:
        pairs = grids.interleave(files.images[:_MOST], made[:_MOST])
        pictures.write_picture(experiment, out, pairs, columns=min(8, len(pairs)))
    error = abs(files.images.astype(float) - made).mean() / 127.5
    print(
        f"{len(made)} images rebuilt by step {int(state.step)}, mean absolute error {error:.3f} on "
        f"the scale [-1, 1]: {out}"
    )
    files.require_all()
