"""What a run left in its folder, read without trust: any file may be missing or half written."""

import base64
import dataclasses
import io
import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

_NAME = re.compile(r"(.+)_(\d+)\.png")
_LARGE = 120_000  # bytes above which an earlier picture is embedded as JPEG


@dataclasses.dataclass(frozen=True)
class Picture:
    """One picture of a run, ready to embed."""

    step: int
    uri: str
    width: int
    height: int


def curves(path: Path) -> dict[str, list[tuple[int, float]]]:
    """(step, value) of every metric in a metrics.jsonl, by step; the last line of a step counts.

    Lines and values that cannot be read are left out; a null is NaN.
    """
    found: dict[str, dict[int, float]] = {}
    for line in _text(path).splitlines():
        try:
            row = json.loads(line)
            step = int(row.pop("step"))
        except (ValueError, TypeError, KeyError, AttributeError):
            continue
        for name, value in row.items():
            if value is None or isinstance(value, int | float):
                found.setdefault(name, {})[step] = math.nan if value is None else float(value)
    return {name: sorted(values.items()) for name, values in found.items()}


def record(path: Path) -> dict[str, Any]:
    """A JSON object, or {}."""
    try:
        value = json.loads(_text(path))
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested mappings as one, keys joined by "/"."""
    result = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            result |= flat(value, f"{prefix}{name}/")
        else:
            result[f"{prefix}{name}"] = value
    return result


def pictures(folder: Path, at_most: int) -> dict[str, list[Picture]]:
    """Pictures KIND_STEP.png by kind, in order of steps; of each kind first, last and some between.

    The last one is embedded as it is, earlier ones that are large as JPEG.
    """
    paths: dict[str, list[tuple[int, Path]]] = {}
    for path in folder.glob("*.png"):
        match = _NAME.fullmatch(path.name)
        if match:
            paths.setdefault(match[1], []).append((int(match[2]), path))
    found = {}
    for kind, steps in sorted(paths.items()):
        chosen = _spread(sorted(steps), at_most)
        loaded = [picture(path, step, whole=step == chosen[-1][0]) for step, path in chosen]
        found[kind] = [shot for shot in loaded if shot is not None]
    return {kind: loaded for kind, loaded in found.items() if loaded}


def _spread(items: list, count: int) -> list:
    if len(items) <= count:
        return items
    return [items[round(i * (len(items) - 1) / (count - 1))] for i in range(count)]


def picture(path: Path, step: int = 0, *, whole: bool = True) -> Picture | None:
    """One file, or None where it cannot be read; if large as JPEG, unless it must stay `whole`."""
    try:
        content, kind = path.read_bytes(), "png"
        image = Image.open(io.BytesIO(content))
        image.load()
        if not whole and len(content) > _LARGE:
            smaller = io.BytesIO()
            image.convert("RGB").save(smaller, "JPEG", quality=85)
            content, kind = smaller.getvalue(), "jpeg"
    except (OSError, SyntaxError, ValueError):
        return None
    uri = f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
    return Picture(step, uri, *image.size)


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
