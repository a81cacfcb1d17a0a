"""From the config of a study to its experiments, and from those to its report."""

import contextlib
import dataclasses
import json
import platform
import shlex
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np

from jaxgen import config as config_lib
from jaxgen import evaluation, feed, sampling, seed_session
from jaxgen import experiment as experiment_lib
from jaxgen import workdir as workdir_lib
from jaxgen.core import UserError
from jaxgen.evaluate import study_report, study_results
from jaxgen.core.files import write_atomically
from jaxgen.report.run_files import record as read_record
from jaxgen.seed_output import Judge
from jaxgen.train import loop
from jaxgen.train.checkpoint_files import steps
from jaxgen.train.progress import Terminal

_KEYS = ("experiments", "seeds", "seeds_at_once", "evaluations")
_KEYS += ("num_steps", "networks", "evaluation", "data")
_DATA_KEYS = ("name", "image_size", "channels", "num_classes", "batch_size", "resize")
_DATA_KEYS += ("data_dir", "cache_dir")
# Changing these continues the same study.
_FREE = ("data_dir", "cache_dir", "data.resident", "seeds", "seeds_at_once")


@dataclasses.dataclass(frozen=True)
class Part:
    """One experiment of a study. overrides: what the study changes in the config of `path`."""

    name: str
    path: str
    overrides: dict[str, Any]
    experiment: experiment_lib.Experiment

    def command(self, seed: int) -> str:
        """The command that trains one seed alone, with the same result up to rounding."""
        changes = {**self.overrides, "seed": seed}
        words = ["python", "-m", "jaxgen.main", f"--config={self.path}"]
        words += [f"--config.{key}={value}" for key, value in changes.items()]
        return shlex.join([*words, f"--workdir=runs/{self.name}_{seed}"])


def build(config: config_lib.Config) -> tuple[Part, ...]:
    """Checks a study's config and makes its experiments. Raises UserError."""
    config_lib.check_keys(config, _KEYS, "config")
    config_lib.check_keys(config.networks, ("features",), "config.networks")
    config_lib.check_keys(config.evaluation, ("num_images",), "config.evaluation")
    config_lib.check_keys(config.data, _DATA_KEYS, "config.data")
    for key, least in (("seeds", 1), ("seeds_at_once", 0), ("evaluations", 1)):
        if config[key] < least:
            raise UserError(f"config.{key}={config[key]} must be at least {least}.")
    if not config.experiments:
        raise UserError("config.experiments is empty; name at least one config file.")
    parts = tuple(_part(path, config) for path in config.experiments)
    objectives = [part.experiment.config.objective.rpartition(".")[2] for part in parts]
    if len(set(objectives)) == len(parts):
        parts = tuple(dataclasses.replace(p, name=o) for p, o in zip(parts, objectives))
    for part in parts:
        if part.experiment.config.data.labelled:
            raise UserError(
                f"{part.path} learns from labelled images that differ by seed, and a study trains "
                "all seeds on the same data; train it with jaxgen.main."
            )
    names = [part.name for part in parts]
    for name in names:
        if names.count(name) > 1:
            raise UserError(
                f'Two of config.experiments are called "{name}", after the argument of a config or '
                "else its file; give them arguments that differ."
            )
    sets = {name: _data_of(part) for name, part in zip(names, parts)}
    for name in names:
        if sets[name] != sets[names[0]]:
            raise UserError(
                f"A study compares on one data set, but {names[0]} has {sets[names[0]]} and {name} "
                f"has {sets[name]}; set config.data.name and its size."
            )
    return parts


def _part(path: str, study: config_lib.Config) -> Part:
    file, _, argument = path.partition(":")
    words = [word for word in argument.split(",") if word not in ("", "smoke")]
    config = config_lib.load(path, {})
    overrides = _overrides(study, config)
    for key, value in overrides.items():
        config_lib.override(config, key, value)
    name = "_".join(words) or Path(file).stem
    return Part(name, path, overrides, experiment_lib.build(config))


def _overrides(study: config_lib.Config, config: config_lib.Config) -> dict[str, Any]:
    """Dotted keys of an experiment's config, and what the study sets them to.

    A size of the data is also that of every network with a field of this name and of the objective,
    and so is the number of classes where the network is told classes.
    """
    wanted = {"num_steps": study.num_steps, "evaluation.num_images": study.evaluation.num_images}
    wanted |= {f"data.{key}": study.data[key] for key in _DATA_KEYS if key != "num_classes"}
    for key in ("num_classes", "image_size", "channels"):
        if key in config.hparams:
            wanted[f"hparams.{key}"] = study.data[key]
    fields = {
        "features": study.networks.features,
        "image_size": study.data.image_size,
        "channels": study.data.channels,
        "classes": study.data.num_classes,
    }
    for name, network in config.networks.items():
        for field, value in fields.items():
            if network.get(field):
                wanted[f"networks.{name}.{field}"] = value
    return {key: value for key, value in wanted.items() if value}


def _data_of(part: Part) -> str:
    data = part.experiment.config.data
    return f"{data.name} at {data.image_size} px with {data.channels} channels ({data.resize})"


