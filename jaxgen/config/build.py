"""From a config to an experiment: networks, optimisers, numbers, the shapes of a batch."""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp

from jaxgen.config import complete, fields, load, optimisers
from jaxgen.core.errors import UserError, first_line
from jaxgen.core.objective import Objective, require, resolve
from jaxgen.core.spec import Spec
from jaxgen.core.state import TrainState
from jaxgen.core.types import Key
from jaxgen.data import names

_ABILITIES = {
    "encode": "encode images",
    "decode": "decode codes",
    "draw_code": "draw codes",
    "reconstruct": "rebuild images",
    "colorize": "color photographs",
    "complete": "complete images",
    "translate": "translate images",
}
_PRECISIONS = {"float32": jnp.float32, "mixed": jnp.bfloat16}


@dataclasses.dataclass(frozen=True)
class Experiment:
    """What a config stands for. Nothing is downloaded, read or compiled to make one.

    Attributes:
      objective: the module.
      spec: its networks, optimisers and numbers.
      config: complete and locked.
      example_batch: shapes and dtypes of the batch of one training step.
      abilities: what the objective offers at these hparams.
      classes: names of the classes that a restored run was trained on; () where they are not known.
    """

    objective: ModuleType | Any
    spec: Spec
    config: load.Config
    example_batch: Mapping[str, jax.ShapeDtypeStruct]
    abilities: Objective
    classes: tuple[str, ...] = ()

    def require(self, *abilities: str) -> None:
        """Raises UserError, which names objectives that have them, unless all of these are there.

        abilities: such as "encode", "decode", see `core.objective`.
        """
        lacking = self.abilities.lacking(*abilities)
        if lacking:
            what = " and ".join(_ABILITIES.get(name, name) for name in lacking)
            able, own = fields.objectives_with(*abilities), self.config.objective
            # One that `lacks` something at some hparams has it at others.
            here, others = "", ""
            if own in able:
                here, others = " with the hparams of this run", "other hparams, or of "
                able.remove(own)
            raise UserError(
                f"The objective {own} does not {what}{here}; take a run of {others}one that does: "
                f"{', '.join(able)}."
            )

    def create_state(self, key: Key) -> TrainState:
        """A fresh state."""
        zeros = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), dict(self.example_batch))
        return self.abilities.create_state(self.spec, key, zeros)

    @functools.cached_property
    def sample(self) -> Callable[..., Any]:
        """`sample(state, key, condition, num)` of the objective, compiled once for each `num`.

        Raises UserError for an objective without samples.
        """
        draw = self.abilities.sample
        if draw is None:
            does, mode = "colors", "colorize"
            if self.abilities.translate is not None:
                does, mode = "translates", "translate"
            elif self.abilities.only_classifies:
                does, mode = "classifies", "evaluate"
            raise UserError(
                f"A run of {self.config.objective} draws no images, it {does} given ones; use "
                f"--mode={mode}."
            )

        @functools.partial(jax.jit, static_argnums=3)
        def sample(state, key, condition, num):
            return draw(self.spec, state, key, num, condition)

        return sample

    @functools.cached_property
    def colorize(self) -> Callable[..., Any]:
        """`colorize(state, lightness, key)`, compiled; each image with the noise of `key`."""

        @jax.jit
        def colorize(state, lightness, key):
            color: Any = self.abilities.colorize
            one = lambda image: color(self.spec, state, image[None], key)[0]  # noqa: E731
            return jax.vmap(one)(lightness)

        return colorize

    @property
    def images_per_step(self) -> int:
        """Images that one training step consumes."""
        return self.example_batch["image"].shape[0]

    @property
    def kind(self) -> str:
        """What is generated: "image", or "points" of the plane."""
        return names.kind_of(self.example_batch["image"].shape[1:])

    @property
    def reads_labels(self) -> bool:
        """Whether a step reads the label of every image."""
        return "label" in self.example_batch

    @property
    def reads_two_domains(self) -> bool:
        """Whether a step reads images of a second domain."""
        return "other_image" in self.example_batch

    @property
    def reads_some_labels(self) -> bool:
        """Whether a step reads labels, of every image or of some."""
        return self.reads_labels or "labelled_label" in self.example_batch


