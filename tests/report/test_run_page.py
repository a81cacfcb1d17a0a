import base64
import html.parser
import io
import json
import math
import re
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image

from jaxgen.pictures import grids
from jaxgen.report import curves, run_files
from jaxgen.report.run_page import write

pytestmark = pytest.mark.core

_NASTY = "<script>alert(1)</script> & \"x\" 'y'"


@pytest.fixture
def workdir(tmp_path):
    """A run of 3000 log lines, 14 pictures of two kinds, an evaluation and a config."""
    rng = np.random.default_rng(0)
    with open(tmp_path / "metrics.jsonl", "w") as file:
        for step in range(1, 3001):
            row = {
                "step": step,
                "encoder/kl": 3 + rng.normal(),
                "generator/kl": 4.0,
                "encoder/image": math.exp(-step / 200) + 1e-4,
                "time/steps_per_second": 40.0,
            }
            file.write(json.dumps(row) + "\n")
        file.write('{"step": 3001, "encoder/k')
    for step in range(100, 1500, 100):
        tiles = rng.integers(0, 256, (4, 16, 16, 1), np.uint8)
        grids.save_png(tmp_path / "images" / f"samples_{step:06d}.png", grids.grid(tiles))
        grids.save_png(tmp_path / "images" / f"{_NASTY[:4]}_{step}.png", grids.grid(tiles))
    scores = {"step": 3000, "feature_space": _NASTY, "frechet": 12.5, "n_real": 300, "n_fake": 200}
    scores |= {"class/0": 0.25, "class/1": 0.75, "class_kl": 0.1, "classes_covered": 2}
    scores |= {"reference/frechet": 3.25, "reference/class/0": 0.5, "reference/class/1": 0.5}
    (tmp_path / "evaluation.json").write_text(json.dumps(scores))
    config = {"objective": "age", "note": _NASTY, "data": {"name": "digits", "image_size": 16}}
    record = {"config": config, "command": ["/x/jaxgen/main.py", "--workdir=my run"]}
    record |= {"versions": {"jaxgen": "0.1", "jax": "0.9"}, "git": None}
    (tmp_path / "config.json").write_text(json.dumps(record))
    return tmp_path


class _Page(html.parser.HTMLParser):
    """Counts elements, keeps attributes and text, and checks that tags are balanced."""

    def __init__(self, path):
        super().__init__(convert_charrefs=True)
        self.found, self.text, self.open = [], "", []
        self.feed(path.read_text())
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "input", "br", "wbr"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("style", "script"):
            self.text += data

    def all(self, tag, css=None):
        return [a for t, a in self.found if t == tag and (not css or css in a.get("class", ""))]


def test_the_page_is_whole_and_needs_no_other_file(workdir):
    path = write(workdir, title="A run")
    assert path == workdir / "report.html"
    content, page = path.read_text(), _Page(path)
    assert not re.search(r"(https?:)?//[\w.]+\.\w|@import|url\(", content)
    for tag, attributes in page.found:
        for name in ("src", "href", "srcset", "data", "action"):
            if attributes.get(name):
                assert attributes[name].startswith("data:image/"), (tag, attributes)
    assert [t for t, _ in page.found if t in ("link", "iframe", "object", "base")] == []
    assert not list(workdir.glob("*.tmp")) + list(workdir.glob(".*"))


def test_steps_are_those_of_the_newest_checkpoint_where_the_log_ends_before(workdir):
    for name in ("2900", "3007", "tmp", "3008.partial"):
        (workdir / "checkpoints" / name).mkdir(parents=True)
    assert '<div class="tile"><b>3,007</b><span>training steps' in write(workdir).read_text()
    (workdir / "checkpoints" / "3007").rmdir()
    assert '<div class="tile"><b>3,000</b><span>training steps' in write(workdir).read_text()
    assert '<div class="tile"><b>3,009</b><span>' in write(workdir, step=3009).read_text()


