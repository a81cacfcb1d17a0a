"""study.html and study.md: a study on one page that needs nothing but itself, and as Markdown."""

import json
import os
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from jaxgen.evaluate import report, run_files, study_results
from jaxgen.evaluate import study_tables as tables
from jaxgen.evaluate.curves import band_chart
from jaxgen.evaluate.files import write_atomically
from jaxgen.evaluate.study_results import LEAST_SHARE, LEAST_SPREAD, SPREAD, Row
from jaxgen.evaluate.study_tables import Table

_COLLAPSE = (
    f"Collapsed: seeds that diverged, whose {SPREAD} (deviation of generated samples over that of "
    f"real ones, a mean over the last logging interval) is below {LEAST_SPREAD}, or whose samples "
    f"cover less than {LEAST_SHARE:.0%} of the known modes or classes."
)


def write_report(workdir: str | Path) -> Path:
    """Writes workdir/study.html and study.md anew from the files of the study; the page's path.

    Reads study.json and what `study_results` lists; what is missing is left out. The page has no
    reference to any other file; the Markdown refers to pictures in `workdir`.
    """
    workdir = Path(workdir)
    record = run_files.record(workdir / "study.json")
    configs = record.get("experiments", {})
    rows = study_results.read(workdir, list(configs))
    write_atomically(workdir / "study.md", _markdown(workdir, record, rows))
    num_classes = record.get("data", {}).get("classes", 0)
    parts = [
        f'<header><h1>{escape(_title(record))}</h1><p class="soft">{escape(_facts(record))}</p>'
        "</header>",
        _section("Figures", tables.main_table(rows, num_classes), *_notes(rows)),
        _section("Collapsed seeds", tables.collapse_table(rows, num_classes)),
        _curves(rows),
        _pictures(workdir, rows),
        _section("All figures", tables.figure_table(rows)),
        _section("What differs between the objectives", _differences(configs)),
        _provenance(record),
    ]
    page = report.page(_title(record), "".join(parts))
    return write_atomically(workdir / "study.html", page)


def _title(record: Mapping[str, Any]) -> str:
    names = list(record.get("experiments", {}))
    return f"{', '.join(names)} on {record.get('data', {}).get('name', '')}"


def _facts(record: Mapping[str, Any]) -> str:
    data, versions = record.get("data", {}), record.get("versions", {})
    facts = [
        f"{record.get('study', {}).get('seeds', 0)} seeds",
        f"{data.get('training', 0):,} training and {data.get('held_out', 0):,} held-out examples",
        str(record.get("hardware", "")),
        *(f"{name} {versions[name]}" for name in ("jaxgen", "jax") if name in versions),
    ]
    return " · ".join(facts)


def _notes(rows: Sequence[Row]) -> list[str]:
    """What the numbers of the main table are."""
    notes = ["Mean ± standard deviation (n - 1) over the seeds that did not diverge.", _COLLAPSE]
    entries = [e for row in rows for e in row.evaluations if "diverged" not in e]
    for key, text in (
        ("n_real", "real samples, held out"),
        ("n_fake", "generated samples"),
        ("feature_space", "feature space"),
        ("feature_accuracy", "of its classifications are right on held-out images"),
    ):
        values = sorted({_said(entry[key]) for entry in entries if key in entry})
        if values:
            said = " or ".join(values)
            notes.append(f"Feature space: {said}." if key == "feature_space" else f"{said} {text}.")
    devices = ", ".join(sorted({device for row in rows for device in row.devices}))
    notes.append(
        "Time is that of training all seeds side by side, without compilation and evaluation, "
        f"divided by their number; on {devices}."
    )
    shown = [name for name in tables.MAIN if name in tables.figures(rows)]
    meanings = [f"{tables.title(n)}: {tables.meaning(n)}" for n in shown if tables.meaning(n)]
    return [*notes, "; ".join(meanings) + "."] if meanings else notes


def _said(value: Any) -> str:
    return f"{value:.1%}" if isinstance(value, float) else str(value)


def _differences(configs: Mapping[str, Any]) -> Table:
    flat = {name: _joined(config) for name, config in configs.items()}
    return tables.difference_table(flat)


def _joined(config: Mapping[str, Any]) -> dict[str, Any]:
    """Dotted keys; the adversary goes by one name, whatever an objective calls it."""
    flat = run_files.flat(config)
    return {k.replace("/", ".").replace(".critic.", ".discriminator."): v for k, v in flat.items()}


