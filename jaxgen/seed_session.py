"""Some seeds of one experiment, trained and evaluated side by side: a part of a study."""

import contextlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jax

from jaxgen import feed
from jaxgen.core import TrainState
from jaxgen.data.pipeline import Pipeline
from jaxgen.evaluate import study_results
from jaxgen.seed_output import Judge, Output
from jaxgen.train import checkpoint, loop, seeds
from jaxgen.train.progress import Terminal


def train(
    experiment: Any,
    numbers: Sequence[int],
    folder: Path,
    judge: Judge,
    title: str,
    *,
    stop: Callable[[], bool],
    terminal: Terminal,
) -> int:
    """Trains the seeds `numbers` to `config.num_steps` from whatever is in `folder`: last step.

    A seed equals `session.train` with that seed, up to rounding. One that diverges is marked so,
    and the others go on.
    """
    num_steps = experiment.config.num_steps
    if study_results.finished_step(folder) == num_steps:
        terminal.say(f"{title}: done before")
        return num_steps
    folder.mkdir(parents=True, exist_ok=True)
    checkpoints, states, extra = _start(experiment, numbers, folder)
    try:
        start = int(states.step)
        terminal.say(f"{title}: " + (f"continuing from step {start}" if start else "starting"))
        pipelines = _pipelines(experiment, judge.training, numbers)
        run, compile_seconds = _compile(experiment, pipelines, states, numbers)
        terminal.say(f"compiled in {compile_seconds:.1f} s")
        extra = {"seconds": 0.0, "compile_seconds": compile_seconds} | extra
        output = Output(experiment, numbers, folder, judge, checkpoints, terminal, start, extra)
        try:
            output.catch_up(start, states)
            states, finished = _fit(experiment, run, states, pipelines, numbers, output, stop)
            if not finished:
                output.save(int(states.step), states)
            checkpoints.wait()
            output.tell(int(states.step))
        finally:
            output.close()
        return int(states.step)
    finally:
        checkpoints.close()


def _start(experiment, numbers, folder) -> tuple[checkpoint.Checkpoints, TrainState, dict]:
    """(checkpoints, states, extra): continued, or fresh."""
    config = experiment.config
    target = seeds.target(experiment.create_state, len(numbers))
    size = sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(target))
    checkpoint.free_space_check(folder, (config.checkpoint_keep + 1) * size)
    checkpoints = checkpoint.Checkpoints(folder / "checkpoints", keep=config.checkpoint_keep)
    found = checkpoints.restore(target)
    if found is not None:
        return checkpoints, found[1], found[2]
    return checkpoints, seeds.initialise(experiment.create_state, seeds.keys(numbers)[0]), {}


def _pipelines(experiment, dataset, numbers) -> list[Pipeline]:
    """One a seed, all on the same arrays."""
    first = feed.make_pipeline(experiment, dataset, seed=numbers[0])
    return [first, *(first.reseeded(number) for number in numbers[1:])]


def _compile(experiment, pipelines, states, numbers) -> tuple[Any, float]:
    """(the compiled step of all seeds, seconds that it took)."""
    load = feed.loader(experiment, pipelines[0])
    run: Any = seeds.compile_step(
        experiment.objective.train_step,
        experiment.spec,
        load,
        together=jax.default_backend() != "cpu",
    )
    raws = tuple(p.batches(0, experiment.config.steps_per_dispatch) for p in pipelines)
    began = time.monotonic()
    compiled = run.lower(states, pipelines[0].source, raws, seeds.keys(numbers)[1]).compile()
    return compiled, time.monotonic() - began


def _fit(experiment, run, states, pipelines, numbers, output, stop) -> tuple[TrainState, bool]:
    """`loop.fit`, and nothing stays open behind it."""
    config, start = experiment.config, int(states.step)
    chunk = config.steps_per_dispatch
    hooks = (
        loop.Hook(config.log_every, output.log),
        loop.Hook(config.checkpoint_every, output.save),
        loop.Hook(output.evaluate_every, output.evaluate),
    )
    with contextlib.ExitStack() as stack:
        streams = [p.iterate(start, chunk, config.num_steps) for p in pipelines]
        for stream in streams:
            stack.callback(stream.close)
        stack.enter_context(output.training(start))
        return loop.fit(
            run,
            states,
            zip(*streams, strict=True),
            source=pipelines[0].source,
            key=seeds.keys(numbers)[1],
            num_steps=config.num_steps,
            steps_per_dispatch=chunk,
            record=output.record,
            hooks=hooks,
            should_stop=stop,
        )
