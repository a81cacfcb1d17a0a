"""colorized.html: photographs and their colors, two of each behind a slider."""

import base64
import dataclasses
import io
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path

from PIL import Image

from jaxgen.core.files import write_atomically
from jaxgen.report import page

NAME = "colorized.html"
MOST = 200  # photographs on a page
_EDGES = (1024, 512)  # pixels of a preview's longer side: of some, of many
_SOME = 60  # previews


@dataclasses.dataclass(frozen=True)
class Photo:
    """One photograph on the page.

    Attributes:
      name: of its file.
      size: (width, height) of it.
      previews: what is shown -> a picture as data; gray first, then colored.
    """

    name: str
    size: tuple[int, int]
    previews: Mapping[str, str]


def edge(photos: int, pictures: int) -> int:
    """Pixels of a preview's longer side, for a page of `photos` with `pictures` of each."""
    return _EDGES[min(photos, MOST) * pictures > _SOME]


def preview(picture: Image.Image, longer: int) -> str:
    """A picture without alpha, of at most `longer` pixels a side, as the data of a JPEG."""
    content = io.BytesIO()
    shrunk(picture, longer).convert("RGB").save(content, "JPEG", quality=85)
    return f"data:image/jpeg;base64,{base64.b64encode(content.getvalue()).decode()}"


def shrunk(picture: Image.Image, longer: int) -> Image.Image:
    """A picture of at most `longer` pixels a side; itself where it is that already."""
    factor = longer / max(picture.size)
    if factor >= 1:
        return picture
    width, height = (max(1, round(factor * length)) for length in picture.size)
    return picture.resize((width, height), Image.Resampling.BILINEAR)


def write(
    folder: Path,
    photos: Sequence[Photo],
    facts: Iterable[str],
    colored: int,
    failed: Mapping[str, str],
) -> Path:
    """Writes folder/colorized.html, which refers to no other file.

    facts: what stands below its title. colored: how many there are, of which `photos` are shown.
    failed: name of each photograph that was not colored -> why.
    """
    notes = []
    if colored > len(photos):
        notes.append(f"The first {len(photos):,} of {colored:,} photographs are shown.")
    notes.append("These are previews; the whole pictures are the files beside this page.")
    content = page.page(
        "Colored photographs",
        page.header("Colored photographs", facts),
        *map(page.note, notes),
        f'<div class="pictures">{"".join(map(_figure, photos))}</div>',
        page.section(
            f"Not colored: {len(failed):,} of {colored + len(failed):,}",
            page.table(("", "why"), [(page.dotted(k), _words(v)) for k, v in failed.items()])
            if failed
            else "",
        ),
    )
    return write_atomically(folder / NAME, content)


def _words(text: str) -> str:
    return f'<span class="words">{escape(text)}</span>'


def _figure(photo: Photo) -> str:
    name, (width, height) = escape(photo.name), photo.size
    left, right, *_ = photo.previews
    pictures = "".join(
        f'<img class="{"left" * (what == left)}{"right" * (what == right)}" '
        f'data-what="{escape(what)}" width="{width}" height="{height}" '
        f'alt="{name}, {escape(what)}" src="{uri}">'
        for what, uri in photo.previews.items()
    )
    return (
        f'<figure class="compare"><figcaption><h3>{page.dotted(photo.name)}</h3>'
        f'<span class="note">{width} × {height}</span></figcaption>'
        f'<div class="stack" style="--tall: {height / width:.5f}">{pictures}</div>'
        f'<input type="range" min="0" max="100" value="50" autocomplete="off" '
        f'aria-label="{name}: how far the picture on the left is shown, in percent">'
        f'<div class="sides">{_choice(photo, "left", left)}{_choice(photo, "right", right)}</div>'
        "</figure>"
    )


def _choice(photo: Photo, where: str, chosen: str) -> str:
    options = "".join(
        f"<option{' selected' * (what == chosen)}>{escape(what)}</option>"
        for what in photo.previews
    )
    label = f"{escape(photo.name)}: the picture on the {where}"
    return f'<select class="{where}" autocomplete="off" aria-label="{label}">{options}</select>'
