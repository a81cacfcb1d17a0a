"""Draw samples of a finished run: a grid in a .png, a folder of them, or arrays in an .npz."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from jaxgen.commands import flags
from jaxgen.commands.flags import Flag, Values
from jaxgen.core.errors import UserError

FLAGS = (
    flags.STEP,
    flags.TRUST,
    Flag("num", "how many", 64, flags.whole_number(1)),
    flags.several_pictures("samples.png"),
    flags.SAMPLE_SEED,
    Flag(
        "labels", "classes drawn in turn, by name or number, such as 3,8; else all", (), flags.words
    ),
    Flag("chunk", "drawn at a time; another number draws others", 250, flags.whole_number(1)),
    flags.TEMPERATURE,
)


def run(values: Values, overrides: Mapping[str, str]) -> None:
    """Draws samples of --workdir."""
    sample(
        flags.folder_of_run(values),
        values["step"],
        num=values["num"],
        out=values["out"],
        seed=values["sample_seed"],
        labels=values["labels"],
        chunk=values["chunk"],
        temperature=values["temperature"],
        overrides=overrides,
        trust=values["trust"],
    )


def sample(
    workdir: str | Path,
    step: int | None = None,
    *,
    num: int = 64,
    out: str | Path = "samples.png",
    seed: int = 0,
    labels: Sequence[int | str] = (),
    chunk: int = 250,
    temperature: float | None = None,
    overrides: Mapping[str, str] | None = None,
    trust: bool = False,
) -> None:
    """Writes `num` samples to a .png grid, to an .npz or, each by itself, to a folder.

    out: a .png; an .npz, of `image` [num,h,w,c] and, where samples have a class, `label` i32[num];
    or a folder, which is there or ends in "/", of 000000.png, 000001.png, ..., or with classes
    000000_cat.png, ..., 000000_class7.png where they have no names. Raises UserError for a folder
    that has such files, and for points.

    labels: the classes or categories to draw in turn, by default all, for an objective that has
    some; a column each. Points become a scatter plot over held-out ones. chunk: drawn at a time,
    with a word about each where there are several. temperature: of autoregressive models, below 1
    for surer pixels; by default that of the config. overrides: text for keys of
    `runs.restore.AFTER_TRAINING`.
    """
    import jax

    from jaxgen.commands import pictures
    from jaxgen.runs import sampling

    target = pictures.Target(out)
    if num < 1 or chunk < 1:
        raise UserError(f"num={num} and chunk={chunk} must be at least 1.")
    experiment, state = pictures.restored(workdir, step, overrides, temperature, trust=trust)
    condition = sampling.conditions(experiment, labels, num)
    progress = _say_progress if num > chunk else lambda done, num: None
    with target.opened(experiment):
        key = jax.random.key(seed)
        images = sampling.draw(
            experiment, state, key, num, condition, chunk=chunk, progress=progress
        )
        kinds = len(labels) or experiment.abilities.sampled_classes
        columns = kinds if 1 < kinds <= num else None
        classes = sampling.class_names(experiment)
        target.write(experiment, images, condition, classes=classes, columns=columns)
    print(f"{num} samples of step {int(state.step)}: {out}")


def _say_progress(done: int, num: int) -> None:
    print(f"drawn: {done} of {num}", file=sys.stderr, flush=True)
