"""What is wrong with a config before anything is read."""

import pytest

from jaxgen.config import load
from jaxgen.config.build import build
from jaxgen.core import UserError

pytestmark = pytest.mark.core


@pytest.mark.parametrize(
    ("batch_size", "micro_batches", "message"),
    [
        (8, 3, r"config.data.batch_size=8 must be a multiple of config.data.micro_batches=3"),
        (8, 8, r"micro_batches=8 leaves one image of config.data.batch_size=8 .* 4 or less"),
        (8, 4, None),
        (1, 1, None),
    ],
)
def test_parts_of_a_batch(batch_size, micro_batches, message):
    keys = {"data.batch_size": batch_size, "data.micro_batches": micro_batches}
    config = load.load("configs/gans_digits.py:gan,smoke", keys)
    if message is None:
        assert build(config).spec.micro_batches == micro_batches
    else:
        with pytest.raises(UserError, match=message):
            build(config)


def test_averages_are_of_networks_that_ask_for_one():
    config = load.load("configs/gans_digits.py:gan,smoke", {"ema.generator": 0.9})
    assert build(config).spec.ema == {"generator": 0.9}


COLORS = "configs/colorization_photos.py:smoke"


def test_a_colorizer_reads_lightness_and_chroma_of_color_images():
    experiment = build(load.load(COLORS, {"data.image_size": 32}))
    shapes = {name: x.shape for name, x in experiment.example_batch.items()}
    assert shapes == {
        "image": (8, 32, 32, 3),
        "lightness": (8, 32, 32, 1),
        "chroma": (8, 32, 32, 2),
    }
    assert experiment.abilities.sample is None
    with pytest.raises(UserError, match=r"draws no images, it colors given ones; .*colorize"):
        _ = experiment.sample


def test_colors_of_gray_images_cannot_be_learned():
    with pytest.raises(UserError, match=r"learns colors, and config.data.channels=1; set it to 3"):
        build(load.load(COLORS, {"data.channels": 1}))


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"networks.generator.output_channels": 3}, r"make chroma of shape \(16, 16, 3\), .* 2\)"),
        ({"data.image_size": 18}, "does not fit images"),
        ({"hparams.adversarial": "ebgan"}, "needs another discriminator: an autoencoder"),
    ],
)
def test_networks_that_cannot_color_the_images(keys, message):
    with pytest.raises(UserError, match=message):
        build(load.load(COLORS, keys))
