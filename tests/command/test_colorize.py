"""--mode=colorize: a run, photographs in, photographs and a page out, and what may go wrong."""

import dataclasses
import hashlib
import shutil
import sys
from pathlib import Path

import command_line
import jax
import numpy as np
import pytest
from PIL import Image, JpegImagePlugin

from jaxgen import experiment
from jaxgen.commands import colorize as command
from jaxgen.commands import pictures
from jaxgen.core import color, files, progress
from jaxgen.core.errors import UserError
from jaxgen.data import photographs
from jaxgen.runs import colored_files, colorizing

pytestmark = pytest.mark.usefixtures("quick_compilation")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Folders of two runs of one step, without and with noise."""
    folder = tmp_path_factory.mktemp("runs")
    (folder / "own_objectives").mkdir()
    shutil.copy(Path(__file__).parent / "tinting.py", folder / "own_objectives")
    (folder / "tinted.py").write_text(
        "from configs import common\n\n\n"
        "def get_config():\n"
        '    networks = {"tint": {"module": "own_objectives.tinting.Tint"}}\n'
        '    optim = {"tint": common.adam(1e-3)}\n'
        '    config = common.experiment("own_objectives.tinting", networks, optim, 1)\n'
        '    config.data.update(name="digits", image_size=8, channels=3, batch_size=8)\n'
        "    return config\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        patch.setenv("PYTHONPATH", str(folder))
        for name, noise in (("still", 0.0), ("noisy", 0.2)):
            config = experiment.load_config(f"{folder}/tinted.py", **{"hparams.noise": noise})
            experiment.run(config, folder / name)
        yield folder
    sys.modules.pop("own_objectives.tinting", None)
    sys.modules.pop("own_objectives", None)


def photo(height=20, width=30, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def save(path, pixels, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)


def opened(path):
    with Image.open(path) as image:
        return np.asarray(image), image.format


def expected(pixels):
    """What the run without noise makes of it: chroma is +-0.3 of the small picture's lightness."""
    picture = Image.fromarray(pixels)
    side = np.array(picture.size) / min(picture.size) * 8
    small = picture.resize(tuple(side.round().astype(int)), Image.Resampling.BILINEAR)
    lightness, _ = color.to_lightness_and_chroma(np.asarray(small.convert("RGB")) / 255.0)
    a = 0.3 * np.asarray(lightness)
    return np.asarray(colorizing.joined(picture, np.concatenate([a, -a], axis=-1)))


def colorize(runs, source, out, run="still", **options):
    command.colorize(runs / run, source=source, out=out, trust=True, **options)


def digests(folder):
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path: hashlib.sha256(path.read_bytes()).digest() for path in files}


def test_a_folder_of_photographs(runs, tmp_path, capsys):
    inside, out = tmp_path / "in", tmp_path / "deep" / "out"
    save(inside / "a.JPG", photo(), quality=95)
    save(inside / "b" / "c.tif", photo(seed=1))
    save(inside / "b" / "c.png", photo(seed=2)[..., 0])
    save(inside / "b" / "d.webp", photo(33, 9, seed=3), lossless=True)
    save(inside / ".hidden.png", photo())
    (inside / "notes.txt").write_text("no image")
    before = digests(inside)
    colorize(runs, inside, out)
    assert digests(inside) == before
    names = ["a.JPG", "b/c.png", "b/c.tif.png", "b/d.png", "colorized.html"]
    found = sorted(path for path in out.rglob("*") if path.is_file())
    assert [str(path.relative_to(out)) for path in found] == names
    said = capsys.readouterr()
    assert said.out == f"4 photographs colored by step 1: {out}\n"
    for name, pixels in {
        "b/c.tif.png": photo(seed=1),
        "b/c.png": photo(seed=2)[..., 0],
        "b/d.png": photo(33, 9, seed=3),
    }.items():
        got, form = opened(out / name)
        assert form == "PNG"
        np.testing.assert_allclose(got.astype(int), expected(pixels), atol=1)
    with Image.open(out / "a.JPG") as image:
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (30, 20))
        assert JpegImagePlugin.get_sampling(image) == 0  # color at full resolution
        given = np.asarray(Image.open(inside / "a.JPG"))
        np.testing.assert_allclose(np.asarray(image, float), expected(given), atol=24)
        assert np.abs(np.asarray(image, float) - expected(given)).mean() < 2.5


