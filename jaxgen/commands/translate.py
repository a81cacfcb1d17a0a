"""Translate image files with a finished run, from one domain to the other."""

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
        f"where they go: .png (the first {_MOST}, each with its translation) or .npz (all)",
        "translated.png",
        flags.file,
    ),
    flags.SAMPLE_SEED,
    Flag("inverse", "from the second domain to the first", False, bool),
)


def run(values: Values, overrides: Mapping[str, str]) -> None:
    """Translates --input with --workdir."""
    translate(
        flags.folder_of_run(values),
        values["step"],
        source=flags.images(values),
        out=values["out"],
        seed=values["sample_seed"],
        inverse=values["inverse"],
        overrides=overrides,
        trust=values["trust"],
    )


def translate(
    workdir: str | Path,
    step: int | None = None,
    *,
    source: str | Path,
    out: str | Path = "translated.png",
    seed: int = 0,
    inverse: bool = False,
    overrides: Mapping[str, str] | None = None,
    trust: bool = False,
) -> None:
    """Writes the image files of `source` and their translations.

    out: a .png of the first 64, original, translation, original, ...; or an .npz of all, `image`
    and `translation` u8[n,h,w,c] and `name`. source, and what is raised: as of `encode`. inverse:
    from the second domain to the first.
    """
    import jax

    from jaxgen.commands import pictures
    from jaxgen.pictures import grids
    from jaxgen.runs import image_files, sampling

    out = Path(out)
    pictures.require_ending(out, ".png", ".npz")
    experiment, state = pictures.restored(workdir, step, overrides, trust=trust)
    experiment.require("translate")
    files = image_files.read(experiment, source, "--input")
    key = jax.random.key(seed)
    made = sampling.translated(experiment, state, key, files.images, inverse=inverse)
    if out.suffix == ".npz":
        pictures.write_arrays(out, image=files.images, translation=made, name=files.names)
    else:
        pairs = grids.interleave(files.images[:_MOST], made[:_MOST])
        pictures.write_picture(experiment, out, pairs, columns=min(8, len(pairs)))
    print(f"{len(made)} images translated by step {int(state.step)}: {out}")
    files.require_all()
