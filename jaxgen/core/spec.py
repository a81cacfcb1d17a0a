"""What of an experiment is fixed: everything but the arrays."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import optax

from jaxgen.core.errors import did_you_mean
from jaxgen.core.layout import Layout

HparamsT = TypeVar("HparamsT")


@dataclasses.dataclass(frozen=True)
class Spec(Generic[HparamsT]):
    """The static half of an experiment; bound to a step with `functools.partial`.

    Attributes:
      nets: module of each network.
      tx: optax transformation of each network; its `update` is given the training step as the extra
        argument `step`, and the phase of the step as `phase`.
      hparams: numbers of the paper.
      ema: decay of the parameter average of those networks that have one.
      layout: where the batch lives.
      micro_batches: parts that the images of one update are taken in, one after the other, whose
        gradients are averaged; what couples the images of a batch couples those of a part.
    """

    nets: Mapping[str, Any]
    tx: Mapping[str, optax.GradientTransformation]
    hparams: HparamsT
    ema: Mapping[str, float] = dataclasses.field(default_factory=dict)
    layout: Layout = dataclasses.field(default_factory=Layout)
    micro_batches: int = 1

    def __post_init__(self):
        for field, names in (("tx", self.tx), ("ema", self.ema)):
            for name in names:
                if name not in self.nets:
                    raise ValueError(
                        f'Spec.{field} names "{name}", but the networks are '
                        f"{', '.join(self.nets)}.{did_you_mean(name, self.nets)}"
                    )
        missing = [name for name in self.nets if name not in self.tx]
        if missing:
            raise ValueError(f"Spec.tx has no optimiser for: {', '.join(missing)}.")

    def on(self, layout: Layout) -> "Spec[HparamsT]":
        """The same experiment with its batch laid out differently."""
        return dataclasses.replace(self, layout=layout)
