"""Pages fit a phone: tables scroll by themselves, and no word or number is broken."""

import html
import html.parser
import json
import shutil
import subprocess

import numpy as np
import pytest

from jaxgen.pictures import grids
from jaxgen.report import page, run_files, run_page, study_page

pytestmark = pytest.mark.core

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
OBJECTIVES = ("gan", "cgan", "lsgan", "ebgan", "wgan", "wgan_gp")
# Says of a page in a frame what is wider than it, and which words of cells take several lines.
MEASURE = """
const say = (frame) => {
  const inside = frame.contentDocument, width = frame.clientWidth;
  const cells = inside.querySelectorAll("th, td"), wide = [], broken = [];
  inside.querySelectorAll("details").forEach((folded) => { folded.open = true; });
  for (const element of inside.body.querySelectorAll("*")) {
    const scrolls = element.parentElement.closest(".scroll, pre, svg");
    if (!scrolls && element.getBoundingClientRect().right > width + 0.5)
      wide.push(element.outerHTML.slice(0, 80));
  }
  for (const cell of cells) {
    for (const part of cell.children)
      if (part.getBoundingClientRect().right > cell.getBoundingClientRect().right + 0.5)
        wide.push(part.outerHTML.slice(0, 80));
    const walker = inside.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode())
      for (const word of node.data.matchAll(/[^\\s/.-]+([.][0-9]+)?/g)) {
        const range = inside.createRange();
        range.setStart(node, word.index);
        range.setEnd(node, word.index + word[0].length);
        if (new Set([...range.getClientRects()].map((box) => box.top)).size > 1)
          broken.push(word[0]);
      }
  }
  const scroll = inside.documentElement.scrollWidth;
  return { width, scroll, cells: cells.length, wide, broken };
};
addEventListener("load", () => {
  const found = [...document.querySelectorAll("iframe")].map(say);
  document.querySelector("output").textContent = JSON.stringify(found);
});
"""


@pytest.fixture
def report(tmp_path):
    """The page of a run that has every kind of table, long names, and steps in millions."""
    folder = tmp_path / "a_run_whose_name_is_one_long_word_that_no_phone_has_the_room_for"
    folder.mkdir()
    names = ("encoder/assignment_entropy", "discriminator/fake", "a/" + "long_" * 6)
    rows = [
        {"step": step * 10**6} | {name: step / 3 for name in names} | {"time/steps_per_second": 9.5}
        for step in range(1, 15)
    ]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for row in rows:
        tiles = np.full((16, 8, 8, 1), 99, np.uint8)
        path = folder / "images" / f"samples_{row['step']}.png"
        grids.save_png(path, grids.grid(tiles))
    scores = {"step": 1, "frechet": 94.317, "clustering/named_by": "training images"}
    scores |= {"classes_covered": 2, "reference/frechet": 1234.5678, "feature_space": "x" * 60}
    scores |= {f"class/{name}": 0.1 + 0.01 * i for i, name in enumerate("abcdefgh")}
    scores["titles"] = {"frechet": ["Fréchet distance", "lower is better than higher is"]}
    (folder / "evaluation.json").write_text(json.dumps(scores))
    config = {"objective": "age", "data": {"name": "digits", "channels": 1}, "long": "y" * 200}
    record = {"config": config, "command": ["main.py", "--workdir=" + "z" * 200]}
    (folder / "config.json").write_text(json.dumps(record))
    titles = {names[1]: ("Judged of generated images", "0 to 1; about 0.5 " + "is even " * 9)}
    return run_page.write(folder, titles=titles)


