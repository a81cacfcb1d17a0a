"""The tables of a study, as cells of text: for its page and for its Markdown alike."""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jaxgen.report import study_files, tables
from jaxgen.report.curves import number
from jaxgen.report.study_files import Row, Study

Table = list[list[str]]  # the first row is the head
MAIN = (
    "frechet",
    "precision",
    "recall",
    "coverage",
    "high_quality_share",
    "reverse_kl",
    "stacked/kl_to_uniform",
    "class_kl",
    "color/ab_l1",
    "color/ab_auc",
    "color/chroma_ratio",
    "color/colorfulness",
    "color/frechet",
    "reconstruction/l1",
    "reconstruction/sharpness",
    "codes/linear_accuracy",
)
CURVES = (*MAIN, "modes", "stacked/modes", "classes_covered")
_NO_METRICS = (
    "step",
    "seed",
    "diverged",
    "n_real",
    "n_fake",
    "neighbours",
    "feature_accuracy",
    "ms_ssim_pairs",
)


def metrics(study: Study) -> list[str]:
    """All numbers that the evaluations have, in their order."""
    names: dict[str, None] = {}
    for row in study.rows:
        for entry in row.evaluations:
            names |= {k: None for k, v in entry.items() if isinstance(v, int | float)}
    return [
        name
        for name in names
        if name not in _NO_METRICS
        and "/n_" not in name
        and not name.endswith("_std")
        and not name.startswith(("class/", "reference/", "conditional_accuracy/", "color_"))
    ]


def main_metrics(study: Study) -> list[str]:
    """Those of `MAIN` that the evaluations have."""
    found = metrics(study)
    return [name for name in MAIN if name in found]


def main_table(study: Study) -> Table:
    """A line an experiment: the main metrics, modes, collapse, time; then those of real data."""
    shown = main_metrics(study)
    head = ["", "steps", *(_title(name, study) for name in shown)]
    has_modes = any(study_files.covered(row) for row in study.rows)
    head += [f"covered of {study.num_classes}"] * has_modes
    head += ["collapsed", "ms per step and seed", "compilation"]
    table = [head]
    for row in study.rows:
        cells = [row.name, f"{row.step:,}", *(over_seeds(row, name) for name in shown)]
        if has_modes:
            cells.append(_with_deviation(study_files.covered(row), len(row.seeds)))
        bad = study_files.collapsed(row, study.num_classes)
        cells.append(f"{len(bad)} of {len(row.seeds)}")
        cells.append(number(1000 * row.seconds) if row.seconds is not None else "")
        cells.append(f"{row.compile_seconds:.1f} s" if row.compile_seconds is not None else "")
        table.append(cells)
    for title, reference in _references(study).items():
        real = [reference(name) for name in shown]
        if any(value is not None for value in real):
            modes = [reference(k) for k in ("modes", "classes_covered")]
            cells = [title, "", *map(_number, real)]
            cells += [_number(next((m for m in modes if m is not None), None))] * has_modes
            table.append([*cells, "", "", ""])
    return table


def metric_table(study: Study) -> Table:
    """Every metric, a line each, with a column an experiment and those of real data."""
    references = _references(study)
    table = [["", *(row.name for row in study.rows), *references]]
    for name in metrics(study):
        real = (_number(reference(name)) for reference in references.values())
        over = (over_seeds(row, name) for row in study.rows)
        table.append([_title(name, study), *over, *real])
    return table


def collapse_table(study: Study) -> Table:
    """The collapsed seeds and why, a line each; only the head if there are none."""
    found = [(row.name, study_files.collapsed(row, study.num_classes)) for row in study.rows]
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


def over_seeds(row: Row, metric: str) -> str:
    """Mean ± standard deviation over the seeds of an experiment, at its last step."""
    return _with_deviation(row.values(metric, row.step), len(row.seeds))


def _title(metric: str, study: Study) -> str:
    return tables.title_of(metric, study.titles)[0]


def _with_deviation(values: Sequence[float], seeds: int) -> str:
    if not values:
        return "-"
    mean, deviation = study_files.mean_and_deviation(values)
    text = number(mean) if deviation is None else f"{number(mean)} ± {number(_two(deviation))}"
    return text if len(values) == seeds else f"{text} ({len(values)} of {seeds} seeds)"


def _two(value: float) -> float:
    """Two significant digits."""
    return float(f"{value:.2g}")


def _references(study: Study) -> dict[str, Callable[[str], Any]]:
    """What the metrics of real data, or of predictors without a model, are called -> by name.

    Experiments that share a feature space share real data; models of binary images have their own.
    """
    found: dict[str, tuple[list[str], Mapping[str, Any]]] = {}
    for row in study.rows:
        for entry in row.evaluations:
            if "diverged" not in entry:
                names, _ = found.setdefault(str(entry.get("feature_space")), ([], entry))
                names += [row.name] * (row.name not in names)
    each = len(found) > 1
    references = {
        f"real data of {', '.join(names)}" if each else "real data": functools.partial(
            _of_real_data, entry
        )
        for names, entry in found.values()
    }
    entries = [entry for _, entry in found.values()]
    groups = dict.fromkeys(
        name.partition("/")[0] for entry in entries for name in entry if name.startswith("color_")
    )
    for group in groups:
        title = group.removeprefix("color_").replace("_", " ")
        references[title] = functools.partial(_of_predictor, entries[0], group)
    return references


def _of_real_data(entry: Mapping[str, Any], metric: str) -> Any:
    return entry.get(f"reference/{metric}")


def _of_predictor(entry: Mapping[str, Any], group: str, metric: str) -> Any:
    kind, _, name = metric.partition("/")
    return entry.get(f"{group}/{name}") if kind == "color" else None


def _number(value: Any) -> str:
    return number(value) if isinstance(value, int | float) else ""


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
