"""Training, put together: data, devices, checkpoints, loop, and what the user sees.

A run trains one state on all devices (`run`); a study trains groups of seeds side by side. What
both do is here once: `begin`, `compile_program`, `fit`.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import jax

from jaxgen.config import load
from jaxgen.config.build import Experiment, build
from jaxgen.core.errors import UserError, first_line
from jaxgen.core.files import local_path
from jaxgen.core.state import TrainState
from jaxgen.data.dataset import Dataset
from jaxgen.data.pipeline import Pipeline
from jaxgen.runs import data, lock, outputs, record, validation
from jaxgen.runs.restore import program_of, require_same_networks, restore
from jaxgen.train import checkpoint_files, loop
from jaxgen.train.checkpoint import Checkpoints
from jaxgen.train.metrics import Window, Writer
from jaxgen.train.program import Program, batch_sharding
from jaxgen.train.progress import Terminal


def run(
    config: load.Config, workdir: str | Path, *, fork: bool = False, trust: bool = False
) -> TrainState:
    """Trains, or continues what is in `workdir`, to `config.num_steps`. Returns the last state.

    fork: continue although the config is another one than that of the run. trust: whether modules
    that the run of `config.init_from` names may be imported. Raises UserError for
    whatever the user can fix, also where another process trains there, and NotFiniteError (one of
    them) when a metric or a parameter becomes NaN or infinite. An interrupt (Ctrl-C, SIGTERM,
    SIGHUP) saves and returns.
    """
    experiment, workdir = build(config), local_path(workdir, "--workdir")
    checkpoint_files.require_plain_path(workdir.absolute())
    config, writes = experiment.config, jax.process_index() == 0
    if not fork:
        record.require_same_run(workdir, config)
    terminal, program = Terminal(quiet=not writes), program_of(experiment)
    with contextlib.ExitStack() as stack:
        if writes:
            stack.enter_context(lock.held(workdir))
        training, held_out = _images(experiment, program, progress=writes)
        sharding = batch_sharding(program.mesh) if program.mesh else None
        pipelines = [data.make_pipeline(experiment, training, seed=config.seed, sharding=sharding)]
        begun = bool(checkpoint_files.steps(workdir / "checkpoints"))
        data.record_labelled(experiment, training, workdir, begun=begun, write=writes)
        stop = stack.enter_context(loop.StopSignal())
        checkpoints, state, extra = begin(experiment, program, workdir, terminal, trust=trust)
        stack.callback(checkpoints.close)
        strict = experiment.reads_some_labels and not fork
        data.check_identity(extra.get("data"), training, terminal.say, strict=strict)
        if writes:  # only now: a config that does not fit leaves the record as it was
            record.write(workdir, config)
        start = int(state.step)
        if start >= config.num_steps:
            terminal.say(f"{workdir} is already at step {start}; raise config.num_steps to go on")
            return state
        terminal.say(data.described(training, held_out, config.data.validation))
        if experiment.reads_two_domains:
            known, new = (data.load_other(experiment, split) for split in ("train", "test"))
            found = data.described(known, new, config.data.validation)
            terminal.say(f"second domain: {found}")
        if config.precision == "mixed" and jax.default_backend() == "cpu":
            mention_precision(terminal.say)
        compiled, _ = compile_program(experiment, program, pipelines, state, terminal)
        writer = Writer(workdir, start, terminal.say) if writes else None
        if writer:
            stack.callback(writer.close)
        clock, window = outputs.Clock(), Window(None, extra.get("window"))
        log = outputs.Log(experiment, window, writer, terminal, clock, means=extra.get("means"))
        draw = outputs.Draw(experiment, held_out, workdir, writer, terminal, clock)
        stack.callback(draw.page.close)
        of_data = {"data": data.identity(training)}
        save = outputs.Save(program, checkpoints, log, clock, lambda: of_data)
        hooks = _hooks(experiment, training, log, draw, save, clock, terminal)
        state, finished = fit(
            experiment, program, compiled, state, pipelines, log, hooks, stop.agreed, terminal
        )
        if not finished:
            save.save(int(state.step), state)
        draw.page.show(int(state.step))
    _farewell(terminal, workdir, int(state.step), finished, stop.name)
    return state


def mention_precision(say: Callable[[str], None], cpu: Path = Path("/proc/cpuinfo")) -> None:
    """Says that mixed precision is slower than float32 where the CPU multiplies no bfloat16.

    cpu: the kernel's description of it; nothing is said where there is none.
    """
    try:
        flags = set(cpu.read_text().split())
    except OSError:
        return
    if not flags & {"amx_bf16", "avx512_bf16", "bf16"}:  # Intel and AMD; Arm
        say(
            "this CPU has no bfloat16 units, on which mixed precision is slower than float32; "
            "--config.precision=float32 is faster here"
        )


def _images(experiment: Experiment, program: Program, *, progress: bool) -> tuple[Dataset, Dataset]:
    """(training, held out). Raises UserError where a run cannot be of them."""
    training, held_out = (
        data.load_data(experiment, split, progress=progress) for split in ("train", "test")
    )
    data.require_batches(experiment, training)
    data.require_parts(experiment, program.mesh.size if program.mesh else 1)
    validation.check(experiment)
    return training, held_out


def _hooks(
    experiment: Experiment,
    training: Dataset,
    log: outputs.Log,
    draw: outputs.Draw,
    save: outputs.Save,
    clock: outputs.Clock,
    terminal: Terminal,
) -> tuple[loop.Hook, ...]:
    """What is called while a run trains, in this order: a line has the evaluation of its step."""
    config, validating = experiment.config, ()
    if config.evaluate_every:
        validate = validation.Validate(experiment, training, log, clock, terminal.say)
        validating = (loop.Hook(config.evaluate_every, validate.evaluate),)
    return (
        *validating,
        loop.Hook(config.log_every, log.write),
        loop.Hook(config.sample_every, draw.draw),
        loop.Hook(config.checkpoint_every, save.save),
    )


def _farewell(
    terminal: Terminal, workdir: Path, step: int, finished: bool, signal_name: str | None
) -> None:
    if finished:
        terminal.say(f"done: step {step}; open {workdir / 'report.html'}")
        return
    reason = signal_name or "another process was asked to stop"
    terminal.say(f"{reason}: saved at step {step}; the same command continues from there")


def begin(
    experiment: Experiment,
    program: Program,
    folder: Path,
    terminal: Terminal,
    *,
    trust: bool = False,
) -> tuple[Checkpoints, TrainState, dict[str, Any]]:
    """(checkpoints, state, extra): continued, started from another run, or fresh."""
    config, target = experiment.config, program.target()
    _require_space(folder, config, checkpoint_files.steps(folder / "checkpoints"), target)
    checkpoints = Checkpoints(
        folder / "checkpoints",
        keep=config.checkpoint_keep,
        best_metric=config.checkpoint_best or None,
        best_mode=config.checkpoint_best_mode,
    )
    found = checkpoints.restore(target)
    if found is not None:
        step, state, extra = found
        terminal.say(f"continuing {folder} from step {step}")
        return checkpoints, state, extra
    if not config.init_from:
        return checkpoints, _initialised(program, terminal), {}
    own = record.foreign_modules(load.to_json(config))
    where = local_path(config.init_from, "config.init_from")
    _, other = restore(where, trust=trust, trusted=own)
    require_same_networks(target, other, config.init_from)
    state = _initialised(program, terminal)
    ema = {name: jax.tree.map(lambda x: x.copy(), other.params[name]) for name in state.ema}
    state = state.replace(params=other.params, model_state=other.model_state, ema=ema)
    terminal.say(f"starting with the networks of {config.init_from}")
    return checkpoints, state, {}


def _initialised(program: Program, terminal: Terminal) -> TrainState:
    """A fresh state. Most of the time that it takes, and says, is compilation."""
    terminal.say("initialising ...")
    began = time.monotonic()
    state = jax.block_until_ready(program.initialise())
    terminal.say(f"initialised in {time.monotonic() - began:.1f} s")
    return state


def _require_space(folder: Path, config: load.Config, present: list[int], target: Any) -> None:
    """Raises UserError unless the checkpoints that are still to be saved have room."""
    left = -(-(config.num_steps - max(present, default=0)) // config.checkpoint_every)
    most = config.checkpoint_keep + 1 + bool(config.checkpoint_best)
    more = min(most - len(present), left)
    size = sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(target))
    if left > 0:
        checkpoint_files.free_space_check(folder, max(1, more) * size)


def compile_program(
    experiment: Experiment,
    program: Program,
    pipelines: Sequence[Pipeline],
    state: TrainState,
    terminal: Terminal,
) -> tuple[Any, float]:
    """(the step, compiled ahead so that its cost can be announced; seconds that it took)."""
    config = experiment.config
    load_batch = data.loader(experiment, pipelines[0])
    raw = _of_seeds(program, [p.batches(0, config.steps_per_dispatch) for p in pipelines])
    count = 1 if program.mesh is None else program.mesh.size
    devices = f"{count} {jax.devices()[0].platform} device{'s' if count > 1 else ''}"
    terminal.say(f"compiling the training step for {devices} ...")
    began = time.monotonic()
    try:
        step = program.compile_step(load_batch)
        lowered = step.lower(state, pipelines[0].source, raw, program.key("run"))  # type: ignore
    except UserError:
        raise
    except Exception as error:
        raise UserError(
            f"The training step of {config.objective} does not go with its networks, optimisers or "
            f"data ({first_line(error)}); check the config, or see --debug."
        ) from error
    compiled = lowered.compile()
    seconds = time.monotonic() - began
    needed = getattr(compiled.memory_analysis(), "temp_size_in_bytes", 0) / 2**20
    terminal.say(
        f"compiled in {seconds:.1f} s; a step works on {experiment.images_per_step} images"
        f"{'' if program.mesh is not None else ' of each seed'} and {needed:.0f} MiB of scratch "
        "memory"
    )
    return compiled, seconds


def fit(
    experiment: Experiment,
    program: Program,
    compiled: Any,
    state: TrainState,
    pipelines: Sequence[Pipeline],
    log: outputs.Log,
    hooks: tuple[loop.Hook, ...],
    should_stop: Callable[[], bool],
    terminal: Terminal,
) -> tuple[TrainState, bool]:
    """`loop.fit` to `config.num_steps`, with progress; nothing stays open behind it."""
    config, start = experiment.config, int(state.step)
    chunk = config.steps_per_dispatch
    with contextlib.ExitStack() as stack:
        streams = [
            stack.enter_context(contextlib.closing(p.iterate(start, chunk, config.num_steps)))
            for p in pipelines
        ]
        terminal.start(start, config.num_steps)
        stack.callback(terminal.stop)
        log.start(start)
        return loop.fit(
            compiled,
            state,
            _batches(program, streams),
            source=pipelines[0].source,
            key=program.key("run"),
            num_steps=config.num_steps,
            steps_per_dispatch=chunk,
            record=log.record,
            hooks=hooks,
            should_stop=should_stop,
        )


def _batches(program: Program, streams: Sequence[Iterator[Any]]) -> Iterator[Any]:
    return (_of_seeds(program, raws) for raws in zip(*streams, strict=True))


def _of_seeds(program: Program, raws: Sequence[Any]) -> Any:
    """The raw data as the program takes it: of one state, or a tuple of all seeds'."""
    return raws[0] if program.mesh is not None else tuple(raws)
