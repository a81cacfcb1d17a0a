"""Walk between codes of a finished run: a row of nine images for each of --num walks."""

from collections.abc import Mapping
from pathlib import Path

from jaxgen.commands import flags
from jaxgen.commands.flags import Flag, Values

FLAGS = (
    flags.STEP,
    flags.TRUST,
    Flag("num", "how many walks", 8, flags.whole_number(1)),
    flags.picture("walks.png"),
    flags.SAMPLE_SEED,
    flags.LABEL,
)
_STEPS = 9


def run(values: Values, overrides: Mapping[str, str]) -> None:
    """Walks between codes of --workdir."""
    interpolate(
        flags.folder_of_run(values),
        values["step"],
        num=values["num"],
        out=values["out"],
        seed=values["sample_seed"],
        label=flags.only_one("labels", values["labels"]),
        overrides=overrides,
        trust=values["trust"],
    )


def interpolate(
    workdir: str | Path,
    step: int | None = None,
    *,
    num: int = 8,
    out: str | Path = "walks.png",
    seed: int = 0,
    label: int | str | None = None,
    overrides: Mapping[str, str] | None = None,
    trust: bool = False,
) -> None:
    """Writes a .png grid with a row of nine images for each of `num` walks between two codes.

    Codes are draws of the prior; walks are arcs or lines, as the prior wants. Points become one
    scatter plot.
    """
    import jax

    from jaxgen.commands import pictures
    from jaxgen.pictures import walks
    from jaxgen.runs import sampling

    out = Path(out)
    pictures.require_ending(out, ".png")
    experiment, state = pictures.restored(workdir, step, overrides, trust=trust)
    decode = sampling.decoder(experiment, state, label)
    ends = sampling.codes(experiment, jax.random.key(seed), 2 * num)
    path = walks.spherical if experiment.abilities.arcs else walks.linear
    images = walks.decoded_walk(decode, ends[:num], ends[num:], _STEPS, along=path)
    pictures.write_picture(experiment, out, images, columns=_STEPS)
    print(f"{num} walks of step {int(state.step)}: {out}")