def test_curves_are_grouped_by_term_and_thinned(workdir):
    page = _Page(write(workdir))
    lines = page.all("polyline", "curve")
    assert [line["data-name"] for line in lines] == [
        "encoder",
        "encoder",
        "generator",
        "steps_per_second",
    ]
    for line in lines:
        counts = {len(line[key].split()) for key in ("points", "data-steps", "data-values")}
        assert len(counts) == 1
        assert 100 < counts.pop() <= 500
    assert len(page.all("svg")) == 3
    assert "log scale" in page.text  # exp(-15) + 1e-4 after exp(0)
    assert "3,000" in page.text


def test_pictures_latest_whole_others_thinned(workdir):
    page = _Page(write(workdir))
    large = page.all("img", "large")
    assert len(large) == 2
    latest = (workdir / "images" / "samples_001400.png").read_bytes()
    assert large[0]["src"] == f"data:image/png;base64,{base64.b64encode(latest).decode()}"
    buttons = page.all("button")
    assert len(buttons) == 2 * 12
    assert [b["data-label"] for b in buttons[:12]][::11] == ["step 100", "step 1,400"]


def test_what_users_write_is_escaped(workdir):
    content = write(workdir, title=_NASTY).read_text()
    assert "<script>alert" not in content
    page = _Page(workdir / "report.html")
    assert page.text.count("alert(1)") == 4  # title twice, feature space, config


def test_tables_hold_the_evaluation(workdir):
    text = re.sub(r"\s+", " ", _Page(write(workdir)).text)
    for piece in ("12.5", "3.25", "Evaluation at step 3,000", "2 of 2", "75.0%", "50.0%"):
        assert piece in text
    assert "python -m jaxgen.main '--workdir=my run'" in text
    assert "age · digits at 16 px · jaxgen 0.1 · jax 0.9" in text


def test_a_collapse_shows_before_anything_is_evaluated(tmp_path):
    for name, spread, verdict in (
        ("generator/spread", 0.4, "yes"),
        ("generator/spread", 0.6, "no"),
        ("evaluation/spread", 0.4, "yes"),
    ):
        line = {"step": 7, "generator/spread": 1.0, name: spread}
        (tmp_path / "metrics.jsonl").write_text(json.dumps(line) + "\n")
        tile = f'<div class="tile"><b>{verdict}</b><span>collapsed</span></div>'
        assert tile in write(tmp_path).read_text()
    (tmp_path / "evaluation.json").write_text(json.dumps({"step": 7, "collapsed": False}))
    assert "<b>no</b><span>collapsed" in write(tmp_path).read_text()
    (tmp_path / "evaluation.json").unlink()
    (tmp_path / "metrics.jsonl").write_text('{"step": 7, "decoder/nll": 1.0}\n')
    assert "collapsed" not in write(tmp_path).read_text()


def test_evaluations_while_training_are_a_section_of_their_own(tmp_path):
    line = {"step": 7, "generator/loss": 1.0, "evaluation/frechet": 3.0}
    (tmp_path / "metrics.jsonl").write_text(json.dumps(line) + "\n")
    text = write(tmp_path).read_text()
    training, _, evaluated = text.partition("<h2>Evaluations on validation images</h2>")
    assert "<h3>loss</h3>" in training
    assert "<h3>frechet</h3>" not in training
    assert "<h3>frechet</h3>" in evaluated


