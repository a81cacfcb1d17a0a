import numpy as np
import pytest
from PIL import Image

from jaxgen.core import files, images
from jaxgen.pictures.grids import grid, interleave, save_png

pytestmark = pytest.mark.core


def test_to_uint8_maps_the_ends_and_survives_bad_numbers():
    values = np.array([-1.0, 0.0, 1.0, -3.0, 3.0, np.nan, np.inf, -np.inf], np.float32)
    assert images.to_uint8(values).tolist() == [0, 128, 255, 0, 255, 0, 255, 0]


def test_to_uint8_inverts_the_scale_of_the_data():
    levels = np.arange(256, dtype=np.uint8)
    assert np.array_equal(images.to_uint8(levels / 127.5 - 1.0), levels)
    assert np.array_equal(images.to_uint8(levels), levels)


@pytest.mark.parametrize("channels", [1, 3])
def test_tiles_are_row_by_row_with_gaps_between(channels):
    tiles = np.random.default_rng(0).integers(0, 256, (5, 4, 6, channels), np.uint8)
    picture = grid(tiles, columns=3, pad=2, scale=1)
    assert picture.shape == (2 * 4 + 2, 3 * 6 + 2 * 2, channels)
    for i, tile in enumerate(tiles):
        top, left = (i // 3) * 6, (i % 3) * 8
        assert np.array_equal(picture[top : top + 4, left : left + 6], tile)
    assert np.unique(picture[4:6]).size == 1  # the gap between rows
    assert np.unique(picture[6:, 16:]).size == 1  # no sixth tile


def test_small_images_are_enlarged_by_whole_pixels():
    tile = np.random.default_rng(1).integers(0, 256, (1, 16, 16, 1), np.uint8)
    picture = grid(tile)
    assert picture.shape == (48, 48, 1)
    assert np.array_equal(picture[1::3, 2::3], tile[0])
    assert grid(np.zeros((4, 64, 64, 3), np.uint8)).shape == (130, 130, 3)


def test_grid_of_floats():
    assert grid(np.full((1, 64, 64, 3), -1.0, np.float32)).max() == 0


@pytest.mark.parametrize("shape", [(0, 8, 8, 1), (8, 8, 1), (2, 8, 8, 2)])
def test_grid_refuses_other_shapes(shape):
    with pytest.raises(ValueError, match=r"n,h,w,c"):
        grid(np.zeros(shape, np.uint8))


def test_interleave():
    assert interleave(np.array([1, 3]), np.array([2, 4])).tolist() == [1, 2, 3, 4]
    assert interleave(np.zeros((2, 4, 4, 1)), np.ones((2, 4, 4, 1))).shape == (4, 4, 4, 1)
    with pytest.raises(ValueError, match="interleave"):
        interleave(np.zeros((2, 3)), np.zeros((2, 4)))


@pytest.mark.parametrize("channels", [1, 3])
def test_png_round_trip_and_nothing_else_in_the_folder(tmp_path, channels):
    picture = np.random.default_rng(2).integers(0, 256, (5, 7, channels), np.uint8)
    path = save_png(tmp_path / "new" / "folder" / "a.png", picture)
    with Image.open(path) as image:
        assert np.array_equal(np.asarray(image).reshape(picture.shape), picture)
    assert [p.name for p in path.parent.iterdir()] == ["a.png"]
    with pytest.raises(ValueError, match="u8"):
        save_png(tmp_path / "b.png", picture.astype(np.float32))


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = files.write_atomically(tmp_path / "a.txt", "old")

    def full(*_):
        raise OSError("no space")

    monkeypatch.setattr(files.os, "replace", full)
    with pytest.raises(OSError, match="no space"):
        files.write_atomically(path, b"new")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