def _section(title: str, table: Table, *notes: str) -> str:
    if len(table) < 2:
        return ""
    head, *lines = [[escape(cell) for cell in line] for line in table]
    body = "".join(
        f"<tr><th>{line[0]}</th>{''.join(f'<td>{cell}</td>' for cell in line[1:])}</tr>"
        for line in lines
    )
    top = "".join(f"<th>{cell}</th>" for cell in head)
    under = "".join(f'<p class="note">{escape(note)}</p>' for note in notes)
    return (
        f"<section><h2>{escape(title)}</h2><table><thead><tr>{top}</tr></thead>"
        f"<tbody>{body}</tbody></table>{under}</section>"
    )


def _curves(rows: Sequence[Row]) -> str:
    """One chart a figure, one curve an objective: the mean, and the range over seeds."""
    colours = {row.name: index for index, row in enumerate(rows)}
    spread = {row.name: study_results.metric_band(row, SPREAD) for row in rows}
    charts = [band_chart(SPREAD, spread, colours)]
    for name in tables.CURVES:
        bands = {row.name: study_results.figure_band(row, name) for row in rows}
        charts.append(band_chart(tables.title(name), bands, colours))
    inside = "".join(charts)
    note = '<p class="note">Mean over seeds; the band is their range.</p>'
    heading = "<h2>Curves over training steps</h2>"
    return f'<section>{heading}{note}<div class="charts">{inside}</div></section>' * bool(inside)


def _pictures(workdir: Path, rows: Sequence[Row]) -> str:
    real = run_files.picture(workdir / "real.png")
    figures = report.picture("real data", [real], "held out") if real else ""
    for row in rows:
        shown = row.pictures.get("seed_0")
        if shown:
            figures += report.picture(row.name, shown, "seed 0, the same noise at every step")
    heading = "<h2>Samples at equal steps</h2>"
    return f'<section>{heading}<div class="pictures">{figures}</div></section>' * bool(figures)


def _provenance(record: Mapping[str, Any]) -> str:
    parts = (
        ("The whole study", report.shell_command(record.get("command", ""))),
        ("Each run alone, with the same result up to rounding", "\n".join(_commands(record))),
        ("Versions", json.dumps({k: record.get(k) for k in ("git", "versions")}, indent=2)),
        ("Configs", json.dumps(record.get("experiments", {}), indent=2)),
    )
    inside = "".join(
        f"<details><summary>{name}</summary><pre>{escape(text)}</pre></details>"
        for name, text in parts
    )
    return f"<section><h2>How it was made</h2>{inside}</section>"


def _commands(record: Mapping[str, Any]) -> list[str]:
    return [line for lines in record.get("commands", {}).values() for line in lines]


def _markdown(workdir: Path, record: Mapping[str, Any], rows: Sequence[Row]) -> str:
    num_classes = record.get("data", {}).get("classes", 0)
    versions = ", ".join(f"{k} {v}" for k, v in record.get("versions", {}).items())
    parts = [f"# {_title(record)}", _facts(record)]
    parts += [
        _table(tables.main_table(rows, num_classes)),
        "\n".join(f"- {note}" for note in _notes(rows)),
    ]
    collapsed = tables.collapse_table(rows, num_classes)
    parts += ["## Collapsed seeds", _table(collapsed)] if len(collapsed) > 1 else []
    parts += ["## Samples of seed 0", _picture_table(workdir, rows)]
    parts += ["## All figures", _table(tables.figure_table(rows))]
    parts += ["## What differs", _table(_differences(record.get("experiments", {})))]
    parts += ["## Commands", "The whole study:"]
    parts += [f"```\n{report.shell_command(record.get('command', ''))}\n```"]
    parts += ["Each run alone, with the same result up to rounding:"]
    parts += ["```\n" + "\n".join(_commands(record)) + "\n```"]
    parts += [f"Versions: {versions}; git {record.get('git')}."]
    return "\n\n".join(parts) + "\n"


def _picture_table(workdir: Path, rows: Sequence[Row]) -> str:
    cells = [("real data", "real.png")] if (workdir / "real.png").exists() else []
    for row in rows:
        paths = [p for folder in row.folders for p in sorted(folder.glob("images/seed_0_*.png"))]
        if paths:
            step = int(paths[-1].stem.rpartition("_")[2])
            path = os.path.relpath(paths[-1], workdir)
            cells.append((f"{row.name}, step {step:,}", path))
    names, images = [name for name, _ in cells], [f"![{n}]({path})" for n, path in cells]
    return _table([names, images]) if cells else ""


def _table(table: Table) -> str:
    head, *lines = [[cell.replace("|", "\\|") for cell in line] for line in table]
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(line) + " |" for line in (head, rule, *lines))
