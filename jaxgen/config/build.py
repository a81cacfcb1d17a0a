"""From a config to everything: networks, optimisers, data, a training run."""

import dataclasses
import functools
import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import flax.errors
import jax
import jax.numpy as jnp

from jaxgen import config as config_lib
from jaxgen import optimisers, session
from jaxgen import workdir as workdir_lib
from jaxgen.core import Key, Spec, TrainState, UserError
from jaxgen.data import sources
from jaxgen.train import checkpoint, parallel

_KEYS = (
    *("objective", "hparams", "networks", "optim", "ema", "precision", "data", "seed", "num_steps"),
    *("steps_per_dispatch", "log_every", "sample_every", "checkpoint_every", "checkpoint_keep"),
    *("checkpoint_best", "checkpoint_best_mode"),
    *("init_from", "evaluation"),
)
_DATA_KEYS = (
    *("name", "image_size", "channels", "resize", "batch_size", "flip", "crop_padding", "resident"),
    *("classes", "validation", "labelled", "data_dir", "cache_dir"),
)
_LEAST = {"data.batch_size": 1, "data.image_size": 1, "data.channels": 1, "data.crop_padding": 0}
_LEAST |= {
    "data.validation": 0,
    "data.labelled": 0,
    "seed": 0,
    "checkpoint_keep": 1,
    "evaluation.num_images": 1,
}
_PRECISIONS = {"float32": jnp.float32, "mixed": jnp.bfloat16}


@dataclasses.dataclass(frozen=True)
class Experiment:
    """What a config stands for. Nothing is downloaded, read or compiled to make one.

    objective: the module. spec: its networks, optimisers and numbers. example_batch: shapes and
    dtypes of the batch of one training step.
    """

    objective: Any
    spec: Spec
    config: config_lib.Config
    example_batch: Mapping[str, jax.ShapeDtypeStruct]

    def create_state(self, key: Key) -> TrainState:
        """A fresh state."""
        zeros = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), dict(self.example_batch))
        return self.objective.create_state(self.spec, key, zeros)

    @functools.cached_property
    def sample(self) -> Callable[..., Any]:
        """`sample(state, key, condition, num)` of the objective, compiled once for each `num`."""

        @functools.partial(jax.jit, static_argnums=3)
        def sample(state, key, condition, num):
            return self.objective.sample(self.spec, state, key, num, condition)

        return sample

    @property
    def images_per_step(self) -> int:
        """Images that one training step consumes."""
        return self.example_batch["image"].shape[0]


def load_config(path: str, **overrides: Any) -> config_lib.Config:
    """The locked config of `path`, e.g. "configs/age_celeba.py:smoke".

    overrides: dotted keys, e.g. `**{"hparams.image_weight": 5.0}`. Raises UserError.
    """
    return config_lib.load(path, overrides)


def build(config: config_lib.Config) -> Experiment:
    """Checks every key of a config and makes its Experiment. Raises UserError."""
    config_lib.check_keys(config, _KEYS, "config")
    config_lib.check_keys(config.data, _DATA_KEYS, "config.data")
    config_lib.check_keys(config.evaluation, ("num_images",), "config.evaluation")
    _check_numbers(config)
    objective = _import_objective(config.objective)
    hparams = config_lib.strict(objective.Hparams, config.hparams, "config.hparams")
    names = objective.NETWORKS
    config_lib.check_keys(config.networks, names, "config.networks")
    config_lib.check_keys(config.optim, names, "config.optim")
    for name in config.ema:
        if name not in names:
            raise UserError(
                f'"{name}" is not a network, in config.ema.{config_lib.did_you_mean(name, names)} '
                f"Networks: {', '.join(names)}."
            )
    dtype = _PRECISIONS[config.precision]
    nets = {name: _network(name, config.networks[name], dtype) for name in names}
    tx = {name: optimisers.build(f"config.optim.{name}", config.optim[name]) for name in names}
    spec = Spec(nets=nets, tx=tx, hparams=hparams, ema=dict(config.ema))
    data = config.data
    shape = sources.shape_of(data.name, image_size=data.image_size, channels=data.channels)
    updates = getattr(objective, "batches_per_step", lambda _: 1)(hparams)
    count = data.batch_size * updates
    batch = {"image": jax.ShapeDtypeStruct((count, *shape), jnp.float32)}
    read = getattr(objective, "batch_entries", lambda _: ("image",))(hparams)
    if data.labelled and "labelled_image" not in read:
        raise UserError(
            f"config.data.labelled={data.labelled} has no use, for {config.objective} reads no "
            "labelled images; set it to 0."
        )
    for name in ("label", *(("labelled_label",) if data.labelled else ())):
        if name in read:
            batch[name] = jax.ShapeDtypeStruct((count,), jnp.int32)
    if data.labelled:
        batch["labelled_image"] = batch["image"]
    experiment = Experiment(objective, spec, config, batch)
    _check_shapes(experiment, shape)
    return experiment


