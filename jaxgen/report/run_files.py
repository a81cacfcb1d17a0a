"""The files of a run, read without trust: any may be missing or half written."""

import base64
import dataclasses
import io
import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from jaxgen.core.files import flatten
from jaxgen.core.images import even_rows

Titles = Mapping[str, tuple[str, str]]  # of metrics: (title, what is good of it or its unit)

_NAME = re.compile(r"(.+)_(\d+)\.png")
_LARGE = 120_000  # bytes above which an earlier picture is embedded as JPEG


@dataclasses.dataclass(frozen=True)
class Picture:
    """One picture of a run, ready to embed.

    Attributes:
      step: of training.
      uri: the whole picture, as data.
      width: in pixels.
      height: in pixels.
    """

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


def newest_step(workdir: Path) -> int:
    """The step of the newest checkpoint; 0 where there is none."""
    names = [path.name for path in (workdir / "checkpoints").glob("[0-9]*")]
    return max((int(name) for name in names if name.isdecimal()), default=0)


def record(path: Path) -> dict[str, Any]:
    """A JSON object, or {}."""
    try:
        value = json.loads(_text(path))
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def of_points(config: Mapping[str, Any]) -> bool:
    """Whether a recorded config is of points of the plane, whose pictures are scatter plots."""
    data = config.get("data")
    return isinstance(data, Mapping) and data.get("channels") == 2


def evaluation(path: Path) -> tuple[dict[str, Any], Titles]:
    """(flat metrics, their titles) of an evaluation.json; groups are joined by "/"."""
    found = record(path)
    return flatten({k: v for k, v in found.items() if k != "titles"}, "/"), titles(found)


def titles(record: Mapping[str, Any]) -> Titles:
    """The entry "titles" of a record; what is no pair of texts is left out."""
    found = record.get("titles")
    pairs = found.items() if isinstance(found, Mapping) else ()
    return {
        name: (pair[0], pair[1])
        for name, pair in pairs
        if isinstance(pair, list) and len(pair) == 2 and all(isinstance(x, str) for x in pair)
    }


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
        steps.sort()
        chosen = [steps[i] for i in even_rows(np.arange(len(steps)), at_most)]
        loaded = [picture(path, step, whole=step == chosen[-1][0]) for step, path in chosen]
        found[kind] = [shot for shot in loaded if shot is not None]
    return {kind: loaded for kind, loaded in found.items() if loaded}


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
