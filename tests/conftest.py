"""Every test runs on eight CPU devices, with JAX's strictest checks on."""

import os
import re
from pathlib import Path

import jax
import pytest

# Halves the time that compilation takes where it is quick (`quick_compilation`) and changes it
# little elsewhere; later versions do not know it.
if jax.__version_info__ < (0, 11):
    flags = os.environ.get("XLA_FLAGS", "")
    os.environ["XLA_FLAGS"] = f"{flags} --xla_cpu_use_fusion_emitters=false".strip()
jax.config.update("jax_num_cpu_devices", 8)
jax.config.update("jax_numpy_rank_promotion", "raise")
jax.config.update("jax_debug_key_reuse", True)


def pytest_configure(config):
    """Keeps compiled programs between tests, workers and runs: most of the suite's time."""
    if not hasattr(config, "cache"):
        return
    jax.config.update("jax_compilation_cache_dir", str(config.cache.mkdir("compiled")))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def pytest_collection_modifyitems(items):
    """Files with tests that take long come first, so that no worker is left alone with one."""
    long = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in long)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """One worker has all tests that share fixtures, whose cost is that of most tests.

    Those are the tests of a file; of the conformance suite, of an objective. The tests of whole
    documents and notebooks, beside this file, share nothing.
    """
    from xdist.scheduler import LoadScopeScheduling

    config.option.loadscopereorder = False  # would begin with files of many tests

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file, _, test = nodeid.partition("::")
            if file.startswith("tests/conformance/"):
                return f"{file}[{re.split(r'[][-]', test)[1]}]" if "[" in test else file
            return nodeid if file.count("/") == 1 else file

    return Scheduling(config, log)


@pytest.fixture(scope="module")
def quick_compilation():
    """For files most of whose time is compilation, on whose quality nothing in them depends.

    What is compiled so rounds differently, and is used by nobody else.
    """
    jax.clear_caches()
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)
    jax.clear_caches()


@pytest.fixture(scope="session")
def repository() -> Path:
    return Path(__file__).parents[1]


@pytest.fixture
def shared_data() -> Path:
    """The folder of real images that some tests use; skipped where there is none."""
    folder = os.environ.get("JAXGEN_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data")
    if not Path(folder).is_dir():
        pytest.skip("no folder of shared images here (JAXGEN_SHARED_DATA)")
    return Path(folder)
