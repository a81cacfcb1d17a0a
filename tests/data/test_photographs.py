"""Photographs as they are meant to be seen: modes, orientation, color profiles, transparency."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from jaxgen.core import files
from jaxgen.core.errors import UserError
from jaxgen.data import photographs

pytestmark = pytest.mark.core


def color(height=5, width=7):
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


def read(tmp_path, image, form="PNG", name="a", **options):
    image.save(tmp_path / name, form, **options)
    return photographs.read(tmp_path / name, name)


def assert_is(photo, mode, pixels, in_color):
    assert photo.image.mode == mode
    np.testing.assert_array_equal(np.asarray(photo.image), pixels)
    assert photo.in_color == in_color


def profile(color_space, tags):
    """An ICC profile of version 2.1, see ICC.1:2001-04."""
    body, table, offset = b"", b"", 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        table += struct.pack(">4sII", name, offset + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    kind = b"prtr" if color_space == b"CMYK" else b"mntr"
    space = b"Lab " if color_space == b"CMYK" else b"XYZ "
    head = struct.pack(">I4sI4s4s4s12x4s", offset + len(body), b"", 0x02100000, kind, color_space,
                       space, b"acsp")  # fmt: skip
    head += bytes(128 - len(head) - 60) + struct.pack(">3I", 0xF6D6, 0x10000, 0xD32D)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def gray_profile(gamma):
    curve = struct.pack(">4s4xIH", b"curv", 1, round(256 * gamma))
    return profile(b"GRAY", {b"kTRC": curve, b"wtpt": xyz(0.9642, 1.0, 0.8249)})


def xyz(*values):
    return struct.pack(">4s4x3i", b"XYZ ", *(round(65536 * value) for value in values))


def swapped_profile():
    """sRGB's primaries and a gamma of 2.2, red and green exchanged."""
    primaries = {b"gXYZ": (0.4361, 0.2225, 0.0139), b"rXYZ": (0.3851, 0.7169, 0.0971)}
    primaries[b"bXYZ"] = (0.1431, 0.0606, 0.7141)
    curve = struct.pack(">4s4xIH", b"curv", 1, round(256 * 2.2))
    curves = {name: curve for name in (b"rTRC", b"gTRC", b"bTRC")}
    tags = {name: xyz(*values) for name, values in primaries.items()}
    return profile(b"RGB ", {**tags, **curves, b"wtpt": xyz(0.9642, 1.0, 0.8249)})


def ink_profile():
    """CMYK whose black alone counts: a table of 2^4 corners, L of 100 or 0, no color."""
    corners = [(0 if k else 255, 128, 128) for _ in range(8) for k in (0, 1)]
    matrix = struct.pack(">9i", *(65536 * (i % 4 == 0) for i in range(9)))
    ramp = bytes(range(256))
    table = struct.pack(">4s4xBBBx", b"mft1", 4, 3, 2) + matrix
    table += 4 * ramp + bytes(x for corner in corners for x in corner) + 3 * ramp
    return profile(b"CMYK", {b"A2B0": table, b"wtpt": xyz(0.9642, 1.0, 0.8249)})


SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.parametrize("form", ["PNG", "TIFF", "BMP", "WEBP", "PPM"])
def test_colors(tmp_path, form):
    options = {"lossless": True} if form == "WEBP" else {}
    assert_is(read(tmp_path, Image.fromarray(color()), form, **options), "RGB", color(), True)


@pytest.mark.parametrize("form", ["PNG", "TIFF", "BMP", "GIF", "PPM"])
def test_gray(tmp_path, form):
    gray = color()[..., 0]
    photo = read(tmp_path, Image.fromarray(gray), form)
    shown = np.asarray(photo.image)
    np.testing.assert_array_equal(shown if shown.ndim == 2 else shown[..., 0], gray)
    assert not photo.in_color


def test_gray_and_color_of_a_jpeg(tmp_path):
    smooth = np.stack(np.meshgrid(np.arange(64), np.arange(48)), axis=-1).sum(-1).astype(np.uint8)
    photo = read(tmp_path, Image.fromarray(smooth), "JPEG", quality=95)
    assert (photo.image.mode, photo.in_color) == ("L", False)
    np.testing.assert_allclose(np.asarray(photo.image), smooth, atol=3)
    as_color = Image.fromarray(np.stack([smooth] * 3, axis=-1))
    photo = read(tmp_path, as_color, "JPEG", quality=95)
    assert (photo.image.mode, photo.in_color) == ("RGB", False)


def test_a_single_colored_pixel_makes_it_one_in_color(tmp_path):
    pixels = np.full((2100, 700, 3), 90, np.uint8)  # several strips
    assert len(list(photographs.strips((700, 2100)))) == 2
    assert not read(tmp_path, Image.fromarray(pixels)).in_color
    pixels[2099, 699, 2] += 3
    assert read(tmp_path, Image.fromarray(pixels)).in_color
    pixels[2099, 699, 2] -= 1
    assert not read(tmp_path, Image.fromarray(pixels)).in_color


