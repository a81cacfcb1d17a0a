"""Files that are either whole or not there."""

import os
from pathlib import Path


def write_atomically(path: str | Path, content: bytes | str) -> Path:
    """Writes `content` under a temporary name, then renames it; creates missing folders."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return path
