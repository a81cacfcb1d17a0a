import contextlib
import io
import struct
import subprocess

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from jaxgen.core.errors import UserError
from jaxgen.data import images

pytestmark = pytest.mark.core


def color(height=9, width=7):
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


def encoded(image, form="PNG", **options):
    file = io.BytesIO()
    image.save(file, form, **options)
    file.seek(0)
    return file


def test_color_and_gray_are_read_in_either_number_of_channels():
    pixels = color()
    rgb = images.decode(encoded(Image.fromarray(pixels)), "x", 3)
    np.testing.assert_array_equal(np.asarray(rgb), pixels)
    luma = np.asarray(images.decode(encoded(Image.fromarray(pixels)), "x", 1), np.float64)
    np.testing.assert_allclose(luma, pixels @ np.array([0.299, 0.587, 0.114]), atol=0.6)
    gray = images.decode(encoded(Image.fromarray(pixels[..., 0])), "x", 3)
    np.testing.assert_array_equal(np.asarray(gray), np.repeat(pixels[..., :1], 3, -1))


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled(form):
    pixels = np.array([[0, 1, 128, 129], [257, 32768, 65406, 65535]], np.uint16)
    image = images.decode(encoded(Image.fromarray(pixels), form), "x", 1)
    np.testing.assert_array_equal(np.asarray(image), np.round(pixels / 257.0))


def tiff(content, width, height, *, bits, photometric=1, samples=1):
    """An uncompressed TIFF, a plane a sample, little-endian (TIFF 6.0, section 2)."""
    part = len(content) // samples
    ends, counts = 8 + len(content), 8 + len(content) + 4 * samples
    tags = {256: (3, 1, width), 257: (3, 1, height), 258: (3, 1, bits), 259: (3, 1, 1)}
    tags |= {262: (3, 1, photometric), 273: (4, samples, ends if samples > 1 else 8)}
    tags |= {277: (3, 1, samples), 278: (3, 1, height)}
    tags |= {279: (4, samples, counts if samples > 1 else part)}
    tags |= {284: (3, 1, 2 if samples > 1 else 1)}
    body = content + struct.pack(f"<{samples}I", *(8 + part * n for n in range(samples)))
    body += struct.pack(f"<{samples}I", *[part] * samples)
    table = b"".join(struct.pack("<HHII", tag, *entry) for tag, entry in tags.items())
    header = struct.pack("<2sHI", b"II", 42, 8 + len(body))
    return io.BytesIO(header + body + struct.pack("<H", len(tags)) + table + bytes(4))


def test_sixteen_bits_of_which_0_is_white():
    pixels = np.array([[0, 257, 32768, 65535]], "<u2")
    image = images.decode(tiff(pixels.tobytes(), 4, 1, bits=16, photometric=0), "x", 1)
    np.testing.assert_array_equal(np.asarray(image), [[255, 254, 127, 0]])
    image = images.decode(tiff(pixels.tobytes(), 4, 1, bits=16), "x", 1)
    np.testing.assert_array_equal(np.asarray(image), [[0, 1, 128, 255]])


def test_twelve_bits_reach_from_black_to_white():
    values = [0, 4095, 2048, 1024]  # each two are three bytes, the highest bits first
    packed = sum(value << (12 * (3 - n)) for n, value in enumerate(values)).to_bytes(6, "big")
    image = images.decode(tiff(packed, 4, 1, bits=12), "x", 1)
    np.testing.assert_array_equal(np.asarray(image), np.round([np.array(values) / 4095 * 255]))


def test_planes_of_sixteen_bits_are_refused():
    """Pillow makes an image of half of the bytes."""
    deep = np.arange(24, dtype="<u2").tobytes()
    with pytest.raises(UserError, match=r"^a\.tif has colors of more than 8 bits in planes of"):
        images.decode(tiff(deep, 4, 2, bits=16, photometric=2, samples=3), "a.tif", 3)
    plain = np.arange(24, dtype=np.uint8)
    image = images.decode(tiff(plain.tobytes(), 4, 2, bits=8, photometric=2, samples=3), "x", 3)
    np.testing.assert_array_equal(np.asarray(image), np.moveaxis(plain.reshape(3, 2, 4), 0, -1))


