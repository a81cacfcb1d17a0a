"""Names of a package that are imported when first used, so that `import jaxgen` is instant.

A package lists them once, as imports that only a type checker follows:

    if TYPE_CHECKING:
        from jaxgen.core import step as step
        from jaxgen.core.spec import Spec as Spec

    __getattr__, __dir__, __all__ = lazy.attach(__name__, __file__)
"""

import ast
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any


def attach(package: str, file: str) -> tuple[Callable[[str], Any], Callable[[], list[str]], list]:
    """(__getattr__, __dir__, __all__), see PEP 562, of the package whose `__init__` is `file`."""
    homes = {
        alias.asname or alias.name: (node.module, alias.name)
        for block in ast.parse(Path(file).read_text()).body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }

    def get(name: str) -> Any:
        if name not in homes:
            raise AttributeError(
                f'"{package}" has no "{name}"; it has: {", ".join(sorted(homes))}.'
            )
        module, original = homes[name]
        if module == package:
            return importlib.import_module(f"{package}.{original}")
        return getattr(importlib.import_module(module), original)

    return get, lambda: sorted(homes), sorted(homes)
