"""Several processes that train together."""

import jax
from jax.experimental import multihost_utils

from jaxgen.core.errors import UserError


def join_processes(
    coordinator: str | None, num_processes: int | None, process_id: int | None
) -> None:
    """Makes this one of several processes that train together. Before any other use of JAX.

    Where all are None, the cluster says who they are: Slurm, Open MPI, a pod of TPUs, Kubernetes.
    Raises UserError for some of them alone, and where no cluster says anything.
    """
    given = (coordinator, num_processes, process_id)
    if given != (None, None, None) and None in given:
        raise UserError(
            "Give all of --coordinator, --num_processes and --process_id, or --distributed alone "
            "where Slurm, Open MPI or a TPU pod started the processes."
        )
    if coordinator is not None and not coordinator.rpartition(":")[2].isdigit():
        host = coordinator.rstrip(":")
        raise UserError(f"--coordinator={coordinator} must be HOST:PORT, such as {host}:1234.")
    if num_processes and process_id is not None and not 0 <= process_id < num_processes:
        raise UserError(
            f"--process_id={process_id} must be from 0 to {num_processes - 1}, as "
            f"--num_processes={num_processes}."
        )
    try:
        jax.distributed.initialize(*given)
    except ValueError as error:
        if given != (None, None, None):
            raise
        raise UserError(
            f"--distributed finds no cluster that started this process ({error}); start it with "
            "srun, mpirun or on a TPU pod, or give --coordinator, --num_processes and --process_id."
        ) from error
    # Connects them while they are in step: CPU processes wait 30 s for a connection, but as long
    # as it takes once connected, and later one may have to decode or to compile more than another.
    multihost_utils.sync_global_devices("jaxgen_joined")