def build(config: load.Config) -> Experiment:
    """Completes and checks a config, and makes its Experiment. Raises UserError."""
    if "experiments" in config:
        raise UserError(
            "This config is that of a study (config.experiments); run it with "
            "python -m jaxgen.study."
        )
    config = load.finish(config, {})
    module = fields.import_module(fields.objective_module(config.objective))
    require(module)
    try:
        hparams = module.Hparams(**config.hparams)
    except ValueError as error:
        raise UserError(f"config.hparams: {error}") from error
    abilities = resolve(module, hparams)
    _check_optimisers(config, abilities)
    _check_networks(config, abilities)
    dtype = _PRECISIONS[config.precision]
    spec = Spec(
        nets={name: _network(network, dtype) for name, network in config.networks.items()},
        tx={name: optimisers.build(section) for name, section in config.optim.items()},
        hparams=hparams,
        ema={name: decay for name, decay in config.ema.items() if decay},
        micro_batches=config.data.micro_batches,
    )
    data = config.data
    if data.batch_size % data.micro_batches:
        raise UserError(
            f"config.data.batch_size={data.batch_size} must be a multiple of "
            f"config.data.micro_batches={data.micro_batches}; change one of them."
        )
    if 1 < data.micro_batches > data.batch_size // 2:
        raise UserError(
            f"config.data.micro_batches={data.micro_batches} leaves one image of "
            f"config.data.batch_size={data.batch_size} in a part, which has no variance; set it to "
            f"{data.batch_size // 2} or less."
        )
    shape = names.shape_of(data.name, image_size=data.image_size, channels=data.channels)
    batch = _example_batch(config, abilities, shape)
    experiment = Experiment(module, spec, config, batch, abilities)
    _check_shapes(experiment, shape)
    return experiment


def check_classes(experiment: Experiment, classes: tuple[str, ...], where: str) -> None:
    """Raises UserError unless labels of the data set `where` fit what the objective is given."""
    name, num_classes = experiment.config.objective, experiment.abilities.num_classes
    if not experiment.reads_some_labels:
        return
    if not num_classes:
        raise UserError(
            f"{name} reads labels but says not of how many classes; define num_classes(hparams) "
            "in its module."
        )
    # A few labels may name some of a code's categories; the others are clusters.
    exact = experiment.reads_labels
    if not (len(classes) == num_classes if exact else len(classes) <= num_classes):
        raise UserError(
            f"{where} has {len(classes)} classes, but {name} is given labels of {num_classes}; set "
            f"the number of classes in config.hparams to {len(classes)}, or keep fewer of them "
            "with config.data.keep_classes."
        )


def _check_optimisers(config: load.Config, abilities: Objective) -> None:
    """Raises UserError unless a network that moves in several phases has an optimiser for each."""
    labelled = bool(config.data.labelled)
    for name, section in config.optim.items():
        needed = abilities.phases(name, with_optional=labelled)
        allowed = abilities.phases(name, with_optional=True)
        where = f"config.optim.{name}"
        if optimisers.is_by_phase(section) != bool(allowed):
            what = f"a section for each of: {', '.join(allowed)}" if allowed else "one optimiser"
            raise UserError(f"{where} must be {what}, as {config.objective} takes its turns.")
        if allowed:
            complete.check_names(section, allowed, where)
            lacking = [phase for phase in needed if phase not in section]
            if lacking:
                raise UserError(
                    f"{where} has no optimiser for the phase {', '.join(lacking)}, only for "
                    f"{', '.join(section)}."
                )


def _check_networks(config: load.Config, abilities: Objective) -> None:
    """Raises UserError for a network of other classes than those that the objective is given."""
    if "label" not in abilities.entries:
        return
    for name, network in config.networks.items():
        given = network.get("num_classes", abilities.num_classes)
        if given != abilities.num_classes:
            raise UserError(
                f"config.networks.{name}.num_classes={given}, but {config.objective} has labels "
                f"of {abilities.num_classes} classes; leave it out, or set it to that."
            )


def _network(values: load.Config, dtype: Any) -> Any:
    module, _, name = fields.network_class(values.module).rpartition(".")
    cls = getattr(fields.import_module(module), name)
    given = {key: value for key, value in values.items() if key != "module"}
    known = {field.name for field in dataclasses.fields(cls)}
    return cls(**given, **({"dtype": dtype} if "dtype" in known else {}))


