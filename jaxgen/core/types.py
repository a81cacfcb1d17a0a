"""The types that all of jaxgen shares."""

from collections.abc import Mapping
from typing import Any

import jax

Array = jax.Array
Key = jax.Array
PyTree = Any
Batch = Mapping[str, Array]
Metrics = dict[str, Array]
