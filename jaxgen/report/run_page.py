"""report.html: a run on one page that needs nothing but itself."""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from jaxgen.core.files import EVALUATION, write_atomically
from jaxgen.report import page, run_files, tables
from jaxgen.report.curves import chart, number
from jaxgen.report.study_files import LEAST_SPREAD, SPREAD

_PICTURES = 12
_FIRST_KINDS = ("samples", "colorized", "reconstructions", "interpolations")
_CAPTIONS = {
    "samples": "from noise, the same at every step",
    "colorized": "held-out images: gray, with the model's colors, and as they were, row by row",
    "reconstructions": "held-out image, then its reconstruction",
    "interpolations": "from one held-out image to another",
    "walks": "from one latent to another",
    "codes": "of held-out images, by class",
}
_PLOTS = ("codes",)
_TILES = ("collapsed", "objective/image_l1", "frechet", "precision", "recall", "coverage")


def write(
    workdir: str | Path,
    *,
    title: str | None = None,
    config: Mapping[str, Any] | None = None,
    titles: run_files.Titles | None = None,
    step: int = 0,
) -> Path:
    """Writes workdir/report.html from the files of the run, and returns its path.

    Reads metrics.jsonl, the names of checkpoints, images/KIND_STEP.png, evaluation.json and
    evaluation_validation.json (flat metrics, and under "titles" what they are called: name ->
    [title, meaning]) and config.json (with "config", "command", "versions" and "git"); what is
    missing is left out. title: default the folder's name. config: default that of config.json.
    titles: of the metrics of training; without them they have their plain names. step: that the run
    is at, where no file says it yet. The page has no reference to any other file.
    """
    workdir = Path(workdir)
    curves = run_files.curves(workdir / "metrics.jsonl")
    record = run_files.record(workdir / "config.json")
    evaluation, titles_there = run_files.evaluation(workdir / "evaluation.json")
    on_validation = run_files.evaluation(workdir / "evaluation_validation.json")
    pictures = run_files.pictures(workdir / "images", _PICTURES)
    stored = record.get("config")
    shown = config or (stored if isinstance(stored, Mapping) else {})
    title = title or workdir.resolve().name
    content = page.page(
        title,
        page.header(title, _facts(shown, record)),
        _tiles(curves, max(step, run_files.newest_step(workdir)), evaluation, titles_there),
        _pictures(pictures, run_files.of_points(shown)),
        _curves(curves, titles or {}),
        tables.evaluation_section(evaluation, titles_there),
        tables.evaluation_section(*on_validation),
        tables.last_values(curves),
        _provenance(shown, record),
    )
    return write_atomically(workdir / "report.html", content)


def _facts(config: Mapping[str, Any], record: Mapping[str, Any]) -> list[str]:
    data, versions = config.get("data"), record.get("versions")
    facts = [str(config.get("objective", ""))]
    if isinstance(data, Mapping):
        size = f" at {data['image_size']} px" if "image_size" in data else ""
        facts.append(f"{data.get('name', '')}{size}")
    if isinstance(versions, Mapping):
        facts += [f"{name} {versions[name]}" for name in ("jaxgen", "jax") if name in versions]
    return facts


def _tiles(
    curves: Mapping[str, list], saved: int, evaluation: Mapping[str, Any], titles: run_files.Titles
) -> str:
    """saved: the newest step that is: an interrupt saves between two lines of the log."""
    tiles = []
    steps = [curve[-1][0] for curve in curves.values()] + [saved] * (saved > 0)
    if steps:
        tiles.append(("training steps", f"{max(steps):,}"))
    rate = curves.get("time/steps_per_second")
    if rate:
        tiles.append(("steps per second", number(rate[-1][1])))
    # Before anything was evaluated, the log tells whether samples are alike.
    spread = curves.get(f"{EVALUATION}spread") or curves.get(SPREAD)
    verdict = {"collapsed": spread[-1][1] < LEAST_SPREAD} if spread else {}
    found = {**verdict, **evaluation}
    for name in _TILES:
        if name in found:
            title, _ = tables.title_of(name, titles)
            tiles.append((title, tables.show(found[name])))
    if "classes_covered" in evaluation:
        total = sum(name.startswith("class/") for name in evaluation)
        covered = tables.show(evaluation["classes_covered"])
        tiles.append(("classes covered", f"{covered} of {total}"))
    inside = "".join(
        f'<div class="tile"><b>{value}</b><span>{escape(name)}</span></div>'
        for name, value in tiles
    )
    return f'<div class="tiles">{inside}</div>' if tiles else ""


def _pictures(pictures: Mapping[str, list[run_files.Picture]], points: bool) -> str:
    order = sorted(
        pictures, key=lambda k: _FIRST_KINDS.index(k) if k in _FIRST_KINDS else len(_FIRST_KINDS)
    )
    inside = "".join(
        page.picture(kind, pictures[kind], _CAPTIONS.get(kind, ""), plot=points or kind in _PLOTS)
        for kind in order
    )
    return page.section("Pictures", f'<div class="pictures">{inside}</div>' * bool(order))


def _curves(curves: Mapping[str, list], titles: run_files.Titles) -> str:
    """Of training; of evaluations while it went on; and, apart, of time."""
    times = {name[5:]: {name[5:]: curve} for name, curve in curves.items() if name[:5] == "time/"}
    speed = "".join(chart(tables.plain(name), curve, {}) for name, curve in sorted(times.items()))
    of_training = {k: v for k, v in curves.items() if not k.startswith(("time/", EVALUATION))}
    evaluated = {k: v for k, v in curves.items() if k.startswith(EVALUATION)}
    parts = _charts(of_training, titles)
    if speed:
        parts += f'<details><summary>Speed</summary><div class="charts">{speed}</div></details>'
    return page.section("Curves over training steps", parts) + page.section(
        "Evaluations on validation images", _charts(evaluated, titles)
    )


def _charts(curves: Mapping[str, list], titles: run_files.Titles) -> str:
    """One chart a term, one curve a player ("player/term"), with what is good."""
    terms: dict[str, dict[str, list]] = {}
    for name, curve in curves.items():
        player, _, term = name.rpartition("/")
        terms.setdefault(term, {})[player or term] = curve
    players = sorted({player for term in terms.values() for player in term})
    colours = {player: index for index, player in enumerate(players)}
    charts = ""
    for term in sorted(terms):
        heading, notes = tables.explained(term, terms[term], titles)
        charts += chart(heading, terms[term], colours, notes)
    return f'<div class="charts">{charts}</div>' if charts else ""


def _provenance(config: Mapping[str, Any], record: Mapping[str, Any]) -> str:
    return page.provenance(
        {
            "Command": page.shell_command(record.get("command", "")),
            "Versions": page.as_json({k: record[k] for k in ("git", "versions") if record.get(k)}),
            "Config": page.as_json(config),
        }
    )
