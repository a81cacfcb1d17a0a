"""Pages that need nothing but themselves, and the pieces that they are made of, as HTML."""

import json
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from jaxgen.report.run_files import Picture


def page(title: str, *parts: str) -> str:
    """A whole page of `parts`, with the style and the script of reports in it."""
    beside = Path(__file__)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{beside.with_suffix('.css').read_text()}</style>\n"
        f"</head>\n<body>\n{''.join(parts)}\n"
        f"<script>\n{beside.with_suffix('.js').read_text()}</script>\n</body>\n</html>\n"
    )


def header(title: str, facts: Iterable[str]) -> str:
    """The title, and a line of facts below it; empty ones are left out."""
    line = " · ".join(escape(fact) for fact in facts if fact)
    return f'<header><h1>{escape(title)}</h1><p class="soft">{line}</p></header>'


def section(title: str, inside: str) -> str:
    """A heading and what stands below it; nothing where that is nothing."""
    return f"<section><h2>{escape(title)}</h2>{inside}</section>" if inside else ""


def table(head: Sequence[str], rows: Iterable[Sequence[str]], css: str = "") -> str:
    """A table of cells of HTML, which scrolls by itself; the first of each row is its name."""
    top = "".join(f"<th>{cell}</th>" for cell in head)
    body = "".join(
        f"<tr><th>{name}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
        for name, *cells in rows
    )
    mark = f' class="{css}"' if css else ""
    table = f"<table{mark}><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
    # With a tabindex the arrow keys scroll it in every browser.
    return f'<div class="scroll" tabindex="0">{table}</div>'


def dotted(name: str) -> str:
    """A name such as player/term or group.key, which may go on in the next line after / and dot."""
    return re.sub(r"(?<=[./])(?=\w)", "<wbr>", escape(name))


def note(text: str) -> str:
    """A paragraph in small letters."""
    return f'<p class="note">{escape(text)}</p>'


def picture(kind: str, shown: Sequence[Picture], caption: str = "", *, plot: bool = False) -> str:
    """The pictures of one kind, by step: the latest large, a slider below it.

    plot: thumbnails show all of a picture, and not the upper left corner, a few tiles of a grid.
    """
    latest, name = shown[-1], escape(kind.replace("_", " "))
    film = "".join(
        f'<button type="button" data-label="step {shot.step:,}" '
        f'aria-pressed="{str(shot is latest).lower()}">'
        # The script gives the last thumbnail the large picture, which is in the file once.
        + ("<img alt>" if shot is latest else f'<img alt src="{shot.uri}">')
        + f"{shot.step:,}</button>"
        for shot in shown
    )
    slider = (
        f'<input type="range" min="0" max="{len(shown) - 1}" value="{len(shown) - 1}" '
        f'aria-label="training step of {name}"><div class="film">{film}</div>'
    )
    return (
        f'<figure class="picture{" plot" * plot}"><figcaption><span><h3>{name.capitalize()}</h3>'
        f'<span class="note">{escape(caption)}</span></span>'
        f'<span class="note at">step {latest.step:,}</span></figcaption>'
        f'<img class="large" alt="{name}" width="{latest.width}" height="{latest.height}" '
        f'src="{latest.uri}">{slider if len(shown) > 1 else ""}</figure>'
    )


def provenance(texts: Mapping[str, str]) -> str:
    """The section that says how it was made: texts by name, folded; empty ones are left out."""
    folded = (
        f"<details><summary>{escape(name)}</summary><pre>{escape(text)}</pre></details>"
        for name, text in texts.items()
        if text
    )
    return section("How it was made", "".join(folded))


def as_json(value: Any) -> str:
    """A recorded value as text; nothing where there is none."""
    return json.dumps(value, indent=2, default=str) if value else ""


def shell_command(command: Any) -> str:
    """A recorded command line as one types it."""
    if not isinstance(command, list):
        return str(command)
    words = [str(word) for word in command]
    for name in ("main", "study"):
        if words and words[0].endswith(f"jaxgen/{name}.py"):
            words[:1] = ["python", "-m", f"jaxgen.{name}"]
    return shlex.join(words)