def test_one_photograph_and_from_python(runs, tmp_path):
    """The file by the command is the array from Python; alpha is the same, bit for bit."""
    pixels = np.dstack([photo(), photo(seed=1)[..., :1]])
    save(tmp_path / "a.png", pixels)
    colorize(runs, tmp_path / "a.png", tmp_path / "out", side=12)
    got, _ = opened(tmp_path / "out" / "a.png")
    np.testing.assert_array_equal(got[..., 3], pixels[..., 3])
    exp, state = experiment.restore(runs / "still", trust=True)
    key = jax.random.key(3)  # there is no noise
    np.testing.assert_array_equal(colorizing.colorize(exp, state, pixels, side=12, key=key), got)
    for gray in (pixels[..., 0], pixels[..., :1]):
        one = colorizing.colorize(exp, state, gray)
        np.testing.assert_allclose(one.astype(int), expected(pixels[..., 0]), atol=1)
    assert np.abs(one.astype(int) - one[..., :1]).max() > 10
    for wrong in (pixels / 255.0, pixels[..., :2], pixels[:0], pixels[None], pixels[0, :, 0]):
        with pytest.raises(ValueError, match=r"image must be u8\[h,w\], "):
            colorizing.colorize(exp, state, wrong)


def test_versions_of_a_model_with_noise(runs, tmp_path, capsys):
    save(tmp_path / "in" / "a.jpg", photo())
    save(tmp_path / "in" / "b.gif", photo(seed=1)[..., 0])
    colorize(runs, tmp_path / "in", tmp_path / "out", run="noisy", num=3, seed=5)
    assert capsys.readouterr().err == ""
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    versions = ["b-1.png", "b-2.png", "b-3.png"]
    assert names == ["a-1.jpg", "a-2.jpg", "a-3.jpg", *versions, "colorized.html"]
    content = [(tmp_path / "out" / name).read_bytes() for name in versions]
    assert len(set(content)) == 3
    # A version is of its number and the seed, whatever else there is.
    colorize(runs, tmp_path / "in" / "b.gif", tmp_path / "one", run="noisy", seed=5)
    assert (tmp_path / "one" / "b.png").read_bytes() == content[0]
    colorize(runs, tmp_path / "in" / "b.gif", tmp_path / "other", run="noisy", seed=6)
    assert (tmp_path / "other" / "b.png").read_bytes() not in content


def test_versions_of_a_model_without_noise_are_one(runs, tmp_path, capsys):
    save(tmp_path / "a.png", photo())
    colorize(runs, tmp_path / "a.png", tmp_path / "out", num=4)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.png", "colorized.html"]
    assert capsys.readouterr().err == (
        "The model has no noise, and all versions would be the same: one is made of each.\n"
    )
    with pytest.raises(UserError, match=r"has colorized\.html already, and nothing is overwritten"):
        colorize(runs, tmp_path / "a.png", tmp_path / "out", num=4)


@pytest.mark.core
@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a.tif", "a.webp"], ["a.tif.png", "a.webp.png"]),
        (["a.png", "a.tif", "a.tif.png"], ["a.png", "a.tif-2.png", "a.tif.png"]),
        (["A.tif", "a.png"], ["A.tif.png", "a.png"]),
        (["a.jpg", "a.png", "a.jpeg"], ["a.jpg", "a.png", "a.jpeg"]),
        (["x/a.tif", "y/a.tif"], ["x/a.png", "y/a.png"]),
        (["a.b.TIF", "c", "d.v2"], ["a.b.png", "c.png", "d.v2.png"]),
        (["A.jpg", "a.jpg"], ["A.jpg", "a.jpg.png"]),
        (["a.tif", "a.png/x.tif"], ["a.tif.png", "a.png/x.png"]),
    ],
)
def test_names(names, expected):
    assert colored_files.targets(names) == {n: [e] for n, e in zip(names, expected, strict=True)}


@pytest.mark.core
def test_no_version_of_a_photograph_has_the_name_of_a_folder():
    found = colored_files.targets(["a.png", "a-1.png/x.png"], 2)
    assert found == {
        "a.png": ["a.png-1.png", "a.png-2.png"],
        "a-1.png/x.png": ["a-1.png/x-1.png", "a-1.png/x-2.png"],
    }


