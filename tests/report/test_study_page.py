"""A study's page and Markdown, from files made by hand."""

import html.parser
import json
import re
import shutil
import statistics

import numpy as np
import pytest

from jaxgen.pictures import grids
from jaxgen.report import study_files
from jaxgen.report.study_page import write
from jaxgen.report.tables import title_of

pytestmark = pytest.mark.core

NASTY = "<b>&|x"
FRECHET = {"gan": {0: 3.0, 1: 5.0, 2: 10.0}, "wgan": {0: 2.0, 1: 4.0, 2: None}}
SPREADS = {"gan": (0.9, 0.2, 0.8), "wgan": (0.7, 0.6, 0.9)}


def entry(name, step, seed):
    frechet = FRECHET[name][seed]
    if frechet is None and step == 20:
        return {"step": step, "seed": seed, "diverged": 13}
    scores = {"step": step, "seed": seed, "frechet": (frechet or 7.0) + 20 - step, "n_real": 100}
    scores |= {"n_fake": 90, "feature_space": NASTY, "class/a": 0.5, "kernel_distance_std": 0.1}
    scores |= {"reference/frechet": 0.25, "reference/classes_covered": 10, "precision": 0.5}
    return scores | {"classes_covered": 3 if (name, seed) == ("gan", 2) else 9}


@pytest.fixture
def workdir(tmp_path):
    for name in FRECHET:
        for group in ((0, 1), (2,)):
            folder = tmp_path / name / ("seeds_0_1" if len(group) > 1 else "seeds_2")
            folder.mkdir(parents=True)
            entries = [entry(name, step, seed) for step in (10, 20) for seed in group]
            (folder / "evaluations.json").write_text(json.dumps(entries))
            diverged = {"2": 13} if (name, group) == ("wgan", (2,)) else {}
            status = {"step": 20, "num_steps": 20, "seeds": group, "diverged": diverged}
            status |= {"seconds": 2.0 * len(group), "compile_seconds": 1.5, "device": "cpu"}
            (folder / "status.json").write_text(json.dumps(status))
            lines = [
                {"step": step, **{f"generator/spread/seed_{s}": SPREADS[name][s] for s in group}}
                for step in (5, 10, 15, 20)
            ]
            (folder / "metrics.jsonl").write_text("".join(json.dumps(x) + "\n" for x in lines))
            for seed in group:
                for step in (10, 20):
                    tiles = np.full((4, 8, 8, 1), step, np.uint8)
                    path = folder / "images" / f"seed_{seed}_{step:06d}.png"
                    grids.save_png(path, grids.grid(tiles))
    grids.save_png(tmp_path / "real.png", np.zeros((8, 8, 1), np.uint8))
    optim = {"learning_rate": 0.1, "drop_at": [1, 2]}
    configs = {
        "gan": {"networks": {"discriminator": {"features": 4}}, "optim": {"generator": optim}},
        "wgan": {
            "networks": {"critic": {"features": 4}},
            "optim": {"generator": optim | {"learning_rate": 0.2}},
        },
    }
    record = {"study": {"seeds": 3}, "experiments": configs, "git": "abc", "hardware": "a card"}
    record |= {"versions": {"jaxgen": "0.1", "jax": "0.10"}}
    record |= {"data": {"name": NASTY, "training": 1000, "held_out": 100, "classes": 10}}
    record |= {"commands": {"gan": ["python -m jaxgen.main --config.seed=0"], "wgan": ["other"]}}
    record |= {"command": ["/x/jaxgen/study.py", "--config=my study.py"]}
    (tmp_path / "study.json").write_text(json.dumps(record))
    return tmp_path


