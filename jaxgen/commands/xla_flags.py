"""The flag of XLA that the commands set."""

import os
from collections.abc import MutableMapping

import jaxlib.version

_FLAG = "--xla_cpu_experimental_ynn_fusion_type"


def set_xla_flags(
    environment: MutableMapping[str, str] = os.environ,
    version: tuple[int, ...] = jaxlib.version.__version_info__,
) -> None:
    """Keeps XLA's CPU backend from giving convolutions to YNNPACK; before JAX's first computation.

    jaxlib 0.10 does so, and many of them then run on one core, where Eigen's convolution runs on
    all. Products and sums stay with YNNPACK, which is the faster at those. Other versions may not
    know the flag, which would end the process, and are left alone, as is a user's own choice in
    XLA_FLAGS. Figures: docs/performance.md.
    """
    flags = environment.get("XLA_FLAGS", "")
    if version[:2] == (0, 10) and _FLAG not in flags:
        chosen = f"{_FLAG}=-LIBRARY_FUSION_TYPE_INDIVIDUAL_CONVOLUTION"
        environment["XLA_FLAGS"] = f"{flags} {chosen}".strip()