@pytest.fixture
def study(tmp_path):
    """The page of a study of six objectives, whose main table has eleven columns."""
    folder, spread = tmp_path / "study", "generator/spread/seed_"
    score = {"frechet": 1.416, "precision": 0.3281, "recall": 0.2344, "coverage": 0.3281}
    score |= {"high_quality_share": 0.1 / 3, "reverse_kl": 1.258, "classes_covered": 1}
    for name in OBJECTIVES:
        group = folder / name / "seeds_0_1"
        group.mkdir(parents=True)
        entries = [
            {"step": step, "seed": seed, **{k: v * (1 + seed / 3) for k, v in score.items()}}
            for step in (10_000, 20_000)
            for seed in (0, 1)
        ]
        (group / "evaluations.json").write_text(json.dumps(entries))
        lines = [{"step": step, spread + "0": 1.0, spread + "1": 0.1} for step in (10_000, 20_000)]
        (group / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        status = {"step": 20_000, "num_steps": 20_000, "seeds": [0, 1], "diverged": {}}
        status |= {"seconds": 100.0, "compile_seconds": 7.5, "device": "cpu"}
        (group / "status.json").write_text(json.dumps(status))
        for step in (10_000, 20_000):
            plot = np.zeros((480, 480, 3), np.uint8)
            grids.save_png(group / "images" / f"seed_0_{step:06d}.png", plot)
    configs = {
        name: {"data": {"channels": 2}, "networks": {"discriminator": {"output_activation": name}}}
        for name in OBJECTIVES
    }
    record = {"study": {"seeds": 2}, "experiments": configs, "hardware": "h" * 70}
    record |= {"data": {"name": "ring", "training": 10**5, "held_out": 10**4, "classes": 8}}
    record |= {"commands": {"gan": ["python -m jaxgen.main " + "w" * 200]}}
    (folder / "study.json").write_text(json.dumps(record))
    return study_page.write(folder)


@pytest.fixture(params=("report", "study"))
def path(request):
    return request.getfixturevalue(request.param)


class Tables(html.parser.HTMLParser):
    """Attributes of what each table stands in, and of every meta."""

    def __init__(self, text):
        super().__init__()
        self.before, self.around, self.meta = {}, [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag == "table":
            self.around.append(self.before)
        self.before = {"tag": tag, **dict(attributes)}
        if tag == "meta":
            self.meta.append(dict(attributes))

    def handle_endtag(self, tag):
        self.before = {}


def test_every_table_scrolls_by_itself(path):
    found = Tables(path.read_text())
    scrolls = {"tag": "div", "class": "scroll", "tabindex": "0"}
    assert found.around == [scrolls] * len(found.around)
    assert len(found.around) >= 3
    viewport = {"name": "viewport", "content": "width=device-width, initial-scale=1"}
    assert viewport in found.meta


def test_the_style_breaks_no_cell():
    style = page.page("").partition("<style>")[2].partition("</style>")[0]
    everywhere = style.partition("@media (max-width")[0]
    rules = (rule.split("{") for rule in everywhere.split("}") if rule.count("{") == 1)
    rules = {name.strip(): text for name, text in rules}
    assert "anywhere" not in style
    assert "break-all" not in style
    assert "overflow-wrap: normal" in rules["th, td"]
    assert "white-space: nowrap" in rules["td"]
    assert "overflow-x: auto" in rules[".scroll"]


def test_long_names_may_go_on_in_the_next_line():
    assert page.dotted("encoder/kl.a") == "encoder/<wbr>kl.<wbr>a"
    assert page.dotted("<b>/x & 1 / 2.") == "&lt;b&gt;/<wbr>x &amp; 1 / 2."


@pytest.mark.parametrize(
    ("config", "points"),
    [({"data": {"channels": 2}}, True), ({"data": {"channels": 1}}, False), ({}, False)],
)
def test_thumbnails_of_plots_are_whole(tmp_path, config, points):
    """The corner of a scatter plot is empty, that of a grid is its first images."""
    assert run_files.of_points(config) == points
    for kind in ("samples", "codes"):
        for step in (1, 2):
            picture = np.zeros((8, 8, 1), np.uint8)
            grids.save_png(tmp_path / "images" / f"{kind}_{step}.png", picture)
    text = run_page.write(tmp_path, config=config).read_text()
    assert text.count('<figure class="picture plot">') == 1 + points
    assert text.count('<figure class="picture">') == 1 - points
    assert ".plot .film img { object-fit: contain; object-view-box: none; }" in text


def test_thumbnails_of_points_in_a_study_are_whole(study):
    text = study.read_text()
    assert text.count('<figure class="picture plot">') == len(OBJECTIVES)
    assert '<figure class="picture">' not in text


def test_pages_fit_a_phone_and_a_desktop(path, tmp_path):
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip(f"none of {', '.join(BROWSERS)} is on PATH")
    frames = "".join(
        f'<iframe width="{width}" height="800" style="border: 0" '
        f'srcdoc="{html.escape(path.read_text())}"></iframe>'
        for width in (390, 1280)
    )
    outer = tmp_path / "outer.html"
    outer.write_text(f"<!doctype html><output></output><script>{MEASURE}</script>{frames}")
    flags = "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking"
    command = [browser, *flags.split(), f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"]
    done = subprocess.run([*command, outer.as_uri()], capture_output=True, text=True, timeout=60)
    said = done.stdout.partition("<output>")[2].partition("</output>")[0]
    sizes = json.loads(html.unescape(said))
    assert [size["width"] for size in sizes] == [390, 1280]
    for size in sizes:
        assert size["cells"] > 20
        assert size["broken"] == []
        assert size["wide"] == []
        assert size["scroll"] <= size["width"]
