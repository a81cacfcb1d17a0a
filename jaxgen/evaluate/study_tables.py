"""The tables of a study, as cells of text: for its page and for its Markdown alike."""

from collections.abc import Mapping, Sequence
from typing import Any

from jaxgen.evaluate import report_tables, study_results
from jaxgen.evaluate.curves import number
from jaxgen.evaluate.study_results import Row

Table = list[list[str]]  # the first row is the head
MAIN = (
    *("frechet", "precision", "recall", "coverage"),
    *("high_quality_share", "reverse_kl", "stacked/kl_to_uniform", "class_kl"),
)
CURVES = (*MAIN, "modes", "stacked/modes", "classes_covered")
_NO_FIGURES = ("step", "seed", "diverged", "n_real", "n_fake", "feature_accuracy")


def title(figure: str) -> str:
    """What a figure is called."""
    return report_tables.FIGURES.get(figure, (report_tables.plain(figure.replace("/", " / ")),))[0]


def meaning(figure: str) -> str:
    """What is good of it, or nothing."""
    return report_tables.FIGURES.get(figure, ("", ""))[1]


def figures(rows: Sequence[Row]) -> list[str]:
    """All numbers that the evaluations have, in their order."""
    names: dict[str, None] = {}
    for row in rows:
        for entry in row.evaluations:
            names |= {k: None for k, v in entry.items() if isinstance(v, int | float)}
    return [
        name
        for name in names
        if name not in _NO_FIGURES
        and "/n_" not in name
        and not name.endswith("_std")
        and not name.startswith(("class/", "reference/", "conditional_accuracy/"))
    ]


def main_table(rows: Sequence[Row], num_classes: int) -> Table:
    """A line an experiment: the main figures, modes, collapse, time; then that of real data."""
    shown = [name for name in MAIN if name in figures(rows)]
    head = ["", "steps", *(title(name) for name in shown)]
    has_modes = any(study_results.covered(row) for row in rows)
    head += [f"covered of {num_classes}"] * has_modes
    head += ["collapsed", "ms per step and seed", "compilation"]
    table = [head]
    for row in rows:
        cells = [row.name, f"{row.step:,}", *(over_seeds(row, name) for name in shown)]
        if has_modes:
            cells.append(_spoken(study_results.covered(row), len(row.seeds)))
        bad = study_results.collapsed(row, num_classes)
        cells.append(f"{len(bad)} of {len(row.seeds)}")
        cells.append(number(1000 * row.seconds) if row.seconds is not None else "")
        cells.append(f"{row.compile_seconds:.1f} s" if row.compile_seconds is not None else "")
        table.append(cells)
    reference = _reference(rows)
    if any(f"reference/{name}" in reference for name in shown):
        real = [_number(reference.get(f"reference/{name}")) for name in shown]
        modes = [reference.get(f"reference/{k}") for k in ("modes", "classes_covered")]
        cells = ["real data", "", *real]
        cells += [_number(next((m for m in modes if m is not None), None))] * has_modes
        table.append([*cells, "", "", ""])
    return table


def figure_table(rows: Sequence[Row]) -> Table:
    """Every figure, a line each, with a column an experiment and one of real data."""
    reference = _reference(rows)
    table = [["", *(row.name for row in rows), "real data"]]
    for name in figures(rows):
        real = _number(reference.get(f"reference/{name}"))
        table.append([title(name), *(over_seeds(row, name) for row in rows), real])
    return table


def collapse_table(rows: Sequence[Row], num_classes: int) -> Table:
    """The collapsed seeds and why, a line each; only the head if there are none."""
    found = [(row.name, study_results.collapsed(row, num_classes)) for row in rows]
    lines = [[name, str(seed), why] for name, bad in found for seed, why in sorted(bad.items())]
    return [["objective", "seed", "why"], *lines]


def difference_table(configs: Mapping[str, Mapping[str, Any]]) -> Table:
    """The keys (dotted) whose values are not the same in all configs; "-" where there is none."""
    keys = sorted({key for config in configs.values() for key in config})
    table = [["", *configs]]
    for key in keys:
        values = [_plain(config[key]) if key in config else "-" for config in configs.values()]
        if len(set(values)) > 1:
            table.append([key, *values])
    return table


def over_seeds(row: Row, figure: str) -> str:
    """Mean ± standard deviation over the seeds of an experiment, at its last step."""
    return _spoken(row.values(figure, row.step), len(row.seeds))


def _spoken(values: Sequence[float], seeds: int) -> str:
    if not values:
        return "-"
    mean, deviation = study_results.mean_and_deviation(values)
    text = number(mean) if deviation is None else f"{number(mean)} ± {number(_two(deviation))}"
    return text if len(values) == seeds else f"{text} ({len(values)} of {seeds} seeds)"


def _two(value: float) -> float:
    """Two significant digits."""
    return float(f"{value:.2g}")


def _reference(rows: Sequence[Row]) -> Mapping[str, Any]:
    """Of real data: the same in all evaluations."""
    entries = (entry for row in rows for entry in row.evaluations if "diverged" not in entry)
    return next(entries, {})


def _number(value: Any) -> str:
    return number(value) if isinstance(value, int | float) else ""


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
