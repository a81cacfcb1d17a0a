"""Weights of PyTorch modules as variables of Linen modules: names, transposes, and what differs.

A leaf of Linen's variables, "params/Conv_0/kernel", is a tensor of a PyTorch state dict,
"main.0.weight": `modules` maps names of modules, {"Conv_0": "main.0"} here, and those that it lacks
keep their own, joined by dots. `variables` may be shapes only, as `jax.eval_shape` gives them.
"""

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

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
