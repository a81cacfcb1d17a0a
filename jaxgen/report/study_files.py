"""The files of a study, and what they come to: metrics over seeds, and collapse.

study.json               configs, commands, data, versions, titles of metrics
NAME/seeds_0_1_2/        seeds of one experiment that were trained side by side
    metrics.jsonl        "player/term/seed_N" at each logging interval
    evaluations.json     the metrics of each (step, seed)
    status.json          how far it is, and how long it took
    images/              seed_N_STEP.png
"""

import dataclasses
import json
import math
import re
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jaxgen.report import run_files
from jaxgen.report.curves import Band

SPREAD = "generator/spread"
LEAST_SPREAD = 0.5  # of the real data's
LEAST_SHARE = 0.5  # of the modes or classes
_COVERED = ("modes", "stacked/modes", "classes_covered")


@dataclasses.dataclass(frozen=True)
class Row:
    """One experiment of a study, as far as it has results.

    Attributes:
      name: of the experiment.
      seeds: those with any result.
      evaluations: entries with "step" and "seed", and either metrics or "diverged"; by step.
      curves: (step, value) of every metric of training, "player/term/seed_N".
      diverged: seed -> first step that was not finite.
      seconds: of training, a step and seed; None where it is not known.
      compile_seconds: of all groups of seeds.
      devices: the kinds that it was trained on.
      pictures: "seed_N" -> those of its samples, by step.
      folders: one a group of seeds.
    """

    name: str
    seeds: tuple[int, ...]
    evaluations: tuple[Mapping[str, Any], ...]
    curves: Mapping[str, list[tuple[int, float]]]
    diverged: Mapping[int, int]
    seconds: float | None
    compile_seconds: float | None
    devices: tuple[str, ...]
    pictures: Mapping[str, list[run_files.Picture]]
    folders: tuple[Path, ...]

    @property
    def step(self) -> int:
        """The last step at which every seed was evaluated; 0 if there is none."""
        steps = [{e["step"] for e in self.evaluations if e["seed"] == s} for s in self.seeds]
        return max(set.intersection(*steps), default=0) if steps else 0

    def values(self, metric: str, step: int) -> list[float]:
        """A metric of all seeds at one step; without diverged ones."""
        found = [e.get(metric) for e in self.evaluations if e["step"] == step]
        numbers = [x for x in found if isinstance(x, int | float) and not isinstance(x, bool)]
        return [float(x) for x in numbers if math.isfinite(x)]


@dataclasses.dataclass(frozen=True)
class Study:
    """A study, as far as it has results.

    Attributes:
      name: its experiments and the data; the folder's where study.json has none.
      record: study.json.
      rows: the experiments that have any result, in the order of study.json.
      num_classes: known modes or classes of the data; 0 if there are none.
      titles: of the metrics.
    """

    name: str
    record: Mapping[str, Any]
    rows: tuple[Row, ...]
    num_classes: int
    titles: run_files.Titles


def finished_step(folder: Path) -> int | None:
    """The last step of a group of seeds that is complete and evaluated, else None."""
    status = _status(folder)
    step = status.get("step")
    if step is None or step != status["num_steps"]:
        return None
    evaluated = {e["seed"] for e in evaluations(folder) if e["step"] == step}
    return step if evaluated >= set(seeds_of(folder)) else None


def _status(folder: Path) -> dict[str, Any]:
    """What `studies.run` left of a group, or {} where that is not whole."""
    found = run_files.record(folder / "status.json")
    kinds = {"step": int, "num_steps": int, "seeds": list, "diverged": dict, "device": str}
    kinds |= dict.fromkeys(("seconds", "compile_seconds"), int | float)
    return found if all(isinstance(found.get(k), kind) for k, kind in kinds.items()) else {}


def evaluations(folder: Path) -> list[dict[str, Any]]:
    """The entries of a group of seeds; [] where there are none."""
    try:
        found = json.loads((folder / "evaluations.json").read_text())
    except (OSError, ValueError):
        return []
    entries = [e for e in found if isinstance(e, dict)] if isinstance(found, list) else []
    return [e for e in entries if all(isinstance(e.get(k), int) for k in ("step", "seed"))]


def groups(folder: Path) -> list[Path]:
    """The folders of an experiment's groups of seeds; a copy of one, as a backup, is none."""
    found = folder.glob("seeds_*")
    return sorted(path for path in found if re.fullmatch(r"seeds(_[0-9]+)+", path.name))


def groups_of_all(workdir: Path) -> list[Path]:
    """Those of every experiment of a study."""
    return [group for folder in sorted(workdir.glob("*/")) for group in groups(folder)]