class Page(html.parser.HTMLParser):
    """Cells of its tables and all text; checks that tags are balanced."""

    def __init__(self, path):
        super().__init__(convert_charrefs=True)
        self.open, self.text, self.cells, self.found = [], "", [], []
        self.feed(path.read_text())
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        if tag in ("td", "th"):
            self.cells.append("")
        if tag not in ("meta", "img", "input", "wbr"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("td", "th"):
            self.cells[-1] += data
        if not self.open or self.open[-1] not in ("style", "script"):
            self.text += data


def row(markdown, name):
    """The cells of the first line of a table that begins with `name`."""
    line = next(line for line in markdown.splitlines() if line.startswith(f"| {name} |"))
    return [cell.strip() for cell in line.strip("|").split(" | ")]


def test_the_main_table(workdir):
    write(workdir)
    text = (workdir / "study.md").read_text()
    deviation = statistics.stdev([3, 5, 10])
    assert row(text, "gan") == [
        *("gan", "20", f"6 ± {deviation:.2g}", "0.5 ± 0", "7 ± 3.5"),
        *("2 of 3", "100", "3.0 s"),
    ]
    assert row(text, "wgan")[2:6] == [
        *("3 ± 1.4 (2 of 3 seeds)", "0.5 ± 0 (2 of 3 seeds)", "9 ± 0 (2 of 3 seeds)", "1 of 3")
    ]
    assert row(text, "real data")[1:5] == ["", "0.25", "", "10"]
    for piece in ("100 real samples", "90 generated samples", "Feature space: <b>&|x."):
        assert piece in text
    assert "covered of 10" in text


def test_predictors_without_a_model_stand_beside_colorizers(workdir):
    """Once each, with the metric of the same name, and never as a metric of an objective."""
    found = {"color/ab_l1": 4.5, "color/frechet": 8.5}
    found |= {"color_gray/ab_l1": 9.25, "color_mean_color/ab_l1": 7.75, "color_gray/frechet": 6.5}
    for path in workdir.glob("*/*/evaluations.json"):
        entries = json.loads(path.read_text())
        path.write_text(json.dumps([x if "diverged" in x else x | found for x in entries]))
    grids.save_png(workdir / "gray.png", np.zeros((8, 8, 1), np.uint8))
    write(workdir)
    text = (workdir / "study.md").read_text()
    head = [cell.strip() for cell in text.split("## Metrics")[1].splitlines()[2].split(" | ")]
    names = (title_of(name, {})[0] for name in ("color/ab_l1", "color/frechet"))
    columns = [head.index(name) for name in names]
    table = text.split("## Samples")[0]
    assert [row(table, "gray")[i] for i in columns] == ["9.25", "6.5"]
    assert [row(table, "mean color")[i] for i in columns] == ["7.75", ""]
    assert [row(table, "gan")[i] for i in columns] == ["4.5 ± 0", "8.5 ± 0"]
    assert "color_gray" not in text
    assert text.count("gray.png") == 1
    page = Page(workdir / "study.html")
    assert "Gray images" in page.text


def test_every_feature_space_has_real_data_of_its_own(workdir):
    """A model of binary images is compared in other features than one of gray images."""
    for path in (workdir / "wgan").glob("*/evaluations.json"):
        entries = [
            x | {"feature_space": "other", "reference/frechet": 9.5}
            for x in json.loads(path.read_text())
        ]
        path.write_text(json.dumps(entries))
    write(workdir)
    text = (workdir / "study.md").read_text()
    assert row(text, "real data of gan")[1:5] == ["", "0.25", "", "10"]
    assert row(text, "real data of wgan")[1:5] == ["", "9.5", "", "10"]
    assert "| real data |" not in text.split("## Samples")[0]


def test_which_seeds_collapsed_and_why(workdir):
    gan, wgan = study_files.read(workdir).rows
    assert study_files.collapsed(gan, 10) == {1: "spread 0.2", 2: "3 of 10 modes"}
    assert study_files.collapsed(gan, 0) == {1: "spread 0.2"}
    assert study_files.collapsed(wgan, 10) == {2: "diverged at step 13"}


def test_the_page_has_the_same_and_needs_no_other_file(workdir):
    path = write(workdir)
    assert path == workdir / "study.html"
    page = Page(path)
    for cell in row((workdir / "study.md").read_text(), "wgan"):
        assert cell in page.cells
    assert not re.search(r"(https?:)?//[\w.]+\.\w|@import|url\(", path.read_text())
    for _, attributes in page.found:
        for name in ("src", "href"):
            assert attributes.get(name, "data:image/").startswith("data:image/")
    assert f"gan, wgan on {NASTY}" in page.text
    assert "<b>&|x" not in path.read_text()
    assert "python -m jaxgen.study '--config=my study.py'" in page.text
    assert "python -m jaxgen.main --config.seed=0\nother" in page.text
    labels = [a["data-label"] for tag, a in page.found if tag == "button"]
    assert labels == ["step 10", "step 20"] * 2  # seed 0 of either


def test_curves_are_means_with_the_range_of_the_seeds(workdir):
    gan, wgan = study_files.read(workdir).rows
    assert study_files.evaluation_band(gan, "frechet") == [(10, 16, 13, 20), (20, 6, 3, 10)]
    assert study_files.evaluation_band(wgan, "frechet")[1] == (20, 3, 2, 4)
    (band, *_) = study_files.training_band(gan, "generator/spread")
    assert band == (5, pytest.approx(np.mean([0.9, 0.2, 0.8])), 0.2, 0.9)
    runs = study_files.training_band(gan, "generator/spread", points=2)
    assert [step for step, *_ in runs] == [10, 20]
    page = Page(write(workdir))
    assert [a["data-name"] for tag, a in page.found if tag == "polyline"][:2] == ["gan", "wgan"]
    assert len([1 for tag, a in page.found if tag == "polygon"]) == 2 + 2 + 1  # precision has none


def test_what_differs_between_the_configs(workdir):
    write(workdir)
    text = (workdir / "study.md").read_text()
    assert row(text, "optim.generator.learning_rate")[1:] == ["0.1", "0.2"]
    assert "features" not in text  # critic and discriminator are the same
    assert "drop_at" not in text


def test_an_unfinished_study_is_shown_as_far_as_it_is(workdir):
    """One experiment without a result, one whose last group was not evaluated at step 20."""
    for path in (workdir / "wgan").glob("*/*.json"):
        path.unlink()
    path = workdir / "gan" / "seeds_2" / "evaluations.json"
    path.write_text(json.dumps(json.loads(path.read_text())[:1]))
    (workdir / "gan" / "seeds_2" / "status.json").unlink()
    Page(write(workdir))
    cells = row((workdir / "study.md").read_text(), "gan")
    assert cells[1:3] == ["10", f"16 ± {statistics.stdev([13, 15, 20]):.2g}"]
    assert "| wgan |" not in (workdir / "study.md").read_text().split("## All")[0]


def test_one_seed_is_one(workdir):
    path = workdir / "study.json"
    for seeds, text in ((3, "3 seeds"), (1, "1 seed")):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"study": {"seeds": seeds}}))
        assert f"{text} · 1,000 training" in Page(write(workdir)).text


