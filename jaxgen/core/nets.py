"""The seam to Linen: the only file that calls a module's `init` or `apply`."""

import inspect
from typing import Any

from jaxgen.core.spec import Spec
from jaxgen.core.types import Array, Key, PyTree


def init(module: Any, key: Key, *inputs: Array) -> tuple[PyTree, PyTree]:
    """Fresh (params, model_state) of one module. A module without state has `{}`.

    Raises ValueError for what is no Linen module that takes `train`.
    """
    name = type(module).__name__
    if not {"init", "apply"} <= set(dir(module)):
        raise ValueError(
            f"{name} is no Linen module (it has no init and apply); wrap one of flax.nnx in "
            "flax.nnx.bridge.to_linen."
        )
    try:
        variables = dict(module.init(key, *inputs, train=False))
    except TypeError as error:
        if "unexpected keyword argument 'train'" not in str(error):
            _require_to_take(module, inputs, error)
            raise
        raise ValueError(
            f"{name} is called with train=True or False, and does not take it; write "
            "def __call__(self, x, *, train), also where nothing in it depends on that."
        ) from error
    params = variables.pop("params", {})
    return params, variables


def _require_to_take(module: Any, inputs: tuple[Array, ...], error: TypeError) -> None:
    """Raises ValueError unless `module` takes so many arrays, such as a latent and a class."""
    try:
        inspect.signature(module.__call__).bind(*inputs, train=False)
    except TypeError as misfit:
        given = ", ".join(f"{x.dtype}{list(x.shape)}" for x in inputs)
        raise ValueError(
            f"{type(module).__name__} is called with {given} and train=True or False, and does not "
            f"take that: {misfit}."
        ) from error


class Nets:
    """Calls networks by name and remembers, in call order, the state that each call leaves.

    Every call with `train=True` uses batch statistics and moves the running ones, also of networks
    that are not being optimised, as in PyTorch. The object lives inside one loss evaluation; after
    it, `model_state` holds the new state of all networks.

    >>> import flax.linen as nn, jax, optax
    >>> class Double(nn.Module):
    ...     @nn.compact
    ...     def __call__(self, x, *, train): return 2 * x
    >>> spec = Spec(nets={"encoder": Double()}, tx={"encoder": optax.sgd(0.1)}, hparams=None)
    >>> nets = Nets(spec, params={"encoder": {}}, model_state={"encoder": {}})
    >>> nets("encoder", 3.0)
    6.0
    """

    def __init__(self, spec: Spec, params: dict[str, PyTree], model_state: dict[str, PyTree]):
        self._spec = spec
        self.params = params
        self.model_state = dict(model_state)

    def __call__(
        self,
        name: str,
        *inputs: Any,
        train: bool = True,
        key: Key | None = None,
        method: str | None = None,
    ) -> Any:
        """Output of network `name`. `key` feeds noise layers (dropout), where there are any.

        method: another method of the module, called without `train` and with fixed state.
        """
        variables = {"params": self.params[name], **self.model_state[name]}
        rngs = None if key is None else {"dropout": key}
        module = self._module(name)
        if method is not None:
            return module.apply(variables, *inputs, method=method, rngs=rngs)
        mutable = list(self.model_state[name]) if train else []
        if not mutable:
            return module.apply(variables, *inputs, train=train, rngs=rngs)
        output, updated = module.apply(variables, *inputs, train=True, rngs=rngs, mutable=mutable)
        self.model_state[name] = dict(updated)
        return output

    def features(self, name: str, *inputs: Array) -> tuple[Array, ...]:
        """What the layers of network `name` sowed as "features", in call order; fixed state."""
        variables = {"params": self.params[name], **self.model_state[name]}
        _, updated = self._module(name).apply(
            variables, *inputs, train=False, mutable=["intermediates"]
        )
        return updated.get("intermediates", {}).get("features", ())

    def _module(self, name: str) -> Any:
        module, axis_name = self._spec.nets[name], self._spec.layout.axis_name
        if axis_name is None or not hasattr(module, "axis_name"):
            return module
        return module.clone(axis_name=axis_name)
