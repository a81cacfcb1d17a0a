"""A finished or interrupted run, read back from its folder."""

import dataclasses
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np

from jaxgen.config import load
from jaxgen.config.build import Experiment, build
from jaxgen.core.errors import UserError
from jaxgen.core.state import TrainState
from jaxgen.runs import record
from jaxgen.train import checkpoint
from jaxgen.train.program import Program, make_mesh

# What a run was trained with is settled; these have a use after it.
AFTER_TRAINING = ("evaluation.num_images", "data.data_dir", "data.cache_dir", "data.max_pixels")


def program_of(experiment: Experiment) -> Program:
    """The training program of a run: one state on all devices."""
    config, abilities = experiment.config, experiment.abilities
    return Program(
        experiment.create_state,
        abilities.train_step,
        experiment.spec,
        seeds=(config.seed,),
        mesh=make_mesh(),
    )


def restore(
    workdir: str | Path,
    step: int | None = None,
    overrides: Mapping[str, Any] | None = None,
    *,
    temperature: float | None = None,
    trust: bool = False,
    trusted: Collection[str] = (),
) -> tuple[Experiment, TrainState]:
    """The experiment of a workdir and its newest good (or the given) checkpoint.

    Needs no config. overrides: values, or text of a command line, for keys of `AFTER_TRAINING`.
    temperature: of samples, in the place of the one that the run has. trust, trusted: whether all,
    or which, modules that are not jaxgen's may be imported, see `record.config_of`. Raises
    UserError for other keys, for a temperature where samples have none, for modules that are not
    trusted, and where there is nothing, or nothing good, to restore.
    """
    workdir = Path(workdir)
    config = record.config_of(workdir, trust=trust, trusted=trusted)
    for key, text in (overrides or {}).items():
        value = load.parse(config, key, text)
        if key not in AFTER_TRAINING:
            raise UserError(
                f"--config.{key} belongs to the training of {workdir} and cannot be changed now; "
                f"keys that can: {', '.join(AFTER_TRAINING)}."
            )
        config = load.override(config, key, value)
    if temperature is not None:
        if "temperature" not in config.hparams:
            raise UserError(
                f"--temperature={temperature:g} was given, but samples of {config.objective} have "
                "no temperature; leave it out."
            )
        config = load.override(config, "hparams.temperature", float(temperature))
    experiment = build(config)
    found = None
    if (workdir / "checkpoints").is_dir():
        checkpoints = checkpoint.Checkpoints(workdir / "checkpoints")
        found = checkpoints.restore(program_of(experiment).target(), step)
        checkpoints.close()
    if found is None:
        raise UserError(f"{workdir} holds no checkpoint yet; train it first.")
    identity = found[2].get("data") or {}
    return dataclasses.replace(experiment, classes=tuple(identity.get("classes", ()))), found[1]


def require_same_networks(state: Any, other: TrainState, where: str) -> None:
    """Raises UserError unless two states have networks of the same arrays."""
    for kind in ("params", "model_state"):
        shapes = [jax.tree.map(np.shape, getattr(s, kind)) for s in (state, other)]
        if shapes[0] != shapes[1]:
            raise UserError(
                f"config.init_from={where} has other networks than this config ({kind} differ in "
                "structure or shape); use the networks section of that run's config.json."
            )
