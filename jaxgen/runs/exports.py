"""A trained generator as a program that runs without jaxgen, and the weights of all networks."""

import importlib
import json
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import export

import jaxgen
from jaxgen.config import load
from jaxgen.config.build import Experiment
from jaxgen.core.errors import UserError
from jaxgen.core.state import TrainState

PLATFORMS = ("cpu", "cuda", "tpu")


def generator(experiment: Experiment, state: TrainState) -> export.Exported:
    """The objective's `decode` of one state, for any number of codes and for `PLATFORMS`.

    Its arguments: codes f32[b,m]; classes i32[b], where the objective reads labels; a seed u32[],
    where decoding draws (pixels of a PixelCNN), to which `jax.random.key(seed)` belongs. It gives
    images f32[b,h,w,c] in [-1,1], or points. Parameters are the averaged ones where there are some.

    Raises UserError for an objective without codes, and where a package is missing.
    """
    _package("flatbuffers", ".jaxexport")
    draw_code, decode = experiment.abilities.draw_code, experiment.abilities.decode
    if draw_code is None or decode is None:
        raise UserError(
            f"The objective {experiment.config.objective} makes no images of codes, so it has no "
            "generator to export; --out=weights.safetensors has the weights of all its networks."
        )
    spec, conditional = experiment.spec, experiment.reads_labels
    key = jax.eval_shape(jax.random.key, 0)
    code = jax.eval_shape(lambda key: draw_code(spec, key, 1), key)

    def images(key: Any, code: Any, label: Any = None) -> Any:
        return jnp.asarray(decode(spec, state, code, label, key), jnp.float32)

    def inputs(num: Any) -> list[jax.ShapeDtypeStruct]:
        label = [jax.ShapeDtypeStruct((num,), jnp.int32)] * conditional
        return [jax.ShapeDtypeStruct((num, *code.shape[1:]), jnp.float32), *label]

    traced = jax.make_jaxpr(images)(key, *inputs(1))
    draws = any(v is traced.jaxpr.invars[0] for equation in traced.eqns for v in equation.invars)

    @jax.jit
    def generate(*arguments: Any) -> Any:
        *rest, seed = arguments if draws else (*arguments, 0)
        return images(jax.random.key(seed), *rest)

    (num,) = export.symbolic_shape("b")
    seed = [jax.ShapeDtypeStruct((), jnp.uint32)] * draws
    return export.export(generate, platforms=PLATFORMS)(*inputs(num), *seed)


def weights(experiment: Experiment, state: TrainState) -> bytes:
    """A safetensors file of all networks, float32, by names such as params/generator/Dense_0/bias.

    They begin with "params", "model_state" (running statistics) or "ema" (averaged parameters). The
    metadata are texts: objective, config (JSON), step, jaxgen (the version).

    Raises UserError where the package safetensors is missing.
    """
    safetensors = _package("safetensors.numpy", ".safetensors")
    trees = {"params": state.params, "model_state": state.model_state, "ema": state.ema}
    arrays = {
        jax.tree_util.keystr(path, simple=True, separator="/"): np.asarray(leaf, np.float32, "C")
        for path, leaf in jax.tree_util.tree_flatten_with_path(trees)[0]
    }
    metadata = {
        "objective": experiment.config.objective,
        "config": json.dumps(load.to_json(experiment.config)),
        "step": str(int(state.step)),
        "jaxgen": jaxgen.__version__,
    }
    return safetensors.save(arrays, metadata)


def _package(name: str, ending: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        raise UserError(
            f"An export to {ending} needs the package {package}; run pip install 'jaxgen[export]'."
        ) from error
