"""From the config of a study to its experiments."""

import dataclasses
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jaxgen.config import fields, load, schema
from jaxgen.config.build import Experiment, build
from jaxgen.core.errors import UserError
from jaxgen.core.files import flatten
from jaxgen.report import study_files
from jaxgen.train.checkpoint_files import steps


@dataclasses.dataclass(frozen=True)
class Part:
    """One experiment of a study.

    Attributes:
      name: of its folder and in the report.
      path: of its config, with arguments.
      overrides: dotted keys that the study changes in it.
      experiment: what that makes.
    """

    name: str
    path: str
    overrides: dict[str, Any]
    experiment: Experiment

    def command(self, seed: int) -> str:
        """The command that trains one seed alone, with the same result up to rounding."""
        changes = {**self.overrides, "seed": seed}
        words = ["python", "-m", "jaxgen.main", f"--config={self.path}"]
        words += [f"--config.{key}={value}" for key, value in changes.items()]
        return shlex.join([*words, f"--workdir=runs/{self.name}_{seed}"])


def plan(config: load.Config) -> tuple[Part, ...]:
    """Checks a study's config and makes its experiments. Raises UserError."""
    if "experiments" not in config:
        raise UserError(
            "This config is that of one experiment (no config.experiments); train it with "
            "python -m jaxgen.main."
        )
    config = load.finish(config, {})
    for path in config.experiments:
        if not isinstance(path, str):
            raise UserError(
                f"config.experiments has {path!r}: it must be paths of configs, such as "
                "configs/gans_digits.py:gan."
            )
    parts = tuple(_part(path, config) for path in config.experiments)
    objectives = [part.experiment.config.objective.rpartition(".")[2] for part in parts]
    if len(set(objectives)) == len(parts):
        parts = tuple(dataclasses.replace(p, name=o) for p, o in zip(parts, objectives))
    _check(parts)
    return parts


def _check(parts: Sequence[Part]) -> None:
    """Raises UserError for experiments that it cannot train, or whose results do not compare."""
    names = [part.name for part in parts]
    for part in parts:
        if names.count(part.name) > 1:
            raise UserError(
                f'Two of config.experiments are called "{part.name}", after the argument of a '
                "config or else its file; give them arguments that differ."
            )
        if part.experiment.config.data.labelled:
            raise UserError(
                f"{part.path} learns from labelled images that differ by seed, and a study trains "
                "all seeds on the same data; train it with jaxgen.main."
            )
        if part.experiment.reads_two_domains:
            raise UserError(
                f"{part.path} translates between two domains, and a study compares samples or "
                "colors; train it with jaxgen.main."
            )
        if part.experiment.config.evaluate_every:
            raise UserError(
                f"{part.path} evaluates while it trains (config.evaluate_every), and a study does "
                "so by itself (config.evaluations); set it to 0."
            )
        if _data_of(part) != _data_of(parts[0]):
            raise UserError(
                f"A study compares on one data set, but {names[0]} has {_data_of(parts[0])} and "
                f"{part.name} has {_data_of(part)}; set config.data.name and its size."
            )
        first, own = (p.experiment.config.evaluation.num_images for p in (parts[0], part))
        if first != own:
            raise UserError(
                f"A study compares equal numbers of samples, but config.evaluation.num_images is "
                f"{first} of {names[0]} and {own} of {part.name}; set it for all."
            )


def seed_groups(folder: Path, seeds: int, at_once: int) -> list[tuple[int, ...]]:
    """0, ..., seeds - 1, in groups of at most `at_once` (0: one group).

    Groups that `folder` holds stay together, so that both numbers may change in a study.
    """
    there = [study_files.seeds_of(path) for path in study_files.groups(folder)]
    there = [group for group in there if steps(group_folder(folder, group) / "checkpoints")]
    rest = [seed for seed in range(seeds) if not any(seed in group for group in there)]
    size = at_once or seeds
    return there + [tuple(rest[i : i + size]) for i in range(0, len(rest), size)]


def group_folder(folder: Path, seeds: Sequence[int]) -> Path:
    """Where a group of seeds is kept."""
    return folder / f"seeds_{'_'.join(map(str, seeds))}"


def _part(path: str, study: load.Config) -> Part:
    file, _, argument = path.partition(":")
    words = [word for word in argument.split(",") if word not in ("", "smoke")]
    overrides = _overrides(study, load.load(path, {}))
    config = load.load(path, overrides)
    return Part("_".join(words) or Path(file).stem, path, overrides, build(config))


def _overrides(study: load.Config, config: load.Config) -> dict[str, Any]:
    """Dotted keys of an experiment's config, and what the study sets them to; sizes follow."""
    shared = {name: key for name, key in schema.STUDY.items() if name in schema.RUN}
    wanted = {name: study[name] for name in shared}
    wanted |= flatten({"data": study.data.to_dict(), "evaluation": study.evaluation.to_dict()})
    for name, network in config.networks.items():
        for field, value in study.networks.items():
            if field in fields.of_network(f"config.networks.{name}", network.module):
                wanted[f"networks.{name}.{field}"] = value
    return {key: value for key, value in wanted.items() if value}


def _data_of(part: Part) -> str:
    data = part.experiment.config.data
    size = f"{data.image_size} px"
    if data.load_size > data.image_size:
        size += f" of {data.load_size}"
    text = f"{data.name} at {size} with {data.channels} channels ({data.resize})"
    if data.least_chroma:
        text += f", of chroma {data.least_chroma:g} or more"
    if data.keep_classes:
        text += f", classes {data.keep_classes}"
    if data.validation:
        seed = part.experiment.config.seed
        text += f", without {data.validation} validation images drawn by seed {seed}"
    return text
