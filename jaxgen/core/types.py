"""The names that every floor shares."""

from collections.abc import Mapping
from typing import Any, Protocol

import jax

Array = jax.Array
Key = jax.Array
PyTree = Any
Batch = Mapping[str, Array]
Metrics = dict[str, Array]


class UserError(ValueError):
    """A mistake that the user can mend. Its text is one sentence, and all that the command prints.

    It says what was given, where, what is allowed, and what to do.
    """


class Objective(Protocol):
    """What a module in `jaxgen.objectives`, or anywhere else, offers to be trained.

    Optional further names, used where they exist: `batch_entries(hparams)`, what it reads of a
    batch (("image",) where absent; "label"; "labelled_image", "labelled_label" if there are any);
    `batches_per_step(hparams)` (1 where absent); `categories(hparams)`, of samples and of
    `assignments`, q(category | image), 0 or absent without them;
    `reconstruct`, `interpolate`, `evaluate`, `encode`, `draw_latent`, `decode`.
    """

    NETWORKS: tuple[str, ...]
    Hparams: type

    def create_state(self, spec: Any, key: Key, batch: Batch) -> Any:
        """Initial TrainState for batches shaped like `batch`."""
        ...

    def train_step(self, spec: Any, state: Any, batch: Batch, key: Key) -> tuple[Any, Metrics]:
        """One step of the paper's game: (state, metrics)."""
        ...

    def sample(self, spec: Any, state: Any, key: Key, num: int, condition: Any = None) -> Array:
        """`num` images, f32[num,h,w,c] in [-1,1]."""
        ...


def require_choice(hparams: Any, **allowed: tuple[str, ...]) -> None:
    """Raises ValueError unless each named field of `hparams` has one of its allowed values."""
    for name, values in allowed.items():
        if getattr(hparams, name) not in values:
            raise ValueError(
                f'{name}="{getattr(hparams, name)}" is not one of {", ".join(values)}.'
            )


def require_at_least(least: float, hparams: Any, *names: str) -> None:
    """Raises ValueError unless each named field of `hparams` is at least `least`."""
    for name in names:
        if not getattr(hparams, name) >= least:
            raise ValueError(f"{name}={getattr(hparams, name)} must be at least {least}.")
