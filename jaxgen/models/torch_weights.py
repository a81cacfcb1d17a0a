"""Weights of PyTorch modules as variables of Linen modules: names, transposes, and what differs.

A leaf of Linen's variables, "params/Conv_0/kernel", is a tensor of a PyTorch state dict,
"main.0.weight": `modules` maps names of modules, {"Conv_0": "main.0"} here, and those that it lacks
keep their own, joined by dots. `variables` may be shapes only, as `jax.eval_shape` gives them.

`age` and `dcgan` know the names of published networks. A checkpoint of AGE's authors' code:

    generator, latents = models.age.Generator64(), jax.random.normal(key, (8, 64))
    latents = latents / jnp.linalg.norm(latents, axis=1, keepdims=True)
    shapes = jax.eval_shape(lambda: generator.init(key, latents, train=False))
    tensors = models.torch_files.load("netG_epoch_4.pth")
    variables = models.torch_weights.age(shapes, tensors)
    images = generator.apply(variables, latents, train=False)
"""

import math
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from jaxgen.core.errors import UserError
from jaxgen.core.types import PyTree

_LEAVES = {
    "kernel": "weight",
    "scale": "weight",
    "bias": "bias",
    "mean": "running_mean",
    "var": "running_var",
}
_COUNTER = "num_batches_tracked"  # of normalisations; not a weight, and absent from older files
_SHOWN = 3

Modules = Mapping[str, str]
Shapes = dict[str, tuple[int, ...]]


def age(variables: PyTree, tensors: Mapping[str, np.ndarray]) -> PyTree:
    """`variables` of an encoder or generator of `models.age`, filled from its authors' code.

    tensors: by the names of github.com/DmitryUlyanov/AGE, main.0.weight and so on. The authors'
    encoders project codes onto the sphere, ours leave that to the objective.

    Raises UserError where a name or shape differs.
    """
    return _by_position(variables, tensors, "AGE's authors' code")


def dcgan(variables: PyTree, tensors: Mapping[str, np.ndarray]) -> PyTree:
    """`variables` of `models.dcgan`'s `Generator` or `Discriminator`, filled from PyTorch's DCGAN.

    tensors: by the names of github.com/pytorch/examples, dcgan. Our scores are what there goes into
    the sigmoid; kernels have 4 pixels and layers are normalised, as by default.

    Raises UserError for other networks, and where a name or shape differs.
    """
    params = dict(variables["params"])
    up = "ConvTranspose_0" in params
    kind = "ConvTranspose" if up else "Conv"
    count = sum(name.startswith(f"{kind}_") for name in params)
    if "Dense_0" not in params or not count:
        raise UserError(
            f"A network of {', '.join(params)} is none of PyTorch's DCGAN; give the variables of "
            "models.dcgan.Generator or Discriminator."
        )
    # Between one pixel and a map is a linear layer here and a convolution there.
    linear = params.pop("Dense_0")
    inner = params[f"{kind}_{0 if up else count - 1}"]["kernel"].shape[2 if up else 3]
    kernel = _as_convolution(linear["kernel"].shape, inner, up)
    theirs = {f"{kind}_{n}": f"{kind}_{n + up}" for n in range(count)}
    theirs["Dense_0"] = f"{kind}_{0 if up else count}"
    params["Dense_0"] = {**linear, "kernel": jax.ShapeDtypeStruct(kernel, np.float32)}
    renamed = {theirs.get(name, name): layer for name, layer in params.items()}
    filled = _by_position({**variables, "params": renamed}, tensors, "PyTorch's DCGAN")
    params = {name: filled["params"][theirs.get(name, name)] for name in params}
    rows = params["Dense_0"]["kernel"].transpose((2, 0, 1, 3) if up else (0, 1, 2, 3))
    params["Dense_0"] |= {"kernel": rows.reshape(linear["kernel"].shape)}
    return {**filled, "params": params}