@pytest.mark.slow
def test_files_that_cannot_be_read_are_named_and_the_others_colored(runs, env, tmp_path):
    """In a process of its own, for the exit code."""
    inside, out = tmp_path / "in", tmp_path / "out"
    save(inside / "a.png", photo())
    save(inside / "z.png", photo(seed=1))
    (inside / "half.png").write_bytes((inside / "a.png").read_bytes()[:500])
    (inside / "none.jpg").write_bytes(b"no image")
    Image.fromarray(np.dstack([photo(), photo()[..., :1]])).save(inside / "clear.jpg", "PNG")
    frames = [Image.fromarray(photo(seed=seed)) for seed in range(2)]
    frames[0].save(inside / "dance.gif", save_all=True, append_images=frames[1:])
    result = command_line.run(
        "--mode=colorize",
        *(f"--workdir={runs / 'still'}", f"--input={inside}", f"--out={out}", "--trust"),
        env={**env, "PYTHONPATH": f"{command_line.ROOT}:{runs}"},
    )
    assert result.code == 1
    clear, dance, half, none, last = result.err.splitlines()
    assert clear.startswith(f"jaxgen: {inside}/clear.jpg has transparency, which no JPEG has")
    assert dance.startswith(f"jaxgen: {inside}/dance.gif holds 2 frames")
    assert half.startswith(f"jaxgen: {inside}/half.png cannot be read as an image")
    assert none.startswith(f"jaxgen: {inside}/none.jpg cannot be read as an image")
    assert last == "jaxgen: 4 of 6 photographs were not colored, see above."
    assert result.out == f"2 photographs colored by step 1: {out}\n"
    assert sorted(path.name for path in out.iterdir()) == ["a.png", "colorized.html", "z.png"]
    page = (out / "colorized.html").read_text()
    assert "<h2>Not colored: 4 of 6</h2>" in page
    assert "dance.gif holds 2 frames" in page


def refused(message, runs, source, out, **options):
    """Before the run is read: its folder is none."""
    before = digests(out.parent)
    with pytest.raises(UserError) as error:
        command.colorize(runs / "no run", source=source, out=out, **options)
    assert message in str(error.value)
    assert str(error.value).count(". ") == 0
    assert digests(out.parent) == before


def test_what_is_refused_before_the_run_is_read(runs, tmp_path):
    inside = tmp_path / "in"
    save(inside / "a.tif", photo())
    refused(f"--out={inside} is in --input={inside}", runs, inside, inside)
    refused(f"--out={inside}/new is in --input={inside}", runs, inside, inside / "new")
    (tmp_path / "link").symlink_to(inside)
    refused("/link/new is in --input=", runs, inside, tmp_path / "link" / "new")
    refused("a.tif is a file; name a folder", runs, inside, inside / "a.tif")
    refused("/x.png is the name of an image, and", runs, inside / "a.tif", tmp_path / "x.png")
    refused("--input=gone is not there", runs, Path("gone"), tmp_path / "out")
    (tmp_path / "empty").mkdir()
    refused("empty has no image files (.bmp, ", runs, tmp_path / "empty", tmp_path / "out")
    refused("num=0 must be at least 1", runs, inside, tmp_path / "out", num=0)
    for name, num in (("a.png", 1), ("a-2.png", 2), ("colorized.html", 1)):
        out = tmp_path / f"out {name}"
        out.mkdir()
        (out / name).write_text("precious")
        refused(f"{name} already, and nothing is overwritten", runs, inside, out, num=num)
    save(inside / "deep" / "a.tif", photo())
    out = tmp_path / "out with a file"
    out.mkdir()
    (out / "deep").write_text("precious")
    refused("has deep already, and nothing is overwritten", runs, inside, out)
    save(tmp_path / "b.png", photo())
    refused("has b.png already", runs, tmp_path / "b.png", tmp_path)


def test_what_is_refused_by_the_run(runs, tmp_path, monkeypatch):
    save(tmp_path / "a.png", photo())
    at = {"source": tmp_path / "a.png", "out": tmp_path / "out"}
    exp, state = experiment.restore(runs / "still", trust=True)
    without = dataclasses.replace(exp.abilities, colorize=None)
    other = dataclasses.replace(exp, abilities=without), state
    with monkeypatch.context() as patch:
        patch.setattr(pictures, "restored", lambda *_, **__: other)
        with pytest.raises(UserError, match=r"tinting does not color photographs; .*: age_coloriz"):
            colorize(runs, **at)
    with pytest.raises(UserError, match="side=7 is less than the 8 pixels"):
        colorize(runs, **at, side=7)
    with pytest.raises(UserError, match="No checkpoint of step 7"):
        command.colorize(runs / "still", 7, **at, trust=True)
    with pytest.raises(UserError, match="--trust"):
        command.colorize(runs / "still", **at)
    assert not (tmp_path / "out").exists()
    with pytest.raises(UserError, match=r"Cannot write to --out=/proc/out \("):
        colorize(runs, tmp_path / "a.png", Path("/proc/out"))


