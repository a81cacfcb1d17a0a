"""Walk between codes of a finished run, drawn ones or those of given images: rows, or a film."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jaxgen.commands import flags
from jaxgen.commands.flags import Flag, Values
from jaxgen.core.errors import UserError

_FILMS = (".gif", ".webp")
_PATHS = ("arc", "line")
_WALKS, _POINTS, _FRAMES = 8, 9, 25
FLAGS = (
    flags.STEP,
    flags.TRUST,
    Flag("num", f"how many walks between drawn codes ({_WALKS})", None, flags.whole_number(1)),
    Flag("start", "an image file or a folder: walks begin at their codes", None, Path),
    Flag("end", "as many others, where walks end", None, Path),
    Flag(
        "points",
        f"images of a walk, both ends included ({_POINTS}, of a film {_FRAMES})",
        None,
        flags.whole_number(2),
    ),
    Flag(
        "path",
        f"{' or '.join(_PATHS)} from code to code; if absent, as the prior wants",
        None,
        flags.one_of(*_PATHS),
    ),
    Flag(
        "out", "where they go: .png (a row each), .gif or .webp (a film)", "walks.png", flags.file
    ),
    flags.SAMPLE_SEED,
    flags.LABEL,
)


def run(values: Values, overrides: Mapping[str, str]) -> None:
    """Walks between codes of --workdir."""
    interpolate(
        flags.folder_of_run(values),
        values["step"],
        num=values["num"],
        start=values["start"],
        end=values["end"],
        points=values["points"],
        path=values["path"],
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
    num: int | None = None,
    start: str | Path | None = None,
    end: str | Path | None = None,
    points: int | None = None,
    path: str | None = None,
    out: str | Path = "walks.png",
    seed: int = 0,
    label: int | str | None = None,
    overrides: Mapping[str, str] | None = None,
    trust: bool = False,
) -> None:
    """Writes walks of `points` images from one code to another, as rows or as a film.

    start, end: image files, or folders of equally many, whose codes are the ends, in the order of
    names; without them the ends are `num` pairs of draws of the prior (8). path: "arc" or "line",
    by default as the prior wants. points: 9, of a film 25. out: a .png grid with a row for each
    walk, or a .gif or .webp that goes there and back, the walks side by side. label: the class of
    all, a number or name, of a conditional objective (0). Points of the plane become one scatter
    plot.

    Raises UserError, see `runs.image_files.read` of what it says of image files.
    """
    import jax

    from jaxgen.commands import pictures
    from jaxgen.pictures import walks
    from jaxgen.runs import sampling

    out = Path(out)
    pictures.require_ending(out, ".png", *_FILMS)
    _check(num, start, end, path)
    film = out.suffix in _FILMS
    points = points or (_FRAMES if film else _POINTS)
    experiment, state = pictures.restored(workdir, step, overrides, trust=trust)
    if film and experiment.kind == "points":
        raise UserError(f"--out={out} is for images, and this run draws points; choose a .png.")
    decode = sampling.decoder(experiment, state, label)

    def require_room(count: int) -> None:
        advice = "ask for fewer --points, or walks"
        sampling.require_room(experiment, count * points, "images of walks", advice)

    if start is None or end is None:
        require_room(num or _WALKS)
        ends = sampling.codes(experiment, jax.random.key(seed), 2 * (num or _WALKS))
    else:
        ends = _ends(experiment, state, Path(start), Path(end), require_room)
    arcs = experiment.abilities.arcs if path is None else path == "arc"
    along = walks.spherical if arcs else walks.linear
    count = len(ends) // 2
    images = walks.decoded_walk(decode, ends[:count], ends[count:], points, along=along)
    if film:
        pictures.write_film(out, images, count)
    else:
        pictures.write_picture(experiment, out, images, columns=points)
    print(f"{count} walk{'s' * (count > 1)} of step {int(state.step)}: {out}")


def _check(num: int | None, start: Any, end: Any, path: str | None) -> None:
    if (start is None) != (end is None):
        raise UserError("Give both --start and --end, images to walk between, or neither.")
    if path not in (None, *_PATHS):
        raise UserError(f"--path={path} is not one of {', '.join(_PATHS)}.")
    if start is not None and num is not None:
        raise UserError("--num is of drawn codes; with --start and --end leave it out.")


def _ends(
    experiment: Any, state: Any, start: Path, end: Path, require_room: Callable[[int], None]
) -> Any:
    """Codes f32[2n,m] of images, starts and then ends."""
    import numpy as np

    from jaxgen.runs import image_files, sampling

    encode = sampling.encoder(experiment, state)
    first = image_files.read(experiment, start, "--start")
    last = image_files.read(experiment, end, "--end")
    for files in (first, last):
        files.require_all()  # for pairs go by their order
    if len(first.images) != len(last.images):
        raise UserError(
            f"--start={start} has {len(first.images)} and --end={end} {len(last.images)} images; "
            "give as many of each."
        )
    require_room(len(first.images))
    return encode(np.concatenate([first.images, last.images]))