def test_alpha_is_kept(tmp_path):
    alpha = np.random.default_rng(1).integers(0, 256, (5, 7, 1), np.uint8)
    pixels = np.concatenate([color(), alpha], axis=-1)
    assert_is(read(tmp_path, Image.fromarray(pixels)), "RGBA", pixels, True)
    gray = np.ascontiguousarray(pixels[..., 2:])
    assert_is(read(tmp_path, Image.fromarray(gray, "LA")), "LA", gray, False)


def test_palettes_and_their_transparent_color(tmp_path):
    palette = Image.fromarray(color()).quantize(8)
    shown = np.asarray(palette.convert("RGB"))
    assert_is(read(tmp_path, palette), "RGB", shown, True)
    photo = read(tmp_path, palette, transparency=3)
    clear = np.asarray(palette) == 3
    assert clear.any()
    np.testing.assert_array_equal(np.asarray(photo.image)[..., 3], np.where(clear, 0, 255))
    np.testing.assert_array_equal(np.asarray(photo.image)[..., :3], shown)


def test_a_transparent_gray_or_color(tmp_path):
    gray = np.array([[7, 8], [9, 7]], np.uint8)
    expected = np.stack([gray, [[0, 255], [255, 0]]], axis=-1).astype(np.uint8)
    assert_is(read(tmp_path, Image.fromarray(gray), transparency=7), "LA", expected, False)
    pixels = color(2, 2)
    photo = read(tmp_path, Image.fromarray(pixels), transparency=tuple(pixels[0, 0].tolist()))
    assert np.asarray(photo.image)[..., 3].tolist() == [[0, 255], [255, 255]]
    fine = Image.fromarray(np.array([[1000, 65535], [257, 1000]], np.uint16))
    photo = read(tmp_path, fine, transparency=1000)
    assert_is(photo, "LA", [[[4, 0], [255, 255]], [[1, 255], [4, 0]]], False)


def test_one_bit(tmp_path):
    bits = np.eye(5) > 0
    assert_is(read(tmp_path, Image.fromarray(bits)), "L", 255 * bits, False)


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_sixteen_bits_of_gray_stay(tmp_path, form):
    pixels = np.array([[0, 1, 128, 129], [257, 32768, 65406, 65535]], np.uint16)
    assert_is(read(tmp_path, Image.fromarray(pixels), form), "I;16", pixels, False)
    big_endian = Image.frombytes("I;16B", (4, 2), pixels.astype(">u2").tobytes())
    if form == "TIFF":
        assert_is(read(tmp_path, big_endian, form), "I;16", pixels, False)


def test_inks(tmp_path):
    inks = np.zeros((1, 4, 4), np.uint8)
    inks[0, range(4), range(4)] = 255
    image = Image.fromarray(inks, "CMYK")
    plain = [[[0, 255, 255], [255, 0, 255], [255, 255, 0], [0, 0, 0]]]
    assert_is(read(tmp_path, image, "TIFF"), "RGB", plain, True)
    photo = read(tmp_path, image, "TIFF", icc_profile=ink_profile())
    np.testing.assert_allclose(photo.image, [[[255] * 3] * 3 + [[0] * 3]], atol=2)
    assert not photo.in_color
    broken = read(tmp_path, image, "TIFF", icc_profile=b"no profile")
    assert_is(broken, "RGB", plain, True)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_every_orientation(tmp_path, orientation, form):
    pixels = color()
    exif = Image.Exif()
    exif[0x0112] = orientation
    flip, turns = {1: (0, 0), 2: (1, 0), 3: (0, 2), 4: (1, 2), 5: (1, 1), 6: (0, -1),
                   7: (1, -1), 8: (0, 1)}[orientation]  # fmt: skip
    expected = np.rot90(pixels[:, ::-1] if flip else pixels, turns)
    photo = read(tmp_path, Image.fromarray(pixels), form, exif=exif)
    assert_is(photo, "RGB", expected, True)


def test_profiles_of_colors(tmp_path):
    pixels = color()
    image = Image.fromarray(pixels)
    assert_is(read(tmp_path, image, icc_profile=SRGB), "RGB", pixels, True)
    # A gamma of 2.2 is nearly that of sRGB but for the darkest.
    bright = np.maximum(pixels, 40)
    swapped = read(tmp_path, Image.fromarray(bright), icc_profile=swapped_profile())
    np.testing.assert_allclose(np.asarray(swapped.image, int), bright[..., [1, 0, 2]], atol=5)
    alpha = np.random.default_rng(1).integers(0, 256, (5, 7), np.uint8)
    with_alpha = Image.fromarray(np.dstack([bright, alpha]), "RGBA")
    photo = read(tmp_path, with_alpha, icc_profile=swapped_profile())
    expected = np.dstack([np.asarray(swapped.image), alpha])
    np.testing.assert_array_equal(np.asarray(photo.image), expected)