def seeds_of(folder: Path) -> tuple[int, ...]:
    """The seeds in the name of a group's folder."""
    return tuple(int(number) for number in folder.name.split("_")[1:])


def read(workdir: Path) -> Study:
    """The study whose files are in `workdir`."""
    record = run_files.record(workdir / "study.json")
    names, data = list(record.get("experiments", {})), record.get("data", {})
    rows = [_row(name, groups(workdir / name)) for name in names]
    return Study(
        name=f"{', '.join(names)} on {data.get('name', '')}" if names else workdir.resolve().name,
        record=record,
        rows=tuple(row for row in rows if row.seeds),
        num_classes=data.get("classes", 0),
        titles=run_files.titles(record),
    )


def _row(name: str, folders: Sequence[Path]) -> Row:
    entries = [entry for folder in folders for entry in evaluations(folder)]
    curves: dict[str, list[tuple[int, float]]] = {}
    pictures: dict[str, list[run_files.Picture]] = {}
    states = [state for state in map(_status, folders) if state]
    for folder in folders:
        curves |= run_files.curves(folder / "metrics.jsonl")
        pictures |= run_files.pictures(folder / "images", at_most=12)
    diverged = {int(s): int(step) for state in states for s, step in state["diverged"].items()}
    diverged |= {e["seed"]: e["diverged"] for e in entries if "diverged" in e}
    taken = sum(state["step"] * len(state["seeds"]) for state in states)
    seconds = sum(state["seconds"] for state in states) / taken if taken else None
    return Row(
        name=name,
        seeds=tuple(sorted({e["seed"] for e in entries})),
        evaluations=tuple(sorted(entries, key=lambda e: (e["step"], e["seed"]))),
        curves=curves,
        diverged=diverged,
        seconds=seconds,
        compile_seconds=sum(s["compile_seconds"] for s in states) if states else None,
        devices=tuple(sorted({s["device"] for s in states})),
        pictures=pictures,
        folders=tuple(folders),
    )


def mean_and_deviation(values: Sequence[float]) -> tuple[float, float | None]:
    """Mean, and the standard deviation with n - 1; None of a single value."""
    return statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None


def collapsed(row: Row, num_classes: int) -> dict[int, str]:
    """The seeds that count as collapsed at `row.step`, and why.

    A seed that diverged; one whose "generator/spread", a mean over the last logging interval, is
    below `LEAST_SPREAD`; one whose samples cover less than `LEAST_SHARE` of the `num_classes` known
    modes or classes (0: there are none).
    """
    found = {}
    for entry in row.evaluations:
        if entry["step"] != row.step:
            continue
        seed = entry["seed"]
        spread = [v for step, v in row.curves.get(f"{SPREAD}/seed_{seed}", []) if step <= row.step]
        covered = next((entry[key] for key in _COVERED if key in entry), None)
        if "diverged" in entry:
            found[seed] = f"diverged at step {entry['diverged']}"
        elif spread and spread[-1] < LEAST_SPREAD:
            found[seed] = f"spread {spread[-1]:.2g}"
        elif num_classes and covered is not None and covered < LEAST_SHARE * num_classes:
            found[seed] = f"{covered} of {num_classes} modes"
    return found


def covered(row: Row) -> list[float]:
    """Modes or classes that the samples of each seed cover at `row.step`."""
    return next((v for v in (row.values(key, row.step) for key in _COVERED) if v), [])


def evaluation_band(row: Row, metric: str) -> list[Band]:
    """(step, mean, lowest, highest) over the seeds of a metric of the evaluations."""
    steps = sorted({e["step"] for e in row.evaluations})
    values = {step: row.values(metric, step) for step in steps}
    return [(s, statistics.fmean(v), min(v), max(v)) for s, v in values.items() if v]


def training_band(row: Row, metric: str, points: int = 240) -> list[Band]:
    """The same of a metric of training, over at most `points` runs of log lines."""
    by_step: dict[int, list[float]] = {}
    for seed in row.seeds:
        for step, value in row.curves.get(f"{metric}/seed_{seed}", []):
            if math.isfinite(value):
                by_step.setdefault(step, []).append(value)
    steps = sorted(by_step)
    size = max(1, math.ceil(len(steps) / points))
    runs = [steps[start : start + size] for start in range(0, len(steps), size)]
    return [
        (
            run[-1],
            statistics.fmean(statistics.fmean(by_step[step]) for step in run),
            min(min(by_step[step]) for step in run),
            max(max(by_step[step]) for step in run),
        )
        for run in runs
    ]
