"""Add and subtract codes of a finished run: A - B + C of drawn images, or A - B of given ones."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from jaxgen.commands import flags
from jaxgen.commands.flags import Flag, Values
from jaxgen.core.errors import UserError

_CHOICES = 64
FLAGS = (
    flags.STEP,
    flags.TRUST,
    Flag(
        "num",
        f"images of drawn codes to choose from, in OUT_choices.png ({_CHOICES})",
        None,
        flags.whole_number(1),
    ),
    flags.picture("arithmetic.png"),
    flags.SAMPLE_SEED,
    flags.LABEL,
    Flag("a", "numbers of images whose mean code is A, such as 3,10,21", (), flags.whole_numbers),
    Flag("b", "as many, whose mean code is B", (), flags.whole_numbers),
    Flag("c", "as many, whose mean code is C", (), flags.whole_numbers),
    Flag("input", "images to change, a file or folder; needs --plus and --minus", None, Path),
    Flag("plus", "images with what is to be added, a file or folder", None, Path),
    Flag("minus", "images without it", None, Path),
    Flag(
        "strength", "times the difference of their mean codes is added", None, flags.number_from(0)
    ),
)


def run(values: Values, overrides: Mapping[str, str]) -> None:
    """Adds and subtracts codes of --workdir."""
    files = {name: values[name] for name in ("input", "plus", "minus")}
    common = {
        "out": values["out"],
        "label": flags.only_one("labels", values["labels"]),
        "overrides": overrides,
        "trust": values["trust"],
    }
    exemplars = [values[name] for name in "abc"]
    workdir, step, strength = flags.folder_of_run(values), values["step"], values["strength"]
    if not any(files.values()):
        if strength is not None:
            raise UserError("--strength is of --input, --plus and --minus; leave it out.")
        num = values["num"] or _CHOICES
        seed = values["sample_seed"]
        arithmetic(workdir, step, exemplars=exemplars, num=num, seed=seed, **common)
        return
    lacking = [f"--{name}" for name, path in files.items() if path is None]
    if lacking:
        raise UserError(f"Give {' and '.join(lacking)} too: image files or folders of them.")
    if any(exemplars) or values["num"] is not None:
        raise UserError("--num, --a, --b and --c are of drawn images; with --input leave them out.")
    strength = 1.0 if strength is None else strength
    attribute(workdir, step, source=files.pop("input"), strength=strength, **files, **common)


def arithmetic(
    workdir: str | Path,
    step: int | None = None,
    *,
    exemplars: Sequence[Sequence[int]],
    num: int = _CHOICES,
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
    _check_exemplars(exemplars, num)
    experiment, state = pictures.restored(workdir, step, overrides, trust=trust)
    decode = sampling.decoder(experiment, state, label)
    sampling.require_room(experiment, num, "images to choose from", "ask for a smaller --num")
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


def attribute(
    workdir: str | Path,
    step: int | None = None,
    *,
    source: str | Path,
    plus: str | Path,
    minus: str | Path,
    strength: float = 1.0,
    out: str | Path = "arithmetic.png",
    label: int | str | None = None,
    overrides: Mapping[str, str] | None = None,
    trust: bool = False,
) -> None:
    """Writes images with an attribute added: the mean code of `plus` less that of `minus`.

    source, plus, minus: an image file or a folder each. out: a .png with a row for each image of
    `source`: itself, and the images of its code with 0, 1/4, 1/2, 3/4 and 1 times `strength` times
    the difference. What is raised is as of `encode`; label as of `interpolate`.
    """
    import numpy as np

    from jaxgen.commands import pictures
    from jaxgen.pictures import walks
    from jaxgen.runs import image_files, sampling

    out = Path(out)
    pictures.require_ending(out, ".png")
    experiment, state = pictures.restored(workdir, step, overrides, trust=trust)
    encode = sampling.encoder(experiment, state)
    decode = sampling.decoder(experiment, state, label)
    given = {"input": source, "plus": plus, "minus": minus}
    files = {name: image_files.read(experiment, path, f"--{name}") for name, path in given.items()}
    code = {name: encode(read.images) for name, read in files.items()}
    changed = walks.added(code["input"], code["plus"], code["minus"], strength)
    if not np.isfinite(changed).all():
        raise UserError(f"--strength={strength:g} makes codes that are not finite; lower it.")
    rows = changed.shape[:2]
    images = decode(changed.reshape(-1, changed.shape[-1]))
    tiles = walks.beside(files["input"].images, images.reshape(*rows, *images.shape[1:]))
    pictures.write_picture(experiment, out, tiles, columns=rows[1] + 1)
    counts = f"{len(code['plus'])} - {len(code['minus'])}"
    print(f"The means of {counts} images added to {rows[0]} by step {int(state.step)}: {out}")
    for read in files.values():
        read.require_all()


def _check_exemplars(exemplars: Sequence[Sequence[int]], num: int) -> None:
    if len({len(group) for group in exemplars}) != 1:
        given = ", ".join(str(len(group)) for group in exemplars)
        raise UserError(
            "--a, --b and --c must be equally many numbers of images, such as 3,10,21; they are "
            f"{given}."
        )
    bad = [number for group in exemplars for number in group if not 0 <= number < num]
    if bad:
        raise UserError(f"There is no image {bad[0]}; with --num={num} they are 0 to {num - 1}.")
