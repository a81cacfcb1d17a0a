"""Add and subtract codes of a finished run: A - B + C of images that are chosen by number."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from jaxgen.commands import flags
from jaxgen.commands.flags import Flag, Values
from jaxgen.core.errors import UserError

FLAGS = (
    flags.STEP,
    flags.TRUST,
    Flag(
        "num", "images of drawn codes to choose from, in OUT_choices.png", 64, flags.whole_number(1)
    ),
    flags.picture("arithmetic.png"),
    flags.SAMPLE_SEED,
    flags.LABEL,
    Flag("a", "numbers of images whose mean code is A, such as 3,10,21", (), flags.whole_numbers),
    Flag("b", "as many, whose mean code is B", (), flags.whole_numbers),
    Flag("c", "as many, whose mean code is C", (), flags.whole_numbers),
)


def run(values: Values, overrides: Mapping[str, str]) -> None:
    """Adds and subtracts codes of --workdir."""
    arithmetic(
        flags.folder_of_run(values),
        values["step"],
        exemplars=[values[name] for name in "abc"],
        num=values["num"],
        out=values["out"],
        seed=values["sample_seed"],
        label=flags.only_one("labels", values["labels"]),
        overrides=overrides,
        trust=values["trust"],
    )


def arithmetic(
    workdir: str | Path,
    step: int | None = None,
    *,
    exemplars: Sequence[Sequence[int]],
    num: int = 64,
    out: str | Path = "arithmetic.png",
    seed: int = 0,
    label: int | str | None = None,
    overrides: Mapping[str, str] | None = None,
    trust: bool = False,
) -> None:
    """Writes mean(A) - mean(B) + mean(C) of codes and its neighbourhood, as .png grids.

    exemplars: A, B and C as equally many numbers of images, counted from 0 along the rows of
    OUT_choices.png, the images of `num` draws of the prior; if all are empty, only that is
    written. OUT.png is the result with its eight neighbours, OUT_exemplars.png a row for each of
    A, B and C, its mean at the end. Points become scatter plots.
    """
    import jax

    from jaxgen.commands import pictures
    from jaxgen.pictures import walks
    from jaxgen.runs import sampling

    out = Path(out)
    pictures.require_ending(out, ".png")
    if len({len(group) for group in exemplars}) != 1:
        given = ", ".join(str(len(group)) for group in exemplars)
        raise UserError(
            "--a, --b and --c must be equally many numbers of images, such as 3,10,21; they are "
            f"{given}."
        )
    bad = [number for group in exemplars for number in group if not 0 <= number < num]
    if bad:
        raise UserError(f"There is no image {bad[0]}; with --num={num} they are 0 to {num - 1}.")
    experiment, state = pictures.restored(workdir, step, overrides, trust=trust)
    decode = sampling.decoder(experiment, state, label)
    drawn = sampling.codes(experiment, jax.random.key(seed), num)
    choices = out.with_name(f"{out.stem}_choices.png")
    pictures.write_picture(experiment, choices, decode(drawn))
    if not exemplars[0]:
        print(f"{num} images to choose --a, --b and --c from, by number from 0: {choices}")
        return
    a, b, c = (drawn[list(group)] for group in exemplars)
    shown, result = walks.decoded_arithmetic(decode, a, b, c, seed)
    beside = out.with_name(f"{out.stem}_exemplars.png")
    pictures.write_picture(experiment, out, result, columns=3)
    pictures.write_picture(experiment, beside, shown, columns=len(a) + 1)
    print(
        f"A - B + C of step {int(state.step)}: {out}; A, B, C and their means: {beside}; what "
        f"numbers count: {choices}"
    )