def test_thirty_two_bit_values_are_refused_by_name():
    pixels = np.array([[0, 70000]], np.int32)
    with pytest.raises(UserError, match=r"a\.tif has gray values from 0 to 70000"):
        images.decode(encoded(Image.fromarray(pixels), "TIFF"), "a.tif", 1)
    with pytest.raises(UserError, match=r'a\.tif has the image mode "F"'):
        images.decode(encoded(Image.fromarray(pixels.astype(np.float32)), "TIFF"), "a.tif", 1)


def test_transparency_is_laid_on_white():
    pixels = color()
    alpha = np.random.default_rng(1).integers(0, 256, (9, 7, 1), np.uint8)
    image = Image.fromarray(np.concatenate([pixels, alpha], -1), "RGBA")
    part = alpha / 255.0
    expected = part * pixels + (1 - part) * 255
    got = np.asarray(images.decode(encoded(image), "x", 3), np.float64)
    np.testing.assert_allclose(got, expected, atol=1.01)
    gray_alpha = Image.fromarray(np.concatenate([pixels[..., :1], alpha], -1), "LA")
    got = np.asarray(images.decode(encoded(gray_alpha), "x", 1), np.float64)
    np.testing.assert_allclose(got, expected[..., 0], atol=1.01)


def test_palettes_bits_and_transparent_colors():
    palette = Image.fromarray(color()).quantize(8)
    got = images.decode(encoded(palette), "x", 3)
    np.testing.assert_array_equal(np.asarray(got), np.asarray(palette.convert("RGB")))
    clear = np.asarray(images.decode(encoded(palette, transparency=0), "x", 3))
    hidden = np.asarray(palette) == 0
    assert hidden.any()
    assert (clear[hidden] == 255).all()
    np.testing.assert_array_equal(clear[~hidden], np.asarray(palette.convert("RGB"))[~hidden])
    bits = Image.fromarray(np.eye(5) > 0)
    got = images.decode(encoded(bits), "x", 1)
    np.testing.assert_array_equal(np.asarray(got), 255 * np.eye(5))


def test_cmyk_is_converted():
    inks = np.zeros((4, 4, 4), np.uint8)
    inks[..., 0] = 255
    image = images.decode(encoded(Image.fromarray(inks, "CMYK"), "TIFF"), "x", 3)
    np.testing.assert_array_equal(np.asarray(image)[0, 0], [0, 255, 255])


