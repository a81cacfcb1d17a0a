"""report.html: a run on one page that needs nothing but itself."""

import json
import shlex
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from jaxgen.evaluate import report_tables as tables
from jaxgen.evaluate import run_files
from jaxgen.evaluate.curves import chart, number
from jaxgen.evaluate.files import write_atomically

_PICTURES = 12
_FIRST_KINDS = ("samples", "reconstructions", "interpolations")
_CAPTIONS = {
    "samples": "from noise, the same at every step",
    "reconstructions": "held-out image, then its reconstruction",
    "interpolations": "from one held-out image to another",
}
_TILES = ("objective/image_l1", "frechet", "precision", "recall", "coverage")


def write_report(
    workdir: str | Path, *, title: str | None = None, config: Mapping[str, Any] | None = None
) -> Path:
    """Writes workdir/report.html anew from the files of the run, and returns its path.

    Reads metrics.jsonl, images/KIND_STEP.png, evaluation.json and config.json (with "config",
    "command", "versions" and "git"); what is missing is left out. title: default the folder's name.
    config: default that of config.json. The page has no reference to any other file.
    """
    workdir = Path(workdir)
    curves = run_files.curves(workdir / "metrics.jsonl")
    record = run_files.record(workdir / "config.json")
    evaluation = run_files.flat(run_files.record(workdir / "evaluation.json"))
    pictures = run_files.pictures(workdir / "images", _PICTURES)
    stored = record.get("config")
    shown = config or (stored if isinstance(stored, Mapping) else {})
    title = title or workdir.resolve().name
    body = [
        _header(title, shown, record),
        _tiles(curves, evaluation),
        _pictures(pictures),
        _curves(curves),
        tables.evaluation_table(evaluation),
        tables.last_values(curves),
        _provenance(shown, record),
    ]
    return write_atomically(workdir / "report.html", page(title, "".join(body)))


def page(title: str, body: str) -> str:
    """A whole page with the report's style and script."""
    beside = Path(__file__)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{beside.with_suffix('.css').read_text()}</style>\n"
        f"</head>\n<body>\n{body}\n"
        f"<script>\n{beside.with_suffix('.js').read_text()}</script>\n</body>\n</html>\n"
    )


def _header(title: str, config: Mapping[str, Any], record: Mapping[str, Any]) -> str:
    data = config.get("data")
    facts = [str(config.get("objective", ""))]
    if isinstance(data, Mapping):
        size = f" at {data['image_size']} px" if "image_size" in data else ""
        facts.append(f"{data.get('name', '')}{size}")
    versions = record.get("versions")
    if isinstance(versions, Mapping):
        facts += [f"{name} {versions[name]}" for name in ("jaxgen", "jax") if name in versions]
    line = " · ".join(escape(fact) for fact in facts if fact)
    return f'<header><h1>{escape(title)}</h1><p class="soft">{line}</p></header>'


def _tiles(curves: Mapping[str, list], evaluation: Mapping[str, Any]) -> str:
    tiles = []
    steps = [curve[-1][0] for curve in curves.values()]
    if steps:
        tiles.append(("training steps", f"{max(steps):,}"))
    rate = curves.get("time/steps_per_second")
    if rate:
        tiles.append(("steps per second", number(rate[-1][1])))
    for name in _TILES:
        if name in evaluation:
            tiles.append((tables.FIGURES[name][0], tables.show(evaluation[name])))
    if "classes_covered" in evaluation:
        total = sum(name.startswith("class/") for name in evaluation)
        tiles.append(
            ("classes covered", f"{tables.show(evaluation['classes_covered'])} of {total}")
        )
    inside = "".join(
        f'<div class="tile"><b>{escape(value)}</b><span>{escape(name)}</span></div>'
        for name, value in tiles
    )
    return f'<div class="tiles">{inside}</div>' if tiles else ""


def _pictures(pictures: Mapping[str, list[run_files.Picture]]) -> str:
    order = sorted(
        pictures, key=lambda k: _FIRST_KINDS.index(k) if k in _FIRST_KINDS else len(_FIRST_KINDS)
    )
    figures = "".join(picture(kind, pictures[kind], _CAPTIONS.get(kind, "")) for kind in order)
    return f'<section><h2>Pictures</h2><div class="pictures">{figures}</div></section>' * bool(
        order
    )


def picture(kind: str, shown: list[run_files.Picture], caption: str = "") -> str:
    """An HTML figure of the pictures of one kind, by step: the latest large, a slider below it."""
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
        f'<figure class="picture"><figcaption><span><h3>{name.capitalize()}</h3>'
        f'<span class="note">{escape(caption)}</span></span>'
        f'<span class="note at">step {latest.step:,}</span></figcaption>'
        f'<img class="large" alt="{name}" width="{latest.width}" height="{latest.height}" '
        f'src="{latest.uri}">{slider if len(shown) > 1 else ""}</figure>'
    )


def _curves(curves: Mapping[str, list]) -> str:
    """One chart a term, one curve a player ("player/term"); timings apart."""
    terms: dict[str, dict[str, list]] = {}
    for name, curve in curves.items():
        player, _, term = name.rpartition("/")
        if player != "time":
            terms.setdefault(term, {})[player or term] = curve
    players = sorted({player for term in terms.values() for player in term})
    colours = {player: index for index, player in enumerate(players)}
    times = {name[5:]: {name[5:]: curve} for name, curve in curves.items() if name[:5] == "time/"}
    charts = "".join(chart(tables.plain(term), terms[term], colours) for term in sorted(terms))
    speed = "".join(chart(tables.plain(name), curve, {}) for name, curve in sorted(times.items()))
    parts = f'<div class="charts">{charts}</div>' if charts else ""
    if speed:
        parts += f'<details><summary>Speed</summary><div class="charts">{speed}</div></details>'
    return f"<section><h2>Curves over training steps</h2>{parts}</section>" if parts else ""


def shell_command(command: Any) -> str:
    """A recorded command line as one types it."""
    if not isinstance(command, list):
        return str(command)
    words = [str(word) for word in command]
    for name in ("main", "study"):
        if words and words[0].endswith(f"jaxgen/{name}.py"):
            words[:1] = ["python", "-m", f"jaxgen.{name}"]
    return shlex.join(words)


def _provenance(config: Mapping[str, Any], record: Mapping[str, Any]) -> str:
    versions = {k: record[k] for k in ("git", "versions") if record.get(k)}
    parts = (
        ("Command", shell_command(record.get("command", ""))),
        ("Versions", json.dumps(versions, indent=2) if versions else ""),
        ("Config", json.dumps(config, indent=2, default=str) if config else ""),
    )
    inside = "".join(
        f"<details><summary>{name}</summary><pre>{escape(text)}</pre></details>"
        for name, text in parts
        if text
    )
    return f"<section><h2>How it was made</h2>{inside}</section>" if inside else ""
