"""Several processes that train together."""

import jax
from jax.experimental import multihost_utils

from jaxgen.core.errors import UserError


def join_processes(
    coordinator: str | None, num_processes: int | None, process_id: int | None
) -> None:
    """Makes this one of several processes that train together. Before any other use of JAX."""
    if coordinator is None or num_processes is None or process_id is None:
        raise UserError("Give all of --coordinator, --num_processes and --process_id, or none.")
    if not 0 <= process_id < num_processes:
        raise UserError(
            f"--process_id={process_id} must be from 0 to {num_processes - 1}, as "
            f"--num_processes={num_processes}."
        )
    jax.distributed.initialize(coordinator, num_processes, process_id)
    # Connects them while they are in step: CPU processes wait 30 s for a connection, but as long
    # as it takes once connected, and later one may have to decode or to compile more than another.
    multihost_utils.sync_global_devices("jaxgen_joined")
