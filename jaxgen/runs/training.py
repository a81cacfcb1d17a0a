"""One training run, put together: data, devices, checkpoints, loop, and what the user sees."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import flax.errors
import jax
import numpy as np

from jaxgen import config as config_lib
from jaxgen import feed
from jaxgen import workdir as workdir_lib
from jaxgen.core import TrainState, UserError
from jaxgen.evaluate import grids, pictures, report
from jaxgen.train import checkpoint, loop, parallel
from jaxgen.train.metrics import Window, Writer
from jaxgen.train.progress import Terminal

if TYPE_CHECKING:
    from jaxgen.config.build import Experiment


def target(experiment: Experiment, mesh: jax.sharding.Mesh) -> TrainState:
    """Shapes, dtypes and placement of the state, as a checkpoint is restored into."""
    everywhere = parallel.replicated(mesh)
    abstract = jax.eval_shape(lambda: experiment.create_state(jax.random.key(0)))
    return jax.tree.map(
        lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=everywhere), abstract
    )


def train(
    experiment: Experiment,
    workdir: Path,
    *,
    fork: bool,
    init_from: Callable[[], TrainState] | None,
) -> TrainState:
    """Trains to `config.num_steps` from whatever is in `workdir`. See `experiment.run`."""
    config = experiment.config
    first_process = jax.process_index() == 0
    workdir_lib.open_for_training(workdir, config, fork=fork, write=first_process)
    terminal = Terminal(quiet=not first_process)
    mesh = parallel.make_mesh()
    training = feed.load_data(experiment, "train")
    pipeline = feed.make_pipeline(
        experiment, training, seed=config.seed, sharding=parallel.batch_sharding(mesh)
    )
    feed.record_labelled(experiment, training, workdir, write=first_process)
    init_key, run_key = jax.random.split(jax.random.key(config.seed))

    with loop.StopSignal() as stop:
        checkpoints, state, extra = _start(experiment, workdir, mesh, init_key, init_from, terminal)
        start = int(state.step)
        if start >= config.num_steps:
            terminal.say(f"{workdir} is already at step {start}; raise config.num_steps to go on")
            checkpoints.close()
            return state
        chunk = config.steps_per_dispatch
        batches = pipeline.iterate(start, chunk, config.num_steps)
        run = _compile(experiment, pipeline, mesh, state, run_key, terminal)
        window = Window(extra.get("window"))
        means = extra.get("means", {})
        output = _Output(experiment, workdir, start, window, means, checkpoints, terminal)
        hooks = (
            loop.Hook(config.log_every, output.log),
            loop.Hook(config.sample_every, output.draw),
            loop.Hook(config.checkpoint_every, output.save),
        )
        terminal.start(start, config.num_steps)
        try:
            state, finished = loop.fit(
                run,
                state,
                batches,
                source=pipeline.source,
                key=run_key,
                num_steps=config.num_steps,
                steps_per_dispatch=chunk,
                record=output.record,
                hooks=hooks,
                should_stop=stop.agreed,
            )
            if not finished:
                output.save(int(state.step), state)
        finally:
            terminal.stop()
            batches.close()
            output.close()
        output.farewell(finished, int(state.step), stop.name)
    return state


def _start(experiment, workdir, mesh, init_key, init_from, terminal):
    """(checkpoints, state, extra): continued, started from another run, or fresh."""
    config = experiment.config
    abstract = target(experiment, mesh)
    size = sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(abstract))
    checkpoint.free_space_check(workdir, (config.checkpoint_keep + 1) * size)
    checkpoints = checkpoint.Checkpoints(
        workdir / "checkpoints",
        keep=config.checkpoint_keep,
        best_metric=config.checkpoint_best or None,
        best_mode=config.checkpoint_best_mode,
    )
    found = checkpoints.restore(abstract)
    if found is not None:
        step, state, extra = found
        terminal.say(f"continuing {workdir} from step {step}")
        return checkpoints, state, extra
    other = init_from() if init_from else None
    if other is not None:
        _check_networks(abstract, other, config.init_from)
    state = parallel.initialise(experiment.create_state, init_key, mesh)
    if other is not None:
        ema = {name: jax.tree.map(lambda x: x.copy(), other.params[name]) for name in state.ema}
        state = state.replace(params=other.params, model_state=other.model_state, ema=ema)
        terminal.say(f"starting with the networks of {config.init_from}")
    return checkpoints, state, {}


def _check_networks(state: TrainState, other: TrainState, where: str) -> None:
    for kind in ("params", "model_state"):
        shapes = [jax.tree.map(np.shape, getattr(s, kind)) for s in (state, other)]
        if shapes[0] != shapes[1]:
            raise UserError(
                f"config.init_from={where} has other networks than this config ({kind} differ in "
                "structure or shape); use the networks section of that run's config.json."
            )


def _compile(experiment, pipeline, mesh, state, key, terminal):
    """The step, compiled ahead so that its cost can be announced."""
    config = experiment.config
    step = functools.partial(experiment.objective.train_step)
    run = parallel.compile_step(step, experiment.spec, mesh, feed.loader(experiment, pipeline))
    raw = pipeline.batches(0, config.steps_per_dispatch)
    devices = f"{mesh.size} {jax.devices()[0].platform} device{'s' if mesh.size > 1 else ''}"
    terminal.say(f"compiling the training step for {devices} ...")
    began = time.monotonic()
    try:
        lowered = run.lower(state, pipeline.source, raw, key)
    except (TypeError, ValueError, flax.errors.FlaxError) as error:
        raise UserError(
            f"The training step of {config.objective} does not go with its networks, optimisers or "
            f"data ({str(error).strip().splitlines()[0]}); check the config, or see --debug."
        ) from error
    compiled = lowered.compile()
    memory = compiled.memory_analysis()
    needed = getattr(memory, "temp_size_in_bytes", 0) / 2**20
    terminal.say(
        f"compiled in {time.monotonic() - began:.1f} s; a step works on "
        f"{experiment.images_per_step} images and {needed:.0f} MiB of scratch memory"
    )
    return compiled


class _Output:
    """What a run leaves: log lines, pictures, checkpoints, and at the end the report."""

    def __init__(self, experiment, workdir, start, window, means, checkpoints, terminal):
        self._experiment, self._workdir = experiment, workdir
        self._window, self._checkpoints, self._terminal = window, checkpoints, terminal
        self._writes = jax.process_index() == 0
        self._writer = Writer(workdir, start) if self._writes else None
        held_out = feed.load_data(experiment, "test")
        self._draw = pictures.artist(
            experiment.objective,
            experiment.spec,
            held_out.image,
            label=held_out.label,
            classes=held_out.classes,
        )
        self._mark = (start, time.monotonic())
        self._announced = False
        self._means: dict[str, float] = means  # of the newest log line

    def record(self, first_step: int, metrics: Any) -> None:
        """Takes the metrics of a dispatch, and moves the bar."""
        best = self._experiment.config.checkpoint_best
        if best and best not in metrics:
            raise UserError(
                f'config.checkpoint_best="{best}" is not a metric of the log.'
                f"{config_lib.did_you_mean(best, metrics)} There are: {', '.join(sorted(metrics))}."
            )
        self._window.add(first_step, metrics)
        self._terminal.advance(first_step + self._experiment.config.steps_per_dispatch)

    def log(self, step: int, _: TrainState) -> None:
        """Writes the window's means."""
        before, since = self._mark
        self._mark = (step, time.monotonic())
        rate = (step - before) / (self._mark[1] - since)
        self._means = self._window.take()
        means = self._means | {"time/steps_per_second": rate}
        if self._writer:
            self._writer.write(step, means)
            self._terminal.log(step, means)

    def draw(self, step: int, state: TrainState) -> None:
        """Draws the grids; every process computes them, the first one writes."""
        for name, grid in self._draw(state).items():
            if self._writer:
                path = self._workdir / "images" / f"{name}_{step:06d}.png"
                grids.save_png(path, grid)
                self._writer.image(step, name, grid)
        if self._writes:
            self._report()
            if not self._announced:
                self._terminal.say(f"pictures: {self._workdir}/images, and in report.html")
                self._announced = True

    def save(self, step: int, state: TrainState) -> None:
        """Starts to save a checkpoint, if the state is sound."""
        loop.check_finite(state)
        extra = {"window": self._window.state, "means": self._means}
        self._checkpoints.save(step, state, extra, self._means)

    def close(self) -> None:
        """Waits for the last checkpoint, whatever happened before."""
        try:
            self._checkpoints.close()
        finally:
            if self._writer:
                self._writer.close()

    def farewell(self, finished: bool, step: int, signal_name: str | None) -> None:
        """Says how it ended and where everything is."""
        if self._writes:
            self._report()
        if finished:
            self._terminal.say(f"done: step {step}; open {self._workdir / 'report.html'}")
        else:
            reason = signal_name or "another process was told to stop"
            self._terminal.say(
                f"{reason}: saved at step {step}; the same command continues from there"
            )

    def _report(self) -> None:
        values = config_lib.to_json(self._experiment.config)
        report.write_report(self._workdir, title=self._workdir.name, config=values)
