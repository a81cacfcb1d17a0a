"""A study, trained: every experiment's seeds side by side, and the report of what they come to."""

import contextlib
import json
import platform
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import jax

from jaxgen.config import load, schema
from jaxgen.config.build import check_classes
from jaxgen.core.errors import UserError
from jaxgen.core.files import local_path, write_atomically
from jaxgen.data import pipeline
from jaxgen.data.dataset import Dataset
from jaxgen.report import study_files, study_page
from jaxgen.report.run_files import record as read_record
from jaxgen.runs import data, evaluations, lock, outputs, record, sampling, training
from jaxgen.studies import plan
from jaxgen.studies.evaluator import Draw, Evaluate, EvaluateSeeds, Evaluator
from jaxgen.studies.plan import Part
from jaxgen.train import loop
from jaxgen.train.checkpoint import Checkpoints
from jaxgen.train.checkpoint_files import require_plain_path, steps
from jaxgen.train.metrics import Window, Writer
from jaxgen.train.program import Program
from jaxgen.train.progress import Terminal


def run(
    config: load.Config,
    workdir: str | Path,
    *,
    evaluate: Evaluate = evaluations.evaluate,
    draw: Draw = sampling.draw,
) -> bool:
    """Trains what `workdir` lacks of a study and writes its report. Whether that is complete.

    An interrupt (Ctrl-C, SIGTERM, SIGHUP) saves and returns False; the same call continues.
    evaluate, draw: how states are evaluated. Raises UserError for whatever the user can fix.
    """
    workdir, parts = local_path(workdir, "--workdir"), plan.plan(config)
    config = load.finish(config, {})
    _require_same_study(workdir, config, parts)
    with lock.held(workdir):
        return _run(config, workdir, parts, evaluate, draw)


def _run(
    config: load.Config, workdir: Path, parts: Sequence[Part], evaluate: Evaluate, draw: Draw
) -> bool:
    terminal = Terminal()
    train, held_out = (data.load_data(parts[0].experiment, s) for s in ("train", "test"))
    for part in parts:
        pipeline.select(train, data.entries(part.experiment))  # before its classes are counted
        check_classes(part.experiment, train.classes, train.name)
        data.require_batches(part.experiment, train)
    terminal.say(data.described(train, held_out, parts[0].experiment.config.data.validation))
    evaluator = Evaluator(train, held_out, config.evaluations, evaluate, draw, terminal.say)
    gray = all(part.experiment.abilities.colorize is not None for part in parts)
    evaluator.save_pictures(workdir, gray=gray)
    _record(workdir, config, parts, train, held_out)
    work = [
        (part, seeds)
        for part in parts
        for seeds in plan.seed_groups(workdir / part.name, config.seeds, config.seeds_at_once)
    ]
    with loop.StopSignal() as stop:
        for number, (part, seeds) in enumerate(work, start=1):
            title = f"[{number}/{len(work)}] {part.name}, seed{'s' * (len(seeds) > 1)} "
            title += ", ".join(map(str, seeds))
            folder = plan.group_folder(workdir / part.name, seeds)
            with _memory_error_explained(part.name, seeds):
                step = train_group(part, seeds, folder, evaluator, title, stop.agreed, terminal)
            _write_page(workdir, parts)
            if step < part.experiment.config.num_steps:
                terminal.say(
                    f"{stop.name}: saved {part.name} at step {step}; the same command continues "
                    "from there"
                )
                return False
    terminal.say(f"done: {len(work)} of {len(work)}; open {workdir / 'study.html'}")
    return True


def train_group(
    part: Part,
    seeds: Sequence[int],
    folder: Path,
    evaluator: Evaluator,
    title: str,
    should_stop: Callable[[], bool],
    terminal: Terminal,
) -> int:
    """Trains `seeds` to `config.num_steps` from whatever is in `folder`. Returns the last step.

    A seed equals a run with that seed, up to rounding. One that diverges is marked so, and the
    others go on.
    """
    experiment = part.experiment
    config = experiment.config
    if study_files.finished_step(folder) == config.num_steps:
        terminal.say(f"{title}: done before")
        return config.num_steps
    terminal.say(title)
    folder.mkdir(parents=True, exist_ok=True)
    program = _program(part, seeds)
    first = data.make_pipeline(experiment, evaluator.training, seed=seeds[0])
    pipelines = [first, *(first.reseeded(seed) for seed in seeds[1:])]
    with contextlib.ExitStack() as stack:
        checkpoints, states, extra = training.begin(experiment, program, folder, terminal)
        stack.callback(checkpoints.close)
        strict = experiment.reads_some_labels
        data.check_identity(extra.get("data"), evaluator.training, terminal.say, strict=strict)
        compiled, seconds = training.compile_program(
            experiment, program, pipelines, states, terminal
        )
        writer = Writer(folder, int(states.step), terminal.say)
        stack.callback(writer.close)
        extra = {"seconds": 0.0, "compile_seconds": seconds} | extra
        group = _Group(part, program, folder, evaluator, checkpoints, writer, terminal, extra)
        group.evaluating.catch_up(int(states.step), states)
        states, finished = training.fit(
            *(experiment, program, compiled, states, pipelines, group.log, group.hooks),
            *(should_stop, terminal),
        )
        if not finished:
            group.save.save(int(states.step), states)
        checkpoints.wait(prove=True)
        group.write_status(int(states.step))
        return int(states.step)


