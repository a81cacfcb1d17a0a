"""Tables of what metrics mean in docs/objectives/, from the objectives themselves.

    python -m jaxgen.report.document docs/objectives/*.md

writes each page anew, in which a line `<!-- metrics: OBJECTIVE ... -->` names objectives: what
stands between it and the next `<!-- end -->` is the table of their metrics.
"""

import importlib
import re
import sys
from pathlib import Path

_PART = re.compile(r"(<!-- metrics: ([\w ]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def filled(text: str) -> str:
    """The text of a page with its tables made anew."""
    return _PART.sub(lambda m: f"{m[1]}\n{table(m[2].split())}\n{m[3]}", text)


def table(objectives: list[str]) -> str:
    """Markdown: every metric that the objectives can have, its title and what is good of it."""
    titles: dict[str, tuple[str, str]] = {}
    for name in objectives:
        titles |= importlib.import_module(f"jaxgen.objectives.{name}").TITLES
    rows = ["| metric | | what is good |", "| --- | --- | --- |"]
    for name, told in titles.items():
        title, good = (text.replace("|", r"\|") for text in told)
        rows.append(f"| `{name}` | {title} | {good} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    for name in sys.argv[1:]:
        Path(name).write_text(filled(Path(name).read_text()))