def _example_batch(
    config: load.Config, abilities: Objective, shape: tuple[int, int, int]
) -> dict[str, jax.ShapeDtypeStruct]:
    labelled = config.data.labelled
    every = (*abilities.entries, *abilities.optional_entries)
    if labelled and "labelled_image" not in every:
        raise UserError(
            f"config.data.labelled={labelled} has no use, for {config.objective} reads no "
            "labelled images; set it to 0."
        )
    if not labelled and "labelled_image" in abilities.entries:
        raise UserError(
            f"{config.objective} needs labelled images with these hparams; set "
            "config.data.labelled to their number."
        )
    count = config.data.batch_size * abilities.batches
    kinds = {
        "image": jax.ShapeDtypeStruct((count, *shape), jnp.float32),
        "other_image": jax.ShapeDtypeStruct((count, *shape), jnp.float32),
        "label": jax.ShapeDtypeStruct((count,), jnp.int32),
        "index": jax.ShapeDtypeStruct((count,), jnp.int32),
        "lightness": jax.ShapeDtypeStruct((count, *shape[:2], 1), jnp.float32),
        "chroma": jax.ShapeDtypeStruct((count, *shape[:2], 2), jnp.float32),
    }
    unknown = [name for name in every if name.removeprefix("labelled_") not in kinds]
    if unknown:
        raise UserError(
            f'{config.objective} reads "{unknown[0]}" of its batches, and data sets give "image", '
            '"label", "labelled_image", "labelled_label", "other_image", "index", "lightness" and '
            '"chroma"; change the entries of its turns.'
        )
    _check_domains(config, every)
    if shape[2] != 3 and {"lightness", "chroma"} & set(every):
        raise UserError(
            f"{config.objective} learns colors, and config.data.channels={shape[2]}; set it to 3, "
            "and config.data.name to a set of color images."
        )
    read = ["image", *(name for name in every if labelled or not name.startswith("labelled_"))]
    return {name: kinds[name.removeprefix("labelled_")] for name in dict.fromkeys(read)}


def _check_domains(config: load.Config, entries: tuple[str, ...]) -> None:
    """Raises UserError unless there is a second domain exactly where the objective reads one."""
    given = {key: config.data[key] for key in ("other_name", "other_classes") if config.data[key]}
    if given and "other_image" not in entries:
        key, value = next(iter(given.items()))
        raise UserError(
            f"config.data.{key}={value} has no use, for {config.objective} reads no second domain; "
            'set it to "".'
        )
    if not given and "other_image" in entries:
        raise UserError(
            f"{config.objective} translates between two domains; set config.data.other_name to the "
            "second one's data set, or config.data.other_classes to its classes."
        )
    if given:
        _check_apart(config.data)


def _check_apart(data: Any) -> None:
    """Raises UserError for two domains that have a class, or all, of one data set in common."""
    if data.other_name not in ("", data.name):
        return
    first, second = (
        [name.strip() for name in names.split(",")]
        for names in (data.keep_classes, data.other_classes)
    )
    shared = [name for name in second if name and name in first]
    if [""] in (first, second):  # every class
        shared = [name for name in first + second if name] or [""]
    if shared:
        what = f"class {shared[0]}" if shared[0] else "all classes"
        raise UserError(
            f"Both domains have {what} of {data.name}: let config.data.keep_classes and "
            "config.data.other_classes differ."
        )


def _check_shapes(experiment: Experiment, shape: tuple[int, int, int]) -> None:
    """Traces (compiles nothing) the state and one output: networks that do not fit show here."""
    try:
        state = jax.eval_shape(lambda: experiment.create_state(jax.random.key(0)))
        made = jax.eval_shape(functools.partial(_made, experiment, shape), state)
    except UserError:
        raise
    except Exception as error:
        raise UserError(
            f"The networks do not fit together or do not fit images of shape {shape} "
            f"({first_line(error)}); check config.networks and config.data."
        ) from error
    expected, what = shape, "images"
    if experiment.abilities.colorize is not None:
        expected, what = (*shape[:2], 2), "chroma"
    if experiment.abilities.only_classifies:
        expected, what = (experiment.abilities.num_classes,), "logits"
    if made.shape[1:] != expected:
        raise UserError(
            f"The networks make {what} of shape {made.shape[1:]}, config.data gives {expected}; "
            "change config.networks or config.data.image_size and config.data.channels."
        )


def _made(experiment: Experiment, shape: tuple[int, int, int], state: TrainState) -> Any:
    """One sample, or of an objective without samples the colors, ... or logits of one image."""
    abilities, spec, key = experiment.abilities, experiment.spec, jax.random.key(0)
    image = jnp.zeros((1, *shape))
    if abilities.colorize is not None:
        return abilities.colorize(spec, state, jnp.zeros((1, *shape[:2], 1)), key)
    if abilities.sample is None:
        if abilities.translate is not None:
            return abilities.translate(spec, state, {"image": image}, key)
        assert abilities.assignments is not None  # see `resolve`
        return abilities.assignments(spec, state, image)
    classes = jnp.zeros((1,), jnp.int32) if abilities.sampled_classes else None
    return abilities.sample(spec, state, key, 1, classes)