def test_photographs_are_turned_upright():
    pixels = color()
    exif = Image.Exif()
    exif[0x0112] = 6
    image = images.decode(encoded(Image.fromarray(pixels), exif=exif), "x", 3)
    np.testing.assert_array_equal(np.asarray(image), np.rot90(pixels, -1))


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "BMP"])
def test_a_truncated_file_is_named(form):
    whole = encoded(Image.fromarray(color(64, 64)), form).getvalue()
    with pytest.raises(UserError, match=r"faces/007 cannot be read as an image"):
        images.decode(io.BytesIO(whole[: len(whole) // 2]), "faces/007", 3)


@pytest.mark.parametrize("content", [b"", b"not an image at all"])
def test_what_is_no_image_is_named(content):
    with pytest.raises(UserError, match=r"faces/007 cannot be read as an image"):
        images.decode(io.BytesIO(content), "faces/007", 3)


def test_an_animation_is_named():
    frames = [Image.fromarray(color()), Image.fromarray(255 - color())]
    file = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    with pytest.raises(UserError, match=r"dance\.gif holds 2 frames"):
        images.decode(file, "dance.gif", 3)


def test_celeba_is_scaled_and_cropped_as_in_the_paper():
    image = Image.fromarray(color(218, 178))
    whole = image.resize((64, 78), Image.Resampling.LANCZOS)
    expected = np.asarray(whole)[7:71]
    got = images.fit(image, 64, "celeba", "x")
    np.testing.assert_array_equal(got, expected)
    assert images.fit(image, 128, "celeba", "x").shape == (128, 128, 3)
    # 128 is 64 doubled: 157 rows (156.8), of which the middle 128 start at 14.
    larger = image.resize((128, 157), Image.Resampling.LANCZOS)
    np.testing.assert_array_equal(
        images.fit(image, 128, "celeba", "x"), np.asarray(larger)[14 : 14 + 128]
    )


def test_celeba_is_for_its_size_alone():
    with pytest.raises(UserError, match=r"a\.jpg is 200 x 100 .* 178 x 218.*center_crop"):
        images.fit(Image.new("RGB", (200, 100)), 64, "celeba", "a.jpg")


def test_bilinear_ignores_the_aspect_ratio():
    image = Image.fromarray(color(30, 20))
    expected = np.asarray(image.resize((8, 8), Image.Resampling.BILINEAR))
    np.testing.assert_array_equal(images.fit(image, 8, "bilinear", "x"), expected)
    gray = Image.fromarray(color(4, 6)[..., 0])
    assert images.fit(gray, 16, "bilinear", "x").shape == (16, 16, 1)


def test_center_crop_keeps_the_middle_square():
    pixels = np.zeros((8, 16, 3), np.uint8)
    pixels[:, 4:12] = color(8, 8)
    got = images.fit(Image.fromarray(pixels), 8, "center_crop", "x")
    np.testing.assert_array_equal(got, pixels[:, 4:12])
    tall = images.fit(Image.fromarray(pixels.transpose(1, 0, 2)), 8, "center_crop", "x")
    np.testing.assert_array_equal(tall, pixels.transpose(1, 0, 2)[4:12])
    half = images.fit(Image.fromarray(np.full((20, 31, 3), 77, np.uint8)), 8, "center_crop", "x")
    np.testing.assert_array_equal(half, np.full((8, 8, 3), 77))


def test_none_requires_the_size():
    pixels = color(8, 8)
    np.testing.assert_array_equal(images.fit(Image.fromarray(pixels), 8, "none", "x"), pixels)
    with pytest.raises(UserError, match=r"a\.png is 7 x 9 pixels .* must be 8 x 8"):
        images.fit(Image.fromarray(color()), 8, "none", "a.png")


def test_postscript_is_not_opened_whatever_it_is_called(tmp_path, monkeypatch):
    (tmp_path / "b.png").write_bytes(
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n"
    )

    def never(*args, **kwargs):
        raise AssertionError("Ghostscript was called")

    monkeypatch.setattr(subprocess, "check_call", never)
    with pytest.raises(UserError, match=r"b\.png cannot be read as an image"):
        images.decode(tmp_path / "b.png", f"{tmp_path}/b.png", 3)


def test_an_image_of_too_many_pixels_is_refused_before_it_is_read(tmp_path, monkeypatch):
    Image.new("L", (30, 20)).save(tmp_path / "a.png")
    images.decode(tmp_path / "a.png", "a", 1, 600)
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("read"))
    with pytest.raises(
        UserError, match=r"a has 30 x 20 pixels, and at most 599 are read: .* data.max_pixels"
    ):
        images.decode(tmp_path / "a.png", "a", 1, 599)


def test_pillows_own_limit_is_not_ours(tmp_path, monkeypatch):
    Image.new("L", (30, 20)).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 200)
    assert images.decode(tmp_path / "a.png", "a", 1).size == (30, 20)
    assert Image.MAX_IMAGE_PIXELS == 200  # of whoever else uses Pillow


def test_sixteen_bits_are_divided_by_257_to_the_nearest(tmp_path):
    pixels = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    found = np.asarray(images.decode(tmp_path / "a.png", "a", 1))
    np.testing.assert_array_equal(found, np.round(pixels / 257.0))


def test_damaged_exif_leaves_the_pixels(tmp_path, monkeypatch):
    Image.new("L", (4, 4), 7).save(tmp_path / "a.png")

    def broken(image):
        raise struct.error("required argument is not an integer")

    monkeypatch.setattr(images.ImageOps, "exif_transpose", broken)
    assert images.decode(tmp_path / "a.png", "a", 1).getpixel((0, 0)) == 7


def test_whatever_a_decoder_raises_names_the_file(tmp_path, monkeypatch):
    Image.new("L", (4, 4), 7).save(tmp_path / "a.tif")

    def broken(self):
        raise TypeError("'NoneType' object is not subscriptable")

    monkeypatch.setattr(Image.Image, "load", broken)
    monkeypatch.setattr(TiffImagePlugin.TiffImageFile, "load", broken)
    with pytest.raises(UserError, match=r"a\.tif cannot be read as an image \('NoneType'"):
        images.decode(tmp_path / "a.tif", "a.tif", 1)


def test_handed_damaged_files(shared_data):
    for file in sorted((shared_data.parent / "cases" / "files").iterdir()):
        with contextlib.suppress(UserError):
            images.decode(file, str(file), 3)
