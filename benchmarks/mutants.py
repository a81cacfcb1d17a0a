"""Small faults, one at a time, in a copy of the code: the tests named beside each must notice it.

    python -m benchmarks.mutants [--only=TEXT] [--workers=2]

Every row of `benchmarks.mutations` replaces one text of one file by another and names a test file.
First each of these must pass without a mutation; then it must fail with it. Prints a line a mutant
and ends with 1 if one survived, or was no mutant (its text is not there once, or nothing can be
imported any more). --only: rows with TEXT in file, test or meaning.
"""

import argparse
import collections
import concurrent.futures
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.mutations import Mutant, every

ROOT = Path(__file__).parents[1]
_PARTS = ("benchmarks", "configs", "docs", "jaxgen", "notebooks", "tests")
_SECONDS = 900
_FAILED = 1  # what pytest returns where a test failed


def main() -> int:
    """The exit code: 0 where every mutant was noticed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", default="", help="rows that have this text")
    parser.add_argument("--workers", type=int, default=2, help="mutants at a time")
    arguments = parser.parse_args()
    chosen = [m for m in every() if arguments.only in " ".join((m.file, m.test, m.meaning))]
    if not chosen:
        print(f"No mutant has --only={arguments.only} in its file, test or meaning.")
        return 2
    texts = {m.file: (ROOT / m.file).read_text() for m in chosen if (ROOT / m.file).exists()}
    mistaken = [m for m in chosen if texts.get(m.file, "").count(m.old) != 1]
    for mutant in mistaken:
        print(f"NOT ONCE  {mutant.file}: {mutant.meaning}")
    with tempfile.TemporaryDirectory() as folder:
        copies: queue.Queue[Path] = queue.Queue()
        for number in range(arguments.workers):
            copies.put(_copy(Path(folder) / str(number)))
        sound = _in_copies(copies, _passes, sorted({m.test for m in chosen}))
        for test, passed in sound.items():
            if not passed:
                print(f"FAILS WITHOUT A MUTATION  {test}")
        rows = [m for m in chosen if m not in mistaken and sound[m.test]]
        found = _in_copies(copies, _fate, rows)
    for mutant, fate in found.items():
        if fate != "killed":
            print(f"{fate}  {mutant.file}: {mutant.meaning}")
    counts = collections.Counter(found.values())
    print(", ".join(f"{count} {fate}" for fate, count in sorted(counts.items())))
    return int(counts["killed"] < len(chosen))


def _copy(folder: Path) -> Path:
    for part in _PARTS:
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ROOT.glob("*.*"):
        if file.is_file():
            shutil.copy2(file, folder)
    return folder


def _in_copies(copies, function, items) -> dict:
    """function(copy, item) of every item, each in a copy that nothing else uses meanwhile."""

    def one(item):
        copy = copies.get()
        try:
            return function(copy, item)
        finally:
            copies.put(copy)

    with concurrent.futures.ThreadPoolExecutor(copies.qsize()) as pool:
        return dict(zip(items, pool.map(one, items)))


def _passes(copy: Path, test: str) -> bool:
    return _pytest(copy, test) == 0


def _fate(copy: Path, mutant: Mutant) -> str:
    """What becomes of a mutant; printed, with the seconds that it took."""
    path, began = copy / mutant.file, time.monotonic()
    text = path.read_text()
    path.write_text(text.replace(mutant.old, mutant.new))
    try:
        code = _pytest(copy, mutant.test)
    finally:
        path.write_text(text)
    fate = {0: "SURVIVED", _FAILED: "killed", None: "TOO SLOW"}.get(code, "BROKEN")
    seconds = time.monotonic() - began
    print(
        f"{fate:<8}  {seconds:4.0f} s  {mutant.file}: {mutant.meaning}  [{mutant.test}]", flush=True
    )
    return fate


def _pytest(copy: Path, test: str) -> int | None:
    """The exit code; None after too long."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", test]
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return None
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