def run(config: config_lib.Config, workdir: str | Path, *, fork: bool = False) -> TrainState:
    """Trains, or continues what is in `workdir`, to `config.num_steps`. Returns the last state.

    Raises UserError for whatever the user can mend, and NotFiniteError (one of them) when a metric
    or a parameter becomes NaN or infinite. An interrupt (Ctrl-C, SIGTERM) saves and returns.
    """
    experiment = build(config)
    init_from = None
    if config.init_from:
        init_from = lambda: restore(config.init_from)[1]  # noqa: E731
    return session.train(experiment, Path(workdir), fork=fork, init_from=init_from)


def restore(workdir: str | Path, step: int | None = None) -> tuple[Experiment, TrainState]:
    """The experiment of a workdir and its newest good (or the given) checkpoint.

    Needs no config. Raises UserError where there is nothing, or nothing good, to restore.
    """
    workdir = Path(workdir)
    experiment = build(config_lib.from_json(workdir_lib.read(workdir)["config"]))
    found = None
    if (workdir / "checkpoints").is_dir():
        checkpoints = checkpoint.Checkpoints(workdir / "checkpoints")
        found = checkpoints.restore(session.target(experiment, parallel.make_mesh()), step)
        checkpoints.close()
    if found is None:
        raise UserError(f"{workdir} holds no checkpoint yet; train it first.")
    return experiment, found[1]


def _import_objective(name: str) -> Any:
    dotted = name if "." in name else f"jaxgen.objectives.{name}"
    try:
        module = importlib.import_module(dotted)
    except ModuleNotFoundError as error:
        if error.name is None or not dotted.startswith(error.name):
            raise
        folder = Path(__file__).parent / "objectives"
        known = sorted(p.stem for p in folder.glob("*.py") if p.stem != "__init__")
        raise UserError(
            f'config.objective="{name}" not found.{config_lib.did_you_mean(name, known)} '
            f"Available: {', '.join(known)}, or the dotted path of a module of yours."
        ) from error
    lacking = [
        attribute
        for attribute in ("NETWORKS", "Hparams", "create_state", "train_step", "sample")
        if not hasattr(module, attribute)
    ]
    if lacking:
        raise UserError(f"config.objective={dotted} lacks {', '.join(lacking)}.")
    return module


def _network(name: str, values: config_lib.Config, dtype: Any) -> Any:
    where = f"config.networks.{name}"
    path = values.get("module", "")
    dotted = f"jaxgen.models.{path}" if path.count(".") == 1 else path
    module_name, _, class_name = dotted.rpartition(".")
    try:
        cls = getattr(importlib.import_module(module_name), class_name)
    except (ModuleNotFoundError, AttributeError, ValueError) as error:
        raise UserError(
            f'{where}.module="{path}" not found; name a class of jaxgen.models, such as '
            '"age.Encoder64", or give the dotted path of a class of yours.'
        ) from error
    given = {key: value for key, value in values.items() if key != "module"}
    fields = {field.name for field in dataclasses.fields(cls)}
    own = sorted(fields - {"parent", "name", "dtype", "axis_name"})
    config_lib.check_keys(given, own, where)
    return cls(**given, **({"dtype": dtype} if "dtype" in fields else {}))


def _check_numbers(config: config_lib.Config) -> None:
    if config.checkpoint_best_mode not in ("min", "max"):
        raise UserError(
            f'config.checkpoint_best_mode="{config.checkpoint_best_mode}" is not one of min, max.'
        )
    if config.precision not in _PRECISIONS:
        raise UserError(
            f'config.precision="{config.precision}" is not one of {", ".join(_PRECISIONS)}.'
        )
    if config.data.resident not in ("auto", "always", "never"):
        raise UserError(
            f'config.data.resident="{config.data.resident}" is not one of auto, always, never.'
        )
    positive = ("num_steps", "steps_per_dispatch", "log_every", "sample_every", "checkpoint_every")
    for key in positive:
        if config[key] < 1:
            raise UserError(f"config.{key}={config[key]} must be at least 1.")
        if config[key] % config.steps_per_dispatch:
            raise UserError(
                f"config.{key}={config[key]} must be a multiple of "
                f"config.steps_per_dispatch={config.steps_per_dispatch}; change one of them."
            )
    for key, least in _LEAST.items():
        if not least <= config[key] < 2**32:
            raise UserError(f"config.{key}={config[key]} must be at least {least} and below 2**32.")


def _check_shapes(experiment: Experiment, shape: tuple[int, int, int]) -> None:
    """Traces (compiles nothing) the state and one sample: networks that do not fit show here."""
    objective, spec = experiment.objective, experiment.spec
    try:
        state = jax.eval_shape(lambda: experiment.create_state(jax.random.key(0)))
        sample = jax.eval_shape(lambda s: objective.sample(spec, s, jax.random.key(0), 1), state)
    except (ArithmeticError, TypeError, ValueError, flax.errors.FlaxError) as error:
        raise UserError(
            f"The networks do not fit together or do not fit images of shape {shape} "
            f"({str(error).strip().splitlines()[0]}); check config.networks and config.data."
        ) from error
    if sample.shape[1:] != shape:
        raise UserError(
            f"The networks make images of shape {sample.shape[1:]}, config.data gives {shape}; "
            "change config.networks or config.data.image_size and config.data.channels."
        )
