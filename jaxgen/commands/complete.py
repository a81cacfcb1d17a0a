"""Complete images with a finished run: held-out ones, of which one half is drawn anew."""

from collections.abc import Mapping
from pathlib import Path

from jaxgen.commands import flags
from jaxgen.commands.flags import Flag, Values
from jaxgen.core.errors import UserError

_HALVES = ("top", "bottom", "left", "right")
FLAGS = (
    flags.STEP,
    flags.TRUST,
    Flag("num", "how many images", 8, flags.whole_number(1)),
    flags.picture("completions.png"),
    flags.SAMPLE_SEED,
    Flag(
        "known", "the half that is kept: top, bottom, left or right", "top", flags.one_of(*_HALVES)
    ),
    flags.TEMPERATURE,
)
_DRAWS = 6  # of each image


def run(values: Values, overrides: Mapping[str, str]) -> None:
    """Completes images with --workdir."""
    complete(
        flags.folder_of_run(values),
        values["step"],
        num=values["num"],
        out=values["out"],
        seed=values["sample_seed"],
        known=values["known"],
        temperature=values["temperature"],
        overrides=overrides,
        trust=values["trust"],
    )


def complete(
    workdir: str | Path,
    step: int | None = None,
    *,
    num: int = 8,
    out: str | Path = "completions.png",
    seed: int = 0,
    known: str = "top",
    temperature: float | None = None,
    overrides: Mapping[str, str] | None = None,
    trust: bool = False,
) -> None:
    """Writes a .png grid with a row for each of `num` held-out images.

    A row is the image, what is kept of it, and six completions. known: the half that is kept,
    "top", "bottom", "left" or "right"; pixels are drawn in raster order, each given the known and
    drawn ones before it, and a class or code given the known ones that come first. temperature: as
    in `commands.sample`. Raises UserError for an objective that does not complete images.
    """
    import jax
    import numpy as np

    from jaxgen.commands import pictures
    from jaxgen.core.images import even_rows
    from jaxgen.runs import data, sampling

    out = Path(out)
    pictures.require_ending(out, ".png")
    if known not in _HALVES or num < 1:
        raise UserError(
            f'known="{known}" must be one of {", ".join(_HALVES)}, and num={num} at least 1.'
        )
    experiment, state = pictures.restored(workdir, step, overrides, temperature, trust=trust)
    experiment.require("complete")
    held_out = data.as_modelled(experiment, data.load_data(experiment, "test"))
    images = np.asarray(even_rows(held_out.image, num))
    kept = _half(known, *images.shape[1:3])
    hidden = np.where(kept[None, :, :, None], images, 128).astype(np.uint8)
    drawn = sampling.completions(experiment, state, jax.random.key(seed), images, kept, _DRAWS)
    rows = np.concatenate([images[:, None], hidden[:, None], drawn], axis=1)
    tiles = rows.reshape(-1, *images.shape[1:])
    pictures.write_picture(experiment, out, tiles, columns=rows.shape[1])
    print(f"{len(images)} images completed by step {int(state.step)}: {out}")


def _half(name, height, width):
    """bool[height,width]."""
    import numpy as np

    known = np.zeros((height, width), bool)
    down = {"top": slice(height // 2), "bottom": slice(height // 2, None)}.get(name, slice(None))
    right = {"left": slice(width // 2), "right": slice(width // 2, None)}.get(name, slice(None))
    known[down, right] = True
    return known