def test_charts_say_what_is_good_of_their_metrics(workdir):
    assert 'class="chart"><figcaption><h3>kl</h3>' in write(workdir).read_text()
    shared = ("Divergence of <codes>", "nats; lower is better")
    titles = {"encoder/kl": shared, "generator/kl": (shared[0], "toward 0"), "other/image": shared}
    text = write(workdir, titles=titles).read_text()
    assert "<h3>Divergence of &lt;codes&gt;</h3>" in text
    notes = ("encoder: nats; lower is better", "generator: toward 0")
    assert "".join(f'<p class="note">{note}</p>' for note in notes) in text
    assert "<h3>image</h3>" in text  # has no title of its own
    titles["generator/kl"] = ("Another", shared[1])
    text = write(workdir, titles=titles).read_text()
    assert "<h3>kl</h3>" in text
    assert "encoder: Divergence of &lt;codes&gt;: nats; lower is better</p>" in text
    assert "generator: Another: nats; lower is better</p>" in text


def test_metrics_have_the_titles_of_the_evaluation(workdir):
    path = workdir / "evaluation.json"
    scores = json.loads(path.read_text())
    plain = _Page(write(workdir)).text
    assert "frechet12.53.25" in plain  # of an earlier version: names, no titles
    assert "12.5frechet" in plain  # the tile
    scores["titles"] = {
        "frechet": ["Fréchet distance", f"lower is better {_NASTY}"],
        "class_kl": "no pair",
        "n_real": ["one of a pair"],
        "n_fake": ["Generated images", ""],
    }
    path.write_text(json.dumps(scores))
    page = _Page(write(workdir))
    assert f"Fréchet distance lower is better {_NASTY}12.53.25" in page.text
    assert "12.5Fréchet distance" in page.text
    assert "class kl0.1" in page.text
    assert "n real300" in page.text
    assert "Generated images200" in page.text
    assert "no pair" not in page.text
    assert "<script>alert" not in (workdir / "report.html").read_text()


SECTIONS = {
    "metrics.jsonl": ("Curves over training steps", "Last values", "training steps"),
    "images": ("Pictures",),
    "evaluation.json": ("Evaluation at step", "classes covered"),
    "config.json": ("How it was made", "age · digits"),
}


@pytest.mark.parametrize("missing", [*SECTIONS, "everything"])
def test_missing_files_are_left_out(workdir, missing):
    for path in list(workdir.iterdir()):
        if missing in (path.name, "everything"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    text = _Page(write(workdir)).text
    for name, pieces in SECTIONS.items():
        for piece in pieces:
            assert (piece in text) == (missing not in (name, "everything")), piece
    assert workdir.name in text


def test_damaged_files_are_left_out(workdir):
    (workdir / "metrics.jsonl").write_bytes(
        b'[]\nnot json\n{"a": 1}\n{"step": "x", "a": 1}\n\xff\xfe\n'
        b'{"step": 1, "a/b": NaN, "a/c": null, "a/d": "text", "a/e": 2, "a/f": Infinity}\n'
        b'{"step": 2, "a/b": 1.5, "a/e": 3}\n{"step": 2, "a/b": 2.5}\n{"step": 3, "a/b":'
    )
    (workdir / "evaluation.json").write_text(
        '{"frechet": NaN, "class/0": null, "more": {"x": [1]}}'
    )
    (workdir / "config.json").write_text('{"config": 3, "versions": []}')
    (workdir / "images" / "samples_001500.png").write_bytes(b"\x89PNG half")
    found = run_files.curves(workdir / "metrics.jsonl")
    assert found["a/e"] == [(1, 2.0), (2, 3.0)]
    assert found["a/b"][1] == (2, 2.5)
    assert sorted(found) == ["a/b", "a/c", "a/e", "a/f"]
    page = _Page(write(workdir))
    assert len(page.all("svg")) == 2  # a/c and a/f have no finite value
    assert len(page.all("img", "large")) == 2
    (workdir / "evaluation.json").write_text('{"frechet"')
    (workdir / "config.json").write_text("[]")
    assert "Evaluation" not in _Page(write(workdir)).text


def test_rebuilding_gives_the_same_page(workdir):
    first = write(workdir).read_bytes()
    assert write(workdir).read_bytes() == first


def test_large_earlier_pictures_become_jpeg(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (300, 300, 3), np.uint8)
    for step in (1, 2):
        grids.save_png(tmp_path / f"samples_{step}.png", noise)
    first, last = run_files.pictures(tmp_path, 12)["samples"]
    assert first.uri.startswith("data:image/jpeg")
    assert last.uri.startswith("data:image/png")
    assert len(first.uri) < len(last.uri)
    with Image.open(io.BytesIO(base64.b64decode(first.uri.split(",")[1]))) as image:
        assert image.size == (first.width, first.height) == (300, 300)


def test_thinning_keeps_means_and_extremes():
    curve = [(step, float(step % 7)) for step in range(1000)]
    thinned = curves.thin(curve, 240)
    assert len(thinned) <= 240
    assert min(low for *_, low, _ in thinned) == 0
    assert max(high for *_, high in thinned) == 6
    assert thinned[0] == (2.0, 2.0, 0.0, 4.0)  # steps 0 to 4
    assert curves.thin(curve[:3], 240)[2] == (2.0, 2.0, 2.0, 2.0)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1234567.0, "1,234,567"),
        (3.65901, "3.659"),
        (-0.0123456, "-0.01235"),
        (0.91, "0.91"),
        (1e-7, "1e-07"),
        (1.5e9, "1.5e+09"),
        (math.nan, "nan"),
        (12345.678, "12,346"),
    ],
)
def test_numbers_have_four_digits(value, text):
    assert curves.number(value) == text


