"""What a machine fails in, said in one sentence: too little memory, a device that is not there."""

import os

from jaxgen.core.errors import first_line


def sentence(error: BaseException) -> str | None:
    """What went wrong and what to do; None of an error that is no failure of the machine's."""
    text = str(error)
    if isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in text:
        return (
            f"Out of memory ({_short(error)}): ask for less at a time. In training that is a "
            "larger config.data.micro_batches, a smaller config.data.batch_size or narrower "
            "config.networks, of a large data set "
            "config.data.resident=never; otherwise a smaller --chunk, --num or "
            "config.evaluation.num_images."
        )
    platforms = os.environ.get("JAX_PLATFORMS", "")
    # Where only CUDA may be used and nothing has it, JAX gives up without a word.
    silent = isinstance(error, AssertionError) and platforms and not _has_device()
    if "Unable to initialize backend" in text or silent:
        return (
            f'JAX finds no device of JAX_PLATFORMS="{platforms}" here ({_short(error)}): '
            "unset it to use what there is, or install JAX for that device, for a GPU "
            "pip install '.[cuda]', for a TPU pip install '.[tpu]'."
        )
    return None


def _has_device() -> bool:
    import jax

    try:
        return bool(jax.devices())
    except Exception:
        return False


def _short(error: BaseException) -> str:
    line = first_line(error)
    return line if len(line) <= 120 else f"{line[:117]}..."
