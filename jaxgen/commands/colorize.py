"""Color photographs with a finished run: those of a file or folder, and a page that compares."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jaxgen.commands import flags
from jaxgen.commands.flags import Flag, Values
from jaxgen.core.errors import NotFiniteError, UserError, reason
from jaxgen.core.progress import counted, say

FLAGS = (
    flags.STEP,
    flags.TRUST,
    Flag("input", "a photograph, or a folder of them, searched to any depth", None, Path),
    Flag("out", "the folder they go to, under their names", "colorized", Path),
    Flag("num", "how many versions of each", 1, flags.whole_number(1)),
    flags.SAMPLE_SEED,
    Flag(
        "side",
        "pixels that the shorter side is scaled to before the network sees it; more shows it "
        "smaller parts; what it was trained on if absent",
        None,
        flags.whole_number(1),
    ),
)


def run(values: Values, overrides: Mapping[str, str]) -> None:
    """Colors --input with --workdir."""
    workdir = flags.folder_of_run(values)
    if values["input"] is None:
        raise UserError("Give --input=PHOTO, an image file or a folder of them.")
    colorize(
        workdir,
        values["step"],
        source=values["input"],
        out=values["out"],
        num=values["num"],
        seed=values["sample_seed"],
        side=values["side"],
        overrides=overrides,
        trust=values["trust"],
    )


def colorize(
    workdir: str | Path,
    step: int | None = None,
    *,
    source: str | Path,
    out: str | Path = "colorized",
    num: int = 1,
    seed: int = 0,
    side: int | None = None,
    overrides: Mapping[str, str] | None = None,
    trust: bool = False,
) -> None:
    """Writes `num` versions of each photograph of `source` to the folder `out`, and a page of them.

    source: an image file or a folder. Names stay, with -1, -2, ... where num > 1; .jpg stays JPEG
    (quality 95, color at full resolution), all others become .png. A model without noise makes one
    version. The page is out/colorized.html. side: as in `runs.colorizing.colorize`. overrides: text
    for keys of `runs.restore.AFTER_TRAINING`.

    Raises UserError: before anything is computed where `source` has no image, something would be
    overwritten, `out` is in `source` or the run's objective does not colorize; and at the end if
    photographs could not be read, which are named on standard error, the others being colored.
    """
    from jaxgen.commands import pictures
    from jaxgen.core.files import no_empty_folder, require_writable
    from jaxgen.runs import colored_files, colorizing

    source, out = Path(source), Path(out)
    if num < 1:
        raise UserError(f"num={num} must be at least 1.")
    names = colored_files.names(source, out)
    versions = colored_files.targets(names, num)
    colored_files.require_new(out, versions)
    experiment, state = pictures.restored(workdir, step, overrides, trust=trust)
    size = experiment.config.data.image_size
    predict = colorizing.predictor(experiment, state)
    colorizing.check_side(size if side is None else side, size)
    with no_empty_folder(out):
        require_writable(out, "--out")
        if num > 1 and not colorizing.has_noise(predict, size):
            say("The model has no noise, and all versions would be the same: one is made of each.")
            versions = colored_files.targets(names)
            colored_files.require_new(out, versions)
        facts = [experiment.config.objective, f"step {int(state.step):,}"]
        try:
            colors = colored_files.Colors(predict, size, seed, side)
            colored = _color_all(colors, source, out, versions, facts)
        except OSError as error:
            raise UserError(f"Cannot write --out={out} ({reason(error)}).") from error
    print(f"{colored} photograph{'s' * (colored != 1)} colored by step {int(state.step)}: {out}")
    if colored < len(names):
        raise UserError(
            f"{len(names) - colored} of {len(names)} photographs were not colored, see above."
        )


def _color_all(
    colors: Any, source: Path, out: Path, versions: Mapping[str, list[str]], facts: list[str]
) -> int:
    """How many were colored; those that were not are named, and the others shown on a page."""
    from jaxgen.report import colorized_page
    from jaxgen.runs import colored_files

    shown, failed = [], {}
    longer = colorized_page.edge(len(versions), 2 + max(map(len, versions.values())))
    with counted("colored", len(versions)) as tell:
        for done, (name, files) in enumerate(versions.items(), 1):
            path = source / name if source.is_dir() else source
            try:
                into = [out / file for file in files]
                photo = colored_files.color(colors, path, into, name, longer)
                shown += [photo] * (len(shown) < colorized_page.MOST)
            except NotFiniteError:
                raise
            except UserError as error:
                failed[name] = str(error)
                say(f"jaxgen: {error}")
            tell(done)
    colored = len(versions) - len(failed)
    if colored:
        colorized_page.write(out, shown, facts, colored, failed)
    return colored
