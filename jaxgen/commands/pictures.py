"""What the modes that write a picture of a finished run share."""

import contextlib
import functools
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jaxgen.commands.compile_cache import enable_compilation_cache
from jaxgen.core.errors import UserError, reason
from jaxgen.core.files import no_empty_folder, require_writable
from jaxgen.data.dataset import Dataset
from jaxgen.pictures import grids, scatter
from jaxgen.runs import data
from jaxgen.runs.restore import restore

_NUMBERED = re.compile(r"\d{6,}(_.+)?\.png")  # what `write_each` writes


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
        *others, last = endings
        allowed = f"{', '.join(others)} or {last}" if others else last
        raise UserError(f"--out={out} must end in {allowed}.")


class Target:
    """--out of images: a .png grid, an .npz of arrays, or a folder of a .png each.

    Raises UserError for another ending, and for a folder that holds pictures of samples already.
    """

    def __init__(self, out: str | Path):
        self._folder, self._path = new_folder(out), Path(out)
        if not self._folder:
            require_ending(self._path, ".png", ".npz", "/")

    @contextlib.contextmanager
    def opened(self, experiment: Any) -> Iterator[None]:
        """Where they are drawn and written; leaves no empty folder.

        Raises UserError for points in a folder, and for one that is not writable.
        """
        with no_empty_folder(self._path):
            if self._folder:
                require_images(experiment, self._path)
            yield

    def write(
        self,
        experiment: Any,
        images: np.ndarray,
        label: np.ndarray | None = None,
        *,
        classes: Sequence[str] = (),
        columns: int | None = None,
    ) -> None:
        """Images u8[n,h,w,c], or points. label: i[n] of `classes`, in names and arrays."""
        if self._folder:
            write_each(self._path, images, label, classes)
        elif self._path.suffix == ".npz":
            write_arrays(self._path, image=images, label=label)
        else:
            write_picture(experiment, self._path, images, columns=columns)


def new_folder(out: str | Path) -> bool:
    """Whether --out is a folder: one that is there, or a text that ends in "/".

    Raises UserError for a folder that holds pictures of samples already.
    """
    if not (str(out).endswith("/") or os.path.isdir(out)):
        return False
    there = [name for name in _names(Path(out)) if _NUMBERED.fullmatch(name)]
    if there:
        raise UserError(
            f"--out={out} has samples already, such as {min(there)}; choose another folder, or "
            "remove them."
        )
    return True


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder) if folder.is_dir() else []
    except OSError as error:
        raise UserError(f"Cannot read --out={folder} ({reason(error)}).") from error


def require_images(experiment: Any, out: Path) -> None:
    """Raises UserError for points, which are no pictures, and for a folder that is not writable."""
    if experiment.kind == "points":
        raise UserError(
            f"--out={out}/ is a folder for images, but {experiment.config.objective} draws points; "
            "choose a .png (a scatter plot) or an .npz (arrays)."
        )
    require_writable(out, "--out")


def write_each(
    folder: Path, images: np.ndarray, label: np.ndarray | None, classes: Sequence[str] = ()
) -> None:
    """Images u8[n,h,w,c] as 000000.png, ..., or with label i[n] 000000_cat.png, ...

    000000_class7.png where the class is called 7, or is the seventh from 0 and has no name.
    """
    for number, image in enumerate(images):
        of_class = "" if label is None else f"_{_word(int(label[number]), classes)}"
        path = folder / f"{number:06d}{of_class}.png"
        write(path, functools.partial(grids.save_png, path, image))


def _word(label: int, classes: Sequence[str]) -> str:
    """A class in the name of a file."""
    name = classes[label] if label < len(classes) else str(label)
    return f"class{name}" if name.isdecimal() else re.sub(r"[^\w.-]+", "-", name)


def write_arrays(path: Path, **arrays: Any) -> None:
    """An .npz of the arrays, or lists, that are not None."""
    given: dict[str, Any] = {k: np.asarray(v) for k, v in arrays.items() if v is not None}
    write(path, lambda: np.savez(path, **given))


def write(path: Path, save: Callable[[], Any]) -> None:
    """Calls `save` once the folder of `path` is there. Raises UserError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save()
    except OSError as error:
        raise UserError(f"Cannot write --out={path} ({reason(error)}).") from error


def write_picture(experiment: Any, path: Path, drawn: Any, *, columns: int | None = None) -> None:
    """A grid of images, or a scatter plot of points over as many held-out ones."""
    if experiment.kind == "points":
        held_out: Dataset = data.load_data(experiment, "test")
        picture = scatter.picture(held_out.image[: len(drawn)], drawn)
    else:
        picture = grids.grid(drawn, columns=columns)
    write(path, lambda: grids.save_png(path, picture))


def write_film(path: Path, images: np.ndarray, walks: int) -> None:
    """A .gif or .webp of images [walks * points,h,w,c], one walk after the other.

    The walks are side by side, and go there and back.
    """
    by_walk = images.reshape(walks, -1, *images.shape[1:])
    frames = [grids.grid(tiles) for tiles in np.moveaxis(by_walk, 1, 0)]
    write(path, lambda: grids.save_film(path, [*frames, *frames[-2:0:-1]]))
