"""What the modes that write a picture of a finished run share."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jaxgen.commands.compile_cache import enable_compilation_cache
from jaxgen.core.errors import UserError
from jaxgen.data.dataset import Dataset
from jaxgen.pictures import grids, scatter
from jaxgen.runs import data
from jaxgen.runs.restore import restore


def restored(
    workdir: str | Path,
    step: int | None,
    overrides: Mapping[str, str] | None,
    temperature: float | None = None,
    *,
    trust: bool,
) -> tuple[Any, Any]:
    """`runs.restore.restore`, with compiled programs kept between runs."""
    enable_compilation_cache()
    return restore(workdir, step, overrides, temperature=temperature, trust=trust)


def require_ending(out: Path, *endings: str) -> None:
    """Raises UserError unless the file of --out ends as it may."""
    if out.suffix not in endings:
        raise UserError(f"--out={out} must end in {' or '.join(endings)}.")


def write(path: Path, save: Callable[[], Any]) -> None:
    """Calls `save` once the folder of `path` is there. Raises UserError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save()
    except OSError as error:
        raise UserError(f"Cannot write --out={path} ({error.strerror}).") from error


def write_picture(experiment: Any, path: Path, drawn: Any, *, columns: int | None = None) -> None:
    """A grid of images, or a scatter plot of points over as many held-out ones."""
    if experiment.kind == "points":
        held_out: Dataset = data.load_data(experiment, "test")
        picture = scatter.picture(held_out.image[: len(drawn)], drawn)
    else:
        picture = grids.grid(drawn, columns=columns)
    write(path, lambda: grids.save_png(path, picture))
