"""Image files encoded, rebuilt, walked between and changed, by codes that are known in closed form.

The code of an image is its 4x4 means of 2x2 pixels (pooling.py), so every pixel that is written
can be worked out here.
"""

import shutil
import sys
from pathlib import Path

import command_line
import numpy as np
import pytest
from PIL import Image, ImageSequence

from jaxgen import experiment
from jaxgen.commands import arithmetic, decode, encode, interpolate, reconstruct
from jaxgen.core import files
from jaxgen.core.errors import UserError
from jaxgen.runs import sampling

pytestmark = pytest.mark.usefixtures("quick_compilation")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The folder of a run of one step."""
    folder = tmp_path_factory.mktemp("runs")
    (folder / "own_codes").mkdir()
    shutil.copy(Path(__file__).parent / "pooling.py", folder / "own_codes")
    (folder / "pooled.py").write_text(
        "from configs import common\n\n\n"
        "def get_config():\n"
        '    networks = {"scale": {"module": "own_codes.pooling.Scale"}}\n'
        '    optim = {"scale": common.adam(1e-3)}\n'
        '    config = common.experiment("own_codes.pooling", networks, optim, 1)\n'
        '    config.data.update(name="digits", image_size=8, channels=1, batch_size=8)\n'
        "    return config\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        experiment.run(experiment.load_config(f"{folder}/pooled.py"), folder / "run")
        yield folder
    sys.modules.pop("own_codes.pooling", None)
    sys.modules.pop("own_codes", None)


def save(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels, np.uint8)).save(path)


def noise(seed):
    return np.random.default_rng(seed).integers(0, 256, (8, 8), np.uint8)


def pooled(pixels):
    """Codes f[16] of u8[8,8], in float64."""
    return (np.asarray(pixels, float) / 127.5 - 1).reshape(4, 2, 4, 2).mean(axis=(1, 3)).reshape(16)


def picture_of(code):
    """Levels f[8,8] of a code f[16], as far as they are levels."""
    return np.clip((code.reshape(4, 4).repeat(2, 0).repeat(2, 1) + 1) * 127.5, 0, 255)


def tiles(path, columns):
    """The images f[rows,columns,8,8] of a grid whose pixels are 6 x 6, with 2 between."""
    pixels = np.asarray(Image.open(path).convert("L"), float)
    rows = (pixels.shape[0] + 2) // 50
    assert pixels.shape == (50 * rows - 2, 50 * columns - 2)
    cut = [
        [pixels[50 * r : 50 * r + 48 : 6, 50 * c : 50 * c + 48 : 6] for c in range(columns)]
        for r in range(rows)
    ]
    return np.array(cut)


def command(function, runs, *args, **options):
    function(runs / "run", *args, trust=True, **options)


def test_codes_of_a_folder_and_back(runs, tmp_path, capsys):
    inside = tmp_path / "in"
    for seed, name in enumerate(("b.png", "a/c.bmp", "a/b.png")):
        save(inside / name, noise(seed))
    # Larger ones are scaled to the network's size, and colors become gray, as the data say.
    save(inside / "z.png", np.full((20, 30, 3), (200, 200, 200)))
    out = tmp_path / "new" / "codes.npz"
    command(encode.encode, runs, source=inside, out=out)
    found = np.load(out)
    assert found["name"].tolist() == ["a/b.png", "a/c.bmp", "b.png", "z.png"]
    wanted = [pooled(noise(2)), pooled(noise(1)), pooled(noise(0)), np.full(16, 200 / 127.5 - 1)]
    np.testing.assert_allclose(found["code"], wanted, atol=1e-6)
    assert found["code"].dtype == np.float32
    assert capsys.readouterr().out == f"4 codes of 16 numbers by step 1: {out}\n"
    command(decode.decode, runs, source=out, out=f"{tmp_path}/images/")
    names = sorted(path.name for path in (tmp_path / "images").iterdir())
    assert names == [f"00000{number}.png" for number in range(4)]
    for number, code in enumerate(wanted):
        got = np.asarray(Image.open(tmp_path / "images" / f"00000{number}.png"), float)
        np.testing.assert_allclose(got, picture_of(code), atol=0.51)
    command(decode.decode, runs, source=out, out=tmp_path / "x.npz")
    assert np.load(tmp_path / "x.npz")["image"].shape == (4, 8, 8, 1)
    command(decode.decode, runs, source=out, out=tmp_path / "x.png")
    grid = tiles(tmp_path / "x.png", 2).reshape(4, 8, 8)
    np.testing.assert_allclose(grid, [picture_of(code) for code in wanted], atol=0.51)


def test_more_codes_than_are_decoded_at_a_time(runs):
    exp, state = experiment.restore(runs / "run", trust=True)
    images = np.random.default_rng(0).integers(0, 256, (sampling.CHUNK + 3, 8, 8, 1), np.uint8)
    code = sampling.encoder(exp, state)(images)
    np.testing.assert_allclose(code, [pooled(image[..., 0]) for image in images], atol=1e-6)
    made = sampling.decoder(exp, state)(code)
    wanted = np.array([picture_of(one) for one in code.astype(float)])[..., None]
    np.testing.assert_allclose(made, wanted, atol=0.51)


def test_images_beside_their_reconstructions(runs, tmp_path, capsys):
    for seed in range(3):
        save(tmp_path / "in" / f"{seed}.png", noise(seed))
    command(reconstruct.reconstruct, runs, source=tmp_path / "in", out=tmp_path / "x.png")
    pairs = tiles(tmp_path / "x.png", 6)[0]
    wanted = [picture_of(pooled(noise(seed))) for seed in range(3)]
    np.testing.assert_array_equal(pairs[::2], [noise(seed) for seed in range(3)])
    np.testing.assert_allclose(pairs[1::2], wanted, atol=0.51)
    command(reconstruct.reconstruct, runs, source=tmp_path / "in", out=tmp_path / "x.npz")
    found = np.load(tmp_path / "x.npz")
    assert found["name"].tolist() == ["0.png", "1.png", "2.png"]
    made = found["reconstruction"][..., 0]
    np.testing.assert_allclose(made, wanted, atol=0.51)
    error = np.abs(made.astype(float) - [noise(seed) for seed in range(3)]).mean() / 127.5
    said = capsys.readouterr().out.splitlines()
    assert f"3 images rebuilt by step 1, mean absolute error {error:.3f} on the scale" in said[1]


def test_walks_between_given_images(runs, tmp_path):
    for seed in range(4):
        save(tmp_path / ("from" if seed < 2 else "to") / f"{seed}.png", noise(seed))
    ends = {"start": tmp_path / "from", "end": tmp_path / "to"}
    command(interpolate.interpolate, runs, **ends, points=3, out=tmp_path / "x.png")
    rows = tiles(tmp_path / "x.png", 3)
    for row, walk in enumerate(rows):
        first, last = pooled(noise(row)), pooled(noise(row + 2))
        for tile, code in zip(walk, (first, (first + last) / 2, last), strict=True):
            np.testing.assert_allclose(tile, picture_of(code), atol=0.51)
    one = {"start": tmp_path / "from" / "0.png", "end": tmp_path / "to" / "2.png"}
    for name in ("x.gif", "x.webp"):
        command(interpolate.interpolate, runs, **one, points=3, out=tmp_path / name)
        with Image.open(tmp_path / name) as film:
            assert film.info["loop"] == 0
            frames = [np.asarray(f.convert("L"), float) for f in ImageSequence.Iterator(film)]
        # There and back, without an end twice.
        shown = [frame[::6, ::6] for frame in frames]
        np.testing.assert_allclose(shown, [*rows[0], rows[0][1]], atol=1.5)
    command(interpolate.interpolate, runs, num=2, out=tmp_path / "drawn.gif")
    with Image.open(tmp_path / "drawn.gif") as film:
        assert film.n_frames == 2 * 25 - 2


def test_an_attribute_is_added(runs, tmp_path):
    base, plus, minus = ([noise(seed) // 2 + 64] for seed in range(3))
    plus.append(noise(7) // 2 + 64)
    for name, images in (("in", base), ("plus", plus), ("minus", minus)):
        for number, image in enumerate(images):
            save(tmp_path / name / f"{number}.png", image)
    groups = {"plus": tmp_path / "plus", "minus": tmp_path / "minus", "out": tmp_path / "x.png"}
    command(arithmetic.attribute, runs, source=tmp_path / "in", strength=0.5, **groups)
    row = tiles(tmp_path / "x.png", 6)[0]
    np.testing.assert_array_equal(row[0], base[0])
    difference = (pooled(plus[0]) + pooled(plus[1])) / 2 - pooled(minus[0])
    for tile, share in zip(row[1:], (0, 0.125, 0.25, 0.375, 0.5), strict=True):
        wanted = picture_of(pooled(base[0]) + share * difference)
        np.testing.assert_allclose(tile, wanted, atol=0.51)


def test_walks_by_the_path_that_is_asked_for(runs, tmp_path):
    """The prior of these codes wants lines."""
    low = [noise(seed) // 4 + 96 for seed in range(2)]
    for number, pixels in enumerate(low):
        save(tmp_path / f"{number}.png", pixels)
    ends = {"start": tmp_path / "0.png", "end": tmp_path / "1.png", "out": tmp_path / "x.png"}
    first, last = (pooled(pixels) for pixels in low)
    cosine = first @ last / np.linalg.norm(first) / np.linalg.norm(last)
    arc = (first + last) / np.sqrt(2 + 2 * cosine)
    assert np.abs(arc - (first + last) / 2).max() > 0.02
    for path, middle in ((None, (first + last) / 2), ("line", (first + last) / 2), ("arc", arc)):
        command(interpolate.interpolate, runs, **ends, points=3, path=path)
        walk = tiles(tmp_path / "x.png", 3)[0]
        for tile, code in zip(walk, (first, middle, last), strict=True):
            np.testing.assert_allclose(tile, picture_of(code), atol=0.51)


@pytest.mark.filterwarnings("error")
def test_an_attribute_that_is_added_too_strongly(runs, tmp_path):
    for seed, name in enumerate(("in", "plus", "minus")):
        save(tmp_path / name / "a.png", noise(seed))
    groups = {name: tmp_path / name for name in ("plus", "minus")} | {"out": tmp_path / "x.png"}
    for strength in (1e39, 1e300):
        with pytest.raises(UserError, match=r"--strength=1e\+\d+ makes codes that are not fin"):
            command(arithmetic.attribute, runs, source=tmp_path / "in", strength=strength, **groups)
    assert not (tmp_path / "x.png").exists()


def test_what_cannot_be_read_is_named_and_the_others_are_done(runs, tmp_path, capsys):
    save(tmp_path / "in" / "a.png", noise(0))
    (tmp_path / "in" / "half.png").write_bytes((tmp_path / "in" / "a.png").read_bytes()[:40])
    (tmp_path / "in" / "none.jpg").write_bytes(b"no image")
    with pytest.raises(UserError, match="2 of 3 images could not be read, see above"):
        command(encode.encode, runs, source=tmp_path / "in", out=tmp_path / "x.npz")
    assert np.load(tmp_path / "x.npz")["name"].tolist() == ["a.png"]
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith(f"jaxgen: {tmp_path}/in/half.png cannot be read as an image")
    assert said[1].startswith(f"jaxgen: {tmp_path}/in/none.jpg cannot be read as an image")
    with pytest.raises(UserError, match="2 of 3 images could not be read, see above"):
        command(reconstruct.reconstruct, runs, source=tmp_path / "in", out=tmp_path / "x.png")
    # Pairs go by their order, so that none may be missing.
    ends = {"start": tmp_path / "in", "end": tmp_path / "in", "out": tmp_path / "walks.png"}
    with pytest.raises(UserError, match="2 of 3 images could not be read, see above"):
        command(interpolate.interpolate, runs, **ends)
    assert not (tmp_path / "walks.png").exists()
    with pytest.raises(UserError, match=r"none\.jpg cannot be read as an image"):
        command(encode.encode, runs, source=tmp_path / "in" / "none.jpg", out=tmp_path / "x.npz")
    (tmp_path / "in" / "a.png").unlink()
    with pytest.raises(UserError, match="has no image that could be read, see above"):
        command(encode.encode, runs, source=tmp_path / "in", out=tmp_path / "x.npz")


def test_how_many_images_had_another_size_or_colors_is_said(runs, tmp_path, capsys):
    for name, times in (("a.png", 1), ("b.png", 2), ("c.png", 5)):
        save(tmp_path / "in" / name, noise(0).repeat(times, 0).repeat(times, 1))
    save(tmp_path / "in" / "d.png", np.zeros((8, 8, 3)))
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).quantize(4).save(tmp_path / "in" / "e.gif")
    command(encode.encode, runs, source=tmp_path / "in", out=tmp_path / "x.npz")
    assert capsys.readouterr().err.splitlines() == [
        'jaxgen: --input: 2 of 5 images were made 8x8 by data.resize="bilinear"',
        "jaxgen: --input: 2 of 5 images have colors and were made gray",
    ]
    command(encode.encode, runs, source=tmp_path / "in" / "a.png", out=tmp_path / "y.npz")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"image": np.zeros((2, 16))}, r"has no array called code, of shape \[n,16\]"),
        (
            {"code": np.zeros((2, 15))},
            r"are float64\[2, 15\]; this run's are numbers of .*\[n,16\]",
        ),
        ({"code": np.zeros((0, 16))}, r"are float64\[0, 16\]; this run's"),
        ({"code": np.zeros(16)}, r"are float64\[16\]; this run's"),
        ({"code": np.full((2, 16), "a")}, r"are <U1\[2, 16\]; this run's"),
        ({"code": np.full((2, 16), np.nan)}, "are not all finite"),
        ({"code": np.full((2, 16), 1e300)}, "are not all finite, as numbers of 32 bits"),
    ],
)
def test_codes_that_cannot_be_decoded(runs, tmp_path, arrays, message):
    np.savez(tmp_path / "x.npz", **arrays)
    with pytest.raises(UserError, match=message):
        command(decode.decode, runs, source=tmp_path / "x.npz", out=tmp_path / "x.png")
    assert not (tmp_path / "x.png").exists()


def test_codes_of_any_real_numbers_and_no_names_are_decoded(runs, tmp_path):
    np.savez(tmp_path / "x.npz", code=np.full((1, 16), -1, np.int64))
    command(decode.decode, runs, source=tmp_path / "x.npz", out=tmp_path / "x.png")
    np.testing.assert_array_equal(tiles(tmp_path / "x.png", 1), 0)


def test_what_is_no_archive_of_codes(runs, tmp_path):
    (tmp_path / "x.npz").write_bytes(b"no archive")
    with pytest.raises(UserError, match=r"x\.npz cannot be read \("):
        command(decode.decode, runs, source=tmp_path / "x.npz", out=tmp_path / "x.png")
    with pytest.raises(UserError, match=r"gone\.npz cannot be read \(No such file"):
        command(decode.decode, runs, source=tmp_path / "gone.npz", out=tmp_path / "x.png")
    with pytest.raises(UserError, match=r"x\.png must end in \.npz"):
        command(decode.decode, runs, source=tmp_path / "x.png", out=tmp_path / "x.png")


def test_more_than_fits_the_memory_is_refused_before_it_is_drawn(runs, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "available_memory", lambda: 2**30)
    save(tmp_path / "a.png", noise(0))
    out, ends = tmp_path / "x.png", {"start": tmp_path / "a.png", "end": tmp_path / "a.png"}
    many = 2**31 - 1
    message = r"images of walks take \d.* GiB of memory, .*: ask for fewer --points, or walks"
    for asked in ({"num": many}, {"points": many}, {"points": many, **ends}):
        with pytest.raises(UserError, match=message):
            command(interpolate.interpolate, runs, **asked, out=out)
    for name in ("a.png", "b.png"):
        save(tmp_path / "in" / name, noise(0))
    ends = {"start": tmp_path / "in", "end": tmp_path / "in"}
    # Memory for one walk of so many images of 8x8 pixels, and not for two.
    monkeypatch.setattr(files, "available_memory", lambda: 1000 * 8 * 8 * 4 * 3 // 2)
    with pytest.raises(UserError, match=message):
        command(interpolate.interpolate, runs, points=1000, **ends, out=out)
    with pytest.raises(UserError, match=r"images to choose from take .* ask for a smaller --num"):
        command(arithmetic.arithmetic, runs, exemplars=((), (), ()), num=many, out=out)


def test_what_is_refused(runs, tmp_path):
    save(tmp_path / "a.png", noise(0))
    save(tmp_path / "two" / "a.png", noise(0))
    save(tmp_path / "two" / "b.png", noise(1))
    out, one = tmp_path / "x.png", tmp_path / "a.png"
    with pytest.raises(UserError, match=r"--input=gone is not there"):
        command(reconstruct.reconstruct, runs, source="gone", out=out)
    with pytest.raises(UserError, match=r"--out=.*x\.png must end in \.npz"):
        command(encode.encode, runs, source=one, out=out)
    with pytest.raises(UserError, match="Give both --start and --end"):
        command(interpolate.interpolate, runs, start=one, out=out)
    with pytest.raises(UserError, match="--num is of drawn codes"):
        command(interpolate.interpolate, runs, start=one, end=one, num=2, out=out)
    with pytest.raises(UserError, match=r"--path=curve is not one of arc, line"):
        command(interpolate.interpolate, runs, path="curve", out=out)
    ends = {"start": one, "end": tmp_path / "two"}
    with pytest.raises(UserError, match=r"has 1 and --end=.*two 2 images; give as many"):
        command(interpolate.interpolate, runs, **ends, out=out)
    with pytest.raises(UserError, match=r"of own_codes\.pooling are rebuilt without a cl"):
        command(reconstruct.reconstruct, runs, source=one, label="3", out=out)
    assert not out.exists()


@pytest.mark.slow
def test_flags(runs, env, tmp_path):
    """In processes of their own, for flags and exit codes."""
    save(tmp_path / "a.png", noise(0))
    save(tmp_path / "b.png", noise(1))
    env = {**env, "PYTHONPATH": f"{command_line.ROOT}:{runs}"}
    a, b, out = (f"{tmp_path}/{name}" for name in ("a.png", "b.png", "x.png"))

    def said(mode, *given, code=0):
        at = (f"--mode={mode}", f"--workdir={runs / 'run'}", "--trust")
        result = command_line.run(*at, *given, env=env)
        assert result.code == code, result.err
        return (result.err if code else result.out).splitlines()[-1]

    codes = f"{tmp_path}/codes.npz"
    assert said("encode", f"--input={a}", f"--out={codes}").startswith("1 codes of 16 numbers by")
    assert said("decode", f"--input={codes}", f"--out={out}").startswith("1 codes decoded by ste")
    ends = (f"--start={a}", f"--end={b}", "--points=4", f"--out={out}")
    assert '--path: "curve" must be one of arc, line' in said("interpolate", "--path=curve", code=1)
    walked = said("interpolate", *ends, "--path=arc")
    assert walked == f"1 walk of step 1: {out}"
    assert tiles(out, 4).shape[0] == 1
    groups = (f"--plus={a}", f"--minus={b}", "--strength=2")
    added = said("arithmetic", f"--input={a}", *groups, f"--out={out}")
    assert added == f"The means of 1 - 1 images added to 1 by step 1: {out}"
    assert "Give --plus and --minus too" in said("arithmetic", f"--input={a}", code=1)
    alone = said("arithmetic", "--strength=2", code=1)
    assert "--strength is of --input, --plus and --minus; leave it out" in alone
    mixed = said("arithmetic", f"--input={a}", *groups, "--a=1", "--b=2", "--c=3", code=1)
    assert "--num, --a, --b and --c are of drawn images; with --input leave them out" in mixed
    assert "Give --input=IMAGES" in said("encode", code=1)
    assert "Give --input=CODES.npz" in said("decode", code=1)
