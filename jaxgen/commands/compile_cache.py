"""Compiled programs, kept between runs."""

import contextlib
import os

import jax

from jaxgen.core.files import cache_dir


def enable_compilation_cache() -> None:
    """Keeps compiled programs in the user's cache folder, unless JAX is given another one."""
    if getattr(jax.config, "jax_compilation_cache_dir", None) is None:
        with contextlib.suppress(OSError, RuntimeError):  # only slower without
            folder = cache_dir("compiled")
            folder.mkdir(parents=True, exist_ok=True)
            if os.access(folder, os.W_OK):  # else JAX would warn of every program
                jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