@pytest.mark.parametrize("given", [b"", b"no profile", SRGB[:200], gray_profile(1.0)])
def test_profiles_that_are_damaged_or_of_others_change_nothing(tmp_path, given):
    assert_is(read(tmp_path, Image.fromarray(color()), icc_profile=given), "RGB", color(), True)


def test_profiles_of_gray(tmp_path):
    gray = np.arange(256, dtype=np.uint8).reshape(16, 16)
    linear = gray / 255
    as_srgb = np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear)
    photo = read(tmp_path, Image.fromarray(gray), icc_profile=gray_profile(1.0))
    assert photo.image.mode == "L"
    off = np.abs(np.asarray(photo.image) - 255 * as_srgb).ravel()
    assert off[8:].max() < 2
    assert off.max() < 10  # LittleCMS draws a line through the darkest
    alpha = np.ascontiguousarray(gray.T)
    both = Image.fromarray(np.dstack([gray, alpha]), "LA")
    with_alpha = read(tmp_path, both, icc_profile=gray_profile(1.0))
    expected = np.dstack([np.asarray(photo.image), alpha])
    assert_is(with_alpha, "LA", expected, False)
    fine = Image.fromarray(gray.astype(np.uint16) * 257 + np.uint16(100) * (gray < 255))
    sixteen = read(tmp_path, fine, icc_profile=gray_profile(1.0))
    assert sixteen.image.mode == "I;16"
    values = np.asarray(sixteen.image) / 257
    assert (values >= np.asarray(photo.image)).all()
    np.testing.assert_allclose(values[2:], 255 * as_srgb[2:], atol=3)
    assert_is(read(tmp_path, Image.fromarray(gray), icc_profile=SRGB), "L", gray, False)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (3000, 1)])
def test_odd_sizes(tmp_path, size):
    pixels = color(*size)
    np.testing.assert_array_equal(read(tmp_path, Image.fromarray(pixels)).image, pixels)


def test_what_cannot_be_read_is_named(tmp_path):
    frames = [Image.fromarray(color()), Image.fromarray(255 - color())]
    with pytest.raises(UserError, match=r"^dance holds 2 frames"):
        read(tmp_path, frames[0], "GIF", "dance", save_all=True, append_images=frames[1:])
    content = io.BytesIO()
    Image.fromarray(color(64, 64)).save(content, "PNG")
    for part in (b"", b"no image", content.getvalue()[:999]):
        (tmp_path / "half").write_bytes(part)
        with pytest.raises(UserError, match=r"^half cannot be read as an image"):
            photographs.read(tmp_path / "half", "half")
    with pytest.raises(UserError, match=r"^gone cannot be read as an image"):
        photographs.read(tmp_path / "gone", "gone")
    values = np.array([[0, 70000]], np.int32)
    with pytest.raises(UserError, match=r"^deep has gray values from 0 to 70000"):
        read(tmp_path, Image.fromarray(values), "TIFF", "deep")
    with pytest.raises(UserError, match=r'^float has the image mode "F"'):
        read(tmp_path, Image.fromarray(values.astype(np.float32)), "TIFF", "float")


def test_more_than_the_memory_holds_is_refused_by_its_header(tmp_path, monkeypatch):
    """Also beyond Pillow's own limit, of which nobody would know what to do."""
    head = struct.pack(">IIBBBBB", 100_000, 50_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I4s", 13, b"IHDR") + head
    chunk += struct.pack(">I", zlib.crc32(b"IHDR" + head))
    idat = struct.pack(">I4s", 0, b"IDAT")
    (tmp_path / "huge").write_bytes(b"\x89PNG\r\n\x1a\n" + chunk + idat)
    monkeypatch.setattr(files, "available_memory", lambda: 3 * 2**30)
    message = r"^huge has 100000 x 50000 pixels, which take \d+\.\d GiB of memory, and 3\.0 GiB are"
    with pytest.raises(UserError, match=message):
        photographs.read(tmp_path / "huge", "huge")
    monkeypatch.setattr(files, "available_memory", lambda: None)
    assert read(tmp_path, Image.fromarray(color()), name="small").in_color


def test_strips_cover_every_row_once():
    for size in ((7, 5), (2**20 - 1, 3), (2**21, 2), (1000, 5000)):
        rows = [row for first, end in photographs.strips(size) for row in range(first, end)]
        assert rows == list(range(size[1]))
        assert all((end - first) * size[0] <= max(2**20, size[0]) for first, end in
                   photographs.strips(size))  # fmt: skip