def seed_groups(folder: Path, seeds: int, at_once: int) -> list[tuple[int, ...]]:
    """0, ..., seeds - 1, in groups of at most `at_once` (0: one group).

    Groups that `folder` holds stay together, so that both numbers may change in a study.
    """
    there = [study_results.seeds_of(path) for path in sorted(folder.glob("seeds_*"))]
    there = [group for group in there if steps(_folder(folder, group) / "checkpoints")]
    rest = [seed for seed in range(seeds) if not any(seed in group for group in there)]
    size = at_once or seeds
    return there + [tuple(rest[i : i + size]) for i in range(0, len(rest), size)]


def _folder(folder: Path, seeds: Sequence[int]) -> Path:
    return folder / f"seeds_{'_'.join(map(str, seeds))}"


def run(
    config: config_lib.Config,
    workdir: str | Path,
    *,
    figures: Callable[..., dict[str, Any]] = evaluation.figures,
    draw: Callable[..., np.ndarray] = sampling.draw,
) -> bool:
    """Trains what `workdir` lacks of a study and writes its report. Whether that is complete.

    An interrupt (Ctrl-C, SIGTERM) saves and returns False; the same call continues. figures, draw:
    as those of `jaxgen.evaluation`. Raises UserError for whatever the user can mend.
    """
    workdir = Path(workdir)
    parts = build(config)
    _open(workdir, config, parts)
    terminal = Terminal()
    training, held_out = (feed.load_data(parts[0].experiment, s) for s in ("train", "test"))
    judge = Judge(training, held_out, config.evaluations, figures, draw)
    judge.save_picture(workdir / "real.png")
    _record(workdir, config, parts, training, held_out)
    work = [
        (part, seeds)
        for part in parts
        for seeds in seed_groups(workdir / part.name, config.seeds, config.seeds_at_once)
    ]
    with loop.StopSignal() as stop:
        for number, (part, seeds) in enumerate(work, start=1):
            title = f"[{number}/{len(work)}] {part.name}, seeds {', '.join(map(str, seeds))}"
            folder = _folder(workdir / part.name, seeds)
            with _told_how_to_save_memory(part.name, seeds):
                step = seed_session.train(
                    *(part.experiment, seeds, folder, judge, title),
                    stop=stop.agreed,
                    terminal=terminal,
                )
            study_report.write_report(workdir)
            if step < part.experiment.config.num_steps:
                terminal.say(
                    f"{stop.name}: saved {part.name} at step {step}; the same command continues "
                    "from there"
                )
                return False
    terminal.say(f"done: {len(work)} of {len(work)}; open {workdir / 'study.html'}")
    return True


@contextlib.contextmanager
def _told_how_to_save_memory(name: str, seeds: Sequence[int]) -> Iterator[None]:
    try:
        yield
    except jax.errors.JaxRuntimeError as error:
        if "RESOURCE_EXHAUSTED" not in str(error):
            raise
        fewer = f"config.seeds_at_once={len(seeds) // 2}"
        raise UserError(
            f"{name} with {len(seeds)} seeds side by side does not fit the device's memory; set "
            f"{fewer if len(seeds) > 1 else 'a smaller config.data.batch_size'}."
        ) from error


def _open(workdir: Path, config: config_lib.Config, parts: Sequence[Part]) -> None:
    """Creates the folder, or checks that it holds the same study."""
    old = read_record(workdir / "study.json")
    if old and any(steps(folder) for folder in workdir.glob("*/seeds_*/checkpoints")):
        new = _values(config, parts)
        for kind in ("study", "experiments"):  # of both only what comes first
            listing = "; ".join(
                f"{key}: {was!r} there, {now!r} here"
                for key, was, now in workdir_lib.differences(old.get(kind, {}), new[kind])
                if not key.endswith(_FREE)
            )
            if listing:
                raise UserError(
                    f"{workdir} was made with another study ({listing}): choose another --workdir."
                )
    try:
        workdir.mkdir(parents=True, exist_ok=True)
        (workdir / ".writable").touch()
        (workdir / ".writable").unlink()
    except OSError as error:
        raise UserError(
            f"Cannot write to --workdir={workdir} ({error.strerror}); choose a folder that you may "
            "write to."
        ) from error


def _values(config: config_lib.Config, parts: Sequence[Part]) -> dict[str, Any]:
    experiments = {part.name: config_lib.to_json(part.experiment.config) for part in parts}
    return {"study": config_lib.to_json(config), "experiments": experiments}


def _record(workdir, config, parts, training, held_out) -> None:
    device = jax.devices()[0]
    record = _values(config, parts) | {
        "commands": {part.name: [part.command(s) for s in range(config.seeds)] for part in parts},
        "data": {
            "name": training.name,
            "training": len(training.image),
            "held_out": len(held_out.image),
            "classes": len(held_out.classes),
        },
        "hardware": f"{device.device_kind} ({device.platform}), {platform.platform()}",
        **workdir_lib.circumstances(),
    }
    write_atomically(workdir / "study.json", json.dumps(record, indent=2) + "\n")