def test_what_only_one_photograph_cannot_be_is_said_of_it(runs, tmp_path, capsys):
    """Its color has no place in a JPEG, or its name would be too long; the others go on."""
    inside, out = tmp_path / "in", tmp_path / "out"
    save(inside / "a.jpg", photo(1, 65_501), format="PNG")
    save(inside / f"{'b' * 251}.gif", photo())
    save(inside / f"{'b' * 251}.png", photo())
    save(inside / "c.jpg", photo())
    out.mkdir()
    with pytest.raises(UserError, match="2 of 4 photographs were not colored"):
        colorize(runs, inside, out)
    wide, long = capsys.readouterr().err.splitlines()
    wide_image = f"jaxgen: {inside}/a.jpg has 65501 x 1 pixels"
    assert wide.startswith(f"{wide_image}, more than a JPEG can have, as its name says it is; ")
    assert long.endswith("bb.gif.png is too long a name for a file; shorten the original's.")
    written = sorted(path.name for path in out.iterdir())
    assert written == [f"{'b' * 251}.png", "c.jpg", "colorized.html"]


def test_a_disk_that_is_full_ends_it_and_leaves_no_half_of_a_file(runs, tmp_path, monkeypatch):
    for name in ("a.png", "b.png"):
        save(tmp_path / "in" / name, photo())

    def half(self, path, *_, **__):
        Path(path).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", half)
    monkeypatch.setattr("jaxgen.report.colorized_page.preview", lambda picture, longer: "")
    out = tmp_path / "out"
    with pytest.raises(UserError, match=r"^Cannot write --out=.*/out \(No space left on device\)"):
        colorize(runs, tmp_path / "in", out)
    assert not out.exists()


def test_where_none_can_be_colored_no_folder_is_left(runs, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").write_bytes(b"no image")
    with pytest.raises(UserError, match="1 of 1 photographs were not colored"):
        colorize(runs, tmp_path / "in", tmp_path / "new" / "out")
    assert not (tmp_path / "new").exists()
    (tmp_path / "mine").mkdir()
    with pytest.raises(UserError, match="1 of 1 photographs were not colored"):
        colorize(runs, tmp_path / "in", tmp_path / "mine" / "out")
    assert list((tmp_path / "mine").iterdir()) == []


def test_too_little_memory_for_one(runs, tmp_path, monkeypatch, capsys):
    save(tmp_path / "in" / "a.png", photo(40, 40))
    save(tmp_path / "in" / "b.png", photo(9, 9))
    monkeypatch.setattr(files, "available_memory", lambda: photographs.BYTES * 1000)
    with pytest.raises(UserError, match="1 of 2 photographs were not colored, see above"):
        colorize(runs, tmp_path / "in", tmp_path / "out")
    assert "a.png has 40 x 40 pixels, which take 0.0 GiB of memory" in capsys.readouterr().err
    assert (tmp_path / "out" / "b.png").exists()


def test_lines_say_how_far_it_is(runs, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(progress, "SECONDS", 0.0)
    for name in ("a.png", "b.png"):
        save(tmp_path / "in" / name, photo(8, 8))
    colorize(runs, tmp_path / "in", tmp_path / "out")
    assert capsys.readouterr().err == "colored: 1 of 2\ncolored: 2 of 2\n"


def test_a_page_has_so_many_and_says_so(runs, tmp_path, monkeypatch):
    monkeypatch.setattr("jaxgen.report.colorized_page.MOST", 2)
    for name in ("a.png", "b.png", "c.png"):
        save(tmp_path / "in" / name, photo(8, 8)[..., 0])
    save(tmp_path / "in" / "d.png", photo(8, 8))
    colorize(runs, tmp_path / "in", tmp_path / "out")
    text = (tmp_path / "out" / "colorized.html").read_text()
    assert "The first 2 of 4 photographs are shown." in text
    assert text.count('<figure class="compare">') == 2
    assert "<option>original" not in text  # these were gray
    colorize(runs, tmp_path / "in" / "d.png", tmp_path / "one")
    assert "<option>original" in (tmp_path / "one" / "colorized.html").read_text()
