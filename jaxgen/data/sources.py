"""A data set by its name: embedded, drawn, TFDS, LSUN, a folder of images or an .npz file."""

from collections.abc import Sequence

from jaxgen.core import files
from jaxgen.core.errors import UserError
from jaxgen.data import cache, images, lsun, points, stacked
from jaxgen.data.dataset import Dataset, fingerprint
from jaxgen.data.names import (
    EMBEDDED,
    LSUN,
    POINTS,
    STACKED,
    TFDS,
    base_name,
    check_least_chroma,
    is_archive,
    shape_of,
    validate_name,
)

__all__ = ["Dataset", "load", "shape_of", "validate_name"]

# Part of every fingerprint; raised when the same parameters begin to give other pixels.
_VERSION = 1


def load(
    name: str,
    split: str,
    *,
    image_size: int,
    channels: int,
    resize: str = "bilinear",
    least_chroma: float = 0.0,
    max_pixels: int = images.MAX_PIXELS,
    data_dir: str | None = None,
    cache_dir: str | None = None,
    progress: bool = True,
) -> Dataset:
    """The `split` ("train" or "test") of data set `name`, as image u8[n,size,size,channels].

    name: "digits" | "photos" | "tfds:<name>[/config]" | a folder path | a path ending in .npz |
    "lsun:<path of an lmdb>" | "stacked:<name of 10 classes>", three gray images as channels (see
    `stacked`) | "ring" | "grid", points of the plane as f32[n,1,1,2] (see `points`).
    resize: "bilinear" | "celeba" | "center_crop" | "none", see `images.fit`.
    least_chroma: images of a color set of less mean chroma are left out, see `gray`; 0 leaves out
    none. max_pixels: of one encoded image. data_dir: where TFDS data sets live (default: TFDS's
    own). cache_dir: where decoded ones are kept (default: jaxgen/data in the user's cache
    directory). progress: tells on stderr how far decoding is.

    Raises UserError for: an unknown name, an option out of range, images that cannot be read, or
    gray ones alone.
    """
    validate_name(name)
    _check_choice("split", split, ("train", "test"))
    _check_choice("resize", resize, images.RESIZE)
    shape = shape_of(name, image_size=image_size, channels=channels)
    check_least_chroma(name, channels, least_chroma)
    directory = files.cache_dir("data")
    if cache_dir:
        directory = files.local_path(cache_dir, "data.cache_dir")
    if name.startswith(STACKED):
        options = {"data_dir": data_dir, "cache_dir": cache_dir, "progress": progress}
        options |= {"image_size": image_size, "channels": 1, "resize": resize}
        options |= {"max_pixels": max_pixels}
        base = load(base_name(name), split, **options)
        title = f"Stacking {base.name}, {split} (once)" if progress else None
        return stacked.dataset(name, split, base, directory=directory, title=title)
    if name in (*EMBEDDED, *POINTS):
        return _without_files(name, split, shape, resize, least_chroma)
    source, examples = _open_source(name, split, channels, max_pixels, data_dir, progress)
    identity = fingerprint(_VERSION, source, split, shape, resize, *_colors(least_chroma))
    title = f"Decoding {name}, {split} (once)" if progress else None
    chosen = {"split": split, "least_chroma": least_chroma}
    return cache.on_disk(
        name, identity, examples, shape, resize, directory=directory, title=title, **chosen
    )


def _check_choice(option: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        choices = " or ".join(f'"{choice}"' for choice in allowed)
        raise UserError(f'The {option} of data is "{value}": it must be {choices}.')


def _colors(least_chroma: float) -> tuple[str, ...]:
    """What a fingerprint has of it: nothing where no image is left out, as of earlier versions."""
    return (f"least_chroma {least_chroma!r}",) if least_chroma else ()


def _without_files(
    name: str, split: str, shape: tuple[int, int, int], resize: str, least_chroma: float
) -> Dataset:
    """The sets that are small enough to be made again by every process."""
    if name in POINTS:
        return points.dataset(name, split, fingerprint(_VERSION, name, split))
    from jaxgen.data import embedded

    # Until there was a least stride, small tiles were more.
    strides = ["16 apart"] if name == "photos" and shape[0] < 64 else []
    identity = fingerprint(_VERSION, name, split, shape, resize, *_colors(least_chroma), *strides)
    if name == "digits":
        examples = embedded.digits(split, shape[2])
    else:
        examples = embedded.photos(split, shape[2], shape[0])
    chosen = {"split": split, "least_chroma": least_chroma}
    return cache.in_memory(name, identity, examples, shape, resize, **chosen)


def _open_source(
    name: str, split: str, channels: int, max_pixels: int, data_dir: str | None, progress: bool
):
    """(identity of the content, function that opens its examples) of what lives in files."""
    if name.startswith(TFDS):
        from jaxgen.data import tfds_source

        return tfds_source.source(name, split, channels, max_pixels, data_dir, progress)
    if name.startswith(LSUN):
        return lsun.source(name, split, channels, max_pixels)
    if is_archive(name):
        from jaxgen.data import arrays

        return arrays.source(name, split, channels)
    from jaxgen.data import folder

    return folder.source(name, split, channels, max_pixels)
