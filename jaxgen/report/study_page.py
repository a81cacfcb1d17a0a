"""study.html and study.md: a study on one page that needs nothing but itself, and as Markdown."""

import os
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from jaxgen.core.files import flatten, write_atomically
from jaxgen.report import page, run_files, study_files
from jaxgen.report import study_tables as tables
from jaxgen.report.curves import band_chart
from jaxgen.report.study_files import LEAST_SHARE, LEAST_SPREAD, SPREAD, Study
from jaxgen.report.study_tables import Table
from jaxgen.report.tables import title_of

_COLLAPSE = (
    f"Collapsed: seeds that diverged, whose {SPREAD} (deviation of generated samples over that of "
    f"real ones, a mean over the last logging interval) is below {LEAST_SPREAD}, or whose samples "
    f"cover less than {LEAST_SHARE:.0%} of the known modes or classes."
)
_ALONE = "Each run alone, with the same result up to rounding"


def write(workdir: str | Path) -> Path:
    """Writes workdir/study.html and study.md from the files of the study; the page's path.

    Reads study.json, whose "titles" say what metrics are called (name -> [title, meaning]), and
    what `study_files` lists; what is missing is left out. The page has no reference to any other
    file; the Markdown refers to pictures in `workdir`.
    """
    workdir = Path(workdir)
    study = study_files.read(workdir)
    write_atomically(workdir / "study.md", _markdown(workdir, study))
    content = page.page(
        study.name,
        page.header(study.name, _facts(study.record)),
        _section("Metrics", tables.main_table(study), *_notes(study)),
        _section("Collapsed seeds", tables.collapse_table(study)),
        _curves(study),
        _pictures(workdir, study),
        _section("All metrics", tables.metric_table(study)),
        _section("What differs between the objectives", _differences(study.record)),
        _provenance(study.record),
    )
    return write_atomically(workdir / "study.html", content)


def _facts(record: Mapping[str, Any]) -> list[str]:
    data, versions = record.get("data"), record.get("versions", {})
    seeds = record.get("study", {}).get("seeds")
    facts = [f"{seeds} seed{'s' * (seeds != 1)}"] if seeds else []
    if data:
        training, held_out = data.get("training", 0), data.get("held_out", 0)
        facts.append(f"{training:,} training and {held_out:,} held-out examples")
    facts.append(str(record.get("hardware", "")))
    return facts + [f"{name} {versions[name]}" for name in ("jaxgen", "jax") if name in versions]


def _notes(study: Study) -> list[str]:
    """Sentences that say how the numbers of the main table were made."""
    notes = ["Mean ± standard deviation (n - 1) over the seeds that did not diverge.", _COLLAPSE]
    entries = [e for row in study.rows for e in row.evaluations if "diverged" not in e]
    for key, text in (
        ("n_real", "{} real samples, held out."),
        ("n_fake", "{} generated samples."),
        ("color/n", "{} held-out images are colored."),
        ("feature_space", "Feature space: {}."),
        ("color/feature_space", "Feature space: {}."),
        ("real_images", "Real images are compared {}."),
        ("neighbours", "Precision, recall, density and coverage are with {} neighbours."),
        ("feature_accuracy", "{} of its classifications are right on held-out images."),
    ):
        values = sorted({_as_text(entry[key]) for entry in entries if key in entry})
        if values:
            notes.append(text.format(" or ".join(values)))
    devices = ", ".join(sorted({device for row in study.rows for device in row.devices}))
    notes.append(
        "Time is that of training all seeds side by side, without compilation and evaluation, "
        f"divided by their number; on {devices}."
    )
    named = [title_of(name, study.titles) for name in tables.main_metrics(study)]
    meanings = [f"{title}: {meaning}" for title, meaning in named if meaning]
    return [*notes, "; ".join(meanings) + "."] if meanings else notes


def _as_text(value: Any) -> str:
    return f"{value:.1%}" if isinstance(value, float) else str(value)


def _differences(record: Mapping[str, Any]) -> Table:
    configs = record.get("experiments", {})
    return tables.difference_table({name: _joined(config) for name, config in configs.items()})


def _joined(config: Mapping[str, Any]) -> dict[str, Any]:
    """Dotted keys; the adversary goes by one name, whatever an objective calls it."""
    return {k.replace(".critic.", ".discriminator."): v for k, v in flatten(config).items()}


