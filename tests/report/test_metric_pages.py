"""Pages of docs/objectives/: one for every objective, with tables that are as the code has them."""

import pkgutil
import re
from pathlib import Path

import pytest

from jaxgen import objectives
from jaxgen.report import document

pytestmark = pytest.mark.core
ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "objectives").glob("*.md"))
OBJECTIVES = {m.name for m in pkgutil.iter_modules(objectives.__path__)} - {"parts"}


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.stem)
def test_tables_are_as_the_objectives_have_them(path):
    text = path.read_text()
    assert document.filled(text) == text, f"run: python -m jaxgen.report.document {path}"


def test_every_objective_has_a_page_with_its_metrics_that_the_readme_names():
    named = [n for p in PAGES for n in re.findall(r"<!-- metrics: ([\w ]+) -->", p.read_text())]
    assert sorted(name for names in named for name in names.split()) == sorted(OBJECTIVES)
    readme = (ROOT / "README.md").read_text()
    assert [p.name for p in PAGES if f"docs/objectives/{p.name}" not in readme] == []


def test_a_table_is_filled_in_and_what_is_around_it_stays():
    page = "before\n<!-- metrics: gan -->\nold\n<!-- end -->\nafter <!-- end -->\n"
    filled = document.filled(page)
    assert filled.startswith("before\n<!-- metrics: gan -->\n\n| metric |")
    assert filled.endswith(" |\n\n<!-- end -->\nafter <!-- end -->\n")
    assert "old" not in filled
    assert "| `generator/spread` | Spread of generated images | deviation over" in filled
    assert document.filled(filled) == filled


def test_bars_do_not_end_a_cell():
    rows = document.table(["age"]).splitlines()
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {4}
    assert any(r"mean \|x - g(e(x))\|" in row for row in rows)