def _as_convolution(shape: tuple[int, ...], inner: int, up: bool) -> tuple[int, ...]:
    """Shape [h,w,in,out] of a linear kernel [in,out], of which one is a map of `inner` channels."""
    rows, columns = shape
    side = math.isqrt((columns if up else rows) // inner)
    return (side, side, rows, inner) if up else (side, side, inner, columns)


def torch_shapes(variables: PyTree, modules: Modules | None = None) -> Shapes:
    """PyTorch's shape of each tensor that fills `variables`, by its name in the state dict."""
    leaves, _ = jax.tree_util.tree_flatten_with_path(variables)
    shapes = {}
    for path, leaf in leaves:
        order = _order(path, leaf.ndim)
        shapes[_name(path, modules)] = tuple(leaf.shape[order.index(n)] for n in range(leaf.ndim))
    return dict(sorted(shapes.items()))


def from_state_dict(
    variables: PyTree, arrays: Mapping[str, np.ndarray], modules: Modules | None = None
) -> PyTree:
    """`variables` in float32, filled from tensors named and shaped as `torch_shapes` lists them.

    A missing name is a KeyError, names beyond these are ignored: see `differences`.
    """

    def leaf(path: Any, like: Any) -> np.ndarray:
        array = np.asarray(arrays[_name(path, modules)], np.float32)
        return np.ascontiguousarray(array.transpose(_order(path, like.ndim)))

    return jax.tree_util.tree_map_with_path(leaf, variables)


def differences(
    variables: PyTree, shapes: Mapping[str, tuple[int, ...]], modules: Modules | None = None
) -> str:
    """A phrase about the tensors, by name and shape, that do not fit; "" where all do."""
    expected = torch_shapes(variables, modules)
    found = {name: tuple(shape) for name, shape in shapes.items() if not name.endswith(_COUNTER)}
    problems = {
        "missing": [name for name in expected if name not in found],
        "unexpected": [name for name in found if name not in expected],
        "of another shape": [
            f"{name} {list(found[name])} instead of {list(shape)}"
            for name, shape in expected.items()
            if found.get(name, shape) != shape
        ],
    }
    return "; ".join(f"{what}: {_first(names)}" for what, names in problems.items() if names)


def _by_position(variables: PyTree, tensors: Mapping[str, np.ndarray], where: str) -> PyTree:
    """`from_state_dict` by positions in a Sequential: convolution, normalisation, rectifier.

    The first layer of an encoder is not normalised.
    """
    names = variables["params"]
    ups = sum(name.startswith("ConvTranspose_") for name in names)
    modules = {f"BatchNorm_{n}": f"main.{3 * n + (1 if ups else 3)}" for n in range(len(names))}
    modules |= {f"ConvTranspose_{n}": f"main.{3 * n}" for n in range(ups)}
    modules |= {f"Conv_{n}": f"main.{3 * (n + ups) - (n > 0)}" for n in range(len(names))}
    shapes = {name: np.shape(tensor) for name, tensor in tensors.items()}
    problems = differences(variables, shapes, modules)
    if problems:
        raise UserError(
            f"The weights do not fit the network, as {where} has it ({problems}); choose the "
            "network, its widths and latents by which they were made."
        )
    return from_state_dict(variables, tensors, modules)


def _name(path: Any, modules: Modules | None) -> str:
    *owner, leaf = (key.key for key in path[1:])
    owner = (modules or {}).get("/".join(owner), ".".join(owner))
    return f"{owner}.{_LEAVES[leaf]}".lstrip(".")


def _order(path: Any, ndim: int) -> tuple[int, ...]:
    """Axes of PyTorch's tensor in the order of Linen's."""
    if ndim == 4:
        # Ours scatters as PyTorch's does, so that no kernel is mirrored: see `models.convolution`.
        return (2, 3, 0, 1) if "ConvTranspose" in path[-2].key else (2, 3, 1, 0)
    return tuple(reversed(range(ndim)))


def _first(names: list[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