def _section(title: str, table: Table, *notes: str) -> str:
    if len(table) < 2:
        return ""
    head, *lines = table
    cells = [[page.dotted(name), *map(escape, others)] for name, *others in lines]
    shown = page.table([escape(cell) for cell in head], cells)
    return page.section(title, shown + "".join(map(page.note, notes)))


def _curves(study: Study) -> str:
    """One chart a metric, one curve an objective: the mean, and the range over seeds."""
    colours = {row.name: index for index, row in enumerate(study.rows)}
    spread = {row.name: study_files.training_band(row, SPREAD) for row in study.rows}
    charts = [band_chart(SPREAD, spread, colours)]
    for name in tables.CURVES:
        bands = {row.name: study_files.evaluation_band(row, name) for row in study.rows}
        charts.append(band_chart(title_of(name, study.titles)[0], bands, colours))
    inside = "".join(charts)
    note = page.note("Mean over seeds; the band is their range.")
    return page.section(
        "Curves over training steps", f'{note}<div class="charts">{inside}</div>' * bool(inside)
    )


def _pictures(workdir: Path, study: Study) -> str:
    inside = ""
    for name, path in _given(workdir):
        shown = run_files.picture(path)
        inside += page.picture(name, [shown], "held out") if shown else ""
    configs = study.record.get("experiments", {})
    for row in study.rows:
        shown, plot = row.pictures.get("seed_0"), run_files.of_points(configs.get(row.name, {}))
        if shown:
            caption = "seed 0, the same noise at every step"
            inside += page.picture(row.name, shown, caption, plot=plot)
    return page.section(
        "Samples at equal steps", f'<div class="pictures">{inside}</div>' * bool(inside)
    )


def _provenance(record: Mapping[str, Any]) -> str:
    return page.provenance(
        {
            "The whole study": page.shell_command(record.get("command", "")),
            _ALONE: _commands(record),
            "Versions": page.as_json({k: record[k] for k in ("git", "versions") if record.get(k)}),
            "Configs": page.as_json(record.get("experiments")),
        }
    )


def _commands(record: Mapping[str, Any]) -> str:
    return "\n".join(line for lines in record.get("commands", {}).values() for line in lines)


def _markdown(workdir: Path, study: Study) -> str:
    record = study.record
    versions = ", ".join(f"{k} {v}" for k, v in record.get("versions", {}).items())
    command = page.shell_command(record.get("command", ""))
    parts = {
        "## Metrics": _table(tables.main_table(study), *_notes(study)),
        "## Collapsed seeds": _table(tables.collapse_table(study)),
        "## Samples of seed 0": _picture_table(workdir, study),
        "## All metrics": _table(tables.metric_table(study)),
        "## What differs": _table(_differences(record)),
        "## Commands": f"The whole study:\n\n```\n{command}\n```" if command else "",
        f"{_ALONE}:": f"```\n{_commands(record)}\n```" if _commands(record) else "",
        "## Versions": f"{versions}; git {record.get('git')}." if versions else "",
    }
    texts = [f"# {study.name}", " · ".join(filter(None, _facts(record)))]
    texts += [f"{heading}\n\n{text}" for heading, text in parts.items() if text]
    return "\n\n".join(filter(None, texts)) + "\n"


def _picture_table(workdir: Path, study: Study) -> str:
    cells = [(name, path.name) for name, path in _given(workdir)]
    for row in study.rows:
        paths = [p for folder in row.folders for p in sorted(folder.glob("images/seed_0_*.png"))]
        if paths:
            step = int(paths[-1].stem.rpartition("_")[2])
            path = os.path.relpath(paths[-1], workdir)
            cells.append((f"{row.name}, step {step:,}", path))
    return _table([[name for name, _ in cells], [f"![{n}]({path})" for n, path in cells]])


def _given(workdir: Path) -> list[tuple[str, Path]]:
    """The pictures of held-out data that are there, and what to call them."""
    names = {"gray images": "gray.png", "real data": "real.png"}
    return [(name, workdir / file) for name, file in names.items() if (workdir / file).exists()]


def _table(table: Table, *notes: str) -> str:
    """A table in Markdown, and notes below it; nothing of a table without lines."""
    if len(table) < 2 or not table[0]:
        return ""
    head, *lines = [[cell.replace("|", "\\|") for cell in line] for line in table]
    rule = ["---", *["---:"] * (len(head) - 1)]
    text = "\n".join("| " + " | ".join(line) + " |" for line in (head, rule, *lines))
    return "\n\n".join([text, "\n".join(f"- {note}" for note in notes)] if notes else [text])