@pytest.mark.parametrize(
    "curve",
    [
        [(5, 2.0)],
        [(1, 0.0), (2, 0.0)],
        [(0, -1e9), (10**7, 1e9)],
        [(1, 1e-12), (2, 1e12)],
        [(1, math.nan), (2, 3.0)],
    ],
)
def test_charts_of_odd_curves_stay_inside_the_picture(curve):
    figure = curves.chart("x", {"a": curve}, {})
    points = re.search(r' points="([^"]*)" data-name', figure)[1]
    for point in points.split():
        x, y = map(float, point.split(","))
        assert 0 <= x <= 420
        assert 0 <= y <= 230
    assert figure.count("<text") >= 2


def test_a_chart_without_values_is_nothing():
    assert curves.chart("x", {"a": [(1, math.nan)]}, {}) == ""


def test_a_browser_runs_the_page_offline(workdir, tmp_path):
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        pytest.skip("no chromium on PATH")
    path = write(workdir)
    flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync"
    flags += " --disable-background-networking --disable-component-update --enable-logging=stderr"
    offline = "--host-resolver-rules=MAP * ~NOTFOUND"
    command = [
        browser,
        "--dump-dom",
        *flags.split(),
        offline,
        f"--user-data-dir={tmp_path / 'profile'}",
        path.as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    dom = done.stdout
    assert dom.count("<polyline") == 4
    assert dom.count('class="chart"') == 3
    # The script ran: it lends the large picture to the last thumbnail of either kind.
    sources = re.findall(r'<img[^>]* src="(data:image/[^"]*)"', dom)
    assert len(sources) == dom.count("<img") == 2 * (12 + 1)
    assert "Uncaught" not in done.stderr


def test_colors_stand_beside_predictors_without_a_model(workdir):
    path = workdir / "evaluation.json"
    scores = json.loads(path.read_text())
    scores |= {"color/ab_l1": 5.5, "color/n": 12, "color_gray/ab_l1": 7.25}
    scores |= {"color_mean_color/ab_l1": 9.125}
    path.write_text(json.dumps(scores))
    write(workdir)
    page = (workdir / "report.html").read_text()
    table = page[page.index("<th>mean color</th>") :].partition("</table>")[0]
    rows = [re.findall(r"<td>(.*?)</td>", row) for row in table.split("<tr>")[1:]]
    assert ["5.5", "7.25", "9.125"] in rows
    assert ["12", "", ""] in rows
    assert page.count("7.25<") == 1
