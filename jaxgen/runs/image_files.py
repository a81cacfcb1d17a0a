"""Image files of a user's own, brought to what a run's networks see."""

import dataclasses
from pathlib import Path

import numpy as np

from jaxgen.config.build import Experiment
from jaxgen.core.errors import UserError
from jaxgen.core.progress import counted, say
from jaxgen.data import folder, images
from jaxgen.data.dataset import Dataset, centered, fingerprint
from jaxgen.data.names import STACKED
from jaxgen.runs import data


@dataclasses.dataclass(frozen=True)
class ImageFiles:
    """Those that could be read.

    Attributes:
      names: below the folder, sorted; of a single file its own.
      images: u8[n,size,size,channels], in that order.
      failed: how many others there were.
    """

    names: list[str]
    images: np.ndarray
    failed: int

    def require_all(self) -> None:
        """Raises UserError where some could not be read, for the end of a command."""
        if self.failed:
            count = len(self.names) + self.failed
            raise UserError(f"{self.failed} of {count} images could not be read, see above.")


def read(experiment: Experiment, source: str | Path, flag: str) -> ImageFiles:
    """The image file `source`, given for `flag`, or those of a folder, searched to any depth.

    They are brought to size as the run's `data` says (`resize`, and of `load_size` the middle), in
    gray or color as it says, and to what is modelled, such as black and white. How many had another
    size, or colors, is said on standard error, where what cannot be read is named; the rest goes
    on. Raises UserError where nothing could be read, and for a run whose data are no image files:
    points, and stacked images.
    """
    how, source = experiment.config.data, Path(source)
    if experiment.kind == "points" or how.name.startswith(STACKED):
        what = "points" if experiment.kind == "points" else "three gray images as channels"
        raise UserError(f"This run's data are {what}, so {flag} cannot be given to it.")
    if not source.exists():
        raise UserError(f"{flag}={source} is not there; name an image file or a folder of them.")
    names = [source.name]
    if source.is_dir():
        names = [name for name, *_ in folder.image_files(source)]
    found: dict[str, np.ndarray] = {}
    size, scaled, made_gray = how.load_size or how.image_size, 0, 0
    with counted("read", len(names)) as tell:
        for done, name in enumerate(names, 1):
            path = str(source / name if source.is_dir() else source)
            try:
                image = images.decode(path, path, how.channels, how.max_pixels)
                found[name] = images.fit(image, size, how.resize, path)
                scaled += image.size != (size, size)
                made_gray += how.channels == 1 and images.had_colors(image)
            except UserError as error:
                if len(names) == 1:
                    raise
                say(f"jaxgen: {error}")
            tell(done)
    if not found:
        raise UserError(f"{flag}={source} has no image that could be read, see above.")
    if scaled:
        made = f'made {size}x{size} by data.resize="{how.resize}"'
        say(f"jaxgen: {flag}: {scaled} of {len(found)} images were {made}")
    if made_gray:
        say(f"jaxgen: {flag}: {made_gray} of {len(found)} images have colors and were made gray")
    pixels = np.stack(list(found.values()))
    whole = Dataset(str(source), pixels, None, (), fingerprint(list(found)))
    modelled = data.as_modelled(experiment, centered(whole, how.image_size))
    return ImageFiles(list(found), modelled.image, len(names) - len(found))