def _program(part: Part, seeds: Sequence[int]) -> Program:
    experiment = part.experiment
    return Program(
        experiment.create_state,
        experiment.abilities.train_step,
        experiment.spec,
        tuple(seeds),
        together=jax.default_backend() != "cpu",
    )


class _Group:
    """The hooks of seeds that are trained side by side, and their status."""

    def __init__(
        self,
        part: Part,
        program: Program,
        folder: Path,
        evaluator: Evaluator,
        checkpoints: Checkpoints,
        writer: Writer,
        terminal: Terminal,
        extra: dict[str, Any],
    ):
        experiment, self._folder, self._program = part.experiment, folder, program
        self._config, self._compile_seconds = experiment.config, extra["compile_seconds"]
        self._clock = outputs.Clock(extra["seconds"])
        self._of_data = data.identity(evaluator.training)
        window = Window(program.seeds, extra.get("window"))
        self.log = outputs.Log(experiment, window, writer, terminal, self._clock, by_seed=True)
        self.save = outputs.Save(program, checkpoints, self.log, self._clock, self._extra)
        self.evaluating = EvaluateSeeds(
            experiment, program, folder, evaluator, self.log, self.save, self._clock
        )

    @property
    def hooks(self) -> tuple[loop.Hook, ...]:
        """What is called while training goes on."""
        return (
            loop.Hook(self._config.log_every, self.log.write),
            loop.Hook(self._config.checkpoint_every, self.save.save),
            loop.Hook(self.evaluating.every, self.evaluating.evaluate),
        )

    def _seconds(self) -> dict[str, Any]:
        return {"seconds": self._clock.seconds, "compile_seconds": self._compile_seconds}

    def _extra(self) -> dict[str, Any]:
        return {**self._seconds(), "data": self._of_data}

    def write_status(self, step: int) -> None:
        """Leaves how far the group is; the last thing that a finished one does."""
        status = {
            "step": step,
            "seeds": list(self._program.seeds),
            "num_steps": self._config.num_steps,
            "diverged": self.log.window.diverged,
            **self._seconds(),
            "device": jax.devices()[0].device_kind,
        }
        write_atomically(self._folder / "status.json", json.dumps(status, indent=1) + "\n")


def _write_page(workdir: Path, parts: Sequence[Part]) -> None:
    """The page, with the titles of all metrics that there are."""
    own = {k: v for part in parts for k, v in part.experiment.abilities.titles.items()}
    found = {
        name
        for folder in study_files.groups_of_all(workdir)
        for entry in study_files.evaluations(folder)
        for name in entry
    }
    path = workdir / "study.json"
    titles = evaluations.titles(sorted(found), own)
    record.write_json(path, read_record(path) | {"titles": titles})
    study_page.write(workdir)


@contextlib.contextmanager
def _memory_error_explained(name: str, seeds: Sequence[int]) -> Iterator[None]:
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


def _require_same_study(workdir: Path, config: load.Config, parts: Sequence[Part]) -> None:
    """Checks that the folder, where there is one, holds the same study."""
    old = read_record(workdir / "study.json")
    if old and any(steps(group / "checkpoints") for group in study_files.groups_of_all(workdir)):
        where, what_to_do = f"{workdir} was made with another study", "choose another --workdir"
        now = _values(config, parts)
        own = {m for x in now["experiments"].values() for m in record.foreign_modules(x)}
        before = _comparable(old, own)
        record.require_same(before["study"], now["study"], _is_free, where, what_to_do)
        same_data = schema.SECTIONS["data"]
        record.require_same(
            before["experiments"],
            now["experiments"],
            lambda key: ".data." in key and same_data[key.rpartition(".")[2]].free,
            where,
            what_to_do,
        )
    require_plain_path(workdir.absolute())


def _is_free(key: str) -> bool:
    return schema.is_free(key, schema.STUDY_SECTIONS)


def _comparable(old: dict[str, Any], trusted: set[str]) -> dict[str, Any]:
    """The study and its experiments of a record, completed as today's are.

    As they are where they name other modules than the trusted ones: those are not imported.
    """
    return {
        "study": load.to_json(load.study_from_json(old.get("study", {}))),
        "experiments": {
            name: values
            if record.foreign_modules(values) - trusted
            else load.to_json(load.from_json(values))
            for name, values in old.get("experiments", {}).items()
        },
    }


def _values(config: load.Config, parts: Sequence[Part]) -> dict[str, Any]:
    experiments = {part.name: load.to_json(part.experiment.config) for part in parts}
    return {"study": load.to_json(config), "experiments": experiments}


def _record(
    workdir: Path,
    config: load.Config,
    parts: Sequence[Part],
    train: Dataset,
    held_out: Dataset,
) -> None:
    device = jax.devices()[0]
    values = _values(config, parts) | {
        "commands": {part.name: [part.command(s) for s in range(config.seeds)] for part in parts},
        "data": {
            "name": train.name,
            "training": len(train.image),
            "held_out": len(held_out.image),
            "classes": len(held_out.classes),
        },
        "hardware": f"{device.device_kind} ({device.platform}), {platform.platform()}",
        **record.circumstances(),
    }
    record.write_json(workdir / "study.json", values)
