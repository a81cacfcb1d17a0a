"""colorized.html: what is on it, and what its slider and choices do in a browser."""

import base64
import html
import io
import json
import re
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image

from jaxgen.report import colorized_page
from jaxgen.report.colorized_page import Photo

pytestmark = pytest.mark.core

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
NASTY = "<img src=x onerror=alert(1)>.png"
COLORS = {"gray": "gray", "version 1": "darkred", "version 2": "green", "original": "navy"}


def previews(*names, size=(300, 200)):
    made = {name: Image.new("RGB", size, COLORS[name]) for name in names}
    return {name: colorized_page.preview(picture, 1024) for name, picture in made.items()}


@pytest.fixture
def page(tmp_path):
    shown = previews("gray", "version 1", "version 2", "original")
    tall = previews("gray", "version 1", size=(90, 400))
    photos = [Photo(NASTY, (3000, 2000), shown), Photo("deep/er/" + "x" * 90, (90, 400), tall)]
    return colorized_page.write(tmp_path, photos, ["tinting", "<step 7>"], 3, {})


def test_what_is_on_it(page):
    text = page.read_text()
    assert page.name == "colorized.html"
    assert "<img src=x" not in text
    assert html.escape(NASTY) in text
    assert "tinting · &lt;step 7&gt;" in text
    assert "The first 2 of 3 photographs are shown." in text
    assert "3000 × 2000" in text
    # Nothing but itself, every picture once.
    body = text.partition("<body>")[2].partition("<script>")[0]
    addresses = re.findall(r'(?:src|href|url)\s*[=(]\s*["\']?([^"\'\s>)]*)', body)
    found = [address for address in addresses if address != "x"]  # the name, escaped
    assert len(found) == 6
    assert all(address.startswith("data:image/jpeg;base64,") for address in found)
    for control in re.findall(r"<(?:input|select)[^>]*>", text):
        assert re.search(r'aria-label="[^"]+"', control)
    alts = re.findall(r'<img [^>]*alt="([^"]*)"', text)
    assert alts[:2] == [html.escape(f"{NASTY}, gray"), html.escape(f"{NASTY}, version 1")]


def test_all_of_them_need_no_note(tmp_path):
    photos = [Photo("a.png", (3, 2), previews("gray", "original"))]
    text = colorized_page.write(tmp_path, photos, [], 1, {}).read_text()
    assert "photographs are shown" not in text


def test_what_was_not_colored_is_listed_with_the_reason(tmp_path):
    photos = [Photo("a.png", (3, 2), previews("gray", "original"))]
    failed = {"b/c.png": "b/c.png cannot be read", NASTY: "no <image>"}
    text = colorized_page.write(tmp_path, photos, [], 1, failed).read_text()
    assert "<h2>Not colored: 2 of 3</h2>" in text
    assert "<th>b/<wbr>c.<wbr>png</th>" in text
    assert "b/c.png cannot be read" in text
    assert "no &lt;image&gt;" in text
    assert NASTY not in text


@pytest.mark.parametrize("mode", ["L", "RGB", "I;16"])
def test_previews_are_small_jpegs(mode):
    if mode == "I;16":
        picture = Image.fromarray(np.full((1000, 3000), 30000, np.uint16))
    else:
        picture = Image.new(mode, (3000, 1000), "gray")
    small = colorized_page.shrunk(picture, 600)
    assert (small.size, small.mode) == ((600, 200), mode)
    assert colorized_page.shrunk(small, 600) is small
    assert colorized_page.shrunk(Image.new("L", (5000, 1)), 10).size == (10, 1)
    if mode != "I;16":
        uri = colorized_page.preview(picture, 1024)
        content = base64.b64decode(uri.removeprefix("data:image/jpeg;base64,"))
        with Image.open(io.BytesIO(content)) as shown:
            assert (shown.format, shown.size) == ("JPEG", (1024, 341))


def test_previews_of_many_are_smaller():
    assert colorized_page.edge(1, 3) == colorized_page.edge(20, 3) == 1024
    assert colorized_page.edge(21, 3) == colorized_page.edge(10**6, 3) == 512


# Says what is seen of the first photograph, at points of a row, before and after it is touched.
WATCH = """
addEventListener("load", () => {
  const figure = document.querySelector(".compare"), stack = figure.querySelector(".stack");
  const slider = figure.querySelector("input"), [left, right] = figure.querySelectorAll("select");
  const seen = () => {
    const row = stack.getBoundingClientRect();
    return [0.1, 0.4, 0.6, 0.9].map((x) => {
      const at = document.elementsFromPoint(row.left + x * row.width, row.top + row.height / 2);
      return at.find((element) => element.dataset.what).dataset.what;
    });
  };
  const set = (control, value) => {
    control.value = value;
    control.dispatchEvent(new Event(control === slider ? "input" : "change", { bubbles: true }));
    return seen();
  };
  const found = [seen(), set(slider, 75), set(slider, 0), set(slider, 100), set(slider, 50)];
  found.push(set(left, "original"), set(right, "version 2"), set(left, "version 2"));
  const all = [...document.querySelectorAll("body *")];
  const sides = all.map((element) => element.getBoundingClientRect().right);
  const heights = [...document.querySelectorAll(".stack")].map((e) => e.clientHeight);
  const output = document.body.appendChild(document.createElement("output"));
  const wide = Math.max(...sides) - document.documentElement.clientWidth;
  const low = right.getBoundingClientRect().bottom + scrollY;
  output.textContent = JSON.stringify({ found, wide, heights, low, options: right.options.length });
});
"""


@pytest.fixture
def page_of_one(tmp_path):
    shown = previews("gray", "version 1", "version 2", "original")
    return colorized_page.write(tmp_path, [Photo(NASTY, (3000, 2000), shown)], ["tinting"], 1, {})


@pytest.mark.parametrize(
    ("name", "width"), [("page", 320), ("page", 1280), ("page_of_one", 1280), ("page_of_one", 1900)]
)
def test_the_slider_and_the_choices(request, tmp_path, name, width):
    page = request.getfixturevalue(name)
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip(f"none of {', '.join(BROWSERS)} is on PATH")
    inner = page.read_text().replace("</body>", f"<script>{WATCH}</script></body>")
    outer = tmp_path / "outer.html"
    outer.write_text(
        "<!doctype html><output></output><script>addEventListener('load', () => {"
        "document.querySelector('output').textContent = document.querySelector('iframe')"
        ".contentDocument.querySelector('output').textContent; });</script>"
        f'<iframe width="{width}" height="900" style="border: 0" srcdoc="{html.escape(inner)}">'
        "</iframe>"
    )
    flags = "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking"
    command = [browser, *flags.split(), f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"]
    done = subprocess.run([*command, outer.as_uri()], capture_output=True, text=True, timeout=60)
    said = done.stdout.partition("<output>")[2].partition("</output>")[0]
    result = json.loads(html.unescape(said))
    gray, one, two, original = "gray", "version 1", "version 2", "original"
    assert result["found"] == [
        [gray, gray, one, one],
        [gray, gray, gray, one],
        [one] * 4,
        [gray] * 4,
        [gray, gray, one, one],
        [original, original, one, one],
        [original, original, two, two],
        [two] * 4,
    ]
    assert result["options"] == 4
    assert result["wide"] <= 0.5
    assert max(result["heights"]) <= 0.75 * 900 + 1  # the slider is seen with it
    if width > 1000:
        assert result["low"] <= 900  # also before one scrolls
    assert min(result["heights"]) > 150