def test_metrics_have_the_titles_of_the_study(workdir):
    path = workdir / "study.json"
    titles = {"frechet": ["Fréchet distance", "lower is better"], "precision": ["Precision", ""]}
    path.write_text(json.dumps(json.loads(path.read_text()) | {"titles": titles}))
    page, text = Page(write(workdir)), (workdir / "study.md").read_text()
    head = next(line for line in text.splitlines() if line.startswith("|  |"))
    assert "| steps | Fréchet distance | Precision | covered of 10 |" in head
    assert "- Fréchet distance: lower is better." in text
    assert row(text, "Fréchet distance")[1].startswith("6 ± ")
    assert row(text, "classes covered")[1].startswith("7 ± ")  # no title
    assert page.cells.count("Fréchet distance") == 2
    assert "frechet" not in text + page.text


@pytest.mark.parametrize("content", [None, "{", "[]", "{}"])
def test_nothing_yet(tmp_path, content):
    """The folder's name, and no empty table, chart or picture."""
    if content is not None:
        (tmp_path / "study.json").write_text(content)
    page = Page(write(tmp_path))
    assert page.text.split() == [tmp_path.name] * 2  # title and heading
    assert {"table", "figure", "section"}.isdisjoint(tag for tag, _ in page.found)
    assert (tmp_path / "study.md").read_text() == f"# {tmp_path.name}\n"


def test_copies_of_a_group_and_stray_files_are_no_results(workdir):
    before = study_files.read(workdir).rows
    shutil.copytree(workdir / "gan" / "seeds_0_1", workdir / "gan" / "seeds_0_1.bak")
    (workdir / "gan" / "seeds_old").mkdir()
    (workdir / "gan" / "seeds_").mkdir()
    (workdir / "notes.txt").write_text("beside the experiments")
    (gan, _), rows = before, study_files.read(workdir).rows
    assert [row.folders for row in rows] == [row.folders for row in before]
    assert rows[0].evaluations == gan.evaluations
    assert len(study_files.groups_of_all(workdir)) == 4
    write(workdir)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("status.json", "7"),
        ("status.json", '{"step": 20, "num_steps": 20}'),  # of an unfinished write by hand
        ("status.json", '{"step": "20"}'),
        ("evaluations.json", "7"),
        ("evaluations.json", "{}"),
        ("evaluations.json", '[{"step": 20, "seed": 0, "frechet": 1.0}]'),  # seed 1 is lacking
        ("evaluations.json", '[{"step": "x", "seed": 0}]'),
    ],
)
def test_a_group_is_finished_with_its_status_and_an_evaluation_of_every_seed(
    workdir, file, content
):
    folder = workdir / "gan" / "seeds_0_1"
    assert study_files.finished_step(folder) == 20
    (folder / file).write_text(content)
    assert study_files.finished_step(folder) is None
    write(workdir)
